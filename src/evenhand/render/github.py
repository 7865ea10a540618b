"""GitHub workflow commands: an annotation on the line of the audit file where the check is written.

May import: render's own words and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenhand.render.labels import one_line
from evenhand.render.options import RenderOptions
from evenhand.render.order import checks_worst_first
from evenhand.render.status import look_of

MOST = 9
"""Annotations a level; GitHub shows ten and drops the rest in silence, so that the tenth says how many there are."""


def render_github(document: Mapping[str, Any], _: RenderOptions) -> str:
    """`::error file=evenhand.yaml,line=21,title=FAIL offer-parity::…` a line, at most nine a level and a count.

    Empty when there is nothing to annotate.
    """
    by_level: dict[str, list[str]] = {}
    for check in checks_worst_first(document):
        look = look_of(check)
        if look.annotation is not None:
            source = check["source"] or {}
            places = [f"file={_property(source['file'])}", f"line={source['line']}"] if source else []
            title = "title=" + _property(f"{look.word} {check['id']}")
            command = f"::{look.annotation} {','.join([*places, title])}::{_message(check['sentence'])}"
            by_level.setdefault(look.annotation, []).append(command)
    lines = []
    for level, commands in by_level.items():
        lines += commands[:MOST]
        if len(commands) > MOST:
            lines.append(f"::{level} title=evenhand::and {len(commands) - MOST} more; see report.html")
    return "".join(f"{line}\n" for line in lines)


def _message(text: str) -> str:
    """Escaped as the runner's own toolkit does: %, carriage return and line feed, the only way out of a command.

    >>> _message("50%")
    '50%25'
    """
    return one_line(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """In a property also `:` and `,` are escaped.

    >>> _property("a:b,c")
    'a%3Ab%2Cc'
    """
    return _message(text).replace(":", "%3A").replace(",", "%2C")
