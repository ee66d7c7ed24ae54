"""The figures that people know a size by: the p95 of a latency, the mean and the sum of a cost.

A change of a size is tested on its logarithm, which tells of the typical value; nobody pays a geometric mean.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from traces.histogram import Rollup
from traces.model import Kind, Segment, Signal
from traces.store import Tx
from traces.store.rollups import HOUR_S, bucket_start

_WEEK = timedelta(weeks=1)
_WEEKS_BACK = 4
_P95 = 0.95


def plain_figures(tx: Tx, signal: Signal, segment: Segment, start: datetime, end: datetime) -> dict[str, float | str]:
    """What a size was in ``[start, end)`` and usually is in the same hours of the weeks before, in the signal's unit.

    Returns:
        ``figure`` (``p95`` or ``mean``), ``value``, ``usual`` where there is one, and ``total`` for money; of a tail ``beyond``
        and as ``value`` the usual p95; empty for other signals, and for cuts of the traffic that are not added up.
    """
    if (signal.kind is not Kind.CONTINUOUS and signal.tail_of is None) or len(segment.pairs) > 1:
        return {}
    start = bucket_start(start, HOUR_S)
    before = Rollup()
    weeks = range(1, _WEEKS_BACK + 1)
    for week in weeks if end - start <= _WEEK else ():
        before.add(_added_up(tx, signal, segment, start - week * _WEEK, end - week * _WEEK))
    if signal.tail_of is not None:
        return {"figure": "beyond", "value": _read(before, "p95")} if before.n else {}
    now = _added_up(tx, signal, segment, start, end)
    if not now.n:
        return {}
    figure = "p95" if signal.unit == "s" else "mean"
    found: dict[str, float | str] = {"figure": figure, "value": _read(now, figure)}
    if before.n:
        found["usual"] = _read(before, figure)
    if signal.unit == "USD":
        found["total"] = now.total
    return found


def _added_up(tx: Tx, signal: Signal, segment: Segment, start: datetime, end: datetime) -> Rollup:
    total = Rollup()
    for _, rollup in tx.rollups.series(
        signal.tail_of or signal.name, segment, since=start, until=end, resolution_s=HOUR_S
    ):
        total.add(rollup)
    return total


def _read(rollup: Rollup, figure: str) -> float:
    read = rollup.quantile(_P95) if figure == "p95" else rollup.mean
    return 0.0 if read is None else read
