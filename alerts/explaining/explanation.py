"""What carries a change: a segment, the part of it where it shows, a shift of the mix, or all traffic alike."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.explaining.attribution import Attribution, Cause, Cell, attribute, narrowed
from alerts.explaining.recent import facts_between
from alerts.watching.watch import Finding, Watch
from traces.model import EVERYTHING, Change, Direction, Kind, Segment, Signal
from traces.store import Tx
from traces.store.rollups import HOUR_S, Fact, bucket_start

CHANGE_WINDOW = timedelta(hours=12)
CHANGE_KEYS = ("prompt_version", "model", "release")
"""Of keys that carve out the same conversations the first is named: it is the likeliest to be the cause."""
_WEEK = timedelta(weeks=1)
_WEEKS_BACK = 4
_PRIOR_N = 20.0
"""How many conversations the guess for a part from its two cuts is worth, beside what that part itself was like."""
_LEAST_SURPLUS = 0.2
"""By how much more of the change than of the conversations a part must hold."""
_QUIET_BACK = timedelta(weeks=2)

_OWN_Z = 4.0
_CARRIED_Z = 3.0
"""Standard errors over what the whole, or the part, explains, from which a change is one of its own."""
_HALF = 0.5


def explanation(tx: Tx, watch: Watch, finding: Finding, changes: Sequence[Change]) -> Attribution:
    """Which segment carries what a finding shows in all traffic, or that only the mix of its segments has moved.

    Args:
        tx: The store, read for the usual mix only where the mix has moved.
        watch: The detectors.
        finding: The series that is off.
        changes: The markers known.
    """
    start = finding.anomaly.started_at
    # The segments overlap a part of the traffic in ways nobody has counted; they add up to all of it only.
    whole = _cell(watch, finding.signal, EVERYTHING, start)
    if finding.signal.kind is Kind.COUNT or whole is None:
        return Attribution(cause=Cause.EVERYWHERE)
    cells = [
        cell
        for segment in watch.segments_of(finding.signal)
        if len(segment.pairs) == 1 and (cell := _cell(watch, finding.signal, segment, start)) is not None
    ]
    suspects = {(c.kind, c.value) for c in changes if abs(c.at - start) <= CHANGE_WINDOW}
    found = attribute(whole, cells, keys=CHANGE_KEYS, suspects=suspects)
    if found.cause is not Cause.MIX_SHIFT:
        return found
    end = watch.through or start + timedelta(seconds=HOUR_S)
    counted = [
        replace(cell, usual_n=_usual_n(tx, finding.signal, cell, start, end)) if cell.key == found.key else cell
        for cell in cells
    ]
    return attribute(whole, counted, keys=CHANGE_KEYS, suspects=suspects)


def within(
    tx: Tx, watch: Watch, signal: Signal, found: Attribution, facts: Sequence[Fact], start: datetime, threshold: float
) -> Attribution:
    """The same cause with the part of the named segment that carries it, where one does.

    A part has no series of its own. What it shows is counted from the conversations since the change began, and what it
    should show from the two weeks before; of a part that hardly was there, what its two cuts make of it.

    Args:
        tx: The store.
        watch: The detectors.
        signal: The signal.
        found: What carries the change.
        facts: The conversations since it began.
        start: When that was.
        threshold: The value from which a conversation counts as positive.
    """
    if found.cause is not Cause.SEGMENT or signal.kind is Kind.COUNT:
        return found
    segment = Segment.of(**{found.key: found.value})
    usual = _Usual.of(watch, signal, segment, start)
    if usual is None:
        return found
    before = facts_between(tx, start - _QUIET_BACK, bucket_start(start, HOUR_S))
    seen, quiet = (_parts(some, signal, segment, threshold) for some in (facts, before))
    if EVERYTHING not in seen:
        return found
    cells = {part: _part_cell(part, tally, quiet.get(part, _Tally()), usual, watch) for part, tally in seen.items()}
    known = [cell for part, cell in cells.items() if part != EVERYTHING and cell is not None]
    whole = cells[EVERYTHING]
    if whole is None:
        return found
    same = {found.key, *(key for key, _ in found.also)}
    inner = narrowed(replace(found, cell=whole), [cell for cell in known if cell.key not in same])
    part = cells.get(Segment((inner.within,))) if inner.within is not None else None
    # Most of a segment holds most of its change by chance.
    if part is None or part.excess / whole.excess - part.n / whole.n < _LEAST_SURPLUS:
        return found
    return replace(found, within=inner.within)


@dataclass(slots=True)
class _Tally:
    """Values of a signal, and their sum: positives of a rate, ln x of a size."""

    n: int = 0
    total: float = 0.0

    def add(self, values: Iterable[float]) -> None:
        for value in values:
            self.n += 1
            self.total += value


@dataclass(frozen=True, slots=True)
class _Usual:
    """What one value of a signal is expected to be in a segment and in all traffic, and its variance there."""

    signal: Signal
    start: datetime
    segment: float
    everywhere: float
    variance: float

    @classmethod
    def of(cls, watch: Watch, signal: Signal, segment: Segment, start: datetime) -> _Usual | None:
        here, whole = (watch.since(signal, s, start) for s in (segment, EVERYTHING))
        if here is None or whole is None or not here.judged or not whole.judged:
            return None
        return cls(
            signal, start, here.expected / here.judged, whole.expected / whole.judged, here.variance / here.judged
        )

    def of_part(self, watch: Watch, part: Segment) -> float | None:
        """What two cuts make of one value: the one's odds, or ratio, times the other's."""
        cut = watch.since(self.signal, part, self.start)
        if cut is None or not cut.judged:
            return None
        mean = cut.expected / cut.judged
        if self.signal.kind is Kind.RATE:
            return _expit(_logit(mean) + _logit(self.segment) - _logit(self.everywhere))
        return mean + self.segment - self.everywhere


def _parts(facts: Sequence[Fact], signal: Signal, segment: Segment, threshold: float) -> dict[Segment, _Tally]:
    """By further cut, what a segment's conversations show; under ``EVERYTHING`` all of them."""
    found: dict[Segment, _Tally] = defaultdict(_Tally)
    for fact in facts:
        if segment not in fact.segments or signal.name not in fact.values:
            continue
        values = _measured(signal, fact.values[signal.name], threshold)
        for part in fact.segments:
            if part != segment:
                found[part].add(values)
    return found


