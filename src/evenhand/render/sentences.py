"""Plain-words sentences of a results document: one for each comparison, each check and the run.

A comparison's sentence says who, how much, against which limit, how many people, how sure; a check's and the run's
are in `check_sentences`. `fill_sentences` is the last step before a document is written.

May import: render's own words and numbers. Everything is read from the document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evenhand.render import numbers
from evenhand.render.check_sentences import check_sentence, run_reason_text
from evenhand.render.factor_words import explained, face_and_within, within_strata
from evenhand.render.labels import capitalized, display_label, isolated, where, who
from evenhand.render.metric_words import MetricWords, words_of
from evenhand.render.order import family_size
from evenhand.render.reasons import reason_words

SIGNIFICANT = 0.05
"""Two-sided, against parity: the second, separate question of methods.md §1."""
_BEYOND, _WITHIN = "beyond the limit", "within the limit"


def fill_sentences(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the document with every `sentence`, every empty reason text and the run's reason text written.

    Errors: none of its own; a document that lacks a key of the contract raises KeyError.
    """
    filled = {**document}
    filled["checks"] = checks = []
    for check in document["checks"]:
        comparisons = [
            {
                **comparison,
                "reason": _with_text(comparison["reason"], check),
                "sentence": comparison_sentence(document, check, comparison),
            }
            for comparison in check["comparisons"]
        ]
        checks.append({**check, "comparisons": comparisons})
    for check in checks:
        check["reason"] = _with_text(check["reason"], check)
        check["sentence"] = check_sentence(filled, check)
    filled["reason"] = {**document["reason"], "text": run_reason_text(filled)}
    return filled


def _with_text(reason: Mapping[str, Any], check: Mapping[str, Any]) -> dict[str, Any]:
    return {**reason, "text": reason["text"] or reason_words(reason["code"], check)}


