"""Which segment explains an anomaly.

A segment is named when it holds at least half of the excess (the explanatory power of Adtributor; Bhagwan et al.,
NSDI 2014), when that excess is no chance, and when it stands out from the rest of the traffic: a segment with most
of the conversations holds most of the excess of any change, and explains nothing by that. Where every segment of a
key is at its own usual level and only their shares have moved, that is said instead (Simpson's paradox).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

LEAST_SHARE = 0.5
LEAST_Z = 4.0
LEAST_CONTRAST = 2.0
"""Standard errors by which a named segment must differ from the rest."""
LARGE_SHARE = 0.2
"""Only segments with this share of the conversations come to hold half of an excess by chance."""
MANY_CONTRAST = 0.5
"""Over the largest contrast that so many segments have by chance, sqrt(2 ln m), a named one must be by so much."""
SUSPECT_Z = 2.5
SUSPECT_CONTRAST = 0.5
"""What is asked of a segment that changed just before the anomaly began."""
BLAMED_SHARE = 0.8
"""A segment that changed just before is named before the one where it shows when it holds so much of the excess."""
INNER_SHARE = 0.7
"""A part of a named segment is named with it when it holds so much of its excess."""
WHOLE_SHARE = 0.98
"""A segment with this share of the conversations is the whole."""
LEAST_GAP = 0.5
"""By how much of the whole's change a named segment must have moved more than the rest."""
LEAST_PART = 15
"""Conversations in a segment, on average: the shares of smaller ones move by chance all the time."""
SURE_MIX_SHARE = 0.7
"""A shift of the mix that explains so much is said before any segment."""
LEAST_MIX_SHARE = 0.35
"""One that explains so much is said where no segment explains more."""
FLAT_Z = 4.0
FLAT_SHARE = 0.4
FLAT_NOISE = 3.0
"""Segments count as flat when together they moved by no more of the excess than so many standard errors."""
COVERED = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one segment showed since an anomaly began: the segment ``key = value``, or all traffic (both empty).

    ``n`` conversations; ``total`` is the number of positives for a rate, the sum of ln x for a mean, the count for
    a count; ``expected`` and ``variance`` are those of ``total`` under the segment's baseline (its own, or its
    parent's while it has none). ``usual_n`` is how many conversations the segment usually has in as much time.
    """

    key: str = ""
    value: str = ""
    n: float
    total: float
    expected: float
    variance: float
    usual_n: float | None = None

    @property
    def excess(self) -> float:
        return self.total - self.expected

    @property
    def z(self) -> float:
        """The excess in standard errors, 0 where nothing can be said."""
        return self.excess / math.sqrt(self.variance) if self.variance > 0 else 0.0

    def without(self, other: Cell) -> Cell:
        """The rest of this cell's traffic."""
        return Cell(
            n=self.n - other.n,
            total=self.total - other.total,
            expected=self.expected - other.expected,
            variance=max(self.variance - other.variance, 0.0),
        )


