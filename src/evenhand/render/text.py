"""The terminal: one line a comparison that matters, one a check that passed, the worst just above the summary.

May import: render's own words and numbers.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evenhand.render import numbers
from evenhand.render.labels import one_line, short_who, visible
from evenhand.render.metric_words import words_of
from evenhand.render.options import RenderOptions
from evenhand.render.order import apart, family_size, large_enough, tested, untested, worst, worst_first
from evenhand.render.reasons import reason_words, warning_words
from evenhand.render.status import MEASURED, STATUSES, StatusLook, look_of

_COLORS: Mapping[str, str] = {
    "fail": "31",
    "inconclusive": "36",
    "warn": "33",
    "waived": "35",
    "pass": "32",
    "not-tested": "2",
    "measured": "2",
}
_TOO_SMALL = {"too_few_people", "too_small_denominator", "no_denominator"}
_WIDEST_NAME = 64
_MOST_WARNINGS = 10


@dataclass(frozen=True)
class _Line:
    look: StatusLook
    name: str
    value: str
    limit: str
    people: str
    more: str = ""


def render_text(document: Mapping[str, Any], options: RenderOptions) -> str:
    """The lines of report.md: result, `check[attribute=group]`, value (interval), limit, n; then the summary.

    Checks that passed take one line, their comparison nearest to the limit; `-v` prints every comparison. Names are
    written without control characters, so that no label can move the cursor or colour the screen.
    """
    summary = summary_line(document)
    if options.quiet:
        return summary + "\n"
    lines = [line for check in document["checks"] for line in _check_lines(document, check, options.verbose)]
    lines.sort(key=lambda line: -(6 if line.look is MEASURED else line.look.severity))
    widths = [
        min(_WIDEST_NAME, max((_width(line.name) for line in lines), default=0)),
        max((_width(line.value) for line in lines if line.limit), default=0),
        max((_width(line.limit) for line in lines), default=0),
        max((_width(line.people) for line in lines), default=0),
    ]
    written = [_written(line, widths, options.color) for line in lines]
    places = [("report", options.report_path), ("results", options.results_path)]
    where = [f"{name}  {visible(path)}" for name, path in places if path]
    written += [f"{'NOTE':<12}  {line}" for line in warning_lines(document, _MOST_WARNINGS)]
    if where:
        written.append("      ".join(where))
    return "\n".join([*written, _colored(summary, STATUSES[document["verdict"]], options.color)]) + "\n"


def _check_lines(document: Mapping[str, Any], check: Mapping[str, Any], verbose: bool) -> Iterator[_Line]:
    look = look_of(check)
    chosen = worst_first(document, check)
    if not verbose:
        chosen = [c for c in chosen if c["status"] in {"fail", "inconclusive", "warn"}]
    if chosen:
        # Worst last, like the whole list.
        for comparison in reversed(chosen):
            yield _comparison_line(document, check, comparison, _line_look(check, comparison))
        if verbose or look.status == STATUSES[chosen[0]["status"]].status or look.status in {"warn", "waived"}:
            return
    nearest = worst(document, check)
    if look.status == "pass" and nearest is not None:
        k = len(tested(check["comparisons"]))
        yield _comparison_line(document, check, nearest, look, more=f"nearest of {k}" if k > 1 else "")
    elif look is MEASURED:
        yield _Line(look, visible(check["id"]), _range(document, check), "", "")
    else:
        text = check["reason"]["text"] or reason_words(check["reason"]["code"], check)
        yield _Line(look, visible(check["id"]), one_line(text), "", "")


def first_clause(text: str) -> str:
    """The first clause of a reason, without where it was counted: a terminal has no room for more.

    >>> first_clause("only 61% of the group's people are in strata with 5 people of both; the audit file asks for 80%")
    "only 61% of the group's people are compared"
    """
    clause = text.partition(";")[0].rstrip(".")
    head, where, _ = clause.partition(" are in strata ")
    return f"{head} are compared" if where else clause


def _line_look(check: Mapping[str, Any], comparison: Mapping[str, Any]) -> StatusLook:
    """A comparison that fails where the check only warns, or is waived, is printed with the check's word."""
    if check["level"] == "report":
        return MEASURED
    stands_for = {"warn": {"fail"}, "waived": {"fail", "inconclusive"}}
    if comparison["status"] in stands_for.get(check["status"], ()):
        return STATUSES[check["status"]]
    return STATUSES[comparison["status"]]


