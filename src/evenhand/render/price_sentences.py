"""Sentences about prices: what a gap is made of, and where two numbers about a group seem to disagree.

They say what the intervals allow, and nothing beyond: a lower price beside lower claims explains nothing by itself.
May import: render's own words and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenhand.render import numbers
from evenhand.render.factor_words import clearly_off
from evenhand.render.labels import one_line, who
from evenhand.render.metric_words import words_of
from evenhand.render.price_figures import Comparison, PriceFigures, known, reference_of, withheld
from evenhand.render.reasons import reason_words
from evenhand.render.sentences import as_good_as_nothing, paying

KITAGAWA = "Kitagawa"
AVERAGE_MIX = "like for like at the average mix"
PARTS: Mapping[str, str] = {
    "mix": "because the groups differ in {factors} (mix)",
    AVERAGE_MIX: "where they are alike in that (like for like, at the average of both mixes)",
    "no counterpart": "where one of the two groups has nobody to compare with (no counterpart)",
}
"""The parts of the gap in averages, in the order they are told, and their plain words."""
OLD_SPELLINGS: Mapping[str, str] = {AVERAGE_MIX: "like for like"}
"""Parts as documents called them before: a stored results.json is read all the same."""
MOST_WARNINGS = 5


def part_of(figures: PriceFigures, like: Comparison, part: str) -> Comparison | None:
    """A part of the gap of a group, under either of its names."""
    found = figures.one("decomposition", like, method=KITAGAWA, part=part)
    return found or figures.one("decomposition", like, method=KITAGAWA, part=OLD_SPELLINGS.get(part, part))


def warnings(figures: PriceFigures) -> tuple[tuple[str, ...], str]:
    """Where two numbers about a group disagree, where overlap is thin: the five most important; how many more."""
    found = []
    for raw in figures.of("mean_price_difference"):
        if figures.large(raw):
            found += [(weight_of(figures, raw), disagreement(figures, raw))]
            found += [(2, mix_warning(figures, raw)), (3, claims_warning(figures, raw))]
    for comparison, text in withheld(figures.document).values():
        if figures.large(comparison):
            why = one_line(text or reason_words("withheld", {"status": "inconclusive"})).rstrip(".")
            found.append((4, f"{who(comparison)} cannot be compared like for like with confidence: {why}."))
    told = [text for _, text in sorted(found, key=lambda pair: pair[0]) if text]
    left = len(told) - MOST_WARNINGS
    return tuple(told[:MOST_WARNINGS]), f"and {left:,} more in the tables" if left > 0 else ""


def weight_of(figures: PriceFigures, raw: Comparison) -> int:
    """Where a remark on average and like for like stands in the list: a gap that the average hides comes first."""
    alike = figures.one("like_for_like_gap", raw)
    if alike is not None and clearly_off(alike, 0):
        return 0
    return 1 if clearly_off(raw, 0) else 5


def mix_warning(figures: PriceFigures, raw: Comparison) -> str:
    """The headline weighs by the group's own mix, Kitagawa's part by the average of both: their signs may differ."""
    own, both = figures.one("like_for_like_gap", raw), part_of(figures, raw, AVERAGE_MIX)
    if own is None or both is None or own["estimate"] is None or both["estimate"] is None:
        return ""
    if own["estimate"] * both["estimate"] >= 0 or not (clearly_off(own, 0) or clearly_off(both, 0)):
        return ""
    return (
        f"{_gap(figures, 'like_for_like_gap', own)} in its own mix, but {_more_or_less(figures, both['estimate'])} at "
        "the average of both groups' mixes: whose mix is used decides the sign."
    )


def disagreement(figures: PriceFigures, raw: Comparison) -> str:
    """Raw gap against like-for-like gap: opposite signs, or one differs clearly from 0 and the other does not."""
    alike = figures.one("like_for_like_gap", raw)
    if alike is None or raw["estimate"] is None or alike["estimate"] is None:
        return ""
    raw_clear, alike_clear = clearly_off(raw, 0), clearly_off(alike, 0)
    opposite = raw["estimate"] * alike["estimate"] < 0
    on_average, like_for_like = _gap(figures, "mean_price_difference", raw), _gap(figures, "like_for_like_gap", alike)
    if raw_clear and alike_clear and opposite:
        return f"{on_average}. {_but(like_for_like)}: the groups differ in {figures.factors}, and the average hides it."
    if raw_clear and not alike_clear:
        return f"{on_average}. Like for like the data do not show a gap either way: {_numbers(figures, alike)}."
    if alike_clear and not raw_clear:
        return (
            f"On average the data do not show a gap for {who(raw)}: {_numbers(figures, raw)}. {_but(like_for_like)}: "
            f"the groups differ in {figures.factors}, which hides it."
        )
    if opposite and not raw_clear and not alike_clear:
        return (
            f"For {who(raw)} the gap on average ({_numbers(figures, raw)}) and the gap like for like "
            f"({_numbers(figures, alike)}) point in different directions, and the data settle neither."
        )
    return ""


def claims_warning(figures: PriceFigures, raw: Comparison) -> str:
    """A group that clearly pays less while its claims for the price are less too (or both more)."""
    ratio, claims = figures.one("mean_price_ratio", raw), claims_of(figures, raw)
    if ratio is None or claims is None or ratio["estimate"] is None or claims["estimate"] is None:
        return ""
    same_side = (ratio["estimate"] - 1) * (claims["estimate"] - 1) > 0
    return claims_sentence(figures, raw) if same_side and clearly_off(ratio, 1) else ""


def claims_of(figures: PriceFigures, like: Comparison) -> Comparison | None:
    """The group's loss ratio against the reference's; where there is none, its actual to expected claims."""
    return figures.one("loss_ratio_ratio", like) or figures.one("actual_to_expected_ratio", like)


def claims_sentence(figures: PriceFigures, raw: Comparison) -> str:
    """`... pays 0.89 times what male pays on average. Its loss ratio is 0.88 times that of male (0.71 to 1.06): ...`.

    Empty where neither differs clearly from the reference's: there is nothing to explain.
    """
    ratio, claims = figures.one("mean_price_ratio", raw), claims_of(figures, raw)
    if ratio is None or claims is None or ratio["estimate"] is None or claims["estimate"] is None:
        return ""
    if not clearly_off(ratio, 1) and not clearly_off(claims, 1):
        return ""
    loss = figures.one("loss_ratio_ratio", raw) is claims
    name = "loss ratio (claims for the price)" if loss else "ratio of actual to expected claims"
    words = words_of(figures.document, "mean_price_ratio")
    pays = paying(figures.document, ratio["estimate"], who(raw), reference_of(raw), words)
    bounds = f" ({numbers.interval(claims['interval'], 'ratio', (1,))})" if claims["interval"] else ""
    shown = f"{numbers.judged(claims['estimate'], 'ratio')} times that of {reference_of(raw)}{bounds}"
    return f"{pays}. Its {name} is {shown}: {_claims_explain(ratio, claims, loss=loss)}."


def _claims_explain(prices: Comparison, claims: Comparison, *, loss: bool) -> str:
    """What the two ratios together allow one to say."""
    lower = prices["estimate"] < 1
    if not clearly_off(claims, 1):
        price = "lower price" if lower else "higher price"
        return f"the difference in claims could explain the {price}, or not; the data cannot tell"
    fewer = claims["estimate"] < 1
    if not loss:
        side = "below" if fewer else "above"
        return f"set against what the model expected, its claims lay {side} the reference's in these data"
    part = f"a {'smaller' if fewer else 'larger'} part of its price than of the reference's went into claims"
    return f"in these data {part}, which says nothing of expenses"


def parts_sentence(figures: PriceFigures, raw: Comparison) -> str:
    """`... pays 23.33 less than male on average. Of that, 28.50 less because they buy other things (mix), ...`."""
    told = []
    for part, words in PARTS.items():
        found = part_of(figures, raw, part)
        if found is not None and found["estimate"]:
            told.append(f"{_more_or_less(figures, found['estimate'])} {words.format(factors=figures.factors)}")
    if not told or raw["estimate"] is None:
        return ""
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return f"{_gap(figures, 'mean_price_difference', raw, bounds=False)}: {listed}."


def cost_sentence(figures: PriceFigures, total: Comparison) -> str:
    """What the like-for-like gap adds up to over all people of a group."""
    if total["estimate"] is None:
        return ""
    size = numbers.judged(abs(total["estimate"]), figures.gap_unit, (0,), plus=False)
    more = "less" if total["estimate"] < 0 else "more"
    people = numbers.counted(total["n"], "person", "people")
    alike = f"than at the prices of {reference_of(total)}, like for like"
    together = f"Together the {people} of {who(total)} {figures.verb} {size} {more} {alike}"
    if total["interval"] is not None and not clearly_off(total, 0):
        return f"For {who(total)} it is {_numbers(figures, total)}: the data do not show which way it goes."
    if total["interval"] is None:
        return f"{together}."
    shown = numbers.interval(total["interval"], figures.gap_unit, (0,), plus=True)
    return f"{together} (95% interval {shown})."


def _gap(figures: PriceFigures, metric: str, comparison: Comparison, *, bounds: bool = True) -> str:
    """`sex = female pays 12.40 EUR more than male on average (95% interval +3.10 to +21.70 EUR)`."""
    words = words_of(figures.document, metric)
    said = paying(figures.document, comparison["estimate"], who(comparison), reference_of(comparison), words)
    same = as_good_as_nothing(comparison["estimate"], words)
    about = [same] if same else []
    if bounds and comparison["interval"] is not None:
        shown = numbers.interval(comparison["interval"], figures.gap_unit, (0,), plus=True)
        about.append(f"95% interval {shown}")
    return f"{said} ({', '.join(about)})" if about else said


def _but(sentence: str) -> str:
    return f"But {sentence}"


def _numbers(figures: PriceFigures, comparison: Comparison) -> str:
    shown = numbers.judged(comparison["estimate"], figures.gap_unit, (0,), plus=True)
    if comparison["interval"] is None:
        return shown
    return f"{shown}, 95% interval {numbers.interval(comparison['interval'], figures.gap_unit, (0,), plus=True)}"


def _more_or_less(figures: PriceFigures, amount: float) -> str:
    size = numbers.judged(abs(amount), figures.gap_unit, (0,), plus=False)
    return f"{size} {'less' if amount < 0 else 'more'}"


def auc_sentence(figures: PriceFigures, found: Mapping[str, Any]) -> str:
    """How well all factors together tell a group from the reference: 0.5 is not at all, 1 is always."""
    shown = numbers.judged(found["estimate"], "number", (0.5,))
    bounds = f" (95% interval {numbers.interval(found['interval'], 'number', (0.5,))})" if found["interval"] else ""
    return f"{who(found)} against {reference_of(found)}: {shown}{bounds}." if known(found) else ""