def comparison_sentence(document: Mapping[str, Any], check: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    """Who, how much, against which limit, how many people, how sure.

    For 2,253 of 8,214 women and 3,781 of 10,000 men selected, limit at least 0.80: `sex = female is selected 0.73
    times as often as male (27.4% against 37.8%; interval 0.69 to 0.77); the policy asks for at least 0.80; 8,214
    people. The data rule out that the limit is kept.`
    """
    words = words_of(document, check["metric"])
    if comparison["status"] == "not_tested" and check["level"] != "report":
        return _not_tested(check, comparison, words)
    parts = [_fact(document, check, comparison, words)]
    if numbers.limits_of(check):
        parts.append(f"the policy asks for {numbers.limit_words(check, words.unit)}")
    parts.append(numbers.counted(comparison["n"], "person", "people"))
    sentence = "; ".join(parts) + "."
    if sentence.startswith("the "):
        sentence = "T" + sentence[1:]
    for clause in (
        explained(comparison) if within_strata(comparison, words) else "",
        _sureness(check, comparison),
        _size_and_chance(check, comparison, words),
        _people_needed(comparison),
    ):
        if clause:
            sentence += f" {clause}"
    return sentence


_COUNTED = {"too_few_people", "too_small_denominator", "no_denominator", "roles_absent"}
"""Reasons that say the number of people themselves, or that it does not matter."""


def _not_tested(check: Mapping[str, Any], comparison: Mapping[str, Any], words: MetricWords) -> str:
    place = where(comparison)
    reason = comparison["reason"]
    text = (reason["text"] or reason_words(reason["code"], check)).rstrip(".")
    people = "" if reason["code"] in _COUNTED else f"; {numbers.counted(comparison['n'], 'person', 'people')}"
    sentence = f"{who(comparison)}{', ' + place if place else ''} could not be judged on {words.named}: {text}{people}."
    needed = _people_needed(comparison)
    return f"{sentence} {needed}" if needed else sentence


def _fact(
    document: Mapping[str, Any], check: Mapping[str, Any], comparison: Mapping[str, Any], words: MetricWords
) -> str:
    """`sex = female is selected 0.73 times as often as male (27.6% against 37.8%; interval 0.69 to 0.77)`."""
    limits = numbers.limits_of(check)
    if within_strata(comparison, words):
        bounds = comparison["decision_interval"] or (None if limits else comparison["interval"])
        return face_and_within(document, comparison, words, limits, bounds)
    subject = who(comparison)
    place = where(comparison)
    reference = comparison["reference"]
    other = isolated(display_label(reference)) if reference else "the reference"
    shown = numbers.judged(comparison["estimate"], words.unit, limits)
    burden = words.polar and document["audit"]["polarity"] == "burden"
    selected = f"is selected{' (a burden)' if burden else ''}"
    about = []
    if comparison["estimate"] is None:
        fact = f"{words.named} of {subject}{f' to {other}' if reference else ''} has no finite value"
    elif words.paid is not None and reference:
        fact = paying(document, comparison["estimate"], subject, other, words, limits)
        same = as_good_as_nothing(comparison["estimate"], words, limits)
        if same or (words.form != "ratio" and comparison["estimate"] < 0):
            about.append(same or f"gap {shown}")
    elif words.form == "ratio" and words.quantity == "selection_rate" and words.known:
        fact = f"{subject} {selected} {shown} times as often as {other}"
    elif words.form == "ratio" and reference:
        fact = f"{words.quantity_named} of {subject} is {shown} times that of {other}"
    elif words.form == "difference" and reference:
        fact = _difference(comparison["estimate"], subject, other, words, limits)
        about.append(f"difference {shown}")
    elif words.unit == "count":
        fact = f"{capitalized(words.title)}: {shown}"
    else:
        people = f" {_people(shown)}" if words.unit == "people" else ""
        fact = f"{words.named} of {subject} is {shown}{people}"
    if reference and comparison["value"] is not None and comparison["value_reference"] is not None:
        mine = numbers.quantity(comparison["value"], words.quantity_unit)
        theirs = numbers.quantity(comparison["value_reference"], words.quantity_unit)
        about.insert(0, f"{mine} against {theirs}")
    bounds = comparison["decision_interval"]
    if bounds is not None:
        about.append(f"interval {numbers.interval(bounds, words.unit, limits)}")
    elif not numbers.limits_of(check) and comparison["interval"] is not None:
        confidence = numbers.percent(comparison["interval"]["confidence"]).replace(".0%", "%")
        about.append(f"{confidence} interval {numbers.interval(comparison['interval'], words.unit, limits)}")
    return fact + (f", {place}" if place else "") + (f" ({'; '.join(about)})" if about else "")


def _people(shown: str) -> str:
    """The noun of a printed number of people: `1 person`, `−1 person`, `0 people`."""
    return "person" if shown.lstrip(numbers.MINUS) == "1" else "people"


def paying(
    document: Mapping[str, Any],
    estimate: float,
    subject: str,
    other: str,
    words: MetricWords,
    limits: Sequence[float] = (),
) -> str:
    """`sex = female pays 4.9% more than male like for like`; where the audit calls a price a benefit, it gets it."""
    verb = "gets" if document["audit"]["polarity"] == "benefit" else "pays"
    if as_good_as_nothing(estimate, words, limits):
        same = "as much as" if words.form == "ratio" else "as good as the same as"
        return f"{subject} {verb} {same} {other} {words.paid}"
    if words.form == "ratio":
        shown = numbers.judged(estimate, words.unit, limits)
        return f"{subject} {verb} {shown} times what {other} {verb} {words.paid}"
    if estimate == 0:
        return f"{subject} {verb} the same as {other} {words.paid}"
    size = numbers.judged(abs(estimate), words.unit, [abs(limit) for limit in limits], plus=False)
    return f"{subject} {verb} {size} {'less' if estimate < 0 else 'more'} than {other} {words.paid}"


def as_good_as_nothing(estimate: float, words: MetricWords, limits: Sequence[float] = ()) -> str:
    """The number of a gap that is too small to be told as one, `gap +0.02%` or `ratio 1.00`; empty for any other."""
    ratio = words.form == "ratio"
    if estimate == 0 or not numbers.as_good_as(estimate, 1 if ratio else 0, words.unit, limits):
        return ""
    if ratio:
        return f"ratio {numbers.judged(estimate, words.unit, limits)}"
    return f"gap {numbers.judged(estimate, words.unit, (0, *limits), plus=True)}"


def _difference(estimate: float, subject: str, other: str, words: MetricWords, limits: list[float]) -> str:
    size = numbers.judged(abs(estimate), words.unit, [abs(limit) for limit in limits], plus=False)
    if estimate == 0:
        return f"{words.quantity_named} of {subject} equals that of {other}"
    side = "below" if estimate < 0 else "above"
    return f"{words.quantity_named} of {subject} is {size} {side} that of {other}"


def _sureness(check: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    """How sure: what the rule that decided allows us to say, and nothing beyond it."""
    status, mode = comparison["status"], check["decide_by"]
    if check["level"] == "report":
        return "Measured, not judged: the policy sets no limit."
    if status == "inconclusive":
        return _inconclusive(check, comparison)
    if mode == "point":
        beyond = "beyond" if status == "fail" else "within"
        return f"The estimate is {beyond} the limit; chance was not considered (no error control)."
    if mode == "legal":
        chance = _allowing(check, comparison)
        return {
            "fail": f"It is beyond the limit, statistically significant{chance}, and not undone by moving one person.",
            "warn": f"It is within the limit, but the difference is statistically significant{chance}.",
        }.get(status, f"It is within the limit, and the difference is not statistically significant{chance}.")
    if comparison["p"]["fail"] is None:
        kept = "broken" if status == "fail" else "kept"
        return f"It is a count over everyone: chance plays no part, and the limit is {kept}."
    if status == "fail":
        return f"The data show that the limit is broken{_allowing(check, comparison)}."
    if mode == "confirmatory":
        return "No evidence against the limit was found; that is not evidence that it is kept."
    return "The data show that the limit is kept."


def _allowing(check: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    adjusted, k = comparison["p"]["fail_adjusted"], family_size(check["comparisons"])
    if adjusted is None:
        return ""
    allowing = f" after allowing for {k} comparisons" if k > 1 else ""
    return f" (p {numbers.p_value(adjusted, check['alpha'])}{allowing})"


def _inconclusive(check: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    p, k = comparison["p"], family_size(check["comparisons"])
    alone = p["fail"] is not None and p["fail_adjusted"] is not None and check["alpha"] is not None
    if alone and p["fail"] <= check["alpha"] < p["fail_adjusted"] and k > 1:
        return f"Not enough evidence: outside the limit alone, not after allowing for {k} comparisons."
    text = comparison["reason"]["text"] or reason_words(comparison["reason"]["code"], check)
    if comparison["reason"]["code"] == "withheld":
        return f"No verdict, whatever the interval: {text.rstrip('.')}."
    return f"Not enough evidence: {text.rstrip('.')}." if text else "Not enough evidence either way."


def _people_needed(comparison: Mapping[str, Any]) -> str:
    if comparison["needs_n"] is None or comparison["status"] not in {"inconclusive", "not_tested"}:
        return ""
    if comparison["n"] is not None and comparison["needs_n"] <= comparison["n"]:
        return (
            "This many people would usually have been enough to pass, if the groups were in truth treated alike: the "
            "true value may lie near the limit or beyond it."
        )
    place = "in this group" if comparison["groups"] else "in all"
    return (
        f"{numbers.about(comparison['needs_n']).capitalize()} people {place} would decide it, if the groups are "
        "in truth treated alike."
    )


def _size_and_chance(check: Mapping[str, Any], comparison: Mapping[str, Any], words: MetricWords) -> str:
    """The two mixed cases of size and chance; the plain ones are said by `_sureness` already."""
    size, significant = size_and_chance(check, comparison, words.parity)
    if size is None or significant is None or check["decide_by"] == "legal":
        return ""
    p = numbers.p_value(comparison["p"]["parity"])
    if size == _WITHIN and significant and comparison["status"] == "pass":
        return f"The difference is small but real: chance alone would seldom make it (p {p})."
    if size == _WITHIN and significant and comparison["status"] == "inconclusive":
        return f"That the groups differ is hardly chance (p {p}); whether by more than the limit allows is open."
    if size == _BEYOND and not significant:
        return f"The numbers are small: chance alone could make this difference (p {p})."
    return ""


def size_and_chance(
    check: Mapping[str, Any], comparison: Mapping[str, Any], parity: float | None
) -> tuple[str | None, bool | None]:
    """Practical and statistical significance, two separate questions: (beyond or within the limit, unlike parity?).

    None where a question has no answer: no limit or no estimate, no parity or no p-value.
    """
    estimate, limits = comparison["estimate"], check["limit"]
    size = None
    if estimate is not None and numbers.limits_of(check):
        low = limits["min"] is not None and numbers.side(estimate, limits["min"]) < 0
        high = limits["max"] is not None and numbers.side(estimate, limits["max"]) > 0
        size = _BEYOND if low or high else _WITHIN
    p = comparison["p"]["parity"]
    return size, None if parity is None or p is None else p < SIGNIFICANT


__all__ = [
    "as_good_as_nothing", "check_sentence", "comparison_sentence", "fill_sentences", "paying", "run_reason_text",
    "size_and_chance",
]  # fmt: skip