def _measured(signal: Signal, values: Sequence[float], threshold: float) -> list[float]:
    if signal.kind is Kind.RATE:
        return [float(values[0] >= threshold)]
    if signal.kind is Kind.CONTINUOUS:
        return [math.log(value) for value in values if value > 0]
    return list(values)


def _part_cell(part: Segment, seen: _Tally, quiet: _Tally, usual: _Usual, watch: Watch) -> Cell | None:
    guess = usual.segment if part == EVERYTHING else usual.of_part(watch, part)
    if guess is None or not seen.n:
        return None
    mean = (quiet.total + _PRIOR_N * guess) / (quiet.n + _PRIOR_N)
    spread = usual.variance
    if usual.signal.kind is Kind.RATE:
        spread *= max(mean * (1 - mean), 1e-4) / max(usual.segment * (1 - usual.segment), 1e-4)
    key, value = part.pairs[0] if part.pairs else ("", "")
    return Cell(
        key=key,
        value=value,
        n=seen.n,
        total=seen.total,
        expected=seen.n * mean,
        variance=seen.n * spread * (1 + seen.n / (quiet.n + _PRIOR_N)),
    )


def _logit(rate: float) -> float:
    bounded = min(max(rate, 1e-4), 1 - 1e-4)
    return math.log(bounded / (1 - bounded))


