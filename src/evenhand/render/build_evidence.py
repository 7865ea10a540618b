"""The evidence section: for each check its sentence, charts, the table beside them, and how it was computed.

May import: render's own words, numbers and charts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from markupsafe import Markup

from evenhand.render import numbers
from evenhand.render.charts import MOST_LINES, MOST_ROWS, ChartRow, Scale, curves, dot_and_whisker
from evenhand.render.check_sentences import people_in
from evenhand.render.labels import capitalized, display_label, isolated, one_line, readable, where, who
from evenhand.render.metric_words import MetricWords, words_of
from evenhand.render.order import apart, checks_worst_first, family_size, fewest, worst_first
from evenhand.render.page import Badge, Cell, Chart, Column, Evidence, Fact, Table
from evenhand.render.price_figures import about_prices
from evenhand.render.sentences import size_and_chance
from evenhand.render.status import MEASURED, STATUSES, look_of

_MOST_POINTS = 40
_MOST_CHARTS = 4
_LABEL = 30
_LONGEST_CELL = 400
_BRESLOW_DAY = "Breslow–Day"
_SIGNIFICANT = 0.05
_LEVELS = {"error": "required", "warn": "warns only", "report": "measured only"}
Check = Mapping[str, Any]
Comparison = Mapping[str, Any]


def evidence_section(document: Mapping[str, Any], anchors: Mapping[str, str]) -> tuple[Evidence, ...]:
    """One entry a check, in the order of the table of all checks."""
    return tuple(_evidence(document, check, anchors[check["id"]]) for check in checks_worst_first(document))


def _evidence(document: Mapping[str, Any], check: Check, anchor: str) -> Evidence:
    words, look = words_of(document, check["metric"]), look_of(check)
    rows = worst_first(document, check)
    behind = document["evidence"].get(check["id"]) or {"table": None, "curve": None, "formula": None, "source": None}
    dots = None if apart(check) else _dots(document, check, rows, words, anchor)
    charts = [*([dots] if dots else []), *_curves(check, behind, anchor)]
    limit = numbers.limit_sign(check, words.unit) if numbers.limits_of(check) else "no limit"
    asks = f"{one_line(check['metric'])} {limit}, {_LEVELS[check['level']]}"
    if numbers.limits_of(check):
        asks += f", decided by {check['decide_by']}"
    return Evidence(
        anchor=anchor,
        badge=Badge(look.word, look.mark, look.css),
        title=display_label(check["id"]),
        subtitle=one_line(words.question or words.title),
        sentence=one_line(check["sentence"]),
        asks=asks,
        charts=tuple(charts),
        table=_figures(document, check, rows, words) if rows else None,
        computed=_computed(check, words, behind),
        computed_tables=tuple(t for t in (_tests(check, rows, words), _counts(behind), _points(behind)) if t),
    )


def _label(comparison: Comparison) -> str:
    place = where(comparison)
    return who(comparison) + (f", {place}" if place else "")


def _chart_label(comparison: Comparison, *, several: bool) -> str:
    """Short enough for a chart: the group alone where all rows are of one attribute, else with its attribute."""
    place = where(comparison)
    short = isolated(display_label(comparison["group"], _LABEL))
    if several:
        short = f"{display_label(comparison['attribute'], _LABEL)} = {short}"
    return f"{short}, {place}" if place else short


def _too_small(document: Mapping[str, Any], check: Check, comparison: Comparison) -> bool:
    """Whether a price that is only measured is of a group below the policy's floor: then its size is shown alone."""
    at = (comparison["attribute"], comparison["group"])
    listed = next((g["n"] for g in document["groups"] if (g["attribute"], g["group"]) == at), None)
    shown = check["level"] == "report" and bool(comparison["groups"]) and about_prices(document)
    return shown and (listed or comparison["n"] or 0) < fewest(document)


