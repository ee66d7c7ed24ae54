"""Divides an alert's figures by the key that explains it, from the sums that are kept by hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from alerts.signals import threshold_of
from alerts.telling.posting import breakdown_key
from bot.answers.movement import spans, total, value_in
from bot.slack.blocks.breakdown import SHOWN, Breakdown, Part, breakdown_message
from bot.slack.blocks.detail import attribution
from bot.slack.blocks.surface import Message
from bot.slack.render import Renderer
from traces.histogram import Rollup
from traces.model import EVERYTHING, Alert, Calibration, Direction, Kind, Signal
from traces.store import Tx
from traces.store.outbox import Delivery
from traces.store.rollups import HOUR_S, bucket_start

_WEEK: Final = timedelta(days=7)
_HOUR: Final = timedelta(seconds=HOUR_S)
_Sums = Mapping[str | None, Rollup]
"""By value of the key; ``None`` is all traffic."""


class Dividing:
    """Draws the breakdown in an alert's thread."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def delivered(self, tx: Tx, due: Delivery) -> Message | None:
        """The message of a delivery; ``None`` when its alert is gone, or nothing explains it any more."""
        alert = tx.alerts.get(due.subject_id)
        found = None if alert is None else breakdown_of(tx, alert, self._renderer.signal(alert.signal))
        return None if found is None else breakdown_message(found, delivery_id=due.delivery_id)


def breakdown_of(tx: Tx, alert: Alert, signal: Signal) -> Breakdown | None:
    """The figures of an alert by the values of the key that explains it; ``None`` where no key does.

    The parts are disjoint and add up to all traffic of the hours since the alert began, until it changed last.
    """
    key = breakdown_key(alert)
    if key is None:
        return None
    since = bucket_start(alert.started_at, HOUR_S)
    until = max(bucket_start(alert.resolved_at or alert.updated_at, HOUR_S), since + _HOUR)
    calibrations = tx.calibrations.current()
    now, before = _sums(tx, key, signal, since, until), _sums(tx, key, signal, since - _WEEK, since)
    divided = _Divided(signal, now, before, calibrations)
    shown = divided.ranked(alert)[:SHOWN]
    parts = [divided.part(value) for value in shown]
    if (rest := divided.rest(shown)) is not None:
        parts.append(rest)
    return Breakdown(signal=signal, key=key, since=since, until=until, parts=parts, whole=divided.part(None))


class _Divided:
    def __init__(self, signal: Signal, now: _Sums, before: _Sums, calibrations: Mapping[str, Calibration]) -> None:
        self._signal = signal
        self._now = now
        self._before = before
        self._calibrations = calibrations

    def part(self, value: str | None) -> Part:
        return replace(self._told(self._now[value], self._before.get(value, Rollup())), value=value)

    def rest(self, shown: Sequence[str]) -> Part | None:
        """Everything but some values; ``None`` where nothing is left."""
        now, before = (_without(sums, shown) for sums in (self._now, self._before))
        return self._told(now, before) if now.n > 0 else None

    def ranked(self, alert: Alert) -> list[str]:
        """The values, first the one that explains the alert, then by how much of the change they hold."""
        explains = {*alert.segment.pairs, _explaining(alert)}
        values = {value for _, value in explains}
        sign = -1 if alert.direction is Direction.DOWN else 1
        names = [value for value in self._now if value is not None]
        return sorted(names, key=lambda value: (value not in values, -sign * self._excess(value), value))

    def _excess(self, value: str) -> float:
        """By how much more a value adds to the whole than the whole's level of the week before would let it."""
        now, usual = self._now[value], self._before[None]
        if self._signal.kind is Kind.COUNT:
            return float(now.n)
        level = value_in(self._signal, usual if usual.n else self._now[None], self._calibrations)
        return now.n * (value_in(self._signal, now, self._calibrations) - level)

    def _told(self, now: Rollup, before: Rollup) -> Part:
        if self._signal.kind is Kind.COUNT:
            whole = self._before[None].n
            return Part(value=None, n=now.n, usual=before.n / whole if whole else None)
        threshold = threshold_of(self._signal, self._calibrations)
        return Part(
            value=None,
            n=now.n,
            k=now.at_least(threshold) if self._signal.kind is Kind.RATE else None,
            level=self._level(now),
            usual=self._level(before),
        )

    def _level(self, sums: Rollup) -> float | None:
        return value_in(self._signal, sums, self._calibrations) if sums.n > 0 else None


def _sums(tx: Tx, key: str, signal: Signal, since: datetime, until: datetime) -> dict[str | None, Rollup]:
    found: dict[str | None, Rollup] = {None: Rollup()}
    for start, end, resolution_s in spans(since, until):
        whole = tx.rollups.series(signal.name, EVERYTHING, since=start, until=end, resolution_s=resolution_s)
        found[None].add(total([rollup for _, rollup in whole]))
        parts = tx.rollups.parts(key, [signal.name], since=start, until=end, resolution_s=resolution_s)
        for segment, series in parts.items():
            of_value = found.setdefault(segment.pairs[0][1], Rollup())
            of_value.add(total([rollup for _, rollup in series[signal.name]]))
    return found


def _without(sums: _Sums, shown: Sequence[str]) -> Rollup:
    left = sums[None].copy()
    for value in shown:
        if value in sums:
            left.add(sums[value], -1)
    return left


def _explaining(alert: Alert) -> tuple[str, str]:
    found = attribution(alert)
    return ("", "") if found is None else (found.key, found.value)
