"""L-BFGS (Liu and Nocedal 1989) for smooth convex functions.

SciPy's hands its vectors to a BLAS that spreads a hundred numbers over all cores; on a busy machine these then wait for
each other, and what takes a tenth of a second takes ten.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from evaluators.learned.measures import Floats

_MEMORY: Final = 10
_HALVINGS: Final = 30
_DECREASE: Final = 1e-4
_FLAT: Final = 1e-5
_SAME: Final = 1e-9
_CURVED: Final = 1e-12

Valued = Callable[[Floats], tuple[float, Floats]]
"""A function's value and gradient at a point."""


def minimise(function: Valued, start: Floats, iterations: int) -> Floats:
    """Where ``function`` is least, searched from ``start`` until its gradient or its progress vanishes; deterministic."""
    x = start
    value, gradient = function(x)
    steps: deque[tuple[Floats, Floats]] = deque(maxlen=_MEMORY)
    for _ in range(iterations):
        if np.abs(gradient).max(initial=0.0) < _FLAT:
            break
        direction = -_curved(gradient, steps)
        if not steps:
            direction = direction / max(1.0, float(np.abs(direction).sum()))
        found = _along(function, x, value, float(gradient @ direction), direction)
        if found is None:
            break
        new, new_value, new_gradient = found
        moved, turned = new - x, new_gradient - gradient
        if float(moved @ turned) > _CURVED:
            steps.append((moved, turned))
        gained = value - new_value
        x, value, gradient = new, new_value, new_gradient
        if gained <= _SAME * max(1.0, abs(value)):
            break
    return x


def _along(
    function: Valued, x: Floats, value: float, slope: float, direction: Floats
) -> tuple[Floats, float, Floats] | None:
    """The first of steps, each half the one before, that gains enough (Armijo)."""
    step = 1.0
    for _ in range(_HALVINGS):
        new = x + step * direction
        new_value, new_gradient = function(new)
        if new_value <= value + _DECREASE * step * slope:
            return new, new_value, new_gradient
        step /= 2
    return None


def _curved(gradient: Floats, steps: Iterable[tuple[Floats, Floats]]) -> Floats:
    """The gradient, by the inverse of the curvature that the last steps have shown (two-loop recursion)."""
    known = list(steps)
    q, shares = gradient.copy(), []
    for moved, turned in reversed(known):
        share = float(moved @ q) / float(moved @ turned)
        q -= share * turned
        shares.append(share)
    if known:
        moved, turned = known[-1]
        q *= float(moved @ turned) / float(turned @ turned)
    for (moved, turned), share in zip(known, reversed(shares), strict=True):
        q += (share - float(turned @ q) / float(moved @ turned)) * moved
    return q