def _comparison_line(
    document: Mapping[str, Any],
    check: Mapping[str, Any],
    comparison: Mapping[str, Any],
    look: StatusLook,
    more: str = "",
) -> _Line:
    words = words_of(document, check["metric"])
    limits = numbers.limits_of(check)
    place = ",".join(f"{visible(str(k))}={visible(str(v))}" for k, v in (comparison["at"] or {}).items())
    run = f",run={visible(str(comparison['run']))}" if comparison["run"] else ""
    name = f"{visible(check['id'])}[{short_who(comparison)}{',' + place if place else ''}{run}]"
    value = numbers.judged(comparison["estimate"], words.unit, limits)
    bounds = comparison["decision_interval"] or (comparison["interval"] if check["level"] == "report" else None)
    if bounds is not None:
        value += f" ({numbers.interval(bounds, words.unit, limits, joiner='..')})"
    if comparison["status"] == "inconclusive":
        alone = comparison["p"]["fail"], comparison["p"]["fail_adjusted"], check["alpha"]
        k = family_size(check["comparisons"])
        if None not in alone and alone[0] <= check["alpha"] < alone[1] and k > 1:
            more = f"beyond the limit alone, not among {k} comparisons"
        if not more and comparison["reason"]["code"] == "min_expected":
            more = "too few expected cases for a pass"
        if comparison["reason"]["code"] == "withheld":
            more = first_clause(one_line(comparison["reason"]["text"] or reason_words("withheld", comparison)))
        elif comparison["needs_n"] is not None and comparison["needs_n"] > (comparison["n"] or 0):
            more = f"needs {numbers.about(comparison['needs_n'])}" + (f"; {more}" if more else "")
    if comparison["status"] == "not_tested" and check["level"] != "report":
        more = one_line(comparison["reason"]["text"] or reason_words(comparison["reason"]["code"], check))
    limit = f"limit {numbers.limit_sign(check, words.unit)}" if numbers.limits_of(check) else "no limit"
    return _Line(look, name, value, limit, f"n={numbers.count(comparison['n'])}", more)


def _range(document: Mapping[str, Any], check: Mapping[str, Any]) -> str:
    words = words_of(document, check["metric"])
    known = [c["estimate"] for c in large_enough(document, check["comparisons"])]
    if not known:
        return "no value"
    if apart(check):
        return numbers.counted(len(known), "value", "values")
    low, high = (numbers.judged(v, words.unit) for v in (min(known), max(known)))
    return f"{low}..{high} over {numbers.counted(len(known), 'value', 'values')}" if len(known) > 1 else low


def _written(line: _Line, widths: list[int], color: bool) -> str:
    word = _colored(f"{line.look.word:<12}", line.look, color)
    if not line.limit:
        return f"{word}  {_padded(line.name, widths[0])}  {line.value}".rstrip()
    columns = [
        _padded(line.name, widths[0]),
        _padded(line.value, widths[1]),
        _padded(line.limit, widths[2]),
        _padded(line.people, widths[3]),
        line.more,
    ]
    return f"{word}  {'  '.join(columns)}".rstrip()


def summary_line(document: Mapping[str, Any]) -> str:
    """`FAILED: 1 fail, 9 pass (10 checks, 48,210 people, 2 groups too small to judge)   exit 1`: it counts checks."""
    looks = [look_of(check) for check in document["checks"]]
    order = [*sorted(STATUSES.values(), key=lambda look: look.severity), MEASURED]
    tally = [f"{looks.count(look)} {look.counted}" for look in order if look in looks]
    about = [numbers.counted(len(looks), "check", "checks")]
    if document["people"] is not None:
        about.append(numbers.counted(document["people"], "person", "people"))
    silent = untested_groups(document)
    if silent:
        small = all(code in _TOO_SMALL for codes in silent.values() for code in codes)
        groups = numbers.counted(len(silent), "group", "groups")
        about.append(f"{groups} too small to judge" if small else f"{groups} not judged")
    outcome = STATUSES[document["verdict"]].outcome
    return f"{outcome}: {', '.join(tally) or 'no checks'} ({', '.join(about)})   exit {document['exit_code']}"


def warning_lines(document: Mapping[str, Any], most: int) -> list[str]:
    """The warnings of the document on one line each; what is more than `most` is counted."""
    lines = [one_line(warning_words(warning)) for warning in document["warnings"]]
    left = len(lines) - most
    more = f"and {numbers.counted(left, 'more note', 'more notes')} in results.json"
    return [*lines[:most], more] if left > 0 else lines


def untested_groups(document: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    """Groups that some check could not judge, each with the codes why; checks that only measure judge nothing."""
    silent: dict[tuple[str, str], list[str]] = {}
    for check in document["checks"]:
        if check["level"] != "report":
            for comparison in untested(check["comparisons"]):
                silent.setdefault((comparison["attribute"], comparison["group"]), []).append(
                    comparison["reason"]["code"]
                )
    return silent


def _colored(text: str, look: StatusLook, color: bool) -> str:
    return f"\x1b[{_COLORS[look.css]}m{text}\x1b[0m" if color else text


def _width(text: str) -> int:
    """Columns on a terminal: wide letters take two, marks and isolates none."""
    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) == "Cf"
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - _width(text))