def _dots(
    document: Mapping[str, Any], check: Check, rows: Sequence[Comparison], words: MetricWords, anchor: str
) -> Chart | None:
    """Estimates with the interval that decided; without a limit, with the plain one."""
    judged = [c for c in rows if c["status"] != "not_tested" or check["level"] == "report"]
    judged = [c for c in judged if not _too_small(document, check, c)]
    drawn = [c for c in judged if c["estimate"] is not None or c["decision_interval"] is not None][:MOST_ROWS]
    if not drawn:
        return None
    limits = numbers.limits_of(check)
    several = len({c["attribute"] for c in drawn}) > 1
    chart_rows = []
    for comparison in drawn:
        bounds = comparison["decision_interval"]
        if bounds is None and not numbers.limits_of(check):
            bounds = comparison["interval"]
        look = MEASURED if check["level"] == "report" else STATUSES[comparison["status"]]
        chart_rows.append(
            ChartRow(
                label=_chart_label(comparison, several=several),
                status=comparison["status"],
                word="" if look is MEASURED else look.word,
                shown=numbers.judged(comparison["estimate"], words.unit, limits),
                estimate=comparison["estimate"],
                low=bounds["low"] if bounds else None,
                high=bounds["high"] if bounds else None,
                has_interval=bounds is not None,
            )
        )
    scale = Scale(words.unit, axis_label(words), check["limit"]["min"], check["limit"]["max"], words.parity)
    title = f"{display_label(check['id'])}: {one_line(words.title)} by group"
    description = (
        f"{numbers.counted(len(drawn), 'group', 'groups')}, the worst first; every number is in the table that follows."
    )
    svg = dot_and_whisker(chart_rows, scale, name=anchor, title=title, description=description)
    return Chart(Markup(svg), _caption(check, words, chart_rows, left_out=len(rows) - len(drawn)))


def axis_label(words: MetricWords) -> str:
    """The title of a metric with its unit: `mean price (EUR)`."""
    unit = numbers.unit_words(words.unit)
    return one_line(words.title) + (f" ({one_line(unit)})" if unit else "")


def _caption(check: Check, words: MetricWords, rows: Sequence[ChartRow], left_out: int) -> str:
    marks = {"fail": "diamond: fail", "inconclusive": "open circle: inconclusive", "warn": "triangle: warning"}
    marks |= {"pass": "filled circle: pass"}
    states = {row.status for row in rows}
    parts = [marks[state] for state in marks if state in states]
    if any(row.has_interval for row in rows):
        parts.append("line: the interval that decided" if numbers.limits_of(check) else "line: the 95% interval")
    if any(row.has_interval and (row.low is None or row.high is None) for row in rows):
        parts.append("arrow: no bound on that side")
    if numbers.limits_of(check):
        parts.append(f"dashed: the limit {numbers.limit_sign(check, words.unit)}, shaded: outside it")
    if words.parity is not None:
        parts.append("thin line: parity")
    text = "; ".join(parts)
    more = f" {numbers.counted(left_out, 'more group stands', 'more groups stand')} in the table." if left_out else ""
    return (text[:1].upper() + text[1:] + "." if text else "") + more


def _curves(check: Check, behind: Mapping[str, Any], anchor: str) -> list[Chart]:
    """As many charts as the lines need, a few lines each: with several attributes there are many."""
    curve = behind["curve"]
    lines = [line for line in curve["series"] if line["points"]] if curve else []
    if not lines:
        return []
    x, y = one_line(curve["x"]), one_line(curve["y"])
    charts: list[Chart] = []
    for start in range(0, min(len(lines), _MOST_CHARTS * MOST_LINES), MOST_LINES):
        series = [(isolated(display_label(s["name"], _LABEL)), s["points"]) for s in lines[start : start + MOST_LINES]]
        svg = curves(
            series,
            x=x,
            y=y,
            name=f"{anchor}-curve" + (f"-{len(charts) + 1}" if charts else ""),
            title=f"{display_label(check['id'])}: {y} by {x}",
            description=f"{numbers.counted(len(series), 'line', 'lines')}; the points are in the table under "
            "“How this was computed”.",
        )
        charts.append(Chart(Markup(svg), f"{y} by {x}."))
    return charts


