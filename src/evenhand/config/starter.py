"""The first audit file: `evenhand init DATA` guesses the roles of columns from their names and types, and says so.

It prints column names, and labels only of columns that look like protected attributes with few groups. What it cannot
guess stays empty, and loading the file then names the line. May import: nothing of evenhand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

NUMBERS = ("integer", "number")


class Profile(Protocol):
    """What is known of a column without its rows; `evenhand.load.profile.ColumnProfile` is one.

    `type` is one of text, integer, number, boolean, date, other; `labels` are its values as label text where they are
    few, else empty; `unique` says that no value occurs twice.
    """

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def unique(self) -> bool: ...
    @property
    def labels(self) -> tuple[str, ...]: ...


_WORDS = {
    "person": "customer client person user applicant member patient employee candidate borrower student",
    "protected": "sex gender race ethnicity ethnic age religion disability disabled marital nationality citizenship "
    "orientation pregnancy veteran birth caste faith",
    "special": "race ethnicity ethnic religion disability disabled orientation pregnancy faith health",
    "decision": "decision selected offered approved accepted hired admitted granted flag flagged chosen predicted "
    "prediction pred invited shortlisted denied rejected inspected targeted sent",
    "burden": "flag flagged denied rejected inspected inspection fraud audit stopped searched",
    "label": "label true target actual outcome truth bought converted churned recid recidivism defaulted repaid "
    "responded response y",
    "score": "score scores probability proba prob propensity rating",
}
WORDS = {role: frozenset(listed.split()) for role, listed in _WORDS.items()}
"""Words of column names that speak for a role. `special` are GDPR Art. 9 categories: sex and age are not among them."""

MAJORITY = ("male", "m", "man", "men", "white", "caucasian")
"""Labels that are usually taken as the reference; else the first label is written, and marked as a guess."""

YES = ("1", "true", "yes", "y", "approved", "accepted", "selected", "offered", "hired", "admitted", "granted", "sent")


def words(name: str) -> tuple[str, ...]:
    """The words of a column name in lower case: `AgeBand_2` is age, band, 2."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return tuple(re.findall(r"[a-z]+|[0-9]+", spaced.lower()))


@dataclass(frozen=True)
class Guess:
    """Which column probably plays which role."""

    decision: Profile | None
    label: Profile | None
    score: Profile | None
    key: Profile | None
    protected: tuple[Profile, ...]
    polarity: str


def guess(columns: Iterable[Profile], attributes: Iterable[Profile] = ()) -> Guess:
    """The roles by name and type; each column plays one. Protected attributes are taken first, as names mislead least.

    With a file of attributes the key is a column of both files: one that names people, else one that is unique there.

    Example: `gender` (text, 2 labels) is protected, `approved` (2 labels) the decision, `customer_id` the key.
    """
    left, beside = list(columns), list(attributes)
    shared = {c.name for c in left} & {c.name for c in beside}
    if beside:
        keys = [c for c in beside if c.name in shared and _names_person(words(c.name))]
        keys += [c for c in beside if c.name in shared and c.unique]
    else:
        keys = [c for c in left if _names_person(words(c.name))]
    key = keys[0] if keys else None
    left = [c for c in left if c.name not in shared and c is not key]
    protected = [c for c in [*left, *beside] if c is not key and _names_protected(c)]
    left = [c for c in left if c not in protected]

    def take(role: str, fits: Callable[[Profile], bool]) -> Profile | None:
        column = next((c for c in left if fits(c) and WORDS[role].intersection(words(c.name))), None)
        if column is not None:
            left.remove(column)
        return column

    score = take("score", lambda c: c.type == "number" and not c.labels)
    decision = take("decision", _is_outcome)
    label = take("label", _is_outcome)
    burden = decision is not None and WORDS["burden"].intersection(words(decision.name))
    return Guess(decision, label, score, key, tuple(protected), "burden" if burden else "benefit")


def _names_protected(column: Profile) -> bool:
    """A name that speaks for a protected attribute, and groups in it: few labels, or a number to cut into bands."""
    named = bool(WORDS["protected"].intersection(words(column.name)))
    return named and (bool(column.labels) or column.type in NUMBERS) and "×" not in column.name


def _is_outcome(column: Profile) -> bool:
    """Two values, or a third one for cases still open."""
    return 0 < len(column.labels) <= 3


def _names_person(name: tuple[str, ...]) -> bool:
    """`id`, or an id of people; an id of campaigns or shops would make them the people."""
    return name == ("id",) or ("id" in name and bool(WORDS["person"].intersection(name)))


