"""Where a falling function crosses zero: the one solver that inverts a test into a confidence bound.

May import: the standard library only.
"""

from __future__ import annotations

from collections.abc import Callable

_RELATIVE = 4e-16
_STEPS = 200


def crossing(function: Callable[[float], float], start: float, step: float, low: float, high: float) -> float:
    """The x in [low, high] where a falling `function` passes from positive to negative.

    Walks from `start` in doubling steps until the sign changes, then closes in by Chandrupatla's method (1997,
    Advances in Engineering Software 28, 145): inverse quadratic interpolation where it is safe, bisection elsewhere,
    so that it never leaves the bracket. Returns `low` (`high`) if the function is negative (positive) all the way.

    Example: crossing(lambda x: 2 - x * x, 1, 0.25, 0, 10) is √2.
    """
    here = min(max(start, low), high)
    value = function(here)
    if value == 0:
        return here
    upward = value > 0
    edge = high if upward else low
    while True:
        if here == edge:
            return edge
        there = min(here + step, edge) if upward else max(here - step, edge)
        value_there = function(there)
        if value_there == 0:
            return there
        if (value_there > 0) != upward:
            return _close_in(function, here, value, there, value_there)
        here, value = there, value_there
        step *= 2


def _close_in(function: Callable[[float], float], a: float, at_a: float, b: float, at_b: float) -> float:
    """Chandrupatla's method on a bracket whose ends have values of opposite sign."""
    part = 0.5
    for _ in range(_STEPS):
        x = a + part * (b - a)
        at_x = function(x)
        if (at_x > 0) == (at_a > 0):
            c, at_c = a, at_a
        else:
            c, at_c = b, at_b
            b, at_b = a, at_a
        a, at_a = x, at_x
        best, at_best = (a, at_a) if abs(at_a) < abs(at_b) else (b, at_b)
        nearest = (_RELATIVE * abs(best) + 1e-300) / abs(b - a) if b != a else 1.0
        if nearest > 0.5 or at_best == 0:
            return best
        part = 0.5
        if at_c not in (at_a, at_b):
            position, drop = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
            if drop * drop < position and (1 - drop) * (1 - drop) < 1 - position:
                part = at_a / (at_b - at_a) * at_c / (at_b - at_c)
                part += (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
        part = min(1 - nearest, max(nearest, part))
    return best