def _expit(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _cell(watch: Watch, signal: Signal, segment: Segment, start: datetime) -> Cell | None:
    since = watch.since(signal, segment, start)
    if since is None or not since.judged:
        return None
    key, value = segment.pairs[0] if segment.pairs else ("", "")
    return Cell(
        key=key, value=value, n=since.judged, total=since.total, expected=since.expected, variance=since.variance
    )


def _usual_n(tx: Tx, signal: Signal, cell: Cell, start: datetime, end: datetime) -> float:
    """How many a segment had in the same hours of the four weeks before, on average of those that had any."""
    segment = Segment.of(**{cell.key: cell.value})
    counts = [
        sum(rollup.n for _, rollup in tx.rollups.series(
            signal.tail_of or signal.name, segment, since=start - back, until=min(end - back, start), resolution_s=HOUR_S
        ))
        for back in (weeks * _WEEK for weeks in range(1, _WEEKS_BACK + 1))
    ]  # fmt: skip
    had = [count for count in counts if count]
    return sum(had) / len(had) if had else 0.0


# --- whether a series says more than another -------------------------------------------------------------------


def sign_of(direction: Direction) -> int:
    """1 for a rise, -1 for a fall."""
    return -1 if direction is Direction.DOWN else 1


def excess_z(watch: Watch, signal: Signal, segment: Segment, direction: Direction, start: datetime) -> float:
    """By how many standard errors a series went the way that is asked for; 0 where nothing is known."""
    cell = _cell(watch, signal, segment, start)
    return 0.0 if cell is None else sign_of(direction) * cell.z


def has_own_excess(watch: Watch, signal: Signal, segment: Segment, direction: Direction, start: datetime) -> bool:
    """Whether a part has more than the shift of the whole makes of it; true where that cannot be told."""
    whole = watch.since(signal, EVERYTHING, start)
    inner = watch.since(signal, segment, start)
    if whole is None or inner is None or not whole.judged or not inner.judged or inner.variance <= 0:
        return True
    if signal.kind is Kind.RATE:
        shifted = inner.expected * (whole.total / whole.expected if whole.expected > 0 else 1.0)
    else:
        shifted = inner.expected + inner.judged * (whole.total - whole.expected) / whole.judged
    widened = inner.variance * max(1.0, shifted / inner.expected if inner.expected > 0 else 1.0)
    return sign_of(direction) * (inner.total - shifted) >= _OWN_Z * math.sqrt(widened)


def rest_z(watch: Watch, signal: Signal, part: Segment, direction: Direction, start: datetime) -> float | None:
    """By how many standard errors all traffic without a part went that way; infinite where nothing is left to go."""
    whole, inner = (_cell(watch, signal, segment, start) for segment in (EVERYTHING, part))
    if whole is None or inner is None:
        return None
    rest = whole.without(inner)
    return sign_of(direction) * rest.z if rest.variance > 0 else 0.0


def is_nothing_without(watch: Watch, signal: Signal, part: Segment, direction: Direction, start: datetime) -> bool:
    """Whether all traffic without a part is as usual."""
    z = rest_z(watch, signal, part, direction, start)
    return z is not None and z < _CARRIED_Z


def shows_only_through(
    watch: Watch,
    signal: Signal,
    segment: Segment,
    through: Segment,
    facts: Sequence[Fact],
    direction: Direction,
    start: datetime,
    threshold: float,
) -> bool:
    """Whether a segment is as usual where it is not in another: French, but for the new prompt.

    Args:
        watch: The detectors.
        signal: The signal.
        segment: Where the change was noticed.
        through: Where it may come from.
        facts: The conversations since ``start``.
        direction: Where the signal went.
        start: Since when.
        threshold: The value from which a conversation counts as positive.
    """
    usual = _Usual.of(watch, signal, segment, start)
    if usual is None:
        return False
    inside, outside = _Tally(), _Tally()
    for fact in facts:
        if segment in fact.segments and signal.name in fact.values:
            tally = inside if through in fact.segments else outside
            tally.add(_measured(signal, fact.values[signal.name], threshold))
    within_, without = (sign_of(direction) * (t.total - t.n * usual.segment) for t in (inside, outside))
    if within_ <= 0 or not inside.n:
        return False
    if not outside.n:
        return True
    z = without / math.sqrt(max(outside.n * usual.variance, 1e-12))
    return z < _CARRIED_Z and without / outside.n <= _HALF * within_ / inside.n
