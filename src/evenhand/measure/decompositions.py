"""Why mean prices differ: the mix of factors, and what is paid for the same factors. Reported, never judged.

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from evenhand.measure.amounts import MOST_LEVELS, factor_keys, side_of, too_many_levels
from evenhand.measure.answers import Side, comparison_finding
from evenhand.measure.base import Finding, Grouping, GroupKey, Measure, Setting, always
from evenhand.measure.gaps_in_strata import Strata, strata_of
from evenhand.measure.like_for_like import NEEDS, PRICED
from evenhand.stats.decomposition import Coefficients, kitagawa, linear_sides, three_fold, two_fold
from evenhand.stats.moments import together

METHODS: tuple[tuple[Coefficients, str], ...] = (
    ("pooled", "Oaxaca–Blinder, pooled"),
    ("neumark", "Oaxaca–Blinder, Neumark"),
    ("cotton", "Oaxaca–Blinder, Cotton"),
    ("reimers", "Oaxaca–Blinder, Reimers"),
)
THREE_FOLD = "Oaxaca–Blinder, three-fold"
AT_AVERAGE_MIX = "like for like at the average mix"
"""Not like_for_like_gap, which is at the group's own mix."""


class Part(NamedTuple):
    """A part of the gap by some method; None where the data cannot tell, and then why."""

    method: str
    part: str
    amount: float | None
    reason: str | None = None


def decomposition(setting: Setting, grouping: Grouping) -> list[Finding]:
    """Every part of the gap in mean price, by every method, of each group against the reference."""
    cells = strata_of(setting, grouping, "price", PRICED)
    sides = sides_of_prices(setting, grouping)
    reference = cells.get(grouping.reference)
    findings = []
    for key, strata in cells.items():
        if key == grouping.reference:
            continue
        for part in parts(setting, strata, reference or {}):
            finding = comparison_finding(
                "decomposition",
                grouping,
                key,
                sides[key],
                sides.get(grouping.reference),
                None,
                estimate=part.amount,
                at={"method": part.method, "part": part.part},
            )
            if part.reason is not None:
                finding = replace(finding, undefined="no_denominator", caveats=(*finding.caveats, part.reason))
            findings.append(finding)
    return findings


def sides_of_prices(setting: Setting, grouping: Grouping) -> dict[GroupKey, Side]:
    """Every group's mean price over all strata; computed once."""
    at = ("sides over strata", grouping.keys)
    if at not in setting.cache:
        cells = strata_of(setting, grouping, "price", PRICED)
        setting.cache[at] = {
            key: side_of(setting, grouping, key, together(strata.values())) for key, strata in cells.items()
        }
    found: dict[GroupKey, Side] = setting.cache[at]
    return found


def parts(setting: Setting, group: Strata, reference: Strata) -> Iterator[Part]:
    """The parts of one gap; those of a method add up to it."""
    exact = kitagawa(group, reference, floor=max(1, setting.min_in_stratum))
    if exact is not None:
        yield Part("Kitagawa", "mix", float(exact.mix))
        yield Part("Kitagawa", AT_AVERAGE_MIX, float(exact.like_for_like))
        yield Part("Kitagawa", "no counterpart", float(exact.no_counterpart))
    if too_many_levels(group, reference):
        return
    sides = linear_sides(group, reference, factor_keys(setting))
    if sides is None:
        return
    for coefficients, method in METHODS:
        two = two_fold(sides.group, sides.reference, coefficients=coefficients, blocks=sides.blocks)
        why = None if two.reason is None else f"{method}: {two.reason}"
        yield Part(method, "explained", two.explained, why)
        yield Part(method, "unexplained", two.unexplained, why)
        for factor, amount in two.explained_by.items():
            alone = f"{method}: other factors determine `{factor_name(factor)}`" if amount is None else None
            yield Part(method, f"explained by {factor_name(factor)}", amount, alone)
    three = three_fold(sides.group, sides.reference)
    why = None if three.reason is None else f"{THREE_FOLD}: {three.reason}"
    yield Part(THREE_FOLD, "endowments", three.endowments, why)
    yield Part(THREE_FOLD, "coefficients", three.coefficients, why)
    yield Part(THREE_FOLD, "interaction", three.interaction, why)


def factor_name(key: str) -> str:
    """The name that the audit file gives a factor, from its key in cells.

    >>> factor_name("factor:region")
    'region'
    """
    return key.removeprefix("factor:")


def decomposition_measures() -> list[Measure]:
    """The one measure."""
    return [
        Measure(
            name="decomposition",
            quantity="decomposition",
            form="own",
            unit="money",
            title="part of the gap in mean price",
            quantity_title="mean price",
            question="How much of the gap in mean price is the mix of factors, and how much the price for the same?",
            formula="m_g − m_0 = mix + like for like at the average mix + no counterpart (strata of one group only), "
            "the second Σ_s (a_gs + a_0s)/2 · (m_gs − m_0s) with a the shares of the strata; or explained + "
            "unexplained by a linear model of the factors; or endowments + coefficients + interaction",
            source=(
                "Kitagawa 1955; Ñopo 2008; Oaxaca 1973 and Blinder 1973 with the coefficients of Neumark 1988, Cotton "
                "1988, Reimers 1983, or pooled with the group's dummy (Fortin 2008; Jann 2008)"
            ),
            caution=(
                "Accounting, not cause: an explained part is fair only as far as its factors are. Methods differ in "
                "which prices they call normal. Kitagawa's like for like is at the average of both mixes and "
                "like_for_like_gap at the group's own: they differ where strata differ in their gaps. Unexplained "
                "parts are not split by factor: that would hang on the level each factor is counted from."
            ),
            edges=(
                "Kitagawa's strata are those where both groups have `min_in_stratum` people; what the others add is "
                "`no counterpart`. A part that the data do not identify is left open, and why is said. No intervals: "
                "report only. Missing levels are levels of their own. Oaxaca–Blinder is left out where factors have "
                f"more than {MOST_LEVELS} levels."
            ),
            roles=("price", "factors"),
            needs=always(NEEDS),
            answer=decomposition,
            parity=0.0,
            polar=True,
            decide_by=(),
        )
    ]
