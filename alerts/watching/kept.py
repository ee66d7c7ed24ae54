"""What detection knew at several times, kept in the store.

A conversation that changes behind detection makes it begin again from the newest of them that did not know it yet, instead of
from weeks of hours. Which of them are kept thins out with their age, as a late change mostly is of the last hours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import orjson

from alerts.detector import Detector
from alerts.excluded import Excluded
from alerts.watching.checkpoint import packed, unpacked
from alerts.watching.tailing import Tailing
from alerts.watching.tails import Tails
from alerts.watching.track import Series, Track, put_in
from alerts.watching.values import Values
from traces.clock import format_time, parse_time
from traces.errors import BadInput
from traces.model import Kind
from traces.store import Tx
from traces.store.rollups import segment_key, segment_of
from traces.store.state import DetectorCheckpoint

if TYPE_CHECKING:
    from alerts.watching.refold import Refold

LATEST: Final = "hourly"
"""What was known when it was last saved, whatever may still change."""
_SETTLED: Final = tuple(f"{LATEST}.{place}" for place in range(4))
LAG: Final = timedelta(hours=3)
"""Most changes come within so long: what is kept for them is of before."""
_STALE: Final = f"{LATEST}.stale"
_WORTH_KEEPING: Final = (LAG, timedelta(hours=12), timedelta(days=3))
_WEEK: Final = timedelta(days=7)
_OLDEST: Final = timedelta(days=14)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What detection knows of all hours before ``through``, folded from the hours since ``began`` (``None``: not told).

    ``born`` says of each series when it was first seen.
    """

    tracks: dict[Kind, Track]
    thresholds: dict[str, float]
    tailing: Tailing
    values: Values
    through: datetime
    began: datetime | None
    born: dict[tuple[Kind, Series], datetime]

    def to_bytes(self, excluded: Sequence[Excluded]) -> bytes:
        """As ``read`` takes it."""
        head = {
            "thresholds": self.thresholds,
            "excluded": _written(excluded),
            "began": None if self.began is None else format_time(self.began),
            "tracks": [[kind.value, _keys_of(track.series)] for kind, track in self.tracks.items()],
            "tails": _keys_of(self.tailing.tails.series),
            "values": _keys_of(self.values.series),
            "born": {kind.value: self._births(kind, track.series) for kind, track in self.tracks.items()}
            | {Kind.VALUE.value: self._births(Kind.VALUE, self.values.series)},
        }
        bodies = [*(t.detector.to_bytes() for t in self.tracks.values()), *self.values.bodies()]
        return packed(head, [*bodies, self.tailing.tails.to_bytes()])

    def as_of(self, through: datetime, tracks: dict[Kind, Track]) -> Known:
        """What was known at an earlier hour, when ``tracks`` were; for a watch without tails and values."""
        born = {one: hour for one, hour in self.born.items() if hour < through}
        return replace(self, through=through, tracks=tracks, born=born)

    def _births(self, kind: Kind, series: Sequence[Series]) -> list[list[Any]]:
        """When they were first seen, in order, with how many in a row were at the same hour."""
        hours = (self.born.get((kind, one), _NEVER) for one in series)
        return [[format_time(hour), len(list(times))] for hour, times in groupby(hours)]


def read(checkpoint: DetectorCheckpoint, excluded: Sequence[Excluded]) -> Known | None:
    """What was saved; ``None`` where it cannot be read, or other hours are left out now."""
    try:
        head, bodies = unpacked(checkpoint.body)
        if head["excluded"] != _written(excluded):
            return None
        tracks = {}
        watched = len(head["tracks"])
        for (kind, series), body in zip(head["tracks"], bodies[:watched], strict=True):
            track = tracks[Kind(kind)] = Track(Kind(kind), Detector.from_bytes(body))
            for one in _series_of(series):
                track.add(one)
        began = head.get("began")
        values = _series_of(head["values"])
        series = {kind: track.series for kind, track in tracks.items()} | {Kind.VALUE: values}
        return Known(
            tracks=tracks,
            thresholds=head["thresholds"],
            tailing=Tailing(Tails.from_bytes(bodies[-1], _series_of(head["tails"]))),
            values=Values.from_bodies(values, bodies[watched:-1]),
            through=checkpoint.through_at,
            began=None if began is None else parse_time(began),
            born={(kind, one): at for kind, of in series.items() for one, at in _born(head, kind, of)},
        )
    except (BadInput, KeyError, IndexError, ValueError):
        return None


def _born(head: Mapping[str, Any], kind: Kind, series: Sequence[Series]) -> Iterator[tuple[Series, datetime]]:
    """When each was first seen; where that was not kept, when the fold began."""
    rows = head.get("born", {}).get(kind.value) or [[head.get("began") or format_time(_NEVER), len(series)]]
    hours = [hour for at, times in rows for hour in [parse_time(at)] * times]
    return zip(series, hours, strict=True)


