"""How the sources are, polled stores as well as clients that send: how far behind, how much they tell, what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from traces.store import Tx
from traces.store.arrivals import ArrivalHour, SourceKind
from traces.store.label_writes import WriteState
from traces.store.rollups import HOUR_S, bucket_start
from traces.store.state import SourceState

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_FILES = timedelta(days=7)
"""For so long a file that was read is still told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """One source as of ``at``.

    Attributes:
        kind: Whether it is a polled trace store, a client that sends, or a file that was read.
        last_trace_at: When the newest trace began that it has told of; ``None`` before the first.
        seen_at: What its lag counts from: of a polled store ``last_trace_at``, else when it last sent.
        traces_1h: Its new traces in the last hour; ``traces_24h`` in the last 24 hours. Of a polled store they are counted
            by when they began, else by when they came; then the hours at the edge count in proportion.
        spans_24h: Spans that came in the last 24 hours; of a polled store 0.
        errors: Requests or polls that failed in the last 24 hours; ``errors_1h`` in the last hour.
        error: Why the last of them did, or why the last rejected thing was.
        rejected: Things that could not be read in what was taken in the last 24 hours; ``rejected_1h`` in the last hour.
        polled_at: When a store was last asked; ``succeeded_at`` when it last answered.
        problem: Why the last poll failed; ``None`` when it did not.
        failures: Polls that failed since one last succeeded.
        labels_waiting: Labels to be written back; ``labels_given_up`` those that it refused for good.
        label_problem: Why a label could not be written back.
    """

    name: str
    kind: SourceKind
    at: datetime
    last_trace_at: datetime | None = None
    seen_at: datetime | None = None
    traces_1h: int = 0
    traces_24h: int = 0
    spans_24h: int = 0
    errors: int = 0
    errors_1h: int = 0
    error: str | None = None
    rejected: int = 0
    rejected_1h: int = 0
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    problem: str | None = None
    failures: int = 0
    labels_waiting: int = 0
    labels_given_up: int = 0
    label_problem: str | None = None

    @property
    def lag_s(self) -> float | None:
        """Seconds from its newest trace, or from when it last sent, until now; ``None`` before the first."""
        return None if self.seen_at is None else max(0.0, (self.at - self.seen_at).total_seconds())

    @property
    def problems(self) -> list[str]:
        """What is wrong, one sentence each; empty when all is well."""
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        if self.problem is not None:
            yield f"Source {self.name}: {self.problem}"
        elif self.kind == "push" and self.errors_1h:
            requests = "1 request was" if self.errors_1h == 1 else f"{self.errors_1h} requests were"
            yield f"Source {self.name}: {requests} refused in the last hour: {self.error}"
        if self.rejected_1h:
            yield f"Source {self.name}: {self.rejected_1h} could not be read: {self.error}"
        if self.labels_given_up:
            yield f"Source {self.name}: {self.labels_given_up} labels could not be written back: {self.label_problem}"


def reports_of(tx: Tx, names: Sequence[str], now: datetime) -> list[SourceReport]:
    """The named polled sources, in this order, then the clients that have sent, then the files of the last week.

    A source that was never polled is reported with nothing.
    """
    arrived: dict[tuple[SourceKind, str], list[ArrivalHour]] = {
        key: list(hours)
        for key, hours in groupby(tx.arrivals.hours(now - _DAY - _HOUR), key=lambda hour: (hour.kind, hour.source))
    }
    polled = _polled(tx, names, arrived, now) if names else []
    pushed = [_sent(name, "push", hours, now) for (kind, name), hours in arrived.items() if kind == "push"]
    files = [_sent(name, "file", hours, now) for (kind, name), hours in arrived.items() if kind == "file"]
    return [*polled, *pushed, *(file for file in files if file.seen_at and now - file.seen_at < _FILES)]


def _sent(name: str, kind: SourceKind, hours: Sequence[ArrivalHour], now: datetime) -> SourceReport:
    return SourceReport(
        name=name,
        kind=kind,
        at=now,
        last_trace_at=max((hour.trace_at for hour in hours if hour.trace_at), default=None),
        seen_at=max((hour.seen_at for hour in hours if hour.seen_at), default=None),
        traces_1h=_count(hours, "traces", now, _HOUR),
        traces_24h=_count(hours, "traces", now, _DAY),
        spans_24h=_count(hours, "spans", now, _DAY),
        errors=_count(hours, "failures", now, _DAY),
        errors_1h=_count(hours, "failures", now, _HOUR),
        error=_last_reason(hours),
        rejected=_count(hours, "rejected", now, _DAY),
        rejected_1h=_count(hours, "rejected", now, _HOUR),
    )


def _polled(
    tx: Tx, names: Sequence[str], arrived: Mapping[tuple[SourceKind, str], Sequence[ArrivalHour]], now: datetime
) -> list[SourceReport]:
    states = {state.name: state for state in tx.state.sources()}
    newest, hour, day = tx.origins.newest(), tx.origins.counts(now - _HOUR), tx.origins.counts(now - _DAY)
    writes, label_problems = tx.label_writes.counts(), tx.label_writes.problems()
    reports = []
    for name in names:
        state, health = states.get(name, SourceState(name=name)), tx.origins.health(name)
        hours, counts = arrived.get(("poll", name), ()), writes.get(name, {})
        reports.append(
            SourceReport(
                name=name,
                kind="poll",
                at=now,
                last_trace_at=newest.get(name),
                seen_at=newest.get(name),
                traces_1h=hour.get(name, 0),
                traces_24h=day.get(name, 0),
                errors=_count(hours, "failures", now, _DAY),
                errors_1h=_count(hours, "failures", now, _HOUR),
                error=state.problem or health.reason or _last_reason(hours),
                rejected=max(health.refused, _count(hours, "rejected", now, _DAY)),
                rejected_1h=health.refused,
                polled_at=state.polled_at,
                succeeded_at=state.succeeded_at,
                problem=state.problem,
                failures=health.failures,
                labels_waiting=counts.get(WriteState.PENDING, 0),
                labels_given_up=counts.get(WriteState.DEAD, 0),
                label_problem=label_problems.get(name),
            )
        )
    return reports


def _count(hours: Sequence[ArrivalHour], what: str, now: datetime, span: timedelta) -> int:
    """How many came in the last ``span``; of the hour in which it begins, the share that lies within it."""
    since = now - span
    edge = bucket_start(since, HOUR_S)
    whole = sum(getattr(hour, what) for hour in hours if hour.bucket_at > edge)
    part = sum(getattr(hour, what) for hour in hours if hour.bucket_at == edge)
    return int(whole + part * (1 - (since - edge) / _HOUR) + 0.5)


def _last_reason(hours: Sequence[ArrivalHour]) -> str | None:
    told = [hour for hour in hours if hour.reason is not None]
    return told[-1].reason if told else None
