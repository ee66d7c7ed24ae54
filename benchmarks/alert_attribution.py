"""Which segment is to blame: made-up conversations of seven dimensions, one cause each, and whether it is named.

Every segment's baseline is estimated from twenty times as many quiet conversations, as the detector does; what is asked of is
only an incident that shows in all traffic (four standard errors), since no other would have been alerted on as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from alerts.explaining.attribution import Attribution, Cause, Cell, attribute, narrowed

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
What: TypeAlias = Literal["one segment", "two segments at once", "mix shift", "everywhere"]
DIMENSIONS: Final = {
    "model": 3, "prompt_version": 2, "release": 3, "tool": 6, "topic": 8, "user_group": 4, "language": 5,
}  # fmt: skip
TIMES_QUIET: Final = 20
LEAST_Z: Final = 4.0
LEAST_SHARE: Final = 0.03
LOG_SD: Final = 0.7
_UNEVEN: Final = "topic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversations:
    """Each conversation's value of every dimension, and what was measured of it: 0 or 1, or ln of seconds."""

    values: dict[str, Ints]
    measured: Floats

    def cell(self, quiet: Conversations, here: dict[str, int], *, is_rate: bool) -> Cell:
        """What a segment shows against its own baseline."""
        mine, before = self._inside(here), quiet._inside(here)
        n, n_before = float(mine.sum()), float(before.sum())
        usual = float((quiet.measured[before].sum() + 0.5 * is_rate) / (n_before + is_rate)) if n_before else 0.0
        spread = max(usual * (1 - usual), 1e-4) if is_rate else LOG_SD**2
        (key, value), *_ = here.items() if here else [("", "")]
        return Cell(
            key=key,
            value=str(value),
            n=n,
            total=float(self.measured[mine].sum()),
            expected=n * usual,
            variance=n * spread * (1 + n / max(n_before, 1.0)),
            usual_n=n_before / TIMES_QUIET,
        )

    def _inside(self, here: dict[str, int]) -> npt.NDArray[np.bool_]:
        inside = np.ones(len(self.measured), dtype=bool)
        for key, value in here.items():
            inside &= self.values[key] == value
        return inside


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How traffic spreads over the segments, and how they differ by nature."""

    shares: dict[str, Floats]
    nature: dict[str, Floats]
    is_rate: bool

    @classmethod
    def drawn(cls, rng: np.random.Generator, *, is_rate: bool) -> World:
        shares = {key: rng.dirichlet(np.full(size, 2.0)) for key, size in DIMENSIONS.items()}
        nature = {key: rng.normal(0, 0.5 if key == _UNEVEN else 0.05, size) for key, size in DIMENSIONS.items()}
        return cls(shares=shares, nature=nature, is_rate=is_rate)

    def flow(self, rng: np.random.Generator, n: int, here: dict[str, int], size: float) -> Conversations:
        """Conversations of which those in the segment ``here`` are off by ``size`` (log odds, or ln of seconds)."""
        values = {key: rng.choice(len(p), n, p=p) for key, p in self.shares.items()}
        level = (-2.8 if self.is_rate else 0.5) + sum(self.nature[key][values[key]] for key in values)
        bad = np.ones(n, dtype=bool)
        for key, value in here.items():
            bad &= values[key] == value
        level = level + size * bad
        if self.is_rate:
            return Conversations(values=values, measured=(rng.random(n) < 1 / (1 + np.exp(-level))).astype(float))
        return Conversations(values=values, measured=rng.normal(level, LOG_SD))

    def shifted(self, rng: np.random.Generator) -> World:
        """The same world with several times as much traffic of its worst kind of conversation."""
        share = self.shares[_UNEVEN].copy()
        share[int(np.argmax(self.nature[_UNEVEN]))] *= rng.uniform(3, 8)
        return World(shares=self.shares | {_UNEVEN: share / share.sum()}, nature=self.nature, is_rate=self.is_rate)


def incident(
    rng: np.random.Generator, what: What, *, is_rate: bool
) -> tuple[Conversations, Conversations, dict[str, int]] | None:
    """Conversations, quiet ones before them, and the segment at fault; ``None`` where the draw shows no incident."""
    world, n, here, size = World.drawn(rng, is_rate=is_rate), int(rng.uniform(300, 4000)), {}, 0.0
    if what in ("one segment", "two segments at once"):
        keys = rng.permutation(list(DIMENSIONS))[: 1 if what == "one segment" else 2]
        here = {str(key): int(rng.integers(DIMENSIONS[str(key)])) for key in keys}
        share = float(np.prod([world.shares[key][value] for key, value in here.items()]))
        if not LEAST_SHARE <= share <= 1 - LEAST_SHARE:
            return None
    if what != "mix shift":
        size = rng.uniform(0.8, 2.5) if is_rate else rng.uniform(0.25, 0.8)
    quiet = world.flow(rng, n * TIMES_QUIET, {}, 0.0)
    now = (world.shifted(rng) if what == "mix shift" else world).flow(rng, n, here, size)
    return (now, quiet, here) if now.cell(quiet, {}, is_rate=is_rate).z >= LEAST_Z else None


def explained(now: Conversations, quiet: Conversations, *, is_rate: bool) -> Attribution:
    """What Hark says of an incident, from its cells alone."""
    cells = [
        now.cell(quiet, {key: value}, is_rate=is_rate) for key, size in DIMENSIONS.items() for value in range(size)
    ]
    found = attribute(now.cell(quiet, {}, is_rate=is_rate), cells)
    if found.cause is not Cause.SEGMENT:
        return found
    inner = {found.key: int(found.value)}
    pairs = [
        now.cell(quiet, {key: value} | inner, is_rate=is_rate)
        for key, size in DIMENSIONS.items()
        if key != found.key
        for value in range(size)
    ]
    return narrowed(found, pairs)


def is_right(found: Attribution, what: What, here: dict[str, int]) -> bool:
    """Whether the answer is the truth: the segment (of two both), the shift of the mix, or no segment."""
    if what in ("mix shift", "everywhere"):
        return found.cause is (Cause.MIX_SHIFT if what == "mix shift" else Cause.EVERYWHERE)
    named = {(found.key, found.value), *([found.within] if found.within else [])}
    return found.cause is Cause.SEGMENT and named == {(key, str(value)) for key, value in here.items()}


def is_right_first(found: Attribution, here: dict[str, int]) -> bool:
    """Whether the first segment that is named is (one of) those at fault."""
    return found.cause is Cause.SEGMENT and (found.key, int(found.value)) in here.items()


def table(seed: int, each: int) -> Iterator[str]:
    """The benchmark's lines: how often the answer is right, over ``each`` incidents of every sort."""
    yield f"\nAttribution, {each} incidents of each sort over {sum(DIMENSIONS.values())} segments of {len(DIMENSIONS)} keys"
    yield "| cause | measured | first named is right | all is right |\n| --- | --- | ---: | ---: |"
    sorts: tuple[What, ...] = ("one segment", "two segments at once", "mix shift", "everywhere")
    for number, what in enumerate(sorts):
        for is_rate in (True, False):
            rng, right, first, done = np.random.default_rng([seed, number, is_rate]), 0, 0, 0
            while done < each:
                drawn = incident(rng, what, is_rate=is_rate)
                if drawn is None:
                    continue
                now, quiet, here = drawn
                found = explained(now, quiet, is_rate=is_rate)
                done, right, first = done + 1, right + is_right(found, what, here), first + is_right_first(found, here)
            named = f"{first / each:.1%}" if "segment" in what else ""
            yield f"| {what} | {'a rate' if is_rate else 'a size'} | {named} | {right / each:.1%} |"
