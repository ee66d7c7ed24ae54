"""Whether the traffic is another mix than it was: much more of one language, scenario or topic than there ever is in a day."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

LEAST_DAYS = 10
"""Days that it takes to know how much a share wanders by itself."""
CHANCE = 1e-5
"""How unlikely a day's share must be."""
LEAST_MORE = 0.05
LEAST_TIMES = 1.5
"""A share worth telling of is larger than usual by so much, and so many times."""
_FEWEST_A_DAY = 20
_WANDERS = 0.1
_BAND = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A value's share of a day's conversations, ``k`` of ``n``, beside its usual share and the range that it wanders in."""

    n: int
    k: int
    usual: float
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.k / self.n


def shifted(k: int, n: int, days: Sequence[tuple[int, int]]) -> Shift | None:
    """A share that has risen far beyond what it does from day to day, if it has.

    Args:
        k: Conversations of the last 24 hours that have the value.
        n: All conversations of the last 24 hours.
        days: The same two of each day before.
    """
    known = [(some, of) for some, of in days if of >= _FEWEST_A_DAY]
    if n < _FEWEST_A_DAY or len(known) < LEAST_DAYS:
        return None
    counts, totals = (np.array(column, dtype=np.float64) for column in zip(*known, strict=True))
    usual = (counts.sum() + 0.5) / (totals.sum() + 1)
    shares = counts / totals
    by_chance = usual * (1 - usual)
    wandering = float(((shares - usual) ** 2).mean() - (by_chance / totals).mean())
    wandering = max(wandering, (_WANDERS * usual) ** 2)
    spread = math.sqrt(by_chance / n + wandering * (1 + 1 / len(known)))
    share, freedom = k / n, len(known) - 1
    if share < usual + LEAST_MORE or share < LEAST_TIMES * usual:
        return None
    if special.stdtr(freedom, -(share - usual) / spread) > CHANCE:
        return None
    step = float(special.stdtrit(freedom, _BAND)) * spread
    return Shift(n=n, k=k, usual=float(usual), low=max(0.0, float(usual) - step), high=min(1.0, float(usual) + step))
