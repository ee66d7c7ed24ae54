"""Evaluators that usually say the same of a conversation, so that it is worth asking a person where they do not.

Which ones those are is learned from what they say: pairs whose verdicts go together, or against each other, by the phi
coefficient (Yule 1912). Old verdicts fade, so that a new version of an evaluator finds its companions anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

CLOSE: Final = 0.5
"""Phi from which on two evaluators count as companions."""
ENOUGH: Final = 200
"""Conversations that both have scored."""
ENOUGH_EACH: Final = 10
"""Of these, those that each says yes of, and those that it says no of."""
_FADES_AT: Final = 20_000
_LEARNS_EVERY: Final = 50
"""Conversations after which companions are looked for anew."""

Floats = NDArray[np.float64]


class Companions:
    """Counts what evaluators say together. Not safe to share between threads."""

    def __init__(self, names: Sequence[str]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._names = tuple(names)
        size = len(names)
        # By pair: both scored; the first says yes; both say yes.
        self._both: Floats = np.zeros((size, size))
        self._first: Floats = np.zeros((size, size))
        self._yes: Floats = np.zeros((size, size))
        self._noted = 0
        self._close: dict[int, list[tuple[float, int]]] = {}

    def note(self, fresh: Mapping[str, bool], standing: Mapping[str, bool]) -> None:
        """Count one conversation.

        Args:
            fresh: Verdicts that are new, by evaluator.
            standing: Verdicts that were there before; pairs of these are counted already.
        """
        new, old = (self._known(verdicts) for verdicts in (fresh, standing))
        known = [*new.items(), *((place, said) for place, said in old.items() if place not in new)]
        if len(known) < 2 or not new:  # noqa: PLR2004 - it takes two
            return
        places = np.array([place for place, _ in known])
        said = np.array([float(yes) for _, yes in known])
        counted = np.ones((len(known), len(known)))
        counted[len(new) :, len(new) :] = 0.0
        cells = np.ix_(places, places)
        self._noted += 1
        if self._noted % _LEARNS_EVERY == 0:
            self._close.clear()
        self._both[cells] += counted
        self._first[cells] += counted * said[:, None]
        self._yes[cells] += counted * np.outer(said, said)
        if self._both.max() > _FADES_AT:
            self._both /= 2
            self._first /= 2
            self._yes /= 2

    def against(self, name: str, verdicts: Mapping[str, bool]) -> str | None:
        """The closest companion of an evaluator that contradicts it; ``None`` where none does.

        Args:
            name: The evaluator.
            verdicts: What all say of the conversation, this one too.
        """
        place, said = self._places.get(name), verdicts.get(name)
        if place is None or said is None:
            return None
        for phi, other in self._closest(place):
            theirs = verdicts.get(self._names[other])
            if theirs is not None and (theirs is said) is not (phi > 0):
                return self._names[other]
        return None

    def _closest(self, place: int) -> list[tuple[float, int]]:
        """The companions of one evaluator, the closest first."""
        if place not in self._close:
            phi = self._phi(place)
            found = [
                (float(phi[other]), int(other)) for other in np.flatnonzero(np.abs(phi) >= CLOSE) if other != place
            ]
            self._close[place] = sorted(found, key=lambda one: (-abs(one[0]), one[1]))
        return self._close[place]

    def _phi(self, place: int) -> Floats:
        """Of one evaluator with each other, 0 where too little is known."""
        n, mine, theirs, both = self._both[place], self._first[place], self._first[:, place], self._yes[place]
        is_known = (n >= ENOUGH) & (np.minimum.reduce([mine, theirs, n - mine, n - theirs]) >= ENOUGH_EACH)
        spread = np.sqrt(np.maximum(mine * (n - mine) * theirs * (n - theirs), 1e-9))
        phi: Floats = np.where(is_known, (n * both - mine * theirs) / spread, 0.0)
        return phi

    def _known(self, verdicts: Mapping[str, bool]) -> dict[int, bool]:
        return {self._places[name]: said for name, said in verdicts.items() if name in self._places}


__all__ = ["CLOSE", "ENOUGH", "ENOUGH_EACH", "Companions"]
