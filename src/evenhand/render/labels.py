"""Names that come from data or an audit file, made safe and readable for any page or terminal.

Escaping for HTML, Markdown, XML is each renderer's own; here are the dangers they share: control characters, ANSI
escapes, characters that turn the direction of the text around them, and labels of 5,000 characters.

May import: the standard library only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

LONGEST_LABEL = 80
_BEFORE: Mapping[str, str] = {"factor": "for factor", "method": "by", "part": "part", "band": "in the"}
"""What stands before a coordinate, where "at" and its name do not do."""
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
_RIGHT_TO_LEFT = {"R", "AL", "AN"}


def visible(text: str) -> str:
    r"""`text` with every control, format, surrogate and unassigned character written out as an escape.

    Joiners that scripts need (U+200C, U+200D) stay; line breaks, ANSI escapes and bidirectional overrides do not.

    >>> visible("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(c) if _hidden(c) else c for c in text)


def readable(text: str) -> str:
    """Our own sentences on their way out: as `visible`, but the direction isolates that `isolated` put in stay.

    A results file may have been edited by hand, so that its sentences are no safer than its labels.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = {FIRST_STRONG_ISOLATE, POP_ISOLATE}
    return "".join(_escaped(c) if _hidden(c) and c not in kept else c for c in text)


def _hidden(character: str) -> bool:
    if character in "\u200c\u200d":
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def display_label(text: str, longest: int = LONGEST_LABEL) -> str:
    """A name as a person reads it: visible characters only, the middle of a very long one left out, and counted.

    >>> display_label("x" * 5000, longest=20)
    'xxxxxxxx…xxx (5,000 characters)'
    """
    shown = visible(text)
    if len(shown) <= longest:
        return shown
    head, tail = max(4, longest * 2 // 5), max(3, longest // 7)
    return f"{shown[:head].rstrip()}…{shown[-tail:].strip()} ({len(text):,} characters)"


def isolated(text: str) -> str:
    """`text` between direction isolates if it holds right-to-left letters: the sentence around it keeps its order."""
    if any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text):
        return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"
    return text


def who(comparison: Mapping[str, Any]) -> str:
    """The group of a comparison as sentences name it: attribute = group, each attribute of an intersection by itself.

    What holds for an attribute as a whole names no group: `sex (all groups)`.

    >>> who({"attribute": "sex × age_band", "group": "female × 75+", "groups": {"sex": "female", "age_band": "75+"}})
    'sex = female and age_band = 75+'
    """
    groups = comparison["groups"]
    if comparison["group"] == comparison["attribute"]:
        return display_label(comparison["group"])
    if not groups:
        return f"{display_label(comparison['attribute'])} ({isolated(display_label(comparison['group']))})"
    return " and ".join(
        display_label(label) if name == label else f"{display_label(name)} = {isolated(display_label(label))}"
        for name, label in groups.items()
    )


def short_who(comparison: Mapping[str, Any]) -> str:
    """The same in one word for terminals and JUnit names: `attribute=group`.

    >>> short_who({"attribute": "sex", "group": "female"})
    'sex=female'
    """
    if comparison["group"] == comparison["attribute"]:
        return display_label(comparison["group"])
    return f"{display_label(comparison['attribute'])}={isolated(display_label(comparison['group']))}"


def capitalized(text: str) -> str:
    """The first letter large, the rest as it is: `area under the ROC curve` keeps its ROC.

    A function's name (`fairlearn:selection_rate`) stays as it is written.
    """
    return text if ":" in text.partition(" ")[0] else text[:1].upper() + text[1:]


def where(comparison: Mapping[str, Any]) -> str:
    """The coordinate of a comparison in words, empty for most: `at stage delivered, in run B`.

    >>> where({"at": {"stage": "delivered"}, "run": None})
    'at stage delivered'
    """
    places = [
        f"{display_label(_BEFORE.get(str(k), f'at {k}'))} {display_label(str(v))}"
        for k, v in (comparison.get("at") or {}).items()
    ]
    if comparison.get("run"):
        places.append(f"in run {display_label(str(comparison['run']))}")
    return ", ".join(places)


def one_line(text: str) -> str:
    """`text` on one line: white space collapsed, then made readable."""
    return readable(re.sub(r"\s+", " ", text).strip())
