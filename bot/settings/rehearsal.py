"""Rehearses a signal over stored history: for the command line, and as a preview before a signal is armed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from alerts.trying.backtest import Question, Rehearsal, Sensitivity, rehearse
from alerts.watching.watch import Terrain, WatchSettings
from bot.jobs.calibrate import reviewed
from traces.errors import BadInput
from traces.model import Signal
from traces.store import Tx

_DAY = timedelta(days=1)


def preview(
    tx: Tx,
    name: str,
    signals: Mapping[str, Signal],
    watch: WatchSettings,
    now: datetime,
    *,
    keys: Collection[str],
    back: timedelta,
    by: str | None = None,
    sensitivity: Sensitivity = Sensitivity.USUAL,
) -> Rehearsal:
    """What detection would have said of a signal in the last ``back``.

    Args:
        tx: A transaction that reads; nothing is stored.
        name: The signal's.
        signals: Every signal that is known, by name.
        watch: How detection runs.
        now: Up to when.
        keys: The keys of the segments that are kept.
        back: How far back alerts count.
        by: The key of the segments to watch one by one.
        sensitivity: How often a false alert is accepted.

    Raises:
        BadInput: There is no such signal or key.
    """
    signal = signals.get(name.replace("-", "_"))
    if signal is None:
        raise BadInput(f"there is no signal {name!r}; `hark signals` lists them", "signal")
    if by is not None and by not in keys:
        raise BadInput(f"{by!r} is no segment; known are {', '.join(keys)}", "by")
    terrain = Terrain(
        signals=signals,
        calibrations=tx.calibrations.current(),
        changes=tx.state.changes_between(now - back - watch.history, now + _DAY),
        reviewed=reviewed,
    )
    question = Question(signal=signal, since=now - back, until=now, by=by, sensitivity=sensitivity)
    return rehearse(tx, question, terrain, watch)
