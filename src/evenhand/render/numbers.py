"""How every number is printed: what is printed may never contradict the verdict.

Two ways of writing, used everywhere alike. A number that stands next to a limit is written as the policy writes the
limit (0.73, 0.052), so that a reader can compare the two without arithmetic. A share that explains it (how many of a
group are selected, how many people a group has) is written in percent. A minus is U+2212, which screen readers say.

Units are words: those of `Measure.unit`, and what becomes of prices once their document is known (`priced_unit`):
`money:EUR`, `percentage`, `percentage_points`, `fraction`.

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
PLACES: Mapping[str, int] = {
    "ratio": 2,
    "z": 2,
    "rate": 3,
    "difference": 3,
    "score": 3,
    "count": 0,
    "people": 0,
    "money": 2,
    "percent": 1,
    "points": 1,
    "number": 3,
    "percentage": 2,
    "percentage_points": 2,
    "fraction": 4,
}
"""Decimals by the unit of a measure; three for a rate is a tenth of a percent."""
WHOLE_FROM: Mapping[str, float] = {"money": 100_000, "points": 10}
"""From this size on a number of the unit is written without decimals: nobody reads the cents of a million."""
AFTER: Mapping[str, str] = {
    "percent": "%",
    "percentage": "%",
    "points": " bp",
    "percentage_points": " percentage points",
}
"""What stands after a number of the unit; after money it is the currency."""
IN_WORDS: Mapping[str, str] = {"percent": "%", "percentage": "%", "points": "basis points"}
MOST_PLACES = 8
SMALLEST: Mapping[str, int] = {"percent": 4}
"""Decimals up to which a gap of the unit is followed before it is written as smaller than that."""
_TOO_LONG = 1e12
_AS_FEW = {"count", "people", "percent", "percentage", "points"}
Bounds = Mapping[str, Any]


def priced_unit(unit: str, price_unit: str | None, currency: str | None, *, level: bool) -> str:
    """The unit of a number about prices, once it is known what the prices are: money, percent or a fraction.

    A difference of rates in percent is in percentage points; a level of anything in percent has no plus before it.

    >>> priced_unit("money", "money", "EUR", level=True), priced_unit("money", "percent", None, level=False)
    ('money:EUR', 'percentage_points')
    """
    if unit == "percent":
        return "percentage" if level else "percent"
    if unit != "money":
        return unit
    if price_unit == "percent":
        return "percentage" if level else "percentage_points"
    if price_unit == "fraction":
        return "fraction"
    return f"money:{currency}" if currency else "money"


def _kind(unit: str) -> str:
    return unit.partition(":")[0]


def after(unit: str) -> str:
    """What stands after a number of this unit: ` EUR`, `%`, ` bp`, or nothing."""
    kind, _, currency = unit.partition(":")
    return f" {currency}" if currency else AFTER.get(kind, "")


def unit_words(unit: str) -> str:
    """The unit for the label of an axis: `EUR`, `%`, `basis points`; empty where the title says it all."""
    return IN_WORDS.get(_kind(unit), after(unit).strip())


def is_word(unit: str) -> bool:
    """Whether a unit is written after a blank, as EUR is and % is not."""
    return after(unit).startswith(" ")


def in_unit(title: str, unit: str) -> str:
    """A heading with the unit of its column, where that is a word: the numbers below it go without.

    >>> in_unit("Raw gap", "money:EUR"), in_unit("Raw gap", "percent")
    ('Raw gap (EUR)', 'Raw gap')
    """
    return f"{title} ({unit_words(unit)})" if is_word(unit) else title


def judged(
    value: float | None, unit: str, limits: Iterable[float | None] = (), *, plus: bool | None = None, bare: bool = False
) -> str:
    """A measured number as the policy writes it; rounding never carries it over, or onto, a limit.

    A gap in percent has its sign, also a plus, unless `plus` says otherwise, and as many decimals as it needs not to
    look like nothing; `bare` leaves the unit out.

    >>> judged(0.7996, "ratio", [0.80]), judged(4.92, "percent"), judged(1234.5, "money:EUR")
    ('0.7996', '+4.9%', '1,234.50 EUR')
    """
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "unbounded"
    text = _number(value, unit, [limit for limit in limits if limit is not None])
    wants_plus = _kind(unit) == "percent" if plus is None else plus
    if wants_plus and value > 0 and text[0].isdigit() and any(c in "123456789" for c in text):
        text = f"+{text}"
    just = text.startswith("just")  # a limit, which brings its own unit
    return text if bare or just else text + after(unit)


def as_good_as(value: float, parity: float, unit: str, limits: Iterable[float] = ()) -> bool:
    """Whether a number looks like parity at the usual decimals, and no limit asks to tell the two apart.

    >>> as_good_as(0.016, 0, "percent"), as_good_as(0.016, 0, "percent", [0.01]), as_good_as(1.0009, 1, "ratio")
    (True, False, True)
    """
    step = 10.0 ** -PLACES.get(_kind(unit), 3)
    return round((value - parity) / step) == 0 and not any(abs(limit - parity) < step for limit in limits)


def _number(value: float, unit: str, known: list[float]) -> str:
    """The digits: decimals are added until the printed number lies on the same side of every limit as the value.

    coverage.py's `display_covered` has the same rule for 100%. Where eight are not enough: `just below 0.80`.

    >>> _number(0.7996, "ratio", [0.80])
    '0.7996'
    >>> _number(0.0004, "rate", [])
    '< 0.001'
    """
    if abs(value) >= _TOO_LONG:
        return _signed(f"{value:.3g}")
    if abs(value) < 1e-15:
        value = 0.0
    kind = _kind(unit)
    fewest = 0 if abs(value) >= WHOLE_FROM.get(kind, math.inf) else PLACES.get(kind, 3)
    for places in range(fewest, MOST_PLACES + 1):
        text = f"{value:,.{places}f}"
        shown = Decimal(text.replace(",", ""))
        if shown == 0 and value != 0 and places < (MOST_PLACES if 0 in known else SMALLEST.get(kind, 0)):
            continue
        if all(side(float(shown), limit) == side(value, limit) for limit in known):
            break
    else:
        limit = min(known, key=lambda known_limit: abs(known_limit - value))
        return f"just {'below' if value < limit else 'above'} {limit_number(limit, unit)}"
    if shown == 0 and value != 0:
        if kind == "number":  # a strength that chance can push below 0: what rounds to nothing is written as it rounds
            return f"{0:.{places}f}"
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
    """A limit at two decimals or more, never rounded; as few as it has for counts, percent and basis points.

    >>> limit_number(0.8), limit_number(0.805), limit_number(0, "count"), limit_number(5.0, "percent")
    ('0.80', '0.805', '0', '5%')
    """
    exact = Decimal(repr(limit)) if isinstance(limit, float) else Decimal(limit)
    exponent = exact.normalize().as_tuple().exponent
    least = 0 if _kind(unit) in _AS_FEW else 2
    places = max(least, -exponent) if isinstance(exponent, int) else least
    return _signed(f"{exact:,.{places}f}") + after(unit)


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


def interval(
    bounds: Bounds | None,
    unit: str,
    limits: Iterable[float | None] = (),
    joiner: str = " to ",
    *,
    plus: bool | None = None,
    bare: bool = False,
) -> str:
    """An interval; a side without a bound is said in words. `bare` leaves the unit out, as for `judged`.

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
        text = f"{judged(low, unit, known, plus=plus, bare=bare)} or more"
        return "any value" if low == 0 and unit == "ratio" else text
    if low is None:
        return f"{judged(high, unit, known, plus=plus, bare=bare)} or less"
    once = is_word(unit)  # `3.10 to 21.70 EUR`; a sign stands by each number
    first = judged(low, unit, known, plus=plus, bare=once or bare)
    return f"{first}{joiner}{judged(high, unit, known, plus=plus, bare=bare)}"


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


def quantity(value: float | None, unit: str, *, bare: bool = False) -> str:
    """A group's own quantity where it explains something: a rate in percent, anything else in its unit.

    >>> quantity(0.276, "rate"), quantity(8214, "people"), quantity(0.7312, "score"), quantity(12.4, "money:EUR")
    ('27.6%', '8,214', '0.731', '12.40 EUR')
    """
    return percent(value) if unit == "rate" else judged(value, unit, bare=bare)


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
