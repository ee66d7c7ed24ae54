"""The stored hours, one by one, with what was seen in each."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Final, TypeAlias

from alerts.watching.track import Series
from alerts.watching.values import Rows
from traces.histogram import Rollup
from traces.model import Segment
from traces.store import Tx
from traces.store.rollups import BASE_S, HOUR_S

HOUR: Final = timedelta(hours=1)
READ_AT_ONCE: Final = timedelta(hours=6)
"""Weeks of many signals do not fit into memory."""
_NONE_LEFT: Final[tuple[None, Iterator[tuple[datetime, Segment, dict[str, Rollup]]]]] = (None, iter(()))
Hour: TypeAlias = dict[Segment, dict[str, Rollup]]
"""What came in an hour, by segment and signal."""


def stored(
    tx: Tx, since: datetime, until: datetime, only: Collection[str] | None = None
) -> Iterator[tuple[datetime, Hour | None]]:
    """Each hour in ``[since, until)`` with what it holds, of all signals or ``only`` of some.

    ``None`` is an hour in which nobody was watching and nothing came, of any signal.
    """
    hour, watched = since, tx.state.beats(since, until)
    while hour < until:
        stop = min(until, hour + READ_AT_ONCE)
        # Read while they are gone through: who stops after an hour has not waited for the next ones.
        rows = tx.rollups.buckets(since=hour, until=stop, resolution_s=HOUR_S, only=only)
        groups = groupby(rows, key=itemgetter(0))
        at, group = next(groups, _NONE_LEFT)
        while hour < stop:
            cut: Hour | None = {} if hour in watched else None
            if at == hour:
                cut = {segment: body for _, segment, body in group}
                at, group = next(groups, _NONE_LEFT)
            yield hour, cut
            hour += HOUR


def fine(tx: Tx, series: Series, hour: datetime) -> Rows:
    """The five minutes of an hour, of one series."""
    name, segment = series
    return tx.rollups.series(name, segment, since=hour, until=hour + HOUR, resolution_s=BASE_S)
