"""What a day or a week brought, gathered from the store for one message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from alerts.correction import estimate
from alerts.signals import threshold_of
from alerts.telling.pipeline import ALERT
from bot.answers.evidence import Evidence
from bot.answers.movement import Moved, Movement, movement_of
from bot.slack.blocks.digest import DigestReport, Mover, SparedByClassifiers, Taught, digest_message
from bot.slack.blocks.surface import Message
from bot.slack.blocks.values import CorrectedRate
from bot.slack.queries import Rhythm
from traces.clock import parse_time
from traces.errors import BadInput
from traces.histogram import Rollup
from traces.model import Alert, Calibration, Kind, Signal
from traces.store import Tx
from traces.store.alerts import LIVE
from traces.store.outbox import Delivery

DIGEST: Final = "digest"
"""The kind of the outbox's message that is a digest; its subject is the rhythm and the time that it ends at."""

LENGTHS: Final[Mapping[Rhythm, timedelta]] = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
_MOVERS: Final = 6
_TOPICS: Final = 3
_PRECISION_OVER: Final = timedelta(weeks=4)
_ALERTS_READ: Final = 1_000
_TOPIC_KEYS: Final = ("topic", "scenario")
_HELP: Final = ("task_success", "escalation", "abandonment", "refusal")
_OUTCOMES: Final = frozenset({"noise", "expected"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time that a digest is of; it ends at ``until``."""

    rhythm: Rhythm
    until: datetime

    @property
    def since(self) -> datetime:
        return self.until - LENGTHS[self.rhythm]

    @property
    def subject_id(self) -> str:
        return f"{self.rhythm}.{self.until:%Y-%m-%dT%H:%M}"

    @classmethod
    def of(cls, subject_id: str) -> Period:
        """The period that the outbox's message is of.

        Raises:
            BadInput: It is none.
        """
        rhythm, _, until = subject_id.partition(".")
        try:
            return cls(rhythm="weekly" if rhythm == "weekly" else "daily", until=parse_time(f"{until}:00Z"))
        except ValueError as error:
            raise BadInput("not a digest", "subject_id") from error


class Digests:
    """Makes digests.

    Args:
        signals: The signals with data as of a time, by name.
        segment_keys: Keys that the traffic is cut by.
    """

    def __init__(self, signals: Callable[[Tx, datetime], Mapping[str, Signal]], segment_keys: Sequence[str]) -> None:
        self._signals = signals
        self._topic_keys = tuple(key for key in _TOPIC_KEYS if key in segment_keys)

    def message(self, tx: Tx, period: Period) -> Message:
        """The digest of a period."""
        return digest_message(self.report(tx, period))

    def delivered(self, tx: Tx, delivery: Delivery) -> Message | None:
        """The message of the outbox."""
        return digest_message(self.report(tx, Period.of(delivery.subject_id)), delivery.delivery_id)

    def report(self, tx: Tx, period: Period) -> DigestReport:
        """What a period brought; what is open and what waits is of now."""
        signals = self._signals(tx, period.until)
        movement = movement_of(tx, signals, period.since, period.until)
        calibrations = tx.calibrations.current()
        told = [one for one in movement.moved if one.signal.name not in _TOLD_APART][:_MOVERS]
        failing = [signals[name] for name in _HELP if name in signals]
        facts = Evidence(tx, period.since, period.until, calibrations)
        topics = [one for key in self._topic_keys[:1] for one in facts.not_helped(key, failing, movement.period)]
        unanswered = tuple(facts.with_question(one) for one in topics[:_TOPICS])
        alerts = tx.alerts.all(_ALERTS_READ)
        opened = tuple(_named((a for a in alerts if period.since <= a.detected_at < period.until), signals))
        closed = tuple(_named((a for a in alerts if _ended_in(a, period)), signals))
        tally = tx.reviews.tally(period.since, period.until)
        return DigestReport(
            rhythm=period.rhythm,
            since=period.since,
            until=period.until,
            conversations=movement.period.get("volume", Rollup()).n,
            usually=movement.usually,
            watched=movement.compared,
            movers=tuple(_mover(one, calibrations) for one in told),
            opened=opened,
            closed=closed,
            links=tx.permalinks.of(ALERT, {alert.alert_id for alert, _ in (*opened, *closed)}),
            open_now=len(tx.alerts.in_state(*LIVE)),
            **_precision(alerts, period.until),
            labels=sum(tally.values()),
            reviewers=len({reviewer for _, reviewer in tally}),
            waiting=tx.reviews.unlabelled(),
            taught=tuple(
                _with_rates(one, signals, movement, calibrations)
                for one in _taught(tx, sorted({name for name, _ in tally}), period)
            ),
            judge_usd=_spent(movement, "judge_spend"),
            agent_usd=_spent(movement, "cost"),
            spared=_spared(tx, period),
            unanswered=unanswered,
            examples=tuple(facts.examples([one.signal for one in told], unanswered, opened)),
        )


_TOLD_APART: Final = frozenset({"volume", "judge_spend"})
"""Signals that the digest tells by themselves."""


def _mover(moved: Moved, calibrations: Mapping[str, Calibration]) -> Mover:
    corrected = _corrected(moved.signal, moved.measured, calibrations) if moved.signal.kind is Kind.RATE else None
    return Mover(signal=moved.signal, value=moved.value, usual=moved.usual, n=moved.measured.n, corrected=corrected)


def _corrected(signal: Signal, rollup: Rollup, calibrations: Mapping[str, Calibration]) -> CorrectedRate | None:
    found = estimate(signal, rollup.at_least(threshold_of(signal, calibrations)), rollup.n, calibrations)
    return None if found is None else CorrectedRate(**asdict(found))


def _named(alerts: Iterable[Alert], signals: Mapping[str, Signal]) -> Iterator[tuple[Alert, Signal]]:
    for alert in alerts:
        if alert.signal in signals:
            yield alert, signals[alert.signal]


def _ended_in(alert: Alert, period: Period) -> bool:
    return alert.resolved_at is not None and period.since <= alert.resolved_at < period.until


def _precision(alerts: Iterable[Alert], until: datetime) -> dict[str, int]:
    over = [a for a in alerts if a.resolved_at is not None and until - _PRECISION_OVER <= a.resolved_at < until]
    useful = sum(alert.detail.get("outcome") not in _OUTCOMES for alert in over)
    return {"judged": len(over), "useful": useful}


def _taught(tx: Tx, names: Sequence[str], period: Period) -> Iterator[Taught]:
    """The evaluators whose threshold the period's labels moved, and those that have one since."""
    for name in names:
        before, after = tx.calibrations.as_of(name, period.since), tx.calibrations.as_of(name, period.until)
        if after is None:
            continue
        taught = Taught(evaluator=name, before=None if before is None else before.threshold, after=after.threshold)
        if taught.has_moved:
            yield taught


def _with_rates(
    taught: Taught, signals: Mapping[str, Signal], movement: Movement, calibrations: Mapping[str, Calibration]
) -> Taught:
    """With the share that the evaluator flagged in the period, and what labels make of it."""
    signal, rollup = signals.get(taught.evaluator), movement.period.get(taught.evaluator, Rollup())
    if signal is None or signal.kind is not Kind.RATE or not rollup.n:
        return taught
    return replace(
        taught,
        raw=rollup.at_least(threshold_of(signal, calibrations)) / rollup.n,
        corrected=_corrected(signal, rollup, calibrations),
    )


def _spared(tx: Tx, period: Period) -> SparedByClassifiers | None:
    """What classifiers answered in place of judges on the period's whole days (UTC); ``None`` where none did."""
    days = tx.judge_spending.since(period.since, period.until - timedelta(days=1)).values()
    spared = SparedByClassifiers(
        conversations=sum(one.spared for one in days),
        usd=sum(one.spared_usd for one in days),
        audited=sum(one.audited for one in days),
        agreed=sum(one.agreed for one in days),
    )
    return spared if spared.conversations else None


def _spent(movement: Movement, name: str) -> float:
    rollup = movement.period.get(name)
    return 0.0 if rollup is None else max(0.0, rollup.total)


def latest_due(now: datetime, hour: int, weekday: int | None, zone: ZoneInfo, *, daily: bool) -> Period | None:
    """The newest period that has ended by ``now``: at ``hour`` o'clock of a day; the weekly one takes its day's place.

    Args:
        now: The time.
        hour: When a digest is made, from 0 to 23, in the zone.
        weekday: The day of the weekly one, from 0 for Monday; ``None`` is without.
        zone: The team's time zone.
        daily: Whether there is one every day.
    """
    local = now.astimezone(zone)
    end = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if end > local:
        end = (end - timedelta(days=1)).replace(hour=hour)
    until = end.astimezone(now.tzinfo)
    if weekday is not None and end.weekday() == weekday:
        return Period(rhythm="weekly", until=until)
    return Period(rhythm="daily", until=until) if daily else None
