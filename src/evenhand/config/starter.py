"""The first audit file: `evenhand init DATA` guesses the roles of columns from their names and types, and says so.

It prints column names, and labels only of columns that look like protected attributes with few groups. What it cannot
guess stays empty, and loading the file then names the line. May import: config.column_words, config.price_starter,
config.role_table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from evenhand.config.column_words import NUMBERS, Profile, words, written
from evenhand.config.price_starter import PRICE_CHECKS, factor_candidates, factor_lines, price_lines, price_roles
from evenhand.config.role_table import ROLES

_WORDS = {
    "person": "customer client person user applicant member patient employee candidate borrower student policy "
    "policyholder holder insured driver",
    "protected": "sex gender race ethnicity ethnic age religion disability disabled marital nationality citizenship "
    "orientation pregnancy veteran birth caste faith",
    "thing": "vehicle car home house building property equipment account credit contract",
    "special": "race ethnicity ethnic religion disability disabled orientation pregnancy faith health",
    "decision": "decision selected offered approved accepted hired admitted granted flag flagged chosen predicted "
    "prediction pred invited shortlisted denied rejected inspected targeted sent",
    "burden": "flag flagged denied rejected inspected inspection fraud audit stopped searched",
    "label": "label true target actual outcome truth bought converted churned recid recidivism defaulted repaid "
    "responded response y",
    "score": "score scores probability proba prob propensity rating",
}
WORDS = {role: frozenset(listed.split()) for role, listed in _WORDS.items()}
"""Words of column names that speak for a role. `special` are GDPR Art. 9 categories: sex and age are not among them.
A `thing` has an age, too, which is nobody's."""

MAJORITY = ("male", "m", "man", "men", "white", "caucasian")
"""Labels that are usually taken as the reference; else the first label is written, and marked as a guess."""

YES = ("1", "true", "yes", "y", "approved", "accepted", "selected", "offered", "hired", "admitted", "granted", "sent")


@dataclass(frozen=True)
class Starter:
    """A first audit file, and what could not be guessed for it."""

    text: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Guess:
    """Which column probably plays which role."""

    decision: Profile | None
    label: Profile | None
    score: Profile | None
    key: Profile | None
    protected: tuple[Profile, ...]
    polarity: str
    prices: Mapping[str, Profile]
    """Columns of the roles of pricing; empty in a file about who is selected."""
    priced: bool
    """Whether the file is about prices."""
    rest: tuple[Profile, ...]
    """Columns that play no role."""
    notes: tuple[str, ...]
    """What was looked for and not found, for the person who has to fill it in."""


def guess(columns: Iterable[Profile], attributes: Iterable[Profile] = (), kind: str | None = None) -> Guess:
    """The roles by name and type; each column plays one. Protected attributes are taken first, as names mislead least.

    With a file of attributes the key is a column of both files that is unique there, one that names people first. The
    kind, unless it is given by name, is pricing where a price was guessed and no decision.

    Example: `gender` (text, 2 labels) is protected, `approved` (2 labels) the decision, `customer_id` the key.
    """
    left, beside = list(columns), list(attributes)
    shared = {c.name for c in left} & {c.name for c in beside}
    if beside:
        keys = sorted((c for c in beside if c.name in shared and c.unique), key=lambda c: not _names_person(c))
    else:
        keys = [c for c in left if _names_person(c)]
    key = keys[0] if keys else None
    notes = _why_no_key(shared) if beside and key is None else []
    left = [c for c in left if c.name not in shared and c is not key]
    protected = [c for c in [*left, *beside] if c is not key and _names_protected(c)]
    left = [c for c in left if c not in protected]

    def take(role: str, fits: Callable[[Profile], bool]) -> Profile | None:
        column = next((c for c in left if fits(c) and WORDS[role].intersection(words(c.name))), None)
        if column is not None:
            left.remove(column)
        return column

    score = take("score", lambda c: c.type == "number" and not c.labels)
    wanted = None if kind is None else kind in ROLES["price"].needed_by
    decision = None if wanted else take("decision", _is_outcome)
    label = take("label", _is_outcome)
    burden = decision is not None and WORDS["burden"].intersection(words(decision.name))
    prices = price_roles(left) if decision is None and wanted is not False else {}
    priced = "price" in prices if wanted is None else wanted
    if not priced:
        prices = {}
    elif "price" not in prices:
        notes.append("no price column was found: write it at `price`")
    rest = tuple(c for c in left if c not in prices.values())
    polarity = "burden" if burden or priced else "benefit"
    return Guess(decision, label, score, key, tuple(protected), polarity, prices, priced, rest, tuple(notes))


def _why_no_key(shared: Iterable[str]) -> list[str]:
    """Why no shared column joins two files."""
    names = " and ".join(f"`{name}`" for name in sorted(shared))
    if not names:
        return ["no key was found: the two files share no column name, and `data.key` names one that both have"]
    stand, repeat = ("stand", "repeat") if " and " in names else ("stands", "repeats")
    return [f"no key was found: {names} {stand} in both files, but {repeat} in the attributes, and a key may not"]


def _names_protected(column: Profile) -> bool:
    """A name that speaks for a protected attribute, and groups in it: few labels, or a number to cut into bands."""
    named = WORDS["protected"].intersection(words(column.name))
    if named == {"age"} and WORDS["thing"].intersection(words(column.name)):
        return False
    return bool(named) and (bool(column.labels) or column.type in NUMBERS) and "×" not in column.name