def newest(tx: Tx, excluded: Sequence[Excluded]) -> Known | None:
    """The newest that is kept and can be read."""
    kept = times(tx)
    by_age = sorted(kept, key=lambda panel: kept[panel], reverse=True)
    return next((known for panel in by_age if (known := _read(tx, panel, excluded)) is not None), None)


def void(tx: Tx, changed: datetime) -> None:
    """Keep nothing that knew an hour from ``changed`` on."""
    for panel, at in times(tx).items():
        if at > changed:
            tx.state.put_checkpoint(DetectorCheckpoint(panel=panel, through_at=_NEVER, body=b""))


def times(tx: Tx) -> dict[str, datetime]:
    """How far each of those that are kept has come, by panel."""
    found = {panel: tx.state.checkpoint_at(panel) for panel in (LATEST, *_SETTLED)}
    return {panel: at for panel, at in found.items() if at is not None and at > _NEVER}


def settled(tx: Tx) -> list[datetime]:
    """How far those that are kept have come, but for the latest."""
    return [at for panel, at in times(tx).items() if panel in _SETTLED]


def amended(tx: Tx, through: datetime, refold: Refold, excluded: Sequence[Excluded]) -> list[DetectorCheckpoint]:
    """Those that came as far as ``through``, with what was folded again until then."""
    found = []
    for panel, at in times(tx).items():
        known = _read(tx, panel, excluded) if at == through and panel in _SETTLED else None
        parts = refold.parts(through)
        if known is not None and parts is not None:
            put_in(known.tracks, refold.names, parts)
            thresholds = {**known.thresholds, **refold.thresholds}
            body = replace(known, thresholds=thresholds).to_bytes(excluded)
            found.append(DetectorCheckpoint(panel=panel, through_at=through, body=body))
    return found


def void_all_but(tx: Tx, through: Collection[datetime]) -> None:
    """Keep nothing but what has come as far as one of these, and has settled."""
    for panel, at in times(tx).items():
        if at not in through or panel not in _SETTLED:
            tx.state.put_checkpoint(DetectorCheckpoint(panel=panel, through_at=_NEVER, body=b""))


def is_due(tx: Tx, through: datetime, until: datetime) -> bool:
    """Whether what is known after an hour is worth keeping, on the way to ``until``: it has settled, and is news."""
    return may_be_due(through, until) and all(abs(through - at) >= LAG for at in settled(tx))


def may_be_due(through: datetime, until: datetime) -> bool:
    """Whether it has settled; of a long way, what is known after each week and nearer to its end too."""
    left = until - through
    return left in _WORTH_KEEPING or (left > timedelta(0) and left % _WEEK == timedelta(0))


def place(tx: Tx, through: datetime) -> str:
    """Where to keep what has settled: in the place of what is missed least."""
    kept = {panel: at for panel, at in times(tx).items() if panel in _SETTLED}
    free = [panel for panel in _SETTLED if panel not in kept]
    return free[0] if free else superfluous(kept, through)


def stale(tx: Tx) -> dict[str, datetime]:
    """The signals of which hours have changed since all that is kept was known, each with the oldest of them."""
    checkpoint = tx.state.checkpoint(_STALE)
    told = orjson.loads(checkpoint.body) if checkpoint is not None and checkpoint.body else {}
    return {name: parse_time(at) for name, at in told.items()}


def put_stale(tx: Tx, signals: Mapping[str, datetime]) -> None:
    """Remember of which signals all that is kept is out of date."""
    body = orjson.dumps({name: format_time(at) for name, at in signals.items()})
    tx.state.put_checkpoint(DetectorCheckpoint(panel=_STALE, through_at=_NEVER, body=body))


def superfluous(kept: dict[str, datetime], now: datetime) -> str:
    """Of those that are kept, the one that is too old, else the one whose neighbours are nearest for its age."""
    panels = sorted(kept, key=lambda panel: kept[panel], reverse=True)
    if now - kept[panels[-1]] > _OLDEST:
        return panels[-1]
    times = [now, *(kept[panel] for panel in panels)]
    gaps = {panels[n - 1]: (times[n - 1] - times[n + 1]) / (now - times[n]) for n in range(1, len(panels))}
    return min(gaps, key=lambda panel: gaps[panel])


def _read(tx: Tx, panel: str, excluded: Sequence[Excluded]) -> Known | None:
    checkpoint = tx.state.checkpoint(panel)
    return None if checkpoint is None else read(checkpoint, excluded)


def _keys_of(series: Sequence[Series]) -> list[list[str]]:
    return [[name, segment_key(segment)] for name, segment in series]


def _series_of(keys: Sequence[Sequence[str]]) -> list[Series]:
    return [(name, segment_of(segment)) for name, segment in keys]


def _written(excluded: Sequence[Excluded]) -> list[list[str]]:
    return [[format_time(one.start), format_time(one.end)] for one in excluded]
