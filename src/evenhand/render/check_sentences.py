"""The sentences of a whole check and of the run: what was found, and how many groups and people it is silent about.

May import: render's own words and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evenhand.render import numbers
from evenhand.render.labels import display_label, who
from evenhand.render.metric_words import MetricWords, words_of
from evenhand.render.order import apart, large_enough, tested, untested, worst, worst_first
from evenhand.render.reasons import reason_words

Check = Mapping[str, Any]
Comparison = Mapping[str, Any]
_NAMED = 3


def check_sentence(document: Mapping[str, Any], check: Check) -> str:
    """One sentence on a check, and one on the groups it could not test.

    A pass claims no more than its rule allows: `assurance` shows that the limit is kept, `confirmatory` found no
    evidence against it, `point` did not consider chance.
    """
    words = words_of(document, check["metric"])
    say = {
        "fail": _failed,
        "warn": _warned,
        "inconclusive": _inconclusive,
        "pass": _passed,
        "waived": _waived,
        "not_tested": _not_tested,
    }[check["status"]]
    return " ".join(part for part in (say(document, check, words), _silent_about(document, check)) if part)


def _failed(document: Mapping[str, Any], check: Check, words: MetricWords) -> str:
    judged, failing = tested(check["comparisons"]), _with(check, "fail")
    limit = numbers.limit_words(check, words.unit)
    some = "The one comparison" if len(judged) == 1 else f"{len(failing)} of {_groups(len(judged))}"
    lead = f"{some} {'is' if len(failing) == 1 else 'are'} outside the limit ({limit})"
    if check["decide_by"] == "point":
        lead += " by the estimate alone"
    elif check["decide_by"] != "legal" and any(c["p"]["fail"] is not None for c in failing):
        lead += ", and the data rule out chance"
    return f"{lead}: {_named(document, check, failing, words)}."


def _warned(document: Mapping[str, Any], check: Check, words: MetricWords) -> str:
    if _with(check, "fail"):
        return f"{_failed(document, check, words)} The policy warns here and does not fail."
    named = _named(document, check, _with(check, "warn"), words)
    return f"Within the limit, but statistically significant{': ' + named if named else ''}."


def _inconclusive(document: Mapping[str, Any], check: Check, words: MetricWords) -> str:
    judged, open_ = tested(check["comparisons"]), _with(check, "inconclusive")
    limit = numbers.limit_words(check, words.unit)
    if not open_:
        text = check["reason"]["text"] or reason_words(check["reason"]["code"], check)
        keeps = "keeps" if len(judged) == 1 else "keep"
        return f"{_all(len(judged)).capitalize()} {keeps} the limit ({limit}), but {text.rstrip('.')}."
    some = "the one comparison" if len(judged) == 1 else f"{len(open_)} of {_groups(len(judged))}"
    undecided = f"{some} could not be decided"
    named = _named(document, check, open_, words)
    return f"No group is shown to be outside the limit ({limit}), but {undecided}: {named}."


def _passed(document: Mapping[str, Any], check: Check, words: MetricWords) -> str:
    k, limit = len(tested(check["comparisons"])), numbers.limit_words(check, words.unit)
    lead = {
        "assurance": f"The data show that {_all(k)} {'keeps' if k == 1 else 'keep'} the limit ({limit})",
        "confirmatory": (
            f"No evidence against the limit ({limit}) was found in {_all(k)}; that is not evidence that it is kept"
        ),
        "point": f"The {'estimate' if k == 1 else 'estimates'} of {_all(k)} "
        f"{'is' if k == 1 else 'are'} within the limit ({limit}); chance was not considered",
        "legal": f"{_all(k).capitalize()} {'is' if k == 1 else 'are'} within the limit ({limit}), without a "
        "statistically significant difference",
    }[check["decide_by"]]
    nearest = worst(document, check)
    return lead + (f". Nearest: {_named(document, check, [nearest], words)}." if nearest else ".")


def _waived(document: Mapping[str, Any], check: Check, words: MetricWords) -> str:
    say = _failed if _with(check, "fail") else _inconclusive
    return f"{say(document, check, words)} A waiver that the policy accepts stands against it."


def _not_tested(document: Mapping[str, Any], check: Check, words: MetricWords) -> str:
    code = check["reason"]["code"]
    if check["level"] == "report" and code in {"no_limit", ""}:
        return _measured(document, check, words)
    text = check["reason"]["text"] or reason_words(code, check)
    if not text or not check["comparisons"]:
        return f"Not tested: {text or 'there was nothing to compare'}."
    if all(c["status"] == "not_tested" for c in check["comparisons"]):
        return f"Not tested: no group could be judged ({text})."
    return f"Not tested: {text.rstrip('.')}."


def _measured(document: Mapping[str, Any], check: Check, words: MetricWords) -> str:
    known = sorted(large_enough(document, check["comparisons"]), key=lambda c: c["estimate"])
    if not known:
        return f"Measured, not judged: {words.named} has no value in these data."
    if apart(check):
        places = numbers.counted(len(known), "value", "values")
        return f"Measured, not judged: {places} of {words.named}, which answer different questions; see the table."
    if len(known) == 1:
        return f"Measured, not judged: {words.named} is {_number(check, known[0], words)} ({who(known[0])})."
    low, high = known[0], known[-1]
    if _number(check, low, words) == _number(check, high, words):
        return f"Measured, not judged: {words.named} is {_number(check, low, words)} for each of {len(known)} groups."
    return (
        f"Measured, not judged: {words.named} runs from {_number(check, low, words)} ({who(low)}) "
        f"to {_number(check, high, words)} ({who(high)})."
    )


def _silent_about(document: Mapping[str, Any], check: Check) -> str:
    """`2 groups were not tested: 41 people by sex × age_band.` Attributes overlap: their people are never added up."""
    silent = untested(check["comparisons"])
    if not silent or len(silent) == len(check["comparisons"]) or check["level"] == "report":
        return ""
    people: dict[str, int] = {}
    for attribute, group in {(c["attribute"], c["group"]): None for c in silent}:
        people[attribute] = people.get(attribute, 0) + people_in(document, check, attribute, group)
    places = [f"{numbers.counted(n, 'person', 'people')} by {display_label(a)}" for a, n in people.items()]
    number = len({(c["attribute"], c["group"]) for c in silent})
    more = f" and {len(places) - _NAMED} more attributes" if len(places) > _NAMED else ""
    return f"{numbers.counted(number, 'group was', 'groups were')} not tested: {', '.join(places[:_NAMED])}{more}."


def people_in(document: Mapping[str, Any], check: Check, attribute: str, group: str) -> int:
    """People of a group, whatever the denominator; the comparison's own n where the document lists no such group."""
    for row in document["groups"]:
        if (row["attribute"], row["group"]) == (attribute, group):
            return int(row["n"])
    return max(
        (c["n"] or 0 for c in check["comparisons"] if (c["attribute"], c["group"]) == (attribute, group)), default=0
    )


