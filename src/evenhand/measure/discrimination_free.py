"""Against a price that could not tell the groups, not even by proxy: what each group is overcharged.

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from evenhand.measure.amounts import Stratum, known, mean_needs, side_of
from evenhand.measure.answers import Side, comparison_finding, level_finding
from evenhand.measure.base import Answer, Finding, Form, Grouping, GroupKey, Measure, Setting, always, asked
from evenhand.measure.gaps_in_strata import strata_of, too_little_overlap
from evenhand.stats.benchmark import Benchmark, Effect, GroupBenchmark, discrimination_free
from evenhand.stats.moments import together

Quantity = Literal["discrimination_free_overcharge", "proxy_effect"]
PRICED = known("price")
NEEDS = replace(mean_needs("price", PRICED), strata=True)


def benchmark(setting: Setting, grouping: Grouping) -> tuple[dict[GroupKey, Side], Benchmark[Stratum, GroupKey] | None]:
    """Each group's side, and the benchmark of μ = the mean price of a group in a stratum; computed once.

    Groups that the policy could not judge (excluded, or below `min_people`) are not among those that h* averages
    over: a stratum counts only where all of its groups are, and three people would else decide for everyone. The
    reference, where it is not among them, is only a name.
    """
    at = ("benchmark", grouping.keys)
    if at not in setting.cache:
        prices = strata_of(setting, grouping, "price", PRICED)
        sides = {key: side_of(setting, grouping, key, together(strata.values())) for key, strata in prices.items()}
        groups = [
            key
            for key, side in sides.items()
            if side.value is not None
            and (key == grouping.reference or setting.may_be_highest(grouping, key, side.people))
        ]
        found = None
        if groups:
            found = discrimination_free(
                {(stratum, key): cell for key in groups for stratum, cell in prices[key].items()},
                reference=grouping.reference if grouping.reference in groups else groups[0],
                floor=max(1, setting.min_in_stratum),
            )
        setting.cache[at] = sides, found
    cached: tuple[dict[GroupKey, Side], Benchmark[Stratum, GroupKey] | None] = setting.cache[at]
    return cached


def effects(found: GroupBenchmark, quantity: Quantity) -> tuple[Effect, Effect | None]:
    """A group's figure and its difference to the reference's."""
    if quantity == "proxy_effect":
        return found.proxy_effect, found.proxy_difference
    return found.overcharge, found.overcharge_difference


def benchmark_answer(name: str, quantity: Quantity, form: Form) -> Answer:
    """Levels of every group, or differences to the reference."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        sides, found = benchmark(setting, grouping)
        groups = found.groups if found is not None else {}
        no_interval = setting.no_interval
        shown = {
            key: replace(side, value=float(effects(groups[key], quantity)[0].value) if key in groups else None)
            for key, side in sides.items()
        }
        findings = []
        for key, side in shown.items():
            level, gap = effects(groups[key], quantity) if key in groups else (None, None)
            if form == "level":
                contrast = level.contrast if level and not setting.repeated else None
                finding = level_finding(name, grouping, key, side, contrast, no_interval=no_interval)
            elif key == grouping.reference:
                continue
            else:
                finding = comparison_finding(
                    name,
                    grouping,
                    key,
                    side,
                    shown.get(grouping.reference),
                    gap.contrast if gap and not setting.repeated else None,
                    estimate=float(gap.value) if gap else None,
                    no_interval=no_interval,
                )
            findings.append(replace(finding, withheld=why_withheld(setting, grouping, key, side.people, groups)))
        return findings

    return answer


def why_withheld(
    setting: Setting, grouping: Grouping, key: GroupKey, people: int, groups: Mapping[GroupKey, GroupBenchmark]
) -> str | None:
    """Too little of the group in strata that every group has; None, too, of groups that are not averaged over."""
    found = groups.get(key)
    if found is None:
        averaged = not groups and setting.may_be_highest(grouping, key, people)
        return too_little_overlap(setting, Fraction(0), "of every group") if averaged else None
    return too_little_overlap(setting, found.coverage, "of every group")


def benchmark_measures() -> list[Measure]:
    """Overcharge and proxy effect of each group, and their differences to the reference."""
    rows: tuple[tuple[Quantity, str, str, str], ...] = (
        (
            "discrimination_free_overcharge",
            "overcharge against the discrimination-free price",
            "How much more does the group pay than a price that could not tell the groups, not even by proxy?",
            "Σ n_gs (μ_sg − h*_s) / Σ n_gs, h*_s = Σ_d μ_sd P(d), μ the mean price",
        ),
        (
            "proxy_effect",
            "effect of proxies on the price",
            "How much would a price that ignores the group, but not its proxies, charge it above a price without both?",
            "Σ n_gs (Σ_d μ_sd P(d | s) − h*_s) / Σ n_gs, h*_s = Σ_d μ_sd P(d), μ the mean price",
        ),
    )
    forms: tuple[tuple[Form, str], ...] = (("level", ""), ("difference", "_gap"))
    return [
        Measure(
            name=quantity + suffix,
            quantity=quantity,
            form=form,
            unit="money",
            title=title if form == "level" else f"difference in {title}",
            quantity_title=title,
            question=asked(question, title, form),
            formula=formula + ("; the group's − the reference's" if form == "difference" else ""),
            source="Lindholm, Richman, Tsanakas & Wüthrich 2022, ASTIN Bulletin 52, 55-89",
            caution=(
                "μ is the mean price of a group in a stratum, whatever else is declared, so that the level is about "
                "discrimination alone: against μ made of expected losses or technical prices, expenses and margin "
                "would count as overcharge. h* repeats what is charged now: a price level that is unfair to all strata "
                "of a group is averaged in, and actual_to_technical asks whether prices follow costs."
            ),
            edges=(
                "A stratum without `min_in_stratum` people of every group has no h* and is left out; groups that are "
                "excluded or below `min_people` are not among those averaged over, and have no figure. Another group "
                "changes P(d), and with it every figure. The counts of people are taken as known. Prices that do not "
                "vary within strata: no interval. People with several rows: no interval."
            ),
            roles=("price", "factors"),
            needs=always(NEEDS),
            answer=benchmark_answer(quantity + suffix, quantity, form),
            parity=0.0,
            polar=True,
        )
        for quantity, title, question, formula in rows
        for form, suffix in forms
    ]
