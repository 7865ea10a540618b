"""The kinds of value that an audit file holds, as pydantic types over raw text: texts, numbers, dates, true/false.

Numbers are made from the text that was written, never from a float. The JSON schema beside each type is what an editor
validates, and editors read `1` as a number and `true` as a Boolean where we keep the text.

May import: nothing of evenhand but config.problems. Imports pydantic: not for `evenhand --help`.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from evenhand.config.problems import shown

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FROM = re.compile(r"[0-9]{4}(?:-[0-9]{2}){0,2}")

SCALAR = {"type": ["string", "number", "boolean"]}
"""What an editor may see where we see text."""


PLANNED_KINDS = ("recommendation",)


def refused(text: str) -> PydanticCustomError:
    """The error by which a validator says, in our words, what was expected."""
    return PydanticCustomError("evenhand", "{text}", {"text": text})


def kind_of(value: object) -> str:
    """What a raw value is, in words: `a mapping`, `a list`, `nothing`, or the text itself in backticks."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return "nothing" if value is None else f"`{shown(str(value))}`"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise refused(f"expected text, found {kind_of(value)}")
    return value


def _name(value: Any) -> str:
    text = _text(value)
    if not text.strip():
        raise refused("expected text, found an empty text")
    return text


def _scalar_or_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _number(value: Any) -> Decimal:
    text = _text(value)
    if text.endswith("%"):
        raise refused(f"a limit or share is a plain number: `{shown(text)}` has a percent sign (write 0.80 for 80%)")
    if not _NUMBER.fullmatch(text):
        raise refused(f"expected a number such as 0.80, found `{shown(text)}`")
    return Decimal(text)


def _share(value: Any) -> Decimal:
    number = _number(value)
    if not 0 <= number <= 1:
        raise refused(f"expected a share from 0 to 1, found `{number}`")
    return number


def _resolution(value: Any) -> Decimal:
    return _step(value, Decimal("0.1"))


def _price_step(value: Any) -> Decimal:
    return _step(value, Decimal(1))


def _step(value: Any, largest: Decimal) -> Decimal:
    number = _number(value)
    if not Decimal("0.000001") <= number <= largest or 1 % number != 0:
        raise refused(f"expected a step that divides 1, from 0.000001 to {largest}, found `{number}`")
    return number


def _whole(value: Any) -> int:
    text = _text(value)
    if not _WHOLE.fullmatch(text) or int(text) < 0:
        raise refused(f"expected a whole number, not negative, found `{shown(text)}`")
    return int(text)


def _flag(value: Any) -> bool:
    text = _text(value)
    if text not in ("true", "false"):
        raise refused(f"expected true or false, found `{shown(text)}`")
    return text == "true"


def _day(value: Any) -> datetime.date:
    text = _text(value)
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise refused(f"expected a date such as 2026-03-02, found `{shown(text)}`") from None


def _time(value: Any) -> str:
    text = _text(value)
    if not _FROM.fullmatch(text):
        raise refused(f"expected a year, month or day such as 2023-07-05, found `{shown(text)}`")
    return text


def _delimiter(value: Any) -> str:
    text = {"\\t": "\t", "tab": "\t"}.get(_text(value), value)
    if len(text) != 1 or text in '"\r\n':
        raise refused("expected one character such as `;`, or `tab`")
    return str(text)


def _encoding(value: Any) -> str:
    text = _text(value)
    try:
        "".encode(text)
    except (LookupError, ValueError):
        raise refused(f"there is no text encoding `{shown(text)}`") from None
    return text


def _kind(value: Any) -> Any:
    if value in PLANNED_KINDS:
        raise refused(f"`{value}` is not supported yet: this version audits targeting and pricing models")
    return value


def _combination(value: Any) -> Any:
    """An attribute's name, or several names for an intersection: `[sex, age_band]` is `sex × age_band`."""
    if isinstance(value, list):
        return " × ".join(_name(part) for part in value)
    return value


Text = Annotated[str, BeforeValidator(_name), WithJsonSchema(SCALAR)]
"""A text that is not empty: a name, a label, a reason."""

AnyText = Annotated[str, BeforeValidator(_text), WithJsonSchema(SCALAR)]
"""A text that may be empty."""

Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(_scalar_or_list),
    WithJsonSchema({"anyOf": [SCALAR, {"type": "array", "items": SCALAR}]}),
]
"""One text, or a list of them."""

AnyTexts = Annotated[
    tuple[AnyText, ...],
    BeforeValidator(_scalar_or_list),
    WithJsonSchema({"anyOf": [SCALAR, {"type": "array", "items": SCALAR}]}),
]

NUMERIC = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^{_NUMBER.pattern}$"}]}
DAY = {"type": "string", "pattern": f"^{_DAY.pattern}$"}

Number = Annotated[Decimal, BeforeValidator(_number), WithJsonSchema(NUMERIC)]
"""A decimal from the text that was written: no nan, no inf, no exponent, no percent sign."""

Share = Annotated[
    Decimal,
    BeforeValidator(_share),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, NUMERIC["anyOf"][1]]}),
]
Resolution = Annotated[Decimal, BeforeValidator(_resolution), WithJsonSchema(NUMERIC)]
PriceStep = Annotated[Decimal, BeforeValidator(_price_step), WithJsonSchema(NUMERIC)]
Whole = Annotated[
    int,
    BeforeValidator(_whole),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+$"}]}),
]
Flag = Annotated[
    bool,
    BeforeValidator(_flag),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": ["true", "false"]}]}),
]
Day = Annotated[datetime.date, BeforeValidator(_day), WithJsonSchema(DAY)]
Time = Annotated[str, BeforeValidator(_time), WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}]})]
"""A year, a month or a day, as text."""

Delimiter = Annotated[str, BeforeValidator(_delimiter), WithJsonSchema({"type": "string"})]
Encoding = Annotated[str, BeforeValidator(_encoding), WithJsonSchema({"type": "string"})]
AttributeName = Annotated[
    str,
    BeforeValidator(_name),
    BeforeValidator(_combination),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 2}]}),
]
"""An attribute, or an intersection written as a list or with ` × ` (or ` x `) between its attributes."""

Kind = Annotated[Literal["targeting", "pricing"], BeforeValidator(_kind)]
FormatVersion = Annotated[Literal["1"], WithJsonSchema({"enum": [1, "1"]})]
Edges = Annotated[tuple[Number, ...], Field(min_length=1)]
