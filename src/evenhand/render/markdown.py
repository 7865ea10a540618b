"""summary.md: the verdict first, then what needs a decision, then one row a check; details folded; 60 KB at most.

Names from the data are escaped with character references, which Markdown never reads as syntax.
May import: render's own words and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from evenhand.render import numbers
from evenhand.render.labels import one_line, short_who
from evenhand.render.metric_words import words_of
from evenhand.render.options import RenderOptions
from evenhand.render.order import checks_worst_first, worst, worst_first
from evenhand.render.status import STATUSES, look_of
from evenhand.render.text import summary_line, warning_lines

LARGEST = 60_000
"""Bytes; GitHub's job summaries and comments refuse more than 65,536 characters."""
_MOST_WARNINGS = 20
_SYNTAX = re.compile(r"[&<>`*\[\]|$~\\@#{}]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|(?<=:)//|(?<=www)\.", re.IGNORECASE)


def render_markdown(document: Mapping[str, Any], _: RenderOptions) -> str:
    """The summary as GitHub-flavoured Markdown. What does not fit into 60 KB is counted and left to report.html."""
    look = STATUSES[document["verdict"]]
    audit = document["audit"]
    model = " ".join(part for part in (audit["model"]["name"], audit["model"]["version"]) if part)
    head = [
        f"# {look.markdown} {look.word}: fairness audit of {escaped(model)}",
        "",
        f"**{escaped(document['reason']['text'])}**",
        "",
        escaped(summary_line(document)),
        "",
        *_warnings(document),
        *_decisions(document),
    ]
    return _within(head, _table(document), _folded(document))


def escaped(text: str) -> str:
    """`text` on one line, with everything that Markdown, HTML or GitHub (mentions, issues, maths) would act on escaped.

    >>> escaped("<b> $x$ _hidden a_b @team")
    '&#60;b&#62; &#36;x&#36; &#95;hidden a_b &#64;team'
    """
    return _SYNTAX.sub(lambda match: "".join(f"&#{ord(c)};" for c in match.group()), one_line(text))


def _warnings(document: Mapping[str, Any]) -> list[str]:
    """What a reader should know before trusting the verdict, as a list under it."""
    lines = [f"- NOTE: {escaped(line)}" for line in warning_lines(document, _MOST_WARNINGS)]
    return [*lines, ""] if lines else []


def _decisions(document: Mapping[str, Any]) -> list[str]:
    needing = [c for c in checks_worst_first(document) if c["status"] in {"fail", "inconclusive", "warn", "waived"}]
    if not needing:
        return []
    lines = [
        "## What needs a decision",
        "",
        *(f"- {look_of(c).markdown} **{escaped(c['id'])}**: {escaped(c['sentence'])}" for c in needing[:20]),
    ]
    if len(needing) > 20:
        lines.append(f"- and {len(needing) - 20} more, in the table")
    return [*lines, ""]


def _table(document: Mapping[str, Any]) -> list[str]:
    rows = [
        "## All checks",
        "",
        "| | Check | Worst group | Value | Interval that decided | Limit | People |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for check in checks_worst_first(document):
        words, nearest, look = words_of(document, check["metric"]), worst(document, check), look_of(check)
        limits = numbers.limits_of(check)
        cells = [f"{look.markdown} {look.word}", escaped(check["id"])]
        if nearest is None:
            cells += ["–"] * 3
        else:
            cells += [
                escaped(short_who(nearest)),
                numbers.judged(nearest["estimate"], words.unit, limits),
                numbers.interval(nearest["decision_interval"], words.unit, limits),
            ]
        cells += [numbers.limit_sign(check, words.unit), numbers.count(nearest["n"] if nearest else None)]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _folded(document: Mapping[str, Any]) -> list[list[str]]:
    """One block a check, each foldable and each whole: a block is left out rather than cut."""
    blocks = []
    for check in checks_worst_first(document):
        look = look_of(check)
        lines = [
            f"<details><summary>{look.markdown} {escaped(check['id'])}</summary>",
            "",
            escaped(check["sentence"]),
            "",
        ]
        lines += [f"- {escaped(c['sentence'])}" for c in worst_first(document, check)]
        blocks.append([*lines, "", "</details>", ""])
    return blocks


def _within(head: list[str], table: list[str], blocks: Iterable[list[str]]) -> str:
    size = len("\n".join(head).encode()) + 2_000
    kept = list(head)
    left = 0
    for row in table:
        size += len(row.encode()) + 1
        if size > LARGEST // 2:
            left += 1
        else:
            kept.append(row)
    if left:
        kept += ["", f"{left} more checks stand in report.html."]
    kept += ["", "## Details", ""]
    folded = 0
    for block in blocks:
        text = "\n".join(block)
        if size + len(text.encode()) > LARGEST:
            folded += 1
        else:
            kept += block
            size += len(text.encode()) + 1
    if folded:
        kept.append(f"The details of {numbers.counted(folded, 'check', 'checks')} stand in report.html.")
    return "\n".join(kept).rstrip() + "\n"
