"""What detection knew at several times, kept in the store.

A conversation that changes behind detection makes it begin again from the newest of them that did not know it yet, instead of
from weeks of hours. Which of them are kept thins out with their age, as a late change mostly is of the last hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from alerts.checkpoint import packed, unpacked
from alerts.detector import Detector
from alerts.excluded import Excluded
from alerts.refold import Refold
from alerts.tailing import Tailing
from alerts.tails import Tails
from alerts.track import Series, Track
from alerts.values import Values
from traces.clock import format_time, parse_time
from traces.errors import BadInput
from traces.model import Kind
from traces.store import Tx
from traces.store.rollups import segment_key, segment_of
from traces.store.state import DetectorCheckpoint

LATEST: Final = "hourly"
"""What was known when it was last saved, whatever may still change."""
_SETTLED: Final = tuple(f"{LATEST}.{place}" for place in range(4))
LAG: Final = timedelta(hours=3)
"""Most changes come within so long: what is kept for them is of before."""
_OLDEST: Final = timedelta(days=14)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What detection knows of all hours before ``through``, folded from the hours since ``began`` (``None``: not told).

    ``census`` says of each series when it was first seen, in order.
    """

    tracks: dict[Kind, Track]
    thresholds: dict[str, float]
    tailing: Tailing
    values: Values
    through: datetime
    began: datetime | None
    census: list[datetime]

    def to_bytes(self, excluded: Sequence[Excluded]) -> bytes:
        """As ``read`` takes it."""
        head = {
            "thresholds": self.thresholds,
            "excluded": _written(excluded),
            "began": None if self.began is None else format_time(self.began),
            "tracks": [[kind.value, _keys_of(track.series)] for kind, track in self.tracks.items()],
            "tails": _keys_of(self.tailing.tails.series),
            "values": _keys_of(self.values.series),
            "census": [[format_time(hour), len(list(born))] for hour, born in groupby(self.census)],
        }
        bodies = [*(t.detector.to_bytes() for t in self.tracks.values()), *self.values.bodies()]
        return packed(head, [*bodies, self.tailing.tails.to_bytes()])


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
        counted = len(head["values"]) + sum(len(series) for _, series in head["tracks"])
        census = head.get("census", [[began or format_time(_NEVER), counted]])
        return Known(
            tracks=tracks,
            thresholds=head["thresholds"],
            tailing=Tailing(Tails.from_bytes(bodies[-1], _series_of(head["tails"]))),
            values=Values.from_bodies(_series_of(head["values"]), bodies[watched:-1]),
            through=checkpoint.through_at,
            began=None if began is None else parse_time(began),
            census=[hour for at, born in census for hour in [parse_time(at)] * born],
        )
    except (BadInput, KeyError, IndexError, ValueError):
        return None


def newest(tx: Tx, excluded: Sequence[Excluded]) -> Known | None:
    """The newest that is kept and can be read."""
    return next((known for panel in _by_age(tx) if (known := _read(tx, panel, excluded)) is not None), None)


def void(tx: Tx, changed: datetime) -> None:
    """Keep nothing that knew an hour from ``changed`` on."""
    for panel, through in _kept(tx).items():
        if through > changed:
            tx.state.put_checkpoint(DetectorCheckpoint(panel=panel, through_at=_NEVER, body=b""))


def settled(tx: Tx) -> list[datetime]:
    """How far those that are kept have come, but for the latest."""
    return [at for panel, at in _kept(tx).items() if panel in _SETTLED]


def amend(tx: Tx, refold: Refold, excluded: Sequence[Excluded]) -> None:
    """Let those that are kept know what was folded again; one that is not reached by it is not kept any more."""
    for panel in _kept(tx):
        known = _read(tx, panel, excluded) if panel in _SETTLED else None
        if known is None or not refold.replace_in(known.tracks, known.through):
            tx.state.put_checkpoint(DetectorCheckpoint(panel=panel, through_at=_NEVER, body=b""))
            continue
        amended = replace(known, thresholds={**known.thresholds, **refold.thresholds})
        body = amended.to_bytes(excluded)
        tx.state.put_checkpoint(DetectorCheckpoint(panel=panel, through_at=known.through, body=body))


def is_due(tx: Tx, through: datetime, until: datetime) -> bool:
    """Whether what is known after an hour is worth keeping, on the way to ``until``: it has settled, and is news."""
    if through != until - LAG:
        return False
    ages = [at for panel, at in _kept(tx).items() if panel in _SETTLED]
    return all(through - at >= LAG for at in ages)


def keep(tx: Tx, known: Known, excluded: Sequence[Excluded]) -> None:
    """Keep what has settled, in the place of what is missed least."""
    settled = {panel: at for panel, at in _kept(tx).items() if panel in _SETTLED}
    free = [panel for panel in _SETTLED if panel not in settled]
    panel = free[0] if free else superfluous(settled, known.through)
    tx.state.put_checkpoint(
        DetectorCheckpoint(panel=panel, through_at=known.through, body=known.to_bytes(excluded))
    )  # fmt: skip


def superfluous(kept: dict[str, datetime], now: datetime) -> str:
    """Of those that are kept, the one that is too old, else the one whose neighbours are nearest for its age."""
    panels = sorted(kept, key=lambda panel: kept[panel], reverse=True)
    if now - kept[panels[-1]] > _OLDEST:
        return panels[-1]
    times = [now, *(kept[panel] for panel in panels)]
    gaps = {panels[n - 1]: (times[n - 1] - times[n + 1]) / (now - times[n]) for n in range(1, len(panels))}
    return min(gaps, key=lambda panel: gaps[panel])


def _kept(tx: Tx) -> dict[str, datetime]:
    """How far each of those that are kept has come, by panel."""
    found = {panel: tx.state.checkpoint_at(panel) for panel in (LATEST, *_SETTLED)}
    return {panel: at for panel, at in found.items() if at is not None and at > _NEVER}


def _by_age(tx: Tx) -> Iterator[str]:
    kept = _kept(tx)
    yield from sorted(kept, key=lambda panel: kept[panel], reverse=True)


def _read(tx: Tx, panel: str, excluded: Sequence[Excluded]) -> Known | None:
    checkpoint = tx.state.checkpoint(panel)
    return None if checkpoint is None else read(checkpoint, excluded)


def _keys_of(series: Sequence[Series]) -> list[list[str]]:
    return [[name, segment_key(segment)] for name, segment in series]


def _series_of(keys: Sequence[Sequence[str]]) -> list[Series]:
    return [(name, segment_of(segment)) for name, segment in keys]


def _written(excluded: Sequence[Excluded]) -> list[list[str]]:
    return [[format_time(one.start), format_time(one.end)] for one in excluded]