def _is_outcome(column: Profile) -> bool:
    """Two values, or a third one for cases still open."""
    return 0 < len(column.labels) <= 3


def _names_person(column: Profile) -> bool:
    """`id`, or an id of people; an id of campaigns or shops would make them the people."""
    name = words(column.name)
    return name == ("id",) or ("id" in name and bool(WORDS["person"].intersection(name)))


def starter(
    columns: Mapping[str, Profile],
    data: str,
    *,
    attributes: Mapping[str, Profile] | None = None,
    attributes_path: str | None = None,
    delimiter: str = ",",
    kind: str | None = None,
) -> Starter:
    """An audit file for the data at path `data` (and `attributes_path`), which are written as given.

    Without `kind` it is about prices where a price was guessed and no decision. It loads as it stands where a decision,
    score or price and a protected column were guessed; else the empty keys are named when it is loaded. Guesses are
    marked.
    """
    found = guess(columns.values(), (attributes or {}).values(), kind)
    kind = kind or ("pricing" if found.priced else "targeting")
    lines = [
        "# yaml-language-server: $schema=evenhand.schema.json",
        "# (`evenhand policy schema > evenhand.schema.json` writes that schema, for editors.)",
        "# Written by `evenhand init` from the names and types of columns. Read every line before you sign it.",
        "",
        "version: 1",
        f"model: {{name: {written(_stem(data))}, version: 1, kind: {kind}}}",
        "purpose: not stated yet                # what these decisions are for, in one sentence",
        "# approved: {by: ethics board, on: 2026-03-02}",
        f"data: {{{_data(data, attributes_path, found.key, delimiter)}}}"
        + ("  # the key is a guess; it is the person, too" if found.key is not None else ""),
        *(f"# {note}" for note in found.notes),
        "",
        *_columns(found),
        "",
        _polarity_question(found),
        f"polarity: {found.polarity}                      # a guess",
        "",
        "# Who is protected. The reference is the group that others are compared with: fix it before you see results.",
        "protected:",
        *_protected(found.protected),
        *_intersections(found.protected),
        "",
        *(factor_lines(factor_candidates(found.rest)) if found.priced else []),
        f"# extends: [{'fca-consumer-duty' if found.priced else 'four-fifths'}]  # a shipped pack of checks; "
        "docs/audit-file.md lists them",
        "checks:",
        *_checks(found),
    ]
    return Starter("\n".join(lines) + "\n", found.notes)


def _intersections(protected: tuple[Profile, ...]) -> list[str]:
    """The first two attributes as an example; one attribute has no combinations."""
    if len(protected) < 2:
        return []
    names = ", ".join(written(column.name) for column in protected[:2])
    return [f"# intersections: [[{names}]]  # combinations of attributes that are groups too"]


def _polarity_question(found: Guess) -> str:
    if found.priced:
        return "# Is a high price bad for the person (burden: what is paid) or good (benefit: what is paid out)?"
    return "# Is being selected good for the person (benefit: an offer, a loan) or bad (burden: an inspection)?"


def _stem(data: str) -> str:
    name = re.split(r"[/\\]", data)[-1].split(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "model"


def _data(predictions: str, attributes: str | None, key: Profile | None, delimiter: str) -> str:
    parts = {"predictions": predictions, "attributes": attributes, "key": key.name if key is not None else None}
    if delimiter != ",":
        parts["delimiter"] = "tab" if delimiter == "\t" else delimiter
    lines = [f"{name}: {written(text)}" for name, text in parts.items() if text is not None]
    return ", ".join(lines)


def _columns(found: Guess) -> list[str]:
    lines = ["columns:"]
    if found.priced:
        return [*lines, *price_lines(found.prices, found.rest), *_outcomes(found)]
    lines.append(_role("decision", found.decision, "the column of what was decided about the person"))
    if found.decision is not None:
        lines.append(_value("selected", found.decision, "the value that means selected"))
    return [*lines, *_outcomes(found)]


def _outcomes(found: Guess) -> list[str]:
    lines = []
    if found.score is not None:
        lines.append(_role("score", found.score, ""))
    if found.label is not None:
        lines.append(_role("label", found.label, ""))
        lines.append(_value("positive", found.label, "the value that means it came true"))
    return lines


def _role(role: str, column: Profile | None, meaning: str) -> str:
    if column is None:
        return f"  {role}:  # {meaning}"
    return f"  {role}: {written(column.name)}  # a guess"


def _value(key: str, column: Profile, meaning: str) -> str:
    """Only a word of our own list is written: values of outcomes stay in the data."""
    yes = [label for label in column.labels if label.lower() in YES]
    return f"  {key}: {yes[0]}  # a guess: {meaning}" if len(yes) == 1 else f"  {key}:  # {meaning}"


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
        return [f"  {written(column.name)}:", f"    {edges}{hint}", f"    {reference}", *special]
    groups = ", ".join(written(label) for label in column.labels)
    usual = next((label for label in column.labels if label.lower() in MAJORITY), column.labels[0])
    return [
        f"  {written(column.name)}:  # groups: {groups}",
        f"    reference: {written(usual)}  # a guess",
        *special,
    ]


def _checks(found: Guess) -> list[str]:
    if found.priced:
        return PRICE_CHECKS
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