def run_reason_text(document: Mapping[str, Any]) -> str:
    """The one plain sentence under the verdict; required checks are those at level `error`."""
    required = [c for c in document["checks"] if c["level"] == "error"]
    verdict = document["verdict"]
    having = {
        status: [c for c in required if c["status"] == status] for status in ("fail", "inconclusive", "not_tested")
    }
    total = len(required)
    if verdict == "fail":
        failing = having["fail"]
        sure = all(_by_chance_ruled_out(c) for c in failing)
        lead = (
            f"{_of_checks(len(failing), total)} {'is' if len(failing) == 1 else 'are'} outside the limits of the policy"
        )
        return lead + (", and the data rule out chance." if sure else ".")
    if verdict == "inconclusive":
        lead = f"No required check failed, but {_of_checks(len(having['inconclusive']), total)} could not be decided"
        return f"{lead}: the data do not show that the limits are kept, nor that they are broken."
    if verdict == "not_tested":
        if not required or len(having["not_tested"]) == total:
            return "Nothing that the policy requires could be tested, so that this audit decides nothing."
        return f"{_of_checks(len(having['not_tested']), total)} could not be tested."
    if verdict == "warn":
        warned = sum(1 for c in document["checks"] if c["status"] == "warn")
        return f"No required check failed; {numbers.counted(warned, 'check warns', 'checks warn')}."
    if verdict == "waived":
        waived = sum(1 for c in document["checks"] if c["status"] == "waived")
        are = "is" if waived == 1 else "are"
        return f"{numbers.counted(waived, 'check', 'checks')} failed or stayed open and {are} waived."
    return _run_passed(required)


def _by_chance_ruled_out(check: Check) -> bool:
    return check["decide_by"] in {"assurance", "confirmatory"} and all(
        c["p"]["fail"] is not None for c in _with(check, "fail")
    )


def _run_passed(required: Sequence[Check]) -> str:
    passed = [c for c in required if c["status"] == "pass"]
    shown = sum(1 for c in passed if c["decide_by"] == "assurance")
    if shown == len(passed):
        return f"The data show that {_all_checks(shown)} the limits of the policy."
    weaker = len(passed) - shown
    return (
        f"{numbers.counted(len(passed), 'required check', 'required checks')} passed. For {weaker} of them that means "
        "that nothing was found against the limit, not that the data show it to be kept."
    )


def _all_checks(k: int) -> str:
    return "the one required check keeps" if k == 1 else f"all {k} required checks keep"


def _of_checks(number: int, total: int) -> str:
    return f"{number} of {numbers.counted(total, 'required check', 'required checks')}"


def _with(check: Check, status: str) -> list[Comparison]:
    return [c for c in check["comparisons"] if c["status"] == status]


def _groups(k: int) -> str:
    return numbers.counted(k, "comparison", "comparisons")


def _all(k: int) -> str:
    return "the one comparison tested" if k == 1 else f"all {k} comparisons tested"


def _number(check: Check, comparison: Comparison, words: MetricWords) -> str:
    return numbers.judged(comparison["estimate"], words.unit, numbers.limits_of(check))


def _named(document: Mapping[str, Any], check: Check, some: Sequence[Comparison], words: MetricWords) -> str:
    """The worst three by name and number: `sex = female 0.73 (0.69 to 0.77), age_band = 75+ …, and 2 more`."""
    limits = numbers.limits_of(check)
    chosen = [c for c in worst_first(document, check) if any(c is s for s in some)]
    parts = []
    for comparison in chosen[:_NAMED]:
        value = numbers.judged(comparison["estimate"], words.unit, limits)
        text = f"{who(comparison)} {'with no finite value' if comparison['estimate'] is None else 'at ' + value}"
        if comparison["decision_interval"] is not None:
            text += f" ({numbers.interval(comparison['decision_interval'], words.unit, limits)})"
        parts.append(text)
    more = len(chosen) - _NAMED
    return ", ".join(parts) + (f", and {more} more" if more > 0 else "")
