"""Groups that consist of the same rows, by shares: the covariance of their means, by hand, by numpy and by simulation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from evenhand.stats.like_for_like import Standard, like_for_like
from evenhand.stats.means import mean_difference, mean_ratio
from evenhand.stats.moments import Moments, Overlap
from evenhand.stats.student import Estimate, StudentContrast, student_difference, student_ratio


def moments(weights: Any, beside: Any, values: Any) -> Moments:
    """Of whole weights and values, with the weights of the same rows in the reference."""
    w, b, y = (np.asarray(part).astype(object) for part in (weights, beside, values))
    both = w * b * y
    return Moments(
        n=len(y),
        weight=int(w.sum()),
        weight_squared=int((w * w).sum()),
        value=int((w * y).sum()),
        weight_squared_value=int((w * w * y).sum()),
        weight_squared_squares=int((w * w * y * y).sum()),
        overlap=Overlap(
            weight=int((w * b).sum()),
            value=int(both.sum()),
            reference_value=int(both.sum()),
            squares=int((both * y).sum()),
        ),
    )


def two_groups(share: Any, values: Any) -> tuple[Moments, Moments]:
    """A group and the reference, to which the rest of every row belongs; shares in thousandths."""
    rest = 1000 - np.asarray(share)
    return moments(share, rest, values), moments(rest, share, values)


def territories(random: np.random.Generator, rows: int) -> tuple[Any, Any, Any]:
    """Shares of one group per territory, prices that rise with them, and one of three regions."""
    share = np.rint(random.beta(2, 2, rows) * 1000).astype(int)
    region = random.integers(0, 3, rows)
    return share, np.rint(random.gamma(4, 25, rows) + 0.03 * share + 20 * region).astype(int), region


def test_covariance_by_hand() -> None:
    """Prices 0 and 4, half a row each: both means are 2, Σ ¼·4 twice = 2 over Σw·Σw₀ = 1, times 2 for two people."""
    group, reference = two_groups([500, 500], [0, 4])
    assert group.covariance(reference) == 4.0
    own = group.estimate()
    assert own is not None
    assert own.variance == 4.0
    base = reference.estimate()
    assert base is not None
    assert mean_difference(own, base, covariance=4.0) is None  # one and the same mean: nothing varies
    other = Moments.of_counts(2, 4, 16)
    assert other.covariance(reference) == 0.0
    with pytest.raises(ValueError, match="without weight"):
        Moments.of_counts(0, 0, 0).covariance(reference)


def test_overlaps_add_up() -> None:
    random = np.random.default_rng(4)
    share, price, _ = territories(random, 50)
    whole, parts = (
        two_groups(share, price)[0],
        (two_groups(share[:20], price[:20])[0], two_groups(share[20:], price[20:])[0]),
    )
    assert (parts[0] + parts[1]).overlap == whole.overlap


def test_variance_of_a_difference_is_that_of_its_linear_terms() -> None:
    """Closed form with numpy: Var = Σ(w(y − m)/W)² c + … − 2Σ w w₀(y − m)(y − m₀)/(W W₀) √(c c₀), c = k/(k − 1)."""
    random = np.random.default_rng(5)
    share, price, _ = territories(random, 200)
    group, reference = two_groups(share, price)
    w, w0, y = share / 1000, 1 - share / 1000, price.astype(float)
    m, m0 = w @ y / w.sum(), w0 @ y / w0.sum()
    one, other = w * (y - m) / w.sum(), w0 * (y - m0) / w0.sum()
    c, c0 = (k / (k - 1) for k in (part.sum() ** 2 / (part @ part) for part in (w, w0)))
    covariance = float(one @ other)
    assert group.covariance(reference) == pytest.approx(covariance * math.sqrt(c * c0), rel=1e-9)
    variance = c * one @ one + c0 * other @ other - 2 * math.sqrt(c * c0) * covariance
    found = contrasts(group, reference)
    assert found[0].standard_error == pytest.approx(math.sqrt(variance), rel=1e-9)
    relative = c * one @ one / m**2 + c0 * other @ other / m0**2 - 2 * math.sqrt(c * c0) * covariance / (m * m0)
    assert found[1].standard_error == pytest.approx(math.sqrt(relative), rel=1e-9)
    assert found[0].degrees_of_freedom == pytest.approx(min(p.sum() ** 2 / (p @ p) for p in (w, w0)) - 1)


def contrasts(group: Moments, reference: Moments) -> tuple[StudentContrast, StudentContrast]:
    """Difference and ratio of two means that have rows in common."""
    own, base, covariance = group.estimate(), reference.estimate(), group.covariance(reference)
    assert own is not None
    assert base is not None
    difference = mean_difference(own, base, covariance=covariance)
    ratio = mean_ratio(own, base, covariance=covariance)
    assert difference is not None
    assert ratio is not None
    return difference, ratio


def test_variance_is_that_of_a_bootstrap_over_rows() -> None:
    """4,000 resamples of 400 territories: the standard deviation of the resampled gap, within three of its own errors."""
    random = np.random.default_rng(6)
    share, price, region = territories(random, 400)
    drawn = random.integers(0, 400, (4000, 400))
    w, y = share / 1000, price.astype(float)

    def gaps(rows: Any, of: Any = 1) -> Any:
        own, rest, paid = w[rows] * of, (1 - w[rows]) * of, y[rows]
        return (own * paid).sum(-1) / own.sum(-1) - (rest * paid).sum(-1) / rest.sum(-1), own.sum(-1)

    error = 3 / math.sqrt(2 * 4000)
    difference, _ = contrasts(*two_groups(share, price))
    assert difference.standard_error == pytest.approx(float(np.std(gaps(drawn)[0])), rel=error)
    strata = [gaps(drawn, region[drawn] == s) for s in range(3)]
    standardised = sum(gap * size for gap, size in strata) / sum(size for _, size in strata)
    found = stratified(share, price, region, "group")
    assert found.standard_error == pytest.approx(float(np.std(standardised)), rel=error)


def stratified(share: Any, price: Any, region: Any, standard: Standard) -> StudentContrast:
    """The like-for-like gap over regions."""
    cells = {s: two_groups(share[region == s], price[region == s]) for s in range(3)}
    gap = like_for_like(
        {s: both[0] for s, both in cells.items()}, {s: both[1] for s, both in cells.items()}, standard=standard
    ).gap
    assert gap is not None
    return gap


@pytest.mark.parametrize("standard", ["group", "overall", "reference", "overlap"])
def test_like_for_like_adds_up_what_a_row_does_to_both_sides(standard: Standard) -> None:
    """The infinitesimal jackknife: √Σ(∂D/∂w_i)², each derivative taken numerically in what row i weighs. With 1,000
    rows a stratum it differs from ours by the correction of the means only, n_eff/(n_eff − 1).
    """
    random = np.random.default_rng(7)
    share, price, region = territories(random, 3000)
    w, y = share / 1000, price.astype(float)

    def gap(times: Any) -> float:
        total = size = 0.0
        for s in range(3):
            own, rest, paid = (part[region == s] for part in (w * times, (1 - w) * times, y))
            mix = {"group": own.sum(), "overall": own.sum() + rest.sum(), "reference": rest.sum()}
            mix["overlap"] = own.sum() * rest.sum() / (own.sum() + rest.sum())
            total += mix[standard] * (own @ paid / own.sum() - rest @ paid / rest.sum())
            size += mix[standard]
        return float(total / size)

    ones, step = np.ones(3000), 1e-4
    influence = [(gap(ones + step * (np.arange(3000) == i)) - gap(ones)) / step for i in range(3000)]
    expected = math.sqrt(float(np.square(influence).sum()))
    assert stratified(share, price, region, standard).standard_error == pytest.approx(expected, rel=2e-3)


def test_intervals_cover_the_gap_of_territories() -> None:
    """200 territories, 1,500 times: 95% intervals of difference, ratio and like-for-like gap; without the covariance
    they would nearly always cover, so that no gap of this size were ever found.
    """
    random = np.random.default_rng(8)
    share, price, region = territories(random, 1_000_000)
    w, y = share / 1000, price.astype(float)
    means = [float(part @ y / part.sum()) for part in (w, 1 - w)]
    strata = [(w[region == s], y[region == s]) for s in range(3)]
    like = [(p.sum(), p @ v / p.sum() - (1 - p) @ v / (1 - p).sum()) for p, v in strata]
    truths = (
        means[0] - means[1],
        means[0] / means[1],
        float(np.average([g for _, g in like], weights=[n for n, _ in like])),
    )
    hits, wide = np.zeros(3), 0
    for _ in range(1500):
        share, price, region = territories(random, 200)
        group, reference = two_groups(share, price)
        found = (*contrasts(group, reference), stratified(share, price, region, "group"))
        hits += [
            contrast.lower(0.025) <= truth <= contrast.upper(0.025)
            for contrast, truth in zip(found, truths, strict=True)
        ]
        own, base = group.estimate(), reference.estimate()
        assert own is not None
        assert base is not None
        alone = mean_difference(own, base)
        assert alone is not None
        wide += alone.lower(0.025) <= truths[0] <= alone.upper(0.025)
    assert all(0.93 <= share <= 0.965 for share in hits / 1500), hits / 1500
    assert wide / 1500 > 0.985


def test_student_contrasts_take_a_covariance() -> None:
    """5 ± 3 and 1 ± 4 with covariance 8: √(25 − 16) = 3. 20 ± 1 and 10 ± .5 with .1: log variance .005 − .2/200."""
    difference = student_difference(
        Estimate(value=5, variance=9), Estimate(value=1, variance=16), method="t", covariance=8
    )
    assert difference is not None
    assert (difference.estimate, difference.standard_error) == (4, 3)
    ratio = student_ratio(
        Estimate(value=20, variance=1, degrees_of_freedom=9),
        Estimate(value=10, variance=0.25, degrees_of_freedom=19),
        method="t",
        covariance=0.1,
    )
    assert ratio is not None
    assert ratio.standard_error == pytest.approx(math.sqrt(0.004))
    assert ratio.degrees_of_freedom == 9
    assert ratio.upper(0.025) == pytest.approx(2 * math.exp(stats.t.ppf(0.975, 9) * math.sqrt(0.004)))


def test_people_with_several_rows_have_the_covariance_of_their_sums() -> None:
    """Two persons with (x, y) of (2, 1) and (4, 3) in the group and (2, 3) and (4, 3) in the reference, by hand: m = 2/3,
    m₀ = 1, deviations −1/3, 1/3 and 1, −1: Σ = −2/3 over 36, times u/(u − 1) = 2: −1/27.
    """
    overlap = Overlap(weight=4 + 16, value=2 * 1 + 4 * 3, reference_value=2 * 3 + 4 * 3, squares=1 * 3 + 3 * 3)
    group = Moments(
        n=2,
        weight=6,
        weight_squared=20,
        value=4,
        weight_squared_value=14,
        weight_squared_squares=10,
        overlap=overlap,
    ).over_units()
    reference = Moments(
        n=2, weight=6, weight_squared=20, value=6, weight_squared_value=18, weight_squared_squares=18
    ).over_units()
    assert group.covariance(reference) == pytest.approx(-1 / 27)
