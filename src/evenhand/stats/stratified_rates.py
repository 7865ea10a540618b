"""Selection rates compared within strata: Mantel-Haenszel, its tests, direct standardisation, the share explained.

A stratum is one combination of the declared factors (a department, a price band). Everything here takes counts per
stratum, as integers or exact fractions. May import: stats.rates, stats.student, stats.tails; scipy.special inside
functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from evenhand.stats.rates import plain_count
from evenhand.stats.student import Estimate, StudentContrast, student_difference, student_ratio
from evenhand.stats.tails import normal_below

Standard = Literal["group", "reference", "overall", "overlap"]
Exact = int | Fraction


@dataclass(frozen=True, kw_only=True)
class RateStratum:
    """One stratum: `cases` of `total` people of the group, `reference_cases` of `reference_total` of the reference.

    Weighted rows and repeated people come in as effective counts: total = effective n, cases = rate · total. The mix
    they stand for is then Σw, given as `weight` and `reference_weight`; by default it is the totals. All are kept
    exactly, whole numbers as such: with thousands of strata fractions take ten times as long. Raises ValueError unless
    0 ≤ cases ≤ total, and for a weight that is not above 0 just where there are people.

    Example: 6 of 10 against 3 of 10.
    """

    cases: int | Fraction
    total: int | Fraction
    reference_cases: int | Fraction
    reference_total: int | Fraction
    weight: int | Fraction | None = None
    reference_weight: int | Fraction | None = None

    def __post_init__(self) -> None:
        for side in ("", "reference_"):
            cases, total = exactly(getattr(self, side + "cases")), exactly(getattr(self, side + "total"))
            given = getattr(self, side + "weight")
            weight = total if given is None else exactly(given)
            if not 0 <= cases <= total or (weight > 0) != (total > 0) or weight < 0:
                raise ValueError("a stratum needs 0 ≤ cases ≤ total, and a weight above 0 just where there are people")
            for name, count in (("cases", cases), ("total", total), ("weight", weight)):
                if getattr(self, side + name) is not count:
                    object.__setattr__(self, side + name, count)


def exactly(count: int | float | Fraction) -> Exact:
    """A count as a whole number or, where it is none, as a fraction.

    Example: 3.0 is 3, .5 is ½.
    """
    if type(count) is int:
        return count
    fraction = Fraction(plain_count(count))
    return fraction.numerator if fraction.denominator == 1 else fraction


class _Table(NamedTuple):
    """The 2×2 table of a stratum where both sides have people, in the letters of the literature (n₁, n₀, m, N)."""

    a: Exact
    b: Exact
    c: Exact
    d: Exact
    group: Exact
    reference: Exact
    cases: Exact
    people: Exact


def _tables(strata: Iterable[RateStratum]) -> list[_Table]:
    """Strata where one side is empty compare nothing and contribute nothing."""
    return [
        _Table(a, group - a, c, reference - c, group, reference, a + c, group + reference)
        for stratum in strata
        for a, c, group, reference in [(stratum.cases, stratum.reference_cases, stratum.total, stratum.reference_total)]
        if group > 0 and reference > 0
    ]


def mantel_haenszel_ratio(strata: Iterable[RateStratum]) -> StudentContrast | None:
    """Σ a·n₀/N over Σ c·n₁/N, on the log scale, with a of n₁ in the group, c of n₀ in the reference, N = n₁ + n₀.

    Variance of the log: Σ(m·n₁·n₀/N² − a·c/N)/(numerator · denominator), m = a + c. None where numerator or
    denominator is 0 (no log; the difference is still defined) or everybody everywhere is a case (nothing varies).
    Source: Greenland & Robins 1985, Biometrics 41, 55-68.

    Example: 6/10 v 3/10: ratio 3/1.5 = 2, variance (9·100/400 − 18/20)/(3 · 1.5) = .3, as .4/6 + .7/3.
    """
    tables = _tables(strata)
    above = sum_of_quotients((t.a * t.reference, t.people) for t in tables)
    below = sum_of_quotients((t.c * t.group, t.people) for t in tables)
    if not (above > 0 and below > 0):
        return None
    # No term is negative, and each is exact before it is rounded: where nothing varies the sum is 0 itself.
    spread = math.fsum(
        float((t.cases * t.group * t.reference - t.a * t.c * t.people) / t.people**2) for t in tables
    ) / float(above * below)
    return _contrast(above / below, spread, scale="log", parity=1.0, variance_name="Greenland–Robins")


def mantel_haenszel_difference(strata: Iterable[RateStratum]) -> StudentContrast | None:
    """δ = Σ(a·n₀ − c·n₁)/N over Σ n₁·n₀/N: the mean of the strata's differences with weights n₁·n₀/N.

    Variance (δ·ΣP + ΣQ)/(Σ n₁·n₀/N)², P = (n₁²·c − n₀²·a + ½n₁·n₀·(n₀ − n₁))/N², Q = (a·(n₀ − c) + c·(n₁ − a))/2N:
    right for few large strata and for many sparse ones. None without a stratum to compare, or where nothing varies.
    Source: Greenland & Robins 1985 (estimate); Sato, Greenland & Robins 1989, Biometrics 45, 1323-1324 (variance).

    Example: 6/10 v 3/10: δ = .3, variance .24/10 + .21/10 = .045.
    """
    tables = _tables(strata)
    if not tables:
        return None
    weight = sum_of_quotients((t.group * t.reference, t.people) for t in tables)
    difference = sum_of_quotients((t.a * t.reference - t.c * t.group, t.people) for t in tables) / weight
    tilt = sum_of_quotients(
        (
            2 * (t.group**2 * t.c - t.reference**2 * t.a) + t.group * t.reference * (t.reference - t.group),
            2 * t.people**2,
        )
        for t in tables
    )
    discordant = sum_of_quotients((t.a * t.d + t.c * t.b, 2 * t.people) for t in tables)
    # Exact: in floats a variance of 0 (1 of 1 v 0 of 2) would come out as 1e-17 and give an interval of no width.
    spread = float((difference * tilt + discordant) / weight**2)
    return _contrast(difference, spread, scale="identity", parity=0.0, variance_name="Sato")


def mantel_haenszel_odds_ratio(strata: Iterable[RateStratum]) -> StudentContrast | None:
    """ΣR/ΣS on the log scale, R = a·d/N and S = b·c/N, where b and d are the people who are no cases.

    Variance of the log: ΣPR/2(ΣR)² + Σ(PS + QR)/(2·ΣR·ΣS) + ΣQS/2(ΣS)², P = (a + d)/N, Q = (b + c)/N. None where
    either sum is 0. Source: Mantel & Haenszel 1959; Robins, Breslow & Greenland 1986, Biometrics 42, 311-323.

    Example: 6/10 v 3/10: 42/12 = 3.5, variance 1/6 + 1/4 + 1/3 + 1/7.
    """
    tables = _tables(strata)
    above = sum_of_quotients((t.a * t.d, t.people) for t in tables)
    below = sum_of_quotients((t.b * t.c, t.people) for t in tables)
    if not (above > 0 and below > 0):
        return None
    terms = [((t.a + t.d, t.b + t.c), (t.a * t.d, t.b * t.c), t.people**2) for t in tables]
    both = math.fsum(float(p * r / square) for (p, _), (r, _), square in terms)
    mixed = math.fsum(float((p * s + q * r) / square) for (p, q), (r, s), square in terms)
    neither = math.fsum(float(q * s / square) for (_, q), (_, s), square in terms)
    ours, theirs = float(above), float(below)
    spread = both / (2 * ours**2) + mixed / (2 * ours * theirs) + neither / (2 * theirs**2)
    return _contrast(above / below, spread, scale="log", parity=1.0, variance_name="Robins–Breslow–Greenland")


def cochran_mantel_haenszel(strata: Iterable[RateStratum], *, corrected: bool = False) -> tuple[float, float] | None:
    """(statistic, p) of no difference in any stratum: (|Σ(a − n₁·m/N)| − ½ if corrected)² / Σ n₁n₀m(N − m)/(N²(N − 1)).

    Chi-square with 1 degree of freedom; the correction never passes 0. Strata of at most one (effective) person
    contribute nothing. None where nothing varies. Source: Cochran 1954; Mantel & Haenszel 1959, JNCI 22, 719-748.

    Example: 6/10 v 3/10: (6 − 4.5)²/(10·10·9·11/(400·19)) = 19/11, p = .1888.
    """
    tables = [t for t in _tables(strata) if t.people > 1]
    spread = math.fsum(
        float(t.group * t.reference * t.cases * (t.people - t.cases) / (t.people**2 * (t.people - 1))) for t in tables
    )
    if not spread > 0:
        return None
    gap = abs(float(sum_of_quotients((t.a * t.people - t.group * t.cases, t.people) for t in tables)))
    root = max(0.0, gap - 0.5 * corrected) / math.sqrt(spread)
    return root**2, 2 * normal_below(-root)


def breslow_day(strata: Iterable[RateStratum], *, tarone: bool = True) -> tuple[float, int, float] | None:
    """(statistic, degrees of freedom, p) of one odds ratio ψ in all strata: Σ(a − A)²/V, chi-square, k − 1.

    A is the count expected under the Mantel-Haenszel odds ratio given the margins, A·D = ψ·B·C, and V its variance
    1/(1/A + 1/B + 1/C + 1/D). `tarone` subtracts (Σ(a − A))²/ΣV, since that ψ is not the efficient estimate. Only the
    k strata with cases and others, on both sides, count. None for fewer than 2, or where ψ is 0 or undefined.
    Source: Breslow & Day 1980, section 4.4; Tarone 1985, Biometrika 72, 91-95.

    Example: two strata of 6/10 v 3/10: each is as expected, the statistic is 0, p = 1.
    """
    tables = [t for t in _tables(strata) if 0 < t.cases < t.people]
    above = sum_of_quotients((t.a * t.d, t.people) for t in tables)
    below = sum_of_quotients((t.b * t.c, t.people) for t in tables)
    if len(tables) < 2 or not (above > 0 and below > 0):
        return None
    from scipy.special import chdtrc

    # The corner that is rare under ψ is solved for: as the rest of a margin it would lose its digits.
    rare = above <= below
    odds = float(above / below if rare else below / above)
    gaps, spreads = [], []
    for t in tables:
        observed, cases = (t.a, t.cases) if rare else (t.b, t.people - t.cases)
        expected = _expected_corner(float(t.group), float(cases), float(t.people), odds)
        opposite = _expected_corner(float(t.reference), float(t.people - cases), float(t.people), odds)
        corners = (expected, float(t.group) - expected, float(cases) - expected, opposite)
        gaps.append(float(observed) - expected)
        spreads.append(1 / math.fsum(1 / corner for corner in corners))
    statistic = math.fsum(gap**2 / spread for gap, spread in zip(gaps, spreads, strict=True))
    if tarone:
        statistic = max(0.0, statistic - math.fsum(gaps) ** 2 / math.fsum(spreads))
    return statistic, len(tables) - 1, float(chdtrc(len(tables) - 1, statistic))


def _expected_corner(row: float, column: float, people: float, odds: float) -> float:
    """The positive A with A·(N − row − column + A) = odds·(row − A)·(column − A), odds ≤ 1, without cancellation."""
    slope = people - row - column + odds * (row + column)
    root = math.sqrt(slope**2 + 4 * (1 - odds) * odds * row * column)
    return 2 * odds * row * column / (slope + root) if slope > 0 else (root - slope) / (2 * (1 - odds))


_MIXES: dict[Standard, tuple[str, Callable[[Exact, Exact], Exact]]] = {
    "group": ("the group's mix", lambda ours, theirs: ours),
    "reference": ("the reference's mix", lambda ours, theirs: theirs),
    "overall": ("the mix of both", lambda ours, theirs: ours + theirs),
    "overlap": ("the overlap of both", lambda ours, theirs: Fraction(ours * theirs, ours + theirs)),
}


def standardised_rates(
    strata: Sequence[RateStratum], standard: Standard = "group", *, floor: int = 2
) -> tuple[Estimate, Estimate, Fraction] | None:
    """Both rates in the same mix of strata, Σ v·rate/Σ v, and the share of the group's weight that could be compared.

    v = the stratum's weight in the `standard` population: of the "group" (what if the reference had its mix?), of the
    "reference", "overall" (their sum) or "overlap" (ours·theirs/(ours + theirs)). Only strata with at least `floor`
    (effective) people on both sides count, v made to add up to 1 over them; None where there is none, and their share
    is 0. Variance Σ v²·p(1 − p)/n with the mix taken as fixed, by `binomial_variance`.
    Source: direct standardisation, Fleiss, Levin & Paik 2003, ch. 19. Raises ValueError for a floor below 1.

    Example: 5/10 and 2/10 against 8/20 and 1/20, in the group's mix (½, ½): .35 against .225, share 1.
    """
    if floor < 1:
        raise ValueError("the floor of a stratum must be at least 1 person")
    kept = [stratum for stratum in strata if min(stratum.total, stratum.reference_total) >= floor]
    if not kept:
        return None
    _, mix = _MIXES[standard]
    ours = [stratum.weight or 0 for stratum in kept]
    weights = [mix(own, stratum.reference_weight or 0) for own, stratum in zip(ours, kept, strict=True)]
    group = _standardised([(s.cases, s.total) for s in kept], weights)
    reference = _standardised([(s.reference_cases, s.reference_total) for s in kept], weights)
    everyone = sum_in_pairs(stratum.weight or 0 for stratum in strata)
    return group, reference, Fraction(sum_in_pairs(ours), everyone)


def _standardised(counts: Sequence[tuple[Exact, Exact]], weights: Sequence[Exact]) -> Estimate:
    total = sum_in_pairs(weights)
    pairs = list(zip(counts, weights, strict=True))
    rate = sum_of_quotients((weight * cases, size) for (cases, size), weight in pairs) / total
    variance = math.fsum(float(weight / total) ** 2 * binomial_variance(*count) for count, weight in pairs)
    return Estimate(value=float(rate), variance=variance, exact=rate, lowest=0.0, highest=1.0)


def binomial_variance(cases: Exact, total: Exact) -> float:
    """p(1 − p)/n; where p is 0 or 1, p is (x + ½)/(n + 1) for this variance only: nobody of 3 is not a certainty.

    The estimate itself is never moved. Where strata are tiny and cases rare this overstates the variance.
    Source: (x + ½)/(n + 1) as in Agresti & Coull 1998; Cox & Snell 1989. Example: 0 of 3: .125 · .875/3.
    """
    part, whole = cases, total
    if cases in (0, total):
        part, whole = 2 * cases + 1, 2 * (total + 1)
    return float(part * (whole - part) / (whole**2 * total))


def standardised_ratio(
    strata: Sequence[RateStratum], standard: Standard = "group", *, floor: int = 2
) -> StudentContrast | None:
    """Ratio of `standardised_rates`, delta method on the log; None where a rate is 0 or no stratum can be compared.

    Example: .35 over .225, 14/9.
    """
    rates = standardised_rates(strata, standard, floor=floor)
    return student_ratio(*rates[:2], method=_standardised_method(standard)) if rates else None


def standardised_difference(
    strata: Sequence[RateStratum], standard: Standard = "group", *, floor: int = 2
) -> StudentContrast | None:
    """Difference of `standardised_rates`; None where no stratum can be compared. Example: .35 − .225 = .125."""
    rates = standardised_rates(strata, standard, floor=floor)
    return student_difference(*rates[:2], method=_standardised_method(standard)) if rates else None


def _standardised_method(standard: Standard) -> str:
    return f"direct standardisation to {_MIXES[standard][0]}"


def share_explained(raw_ratio: float | Fraction, conditional_ratio: float | Fraction) -> float | None:
    """1 − log(conditional)/log(raw): the part of the raw gap, on the log scale, that goes when like meets like.

    Above 1 where the gap within strata points the other way (a reversal), below 0 where the factors hide a part of it.
    A description, not a cause: factors can launder a disadvantage. None where raw is 1 (no gap to share out) or a
    ratio is not a number above 0.

    Example: raw .64, conditional .8: 1 − log .8/log .64 = ½.
    """
    if raw_ratio == 1 or not all(ratio > 0 and math.isfinite(ratio) for ratio in (raw_ratio, conditional_ratio)):
        return None
    return 1 - math.log(conditional_ratio) / math.log(raw_ratio)


def _contrast(
    estimate: Fraction, spread: float, *, scale: Literal["identity", "log"], parity: float, variance_name: str
) -> StudentContrast | None:
    if not spread > 0:
        return None
    return StudentContrast(
        estimate=float(estimate),
        standard_error=math.sqrt(spread),
        scale=scale,
        parity=parity,
        method=f"Mantel–Haenszel, {variance_name} variance",
        lowest=-1.0 if scale == "identity" else 0.0,
        highest=1.0 if scale == "identity" else math.inf,
        exact=estimate,
    )


def sum_of_quotients(terms: Iterable[tuple[Exact, Exact]]) -> Fraction:
    """Σ numerator/denominator, exactly; those of one denominator are added as they are.

    Example: (1, 2), (1, 3) and (2, 3) are 3/2.
    """
    sums: dict[Exact, Exact] = {}
    for above, below in terms:
        sums[below] = sums.get(below, 0) + above
    return Fraction(sum_in_pairs(Fraction(above, below) for below, above in sums.items()))


def sum_in_pairs(terms: Iterable[Exact]) -> Exact:
    """Σ, exactly: in pairs, since one after the other the common denominator of thousands of strata grows every step.

    Example: ½, ⅓ and ⅙ are 1.
    """
    parts = list(terms)
    while len(parts) > 1:
        odd = parts[-1:] if len(parts) % 2 else []
        parts = [one + other for one, other in zip(parts[::2], parts[1::2], strict=False)] + odd
    return parts[0] if parts else 0