def _figures(document: Mapping[str, Any], check: Check, rows: Sequence[Comparison], words: MetricWords) -> Table:
    limits = numbers.limits_of(check)
    compares = any(c["reference"] for c in rows)
    decided = bool(numbers.limits_of(check))
    columns = [Column("Group"), Column("People", numeric=True)]
    if compares:
        columns += [
            Column(numbers.in_unit(capitalized(words.quantity_title), words.quantity_unit), numeric=True),
            Column("Reference", whole=True),
            Column("Of the reference", numeric=True),
        ]
    columns.append(Column(numbers.in_unit(capitalized(words.title), words.unit), numeric=True))
    bounds = "decision_interval" if decided else "interval"
    if any(c[bounds] is not None for c in rows):
        columns.append(Column("Interval that decided" if decided else "95% interval", numeric=True))
    columns.append(Column("Result"))
    made = []
    small: dict[str, Comparison] = {}
    for c in rows:
        if _too_small(document, check, c):
            small.setdefault(who(c), c)
            continue
        look = MEASURED if check["level"] == "report" else STATUSES[c["status"]]
        cells = [Cell(_label(c)), Cell(numbers.count(c["n"]))]
        if compares:
            cells += [
                Cell(numbers.quantity(c["value"], words.quantity_unit, bare=numbers.is_word(words.quantity_unit))),
                Cell(isolated(display_label(c["reference"])) if c["reference"] else numbers.NONE),
                Cell(
                    numbers.quantity(
                        c["value_reference"], words.quantity_unit, bare=numbers.is_word(words.quantity_unit)
                    )
                ),
            ]
        bare = numbers.is_word(words.unit)
        cells.append(Cell(numbers.judged(c["estimate"], words.unit, limits, bare=bare)))
        if any(other[bounds] is not None for other in rows):
            cells.append(Cell(numbers.interval(c[bounds], words.unit, limits, bare=bare)))
        cells.append(Cell("", badge=Badge(look.word, look.mark, look.css)))
        made.append(tuple(cells))
    for name, c in small.items():
        people = numbers.counted(people_in(document, check, c["attribute"], c["group"]), "person", "people")
        made.append((Cell(name), Cell(f"{people}: too few to say", quiet=True, span=len(columns) - 1)))
    return Table(f"Figures of {display_label(check['id'])}", tuple(columns), tuple(made))


def _computed(check: Check, words: MetricWords, behind: Mapping[str, Any]) -> tuple[Fact, ...]:
    methods = dict.fromkeys(c["interval"]["method"] for c in check["comparisons"] if c["interval"])
    facts = []
    if behind["formula"]:
        facts.append(Fact("Formula", one_line(behind["formula"])))
    if any(methods):
        facts.append(Fact("Interval and test", "; ".join(one_line(m) for m in methods if m)))
    k = family_size(check["comparisons"])
    if k > 1:
        facts.append(Fact("Adjustment", f"Holm over the {k} comparisons tested"))
    if check["alpha"] is not None and numbers.limits_of(check) and check["decide_by"] != "point":
        facts.append(Fact("Level", f"{check['alpha']:g} on the side of the limit"))
    if words.caution:
        facts.append(Fact("Caution", one_line(words.caution)))
    if behind["source"]:
        facts.append(Fact("Source", one_line(behind["source"])))
    if check["pack"]:
        facts.append(Fact("Pack", one_line(check["pack"])))
    if check["source"]:
        facts.append(Fact("Written in", f"{one_line(check['source']['file'])}, line {check['source']['line']}"))
    return tuple(facts)


