"""What a column's name says of it, and how a text is written into an audit file: what `evenhand init` works with.

May import: nothing of evenhand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

NUMBERS = ("integer", "number")

ABBREVIATIONS: Mapping[str, tuple[str, ...]] = {
    "ageph": ("age", "holder"),
    "agec": ("car", "age"),
    "cust": ("customer",),
    "driv": ("driver",),
    "expo": ("exposure",),
    "nb": ("number",),
    "nclaims": ("number", "claims"),
    "pol": ("policy",),
    "prem": ("premium",),
    "tot": ("total",),
    "veh": ("vehicle",),
}
"""How actuarial and other files shorten words, and what is meant."""


class Profile(Protocol):
    """What is known of a column without its rows; `evenhand.load.profile.ColumnProfile` is one.

    `type` is one of text, integer, number, boolean, date, other; `labels` are its values as label text where they are
    few, else empty; `distinct` counts them and stops at 50; `unique` says that no value occurs twice.
    """

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def distinct(self) -> int: ...
    @property
    def unique(self) -> bool: ...
    @property
    def labels(self) -> tuple[str, ...]: ...


def words(name: str) -> tuple[str, ...]:
    """The words of a column name in lower case, abbreviations written out.

    Capitals begin words; several of them are one word, whose last letter begins the next (`ID` is a word by itself).

    >>> words("AgeBand_2"), words("PremTot"), words("IDpol"), words("MTPLPremium")
    (('age', 'band', '2'), ('premium', 'total'), ('id', 'policy'), ('mtpl', 'premium'))
    """
    spaced = re.sub(r"(?<![A-Za-z])ID(?=[a-z])", "ID ", name)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", spaced)
    found = re.findall(r"[a-z]+|[0-9]+", spaced.lower())
    return tuple(part for word in found for part in ABBREVIATIONS.get(word, (word,)))


def written(text: str) -> str:
    """The text as YAML that our reader and others read as that text."""
    plain = re.fullmatch(r"[A-Za-z0-9_<][A-Za-z0-9_./+<-]*(?: [A-Za-z0-9_./+<-]+)*", text)
    return text if plain and text != "null" else f'"{"".join(_escaped(c) for c in text)}"'


def _escaped(character: str) -> str:
    """One character inside double quotes, as YAML escapes it (JSON's pairs of surrogates are not YAML)."""
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
