"""How every number is printed: what is printed may never contradict the verdict.

Two ways of writing, used everywhere alike. A number that stands next to a limit is written as the policy writes the
limit (0.73, 0.052), so that a reader can compare the two without arithmetic. A share that explains it (how many of a
group are selected, how many people a group has) is written in percent. A minus is U+2212, which screen readers say.

May import: the standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

NONE = "–"
"""Printed where there is no number; the reason stands in words beside it."""
MINUS = "\u2212"
PLACES: Mapping[str, int] = {"ratio": 2, "z": 2, "rate": 3, "difference": 3, "score": 3, "count": 0, "people": 0}
"""Decimals by the unit of a measure; three for a rate is a tenth of a percent."""
MOST_PLACES = 8
_TOO_LONG = 1e12
Bounds = Mapping[str, Any]


def judged(value: float | None, unit: str, limits: Iterable[float | None] = ()) -> str:
    """A measured number as the policy writes it; rounding never carries it over, or onto, a limit.

    Decimals are added until the printed number lies on the same side of every limit as the value (coverage.py's
    `display_covered` has the same rule for 100%). Where eight are not enough: `just below 0.80`.

    >>> judged(0.7996, "ratio", [0.80])
    '0.7996'
    >>> judged(0.0004, "rate")
    '< 0.001'
    """
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "unbounded"
    known = [limit for limit in limits if limit is not None]
    if abs(value) >= _TOO_LONG:
        return _signed(f"{value:.3g}")
    if abs(value) < 1e-15:
        value = 0.0
    for places in range(PLACES.get(unit, 3), MOST_PLACES + 1):
        text = f"{value:,.{places}f}"
        shown = Decimal(text.replace(",", ""))
        if shown == 0 and value != 0 and places < MOST_PLACES and 0 in known:
            continue
        if all(side(float(shown), limit) == side(value, limit) for limit in known):
            break
    else:
        limit = min(known, key=lambda known_limit: abs(known_limit - value))
        return f"just {'below' if value < limit else 'above'} {limit_number(limit, unit)}"
    if shown == 0 and value != 0:
        step = f"{10.0**-places:.{places}f}"
        return f"< {step}" if value > 0 else f"> {MINUS}{step}"
    if unit == "rate" and shown == 1 and value < 1:
        return f"> {1 - 10.0**-places:.{places}f}"
    return _signed("0" + text[2:] if text.startswith("-0") and shown == 0 else text)


def side(value: float, limit: float) -> int:
    """Which side of the limit; a few units in the last place are a tie, which integers decided before us."""
    if math.isclose(value, limit, rel_tol=2e-15, abs_tol=1e-15):
        return 0
    return 1 if value > limit else -1


def _signed(text: str) -> str:
    return text.replace("-", MINUS)


def limit_number(limit: float, unit: str = "ratio") -> str:
    """A limit at two decimals or more, never rounded; whole numbers for counts.

    >>> limit_number(0.8), limit_number(0.805), limit_number(0, "count")
    ('0.80', '0.805', '0')
    """
    exact = Decimal(repr(limit)) if isinstance(limit, float) else Decimal(limit)
    if PLACES.get(unit) == 0 and exact == exact.to_integral_value():
        return _signed(f"{int(exact):,}")
    exponent = exact.normalize().as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return _signed(f"{exact:,.{places}f}")


def limits_of(check: Mapping[str, Any]) -> list[float]:
    """The limits that a check has: none, one or two numbers."""
    return [limit for limit in (check["limit"]["min"], check["limit"]["max"]) if limit is not None]


def limit_sign(check: Mapping[str, Any], unit: str = "ratio") -> str:
    """The limit in signs, for tables and terminals: `≥ 0.80`, `≤ 1.25`, `0.80 to 1.25`.

    >>> limit_sign({"limit": {"min": 0.8, "max": None}})
    '≥ 0.80'
    """
    low, high = check["limit"]["min"], check["limit"]["max"]
    if low is not None and high is not None:
        return f"{limit_number(low, unit)} to {limit_number(high, unit)}"
    if low is not None:
        return f"≥ {limit_number(low, unit)}"
    if high is not None:
        return f"≤ {limit_number(high, unit)}"
    return "none"


def limit_words(check: Mapping[str, Any], unit: str = "ratio") -> str:
    """The limit in words: `at least 0.80`, `at most 1.25`, `0.80 to 1.25`.

    >>> limit_words({"limit": {"min": None, "max": 0.05}}, "difference")
    'at most 0.05'
    """
    low, high = check["limit"]["min"], check["limit"]["max"]
    if low is not None and high is not None:
        return f"{limit_number(low, unit)} to {limit_number(high, unit)}"
    if low is not None:
        return f"at least {limit_number(low, unit)}"
    return f"at most {limit_number(high, unit)}" if high is not None else "nothing"


def interval(bounds: Bounds | None, unit: str, limits: Iterable[float | None] = (), joiner: str = " to ") -> str:
    """An interval; a side without a bound is said in words.

    >>> interval({"low": 0.61, "high": None, "unbounded": True}, "ratio")
    '0.61 or more'
    >>> interval(None, "ratio")
    '–'
    """
    if bounds is None:
        return NONE
    known = list(limits)
    low, high = bounds["low"], bounds["high"]
    if low is None and high is None:
        return "any value" if bounds.get("unbounded") else NONE
    if high is None:
        return "any value" if low == 0 and unit == "ratio" else f"{judged(low, unit, known)} or more"
    if low is None:
        return f"{judged(high, unit, known)} or less"
    return f"{judged(low, unit, known)}{joiner}{judged(high, unit, known)}"


def percent(share: float | None) -> str:
    """A share in percent with one decimal; tiny is not zero and nearly all is not all.

    >>> percent(0.2764), percent(0.0004), percent(0.99996), percent(0), percent(1)
    ('27.6%', '< 0.1%', '> 99.9%', '0%', '100%')
    """
    if share is None:
        return NONE
    if share in (0, 1):
        return "100%" if share else "0%"
    if 0 < abs(share) < 0.001:
        return "< 0.1%" if share > 0 else f"> {MINUS}0.1%"
    if 0.999 < share < 1:
        return "> 99.9%"
    return _signed(f"{share:.1%}")


def quantity(value: float | None, unit: str) -> str:
    """A group's own quantity where it explains something: a rate in percent, anything else in its unit.

    >>> quantity(0.276, "rate"), quantity(8214, "people"), quantity(0.7312, "score")
    ('27.6%', '8,214', '0.731')
    """
    return percent(value) if unit == "rate" else judged(value, unit)


def count(number: float | None) -> str:
    """A count with thousands separators; an effective size is rounded to whole people.

    >>> count(48210)
    '48,210'
    """
    return NONE if number is None else f"{round(number):,}"


def counted(number: float | None, one: str, many: str) -> str:
    """A count with its noun.

    >>> counted(1, "person", "people"), counted(8214, "person", "people")
    ('1 person', '8,214 people')
    """
    return f"{count(number)} {one if number is not None and round(number) == 1 else many}"


def about(number: float | None) -> str:
    """A sample size rounded up to two significant figures: it is a message, not a measurement.

    >>> about(1873), about(96), about(7138)
    ('about 1,900', 'about 96', 'about 7,200')
    """
    if number is None:
        return NONE
    whole = math.ceil(number)
    step = 10 ** max(0, len(str(whole)) - 2)
    return f"about {-(-whole // step) * step:,}"


def p_value(p: float | None, alpha: float | None = 0.05) -> str:
    """A p-value with its relation: `= 0.034`, `< 0.0001`; never rounded over alpha.

    >>> p_value(0.034), p_value(1e-9), p_value(0.04999), p_value(1.0)
    ('= 0.034', '< 0.0001', '= 0.04999', '= 1')
    """
    if p is None:
        return NONE
    if p < 0.0001:
        return "< 0.0001"
    if p == 1:
        return "= 1"
    if p > 0.999:
        return "> 0.999"
    for places in range(4 if p < 0.01 else 3, MOST_PLACES):
        shown = float(f"{p:.{places}f}")
        if alpha is None or side(shown, alpha) == side(p, alpha):
            return f"= {p:.{places}f}"
    return "= " + f"{p:.{MOST_PLACES}f}"