def starter(
    columns: Mapping[str, Profile],
    data: str,
    *,
    attributes: Mapping[str, Profile] | None = None,
    attributes_path: str | None = None,
    delimiter: str = ",",
) -> str:
    """The text of an audit file for the data at path `data` (and `attributes_path`), which are written as given.

    It loads as it stands where a decision or score and a protected column were guessed; else the empty keys are named
    when it is loaded. Lines that hold a guess say so.
    """
    found = guess(columns.values(), (attributes or {}).values())
    lines = [
        "# yaml-language-server: $schema=evenhand.schema.json",
        "# (`evenhand policy schema > evenhand.schema.json` writes that schema, for editors.)",
        "# Written by `evenhand init` from the names and types of columns. Read every line before you sign it.",
        "",
        "version: 1",
        f"model: {{name: {_written(_stem(data))}, version: 1, kind: targeting}}",
        "purpose: not stated yet                # what these decisions are for, in one sentence",
        "# approved: {by: ethics board, on: 2026-03-02}",
        f"data: {{{_data(data, attributes_path, found.key, delimiter)}}}",
        "",
        *_columns(found),
        "",
        "# Is being selected good for the person (benefit: an offer, a loan) or bad (burden: an inspection)?",
        f"polarity: {found.polarity}                      # a guess",
        "",
        "# Who is protected. The reference is the group that others are compared with: fix it before you see results.",
        "protected:",
        *_protected(found.protected),
        "# intersections: [[sex, age_band]]    # combinations of attributes that are groups too",
        "",
        "# extends: [four-fifths]              # a shipped pack of checks; docs/audit-file.md lists them",
        "checks:",
        *_checks(found),
    ]
    return "\n".join(lines) + "\n"


def _stem(data: str) -> str:
    name = re.split(r"[/\\]", data)[-1].split(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "model"


def _written(text: str) -> str:
    """The text as YAML that our reader and others read as that text."""
    plain = re.fullmatch(r"[A-Za-z0-9_<][A-Za-z0-9_./+<-]*(?: [A-Za-z0-9_./+<-]+)*", text)
    return text if plain and text != "null" else f'"{"".join(_escaped(c) for c in text)}"'


def _escaped(character: str) -> str:
    """One character inside double quotes, as YAML escapes it (JSON's pairs of surrogates are not YAML)."""
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _data(predictions: str, attributes: str | None, key: Profile | None, delimiter: str) -> str:
    parts = {"predictions": predictions, "attributes": attributes, "key": key.name if key is not None else None}
    if delimiter != ",":
        parts["delimiter"] = "tab" if delimiter == "\t" else delimiter
    lines = [f"{name}: {_written(text)}" for name, text in parts.items() if text is not None]
    return ", ".join(lines)


def _columns(found: Guess) -> list[str]:
    lines = ["columns:"]
    lines.append(_role("decision", found.decision, "the column of what was decided about the person"))
    if found.decision is not None:
        lines.append(_value("selected", found.decision, "the value that means selected"))
    if found.score is not None:
        lines.append(_role("score", found.score, ""))
    if found.label is not None:
        lines.append(_role("label", found.label, ""))
        lines.append(_value("positive", found.label, "the value that means it came true"))
    return lines


def _role(role: str, column: Profile | None, meaning: str) -> str:
    if column is None:
        return f"  {role}:  # {meaning}"
    return f"  {role}: {_written(column.name)}  # a guess"


def _value(key: str, column: Profile, meaning: str) -> str:
    """Only a word of our own list is written: values of outcomes stay in the data."""
    written = [label for label in column.labels if label.lower() in YES]
    return f"  {key}: {written[0]}  # a guess: {meaning}" if len(written) == 1 else f"  {key}:  # {meaning}"


def _protected(columns: tuple[Profile, ...]) -> list[str]:
    if not columns:
        return ["  sex:  # write the name of the attribute, such as sex, race or age", "    reference:"]
    return [line for column in columns for line in _attribute(column)]


def _attribute(column: Profile) -> list[str]:
    named = set(words(column.name))
    special = ["    special_category: true  # GDPR Art. 9"] if named & WORDS["special"] else []
    if column.type in NUMBERS and not column.labels:
        edges = "bands: [18, 30, 60, 75]" if "age" in named else "bands:"
        reference = "reference: 30-59  # a guess" if "age" in named else "reference:"
        hint = (
            "  # edges: <18, 18-29, 30-59, 60-74, 75+"
            if "age" in named
            else "  # edges that cut the number into groups"
        )
        return [f"  {_written(column.name)}:", f"    {edges}{hint}", f"    {reference}", *special]
    groups = ", ".join(_written(label) for label in column.labels)
    usual = next((label for label in column.labels if label.lower() in MAJORITY), column.labels[0])
    return [
        f"  {_written(column.name)}:  # groups: {groups}",
        f"    reference: {_written(usual)}  # a guess",
        *special,
    ]


def _checks(found: Guess) -> list[str]:
    side, limit = ("min", "0.80") if found.polarity == "benefit" else ("max", "1.25")
    metric = "selection_rate_ratio"
    if found.decision is None and found.score is not None:
        metric = "score_above_median_rate_ratio"
    lines = [
        f"  - id: {'selection-parity' if metric == 'selection_rate_ratio' else 'score-parity'}",
        f"    metric: {metric}  # `evenhand measures` lists the others",
        f"    {side}: {limit}",
        "    decide_by: assurance  # passes only if the data rule a violation out",
        "    why: not stated yet  # where the limit comes from",
    ]
    if found.decision is not None and found.label is not None:
        lines += [
            "  - id: equal-opportunity",
            "    metric: true_positive_rate_difference",
            "    min: -0.10",
            "    max: 0.10",
            "    level: warn",
            "    why: not stated yet",
        ]
    return lines
