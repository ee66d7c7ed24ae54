"""Every signal with what a person wants to know of it: kind, usual level, volume, state, and what can be detected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.detector import run_length
from alerts.signals import BUILT_IN, SignalOverride, all_signals, threshold_of
from alerts.telling.usefulness import ALERTS_READ, Usefulness, as_found, usefulness_of
from alerts.trying.power import Detectable, detectable, spread_of
from alerts.watching.tails import SHARE
from traces.histogram import Rollup
from traces.model import EVERYTHING, Alert, AlertState, Calibration, Direction, Kind, Signal
from traces.store import Tx
from traces.store.rollups import DAY_S, bucket_start

BACK = timedelta(days=28)
_LEARNING = timedelta(days=2)
_DAY = timedelta(days=1)
_HOURS_A_DAY = 24
_BUILT_IN = frozenset(signal.name for signal in BUILT_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalLine:
    """One signal as ``hark signals`` shows it.

    Attributes:
        signal: What is watched.
        origin: ``built in``, ``score`` or ``hark.toml``.
        state: ``off``, ``muted``, ``no data``, ``learning``, ``watched`` or ``off its baseline``.
        usual: Over four weeks: a rate, the p95 of seconds, a mean, or a count by the hour; ``None`` without data.
        a_day: Values measured on a day with traffic, in the middle.
        detectable: The smallest bad change that a day's traffic can prove; ``None`` without data.
        alerts: Ids of the alerts that are open on it.
        told: What people said of its latest alerts.
    """

    signal: Signal
    origin: str
    state: str
    usual: float | None = None
    a_day: int = 0
    detectable: Detectable | None = None
    alerts: tuple[str, ...] = ()
    told: Usefulness = field(default_factory=Usefulness)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """A signal's days: all of them added up, and how many values each had."""

    total: Rollup
    a_day: int
    first_at: datetime


def signal_lines(
    tx: Tx,
    now: datetime,
    *,
    names: Sequence[str],
    bad: Mapping[str, Direction],
    overrides: Mapping[str, SignalOverride],
    weeks_between_false_alerts: float,
) -> list[SignalLine]:
    """Every signal that is known, also those that are switched off, in the order of their names.

    Args:
        tx: The store.
        now: As of when.
        names: Scores that evaluators give, whether any has been given or not.
        bad: Which way is bad, for the scores whose evaluator says so.
        overrides: What the team changed or added.
        weeks_between_false_alerts: The budget of false alerts over all series.
    """
    days = tx.rollups.whole(EVERYTHING, since=bucket_start(now - BACK, DAY_S), until=now + _DAY, resolution_s=DAY_S)
    measured = _measured(days)
    measured |= {s.name: measured[s.tail_of] for s in BUILT_IN if s.tail_of in measured}
    watched = {name: replace(o, enabled=True) for name, o in overrides.items()}
    told = usefulness_of(tx.alerts.all(ALERTS_READ))
    signals = as_found(all_signals({*measured, *names}, bad, watched), told)
    calibrations = tx.calibrations.current()
    open_alerts = tx.alerts.in_state(*(state for state in AlertState if state is not AlertState.RESOLVED))
    muted = {mute.signal for mute in tx.mutes.standing(now) if mute.segment == EVERYTHING}
    length = run_length(_series(tx, len(signals)), weeks_between_false_alerts=weeks_between_false_alerts)
    return [
        _line(
            signal,
            measured.get(name),
            [alert for alert in open_alerts if alert.signal == name],
            overrides.get(name),
            calibrations,
            length,
            now,
            told.get(name, Usefulness()),
            is_muted=name in muted,
        )
        for name, signal in signals.items()
    ]


def _series(tx: Tx, signals: int) -> int:
    """How many series are watched, as detection noted it when it last ran."""
    outcome = tx.state.job_outcome("detect")
    return int(outcome.get("series", signals)) if isinstance(outcome, Mapping) else signals


def _measured(days: Sequence[tuple[datetime, Mapping[str, Rollup]]]) -> dict[str, _Measured]:
    found: dict[str, _Measured] = {}
    counts: dict[str, list[int]] = {}
    for at, body in days:
        for name, rollup in body.items():
            if not rollup.n:
                continue
            before = found.setdefault(name, _Measured(total=Rollup(), a_day=0, first_at=at))
            before.total.add(rollup)
            counts.setdefault(name, []).append(rollup.n)
    return {name: replace(m, a_day=sorted(counts[name])[len(counts[name]) // 2]) for name, m in found.items()}


def _line(
    signal: Signal,
    measured: _Measured | None,
    alerts: Sequence[Alert],
    override: SignalOverride | None,
    calibrations: Mapping[str, Calibration],
    length: float,
    now: datetime,
    told: Usefulness,
    *,
    is_muted: bool,
) -> SignalLine:
    usual = None if measured is None else _usual(signal, measured, calibrations)
    is_off = override is not None and not override.enabled
    return SignalLine(
        signal=signal,
        origin=_origin(signal, override),
        state="off" if is_off else "muted" if is_muted else _state(measured, alerts, now),
        usual=usual,
        a_day=0 if measured is None else measured.a_day,
        detectable=_smallest(signal, measured, usual, length * signal.patience),
        alerts=tuple(alert.alert_id for alert in alerts),
        told=told,
    )


def _origin(signal: Signal, override: SignalOverride | None) -> str:
    if override is not None and override.definition is not None:
        return "hark.toml"
    return "built in" if signal.name.partition(".")[0] in _BUILT_IN else "score"


def _state(measured: _Measured | None, alerts: Sequence[Alert], now: datetime) -> str:
    if alerts:
        return "off its baseline"
    if measured is None:
        return "no data"
    return "learning" if now - measured.first_at < _LEARNING else "watched"


def _usual(signal: Signal, measured: _Measured, calibrations: Mapping[str, Calibration]) -> float | None:
    total = measured.total
    if signal.tail_of is not None:
        return SHARE
    if signal.kind is Kind.COUNT:
        return measured.a_day / _HOURS_A_DAY
    if signal.kind is Kind.RATE:
        return total.at_least(threshold_of(signal, calibrations)) / total.n
    return total.quantile(0.95) if signal.unit == "s" and signal.kind is not Kind.VALUE else total.mean


def _smallest(signal: Signal, measured: _Measured | None, usual: float | None, length: float) -> Detectable | None:
    """Of values whose chance is unknown nothing can be said."""
    if measured is None or usual is None or signal.kind is Kind.VALUE:
        return None
    return detectable(signal, usual, measured.a_day, length, spread=spread_of(measured.total, signal.kind))
