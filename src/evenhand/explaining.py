"""What `explain`, `measures` and `policy check` print: text made from the tables, so that it cannot fall behind them.

May import: config, measure, errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evenhand.config.catalogue import Catalogue
from evenhand.config.loader import Audit
from evenhand.config.packs import shipped_checks
from evenhand.errors import UsageError
from evenhand.measure import ALIASES, MEASURES
from evenhand.measure.base import Measure

PARITY = {None: "none: it is a level, judged by itself", 1.0: "1", 0.0: "0"}


def explained(name: str) -> str:
    """Everything about one measure. UsageError with the nearest name if there is none."""
    resolved = ALIASES.get(name, name)
    if resolved not in MEASURES:
        near = None if ":" in name else Catalogue(MEASURES, ALIASES).near(name)
        raise UsageError(
            f"there is no measure `{name}`" + (f" (did you mean `{near}`?)" if near else ""),
            hint="`evenhand measures` lists them all",
        )
    measure = MEASURES[resolved]
    packs = packs_using(resolved)
    lines = [
        f"{measure.name}: {measure.title}" + (f" (also called {name})" if name != resolved else ""),
        "",
        measure.question,
        "",
        f"formula      {measure.formula}",
        f"parity       {PARITY[measure.parity]}",
        f"needs        {', '.join(measure.roles) or 'no role beyond the protected attributes'}",
        f"decided by   {', '.join(measure.decide_by) or NEVER_JUDGED}",
        f"scope        {SCOPES[measure.scope]}",
        f"edge cases   {measure.edges}",
        f"when not     {measure.caution}",
        f"source       {measure.source}",
    ]
    if measure.polar:
        lines.append("polarity     turns round with it: guard the low side of a benefit, the high side of a burden")
    if packs:
        lines.append(f"packs        {', '.join(packs)}")
    return "\n".join(lines)


UNITS = {"percent": "%", "points": " bp"}
NEVER_JUDGED = "reported, never judged"
LEVELS = {"error": "required", "warn": "warns", "report": "measured"}

SCOPES = {
    "groups": "one answer per group",
    "attribute": "one answer per attribute",
    "everyone": "one answer for everyone",
}


def measure_lines(role: str | None = None) -> Iterator[str]:
    """One line per measure: name, question, roles, packs."""
    shown = [measure for measure in MEASURES.values() if role is None or role in measure.roles]
    if not shown:
        roles = sorted({r for measure in MEASURES.values() for r in measure.roles})
        raise UsageError(f"no measure needs the role `{role}`", hint="one of " + ", ".join(roles))
    width = max(len(measure.name) for measure in shown)
    for measure in shown:
        yield f"{measure.name:<{width}}  {measure.question}  {brackets(measure)}".rstrip()
    if role is None:
        for alias, name in ALIASES.items():
            yield f"{alias:<{width}}  = {name}"
        yield "@k is a number of places or a percentage: selection_rate_at_top@500, selection_rate_at_top@10%_ratio"
        yield "@k is a price after score_rate: score_rate@500, score_rate@0.05_ratio"
        yield "any other metric: fairlearn:NAME, sklearn:NAME, your.module:function"


def brackets(measure: Measure) -> str:
    """Roles and packs of a measure, in brackets."""
    packs = packs_using(measure.name)
    needs = f"[{', '.join(measure.roles)}]" if measure.roles else ""
    return f"{needs} {'in ' + ', '.join(packs) if packs else ''}".strip()


def packs_using(name: str) -> list[str]:
    """Shipped packs that have a check on this measure."""
    return [pack for pack, metrics in shipped_checks().items() if name in metrics]


def policy_lines(audit: Audit) -> Iterator[str]:
    """What an audit file asks, one line a check, resolved and with every default filled in."""
    for check in audit.checks:
        unit = unit_of_limits(audit, check.metric)
        limits = [
            f"{sign} {limit}{unit}" for sign, limit in (("≥", check.minimum), ("≤", check.maximum)) if limit is not None
        ]
        wanted = " and ".join(limits) or "measured only"
        measure = MEASURES.get(check.metric)
        over = "everyone" if measure is not None and measure.scope == "everyone" else ", ".join(check.attributes)
        missing = f"  (not testable here: no {', '.join(check.missing_roles)})" if check.missing_roles else ""
        level = LEVELS[check.level]
        yield f"{level:<8} {check.id}: {check.metric} {wanted}, by {check.decide_by}, over {over}{missing}"
        if check.written != check.metric:
            yield f"         `{check.written}` is another name of `{check.metric}`"
    for pack in audit.packs:
        yield f"pack     {pack.id} {pack.version} ({pack.binding}): {pack.sentence}"
    yield f"ok: {len(audit.checks)} checks in {audit.name}, policy {audit.sha256[:12]}"


def unit_of_limits(audit: Audit, metric: str) -> str:
    """What stands after a limit of the metric: `%`, ` bp`, a currency; nothing after a ratio or a rate."""
    measure, file = MEASURES.get(metric), audit.file
    if measure is None or measure.unit != "money":
        return UNITS.get(measure.unit, "") if measure is not None else ""
    if file.columns.price_unit == "percent":
        return "%" if measure.form == "level" else " percentage points"
    return f" {file.data.currency}" if file.data.currency and file.columns.price_unit == "money" else ""


def measures_page() -> str:
    """docs/measures.md: every quantity once, with the names of its forms."""
    lines = [
        "# Measures",
        "",
        "Made from the table in `evenhand.measure`; do not edit (CONTRIBUTING.md says how it is rewritten).",
        "`evenhand explain NAME` prints the same. A ratio is always group / reference, a difference group − reference.",
        "Any other metric runs on rows: `fairlearn:NAME`, `sklearn:NAME`, `your.module:function`.",
    ]
    quantities: dict[str, list[Measure]] = {}
    for measure in MEASURES.values():
        own = measure.form == "own"
        quantities.setdefault(measure.name if own else measure.quantity, []).append(measure)
    for forms in quantities.values():
        first = forms[0]
        aliases = [alias for alias, name in ALIASES.items() if name in {form.name for form in forms}]
        lines += [
            "",
            f"## {first.title if first.form == 'own' else first.quantity_title}",
            "",
            ", ".join(f"`{form.name}`" for form in forms)
            + (f" (also called {', '.join(f'`{a}`' for a in aliases)})" if aliases else ""),
            "",
            f"**{first.question}**",
            "",
            f"- formula: {first.formula}",
            f"- needs: {', '.join(f'`{role}`' for role in first.roles) or 'the protected attributes alone'}; "
            f"{SCOPES[first.scope]}",
            f"- decided by: {ways_of(forms)}",
            f"- edge cases: {once((form.edges for form in forms), '. ')}",
            f"- when not: {first.caution}",
            f"- source: {once((form.source for form in forms), '; ')}",
        ]
    return "\n".join(lines) + "\n"


def ways_of(forms: Iterable[Measure]) -> str:
    """How the forms of a quantity are decided, each way once."""
    return ", ".join(dict.fromkeys(way for form in forms for way in form.decide_by)) or NEVER_JUDGED


def once(texts: Iterable[str], separator: str) -> str:
    """Several texts joined, each of their parts said once.

    >>> once(["A; B", "A; C"], "; ")
    'A; B; C'
    """
    end = "." if separator == ". " else ""
    parts = dict.fromkeys(part for text in texts for part in text.removesuffix(end).split(separator))
    return separator.join(parts) + end