class Cause(StrEnum):
    """What explains an anomaly."""

    SEGMENT = "segment"
    MIX_SHIFT = "mix_shift"
    EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The cause of an anomaly.

    For ``Cause.SEGMENT`` the segment ``key = value`` holds ``share`` of the excess (more than 1 where the rest went
    the other way) with ``z`` standard errors, ``also`` lists segments of other keys with the very same conversations,
    and ``within`` is the segment of another key in which a change that is named shows most.
    For ``Cause.MIX_SHIFT`` the shares of ``key``'s values moved while each stayed at its own level; ``share`` is what
    that explains and ``value``, where it is known, the one that mattered most. ``Cause.EVERYWHERE`` names none.
    """

    cause: Cause
    key: str = ""
    value: str = ""
    share: float = 0.0
    z: float = 0.0
    also: tuple[tuple[str, str], ...] = ()
    within: tuple[str, str] | None = None
    cell: Cell | None = None


def attribute(
    whole: Cell,
    cells: Sequence[Cell],
    *,
    keys: Sequence[str] = (),
    suspects: Collection[tuple[str, str]] = (),
) -> Attribution:
    """Find the segment that explains the excess of ``whole``, or the shift of the mix.

    Args:
        whole: The series of the anomaly.
        cells: Its segments by any number of keys; the cells of one key do not overlap.
        keys: Which key to name first where two have the very same conversations; others follow in name order.
        suspects: Segments that changed just before the anomaly began. They are few, so that less evidence is asked of
            them than of any one of hundreds.
    """
    sound = [cell for cell in (whole, *cells) if _is_sound(cell)]
    if not sound or sound[0] is not whole or not whole.excess:
        return Attribution(cause=Cause.EVERYWHERE)
    order = {key: rank for rank, key in enumerate(keys)}
    contrast = _least_contrast(sound[1:], whole)
    ranked = sorted(
        (cell for cell in sound[1:] if _explains(cell, whole, contrast, suspected=(cell.key, cell.value) in suspects)),
        key=lambda cell: (-round(_fit(cell, whole), 6), order.get(cell.key, len(order)), cell.key, cell.value),
    )
    suspected = any((cell.key, cell.value) in suspects for cell in ranked)
    shift = None if suspected else _mix_shift(whole, sound[1:], order)
    if shift is not None and (not ranked or _explains_more(shift, ranked[0], whole)):
        return shift
    if not ranked:
        return Attribution(cause=Cause.EVERYWHERE)
    blamed = [cell for cell in ranked if (cell.key, cell.value) in suspects and _is_to_blame(cell, whole)]
    first = next(iter(blamed), ranked[0])
    same = [cell for cell in ranked if _same_conversations(cell, first)]
    named = min(same, key=lambda cell: (order.get(cell.key, len(order)), cell.key, cell.value))
    narrower = ranked[0] if ranked[0] not in same and ranked[0].n < first.n else None
    return Attribution(
        cause=Cause.SEGMENT,
        key=named.key,
        value=named.value,
        share=named.excess / whole.excess,
        z=named.z,
        also=tuple((cell.key, cell.value) for cell in same if cell is not named),
        within=None if narrower is None else (narrower.key, narrower.value),
        cell=named,
    )


def narrowed(found: Attribution, parts: Sequence[Cell]) -> Attribution:
    """The same cause with the segment of another key within it that carries it, where one does.

    Args:
        found: A named segment.
        parts: What the parts of that segment showed, cut by other keys.
    """
    if found.cause is not Cause.SEGMENT or found.cell is None or found.within is not None:
        return found
    inner = attribute(found.cell, [part for part in parts if part.key != found.key])
    if inner.cause is not Cause.SEGMENT or inner.share < INNER_SHARE:
        return found
    return replace(found, within=(inner.key, inner.value))


def _is_to_blame(cell: Cell, whole: Cell) -> bool:
    """Whether a change holds the excess by more than its share of the traffic.

    Where a new version breaks one scenario, that scenario stands out most; but it was there before, and without the
    new version it is as it was.
    """
    return cell.excess / whole.excess >= BLAMED_SHARE and _contrast(cell, whole) >= LEAST_CONTRAST


def _is_sound(cell: Cell) -> bool:
    return all(map(math.isfinite, (cell.n, cell.total, cell.expected, cell.variance))) and cell.n >= 0


def _explains(cell: Cell, whole: Cell, contrast: float, *, suspected: bool) -> bool:
    sign = math.copysign(1.0, whole.excess)
    least_z, least_contrast = (SUSPECT_Z, SUSPECT_CONTRAST) if suspected else (LEAST_Z, contrast)
    if cell.n >= WHOLE_SHARE * whole.n or cell.excess / whole.excess < LEAST_SHARE or sign * cell.z < least_z:
        return False
    return _contrast(cell, whole) >= least_contrast and _stands_out(cell, whole)


def _least_contrast(cells: Sequence[Cell], whole: Cell) -> float:
    """By how many standard errors one of so many segments differs from the rest by chance, and some more."""
    large = {(round(cell.n), round(cell.total, 6)) for cell in cells if cell.n >= LARGE_SHARE * whole.n}
    return max(LEAST_CONTRAST, math.sqrt(2 * math.log(max(len(large), 1))) + MANY_CONTRAST)


def _stands_out(cell: Cell, whole: Cell) -> bool:
    """Whether a segment moved much more than the rest did: no change hits all of them quite alike."""
    rest = whole.without(cell)
    if rest.variance <= 0 or whole.variance <= 0:
        return True
    gap = (cell.excess / cell.variance - rest.excess / rest.variance) * math.copysign(1.0, whole.excess)
    return gap >= LEAST_GAP * abs(whole.excess) / whole.variance


def _contrast(cell: Cell, whole: Cell) -> float:
    """Standard errors by which a segment differs from the rest, in the direction of the excess."""
    rest = whole.without(cell)
    if rest.variance <= 0:
        return math.inf
    gap = cell.excess / cell.variance - rest.excess / rest.variance
    return math.copysign(1.0, whole.excess) * gap / math.sqrt(1 / cell.variance + 1 / rest.variance)


def _fit(cell: Cell, whole: Cell) -> float:
    """How well "this segment and the rest each moved by themselves" fits: two squared z."""
    # A product overflows to infinity where a power would raise.
    z, rest = cell.z, whole.without(cell).z
    return z * z + rest * rest


def _same_conversations(cell: Cell, other: Cell) -> bool:
    return cell is other or (
        cell.key != other.key
        and math.isclose(cell.n, other.n, abs_tol=0.5)
        and math.isclose(cell.total, other.total, rel_tol=1e-6, abs_tol=1e-6)
    )


def _explains_more(shift: Attribution, cell: Cell, whole: Cell) -> bool:
    """Whether a shift of the mix leaves less of the excess unexplained than a segment does."""
    return shift.share >= SURE_MIX_SHARE or abs(1 - shift.share) * abs(whole.z) < abs(whole.without(cell).z)


def _mix_shift(whole: Cell, cells: Sequence[Cell], order: dict[str, int]) -> Attribution | None:
    """The key whose shares moved, where that explains much and its segments hold little of the excess."""
    noise = max(FLAT_SHARE, FLAT_NOISE / max(abs(whole.z), 1.0))
    found: list[tuple[float, str]] = []
    for key in sorted({cell.key for cell in cells}, key=lambda key: (order.get(key, len(order)), key)):
        parts = [cell for cell in cells if cell.key == key]
        within = sum(cell.excess for cell in parts) / whole.excess
        between = (sum(cell.expected for cell in parts) - whole.expected) / whole.excess
        flat = abs(within) <= noise and all(abs(cell.z) < FLAT_Z for cell in parts)
        covered = COVERED * whole.n <= sum(cell.n for cell in parts) <= whole.n / COVERED
        if 1 < len(parts) <= whole.n / LEAST_PART and flat and covered and between >= LEAST_MIX_SHARE:
            found.append((between, key))
    if not found:
        return None
    share, key = max(found, key=lambda pair: pair[0])
    moved = _most_moved(whole, [cell for cell in cells if cell.key == key])
    return Attribution(cause=Cause.MIX_SHIFT, key=key, value=moved.value if moved else "", share=share, cell=moved)


def _most_moved(whole: Cell, parts: Sequence[Cell]) -> Cell | None:
    """The part whose change of share moved the whole most, in the direction of the excess."""
    usual_n = sum(cell.usual_n or 0.0 for cell in parts)
    if any(cell.usual_n is None for cell in parts) or usual_n <= 0 or whole.n <= 0:
        return None
    middle = whole.expected / whole.n

    def moved(cell: Cell) -> float:
        gained = cell.n - (cell.usual_n or 0.0) / usual_n * whole.n
        return gained * (cell.expected / cell.n - middle if cell.n else 0.0) * math.copysign(1.0, whole.excess)

    return max(parts, key=moved)