def _tests(check: Check, rows: Sequence[Comparison], words: MetricWords) -> Table | None:
    """The plain interval, p-values, and the two separate questions of size and chance."""
    shown = [c for c in rows if c["interval"] is not None or any(p is not None for p in c["p"].values())]
    if not shown or not numbers.limits_of(check):
        return None
    limits = numbers.limits_of(check)
    columns = (
        Column("Group"),
        Column("95% interval", numeric=True),
        Column("p of fail", numeric=True),
        Column("adjusted", numeric=True),
        Column("p of pass", numeric=True),
        Column("p of parity", numeric=True),
        Column("Size"),
        Column("Unlike parity"),
        Column("Would have failed from", numeric=True),
    )
    made = []
    for c in shown:
        size, significant = size_and_chance(check, c, words.parity)
        p = c["p"]
        made.append(
            (
                Cell(_label(c)),
                Cell(numbers.interval(c["interval"], words.unit, limits)),
                *(
                    Cell(numbers.p_value(p[key], check["alpha"]).removeprefix("= "))
                    for key in ("fail", "fail_adjusted", "pass", "parity")
                ),
                Cell(size or numbers.NONE),
                Cell({True: "yes", False: "not shown", None: numbers.NONE}[significant]),
                Cell(numbers.judged(c["detectable"], words.unit, limits)),
            )
        )
    return Table("Tests, and the smallest disparity that would have failed with probability 0.8", columns, tuple(made))


def _counts(behind: Mapping[str, Any]) -> Table | None:
    table = behind["table"]
    if not table or not table["rows"]:
        return None
    by_column = list(zip_longest(*table["rows"]))[: len(table["columns"])]
    filled = [i for i, values in enumerate(by_column) if any(value not in (None, "") for value in values)]
    columns = tuple(
        Column(readable(table["columns"][i]), numeric=all(v is None or _is_number(v) for v in by_column[i]))
        for i in filled
    )
    worded = _in_words(table["rows"])
    rows = tuple(tuple(Cell(_value(row[i]) if i < len(row) else numbers.NONE) for i in filled) for row in worded)
    return Table("Computed from", columns, rows) if filled else None


def _in_words(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The rows, with what the p of a Breslow–Day test means; it stands in the row after the statistic."""
    worded: list[list[Any]] = []
    about = ""
    for row in rows:
        copied = list(row)
        label = next((i for i, value in enumerate(row) if isinstance(value, str) and value.endswith("its p")), None)
        if label is not None and _BRESLOW_DAY in about:
            p = row[-1]
            differs = _is_number(p) and p < _SIGNIFICANT
            copied[label] += f" ({_BRESLOW_DAY})" + (": the ratio differs between strata" if differs else "")
        about = " ".join(value for value in row if isinstance(value, str))
        worded.append(copied)
    return worded


def _points(behind: Mapping[str, Any]) -> Table | None:
    curve = behind["curve"]
    if not curve:
        return None
    rows = []
    thinned = False
    for line in curve["series"]:
        every = max(1, -(-len(line["points"]) // _MOST_POINTS))
        thinned = thinned or every > 1
        rows += [
            (Cell(isolated(display_label(line["name"]))), Cell(_value(x)), Cell(_value(y)))
            for x, y in line["points"][::every]
        ]
    columns = (Column("Line"), Column(one_line(curve["x"]), numeric=True), Column(one_line(curve["y"]), numeric=True))
    caption = "Points of the curve" + (", thinned out; results.json has them all" if thinned else "")
    return Table(caption, columns, tuple(rows)) if rows else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value(value: object) -> str:
    """A cell of a table whose meaning only its column knows: whole numbers in full, others to six figures."""
    if value is None:
        return numbers.NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", numbers.MINUS)
    if isinstance(value, float):
        long = 1e6 <= abs(value) < 1e15  # sums of money: six figures would turn them into powers of ten
        text = f"{value:,.2f}".removesuffix(".00") if long else f"{value + 0.0:,.6g}"
        return text.replace("-", numbers.MINUS)
    words = [display_label(word) for word in str(value).split(" ")]  # long words are cut, long texts wrap
    return isolated(display_label(" ".join(words), _LONGEST_CELL))
