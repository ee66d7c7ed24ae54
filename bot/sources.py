"""How the polled trace stores are: how far behind, how much they tell, what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from traces.store import Tx
from traces.store.label_writes import WriteState
from traces.store.state import SourceState

SOURCE_LAG = "source_lag"
"""The built-in value that tells how far behind a source is: seconds from its newest trace until now."""

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """One source as of ``at``.

    Attributes:
        last_trace_at: When the newest trace began that it has told of; ``None`` before the first.
        traces_1h: Its traces that began in the last hour; ``traces_24h`` in the last 24 hours.
        polled_at: When it was last asked; ``succeeded_at`` when it last answered.
        problem: Why the last poll failed; ``None`` when it did not.
        failures: Polls that failed since one last succeeded.
        refused: How many things of its last page could not be read; ``reason`` is why the first could not.
        labels_waiting: Labels to be written back; ``labels_given_up`` those that it refused for good.
        label_problem: Why a label could not be written back.
    """

    name: str
    at: datetime
    last_trace_at: datetime | None
    traces_1h: int
    traces_24h: int
    polled_at: datetime | None
    succeeded_at: datetime | None
    problem: str | None
    failures: int
    refused: int
    reason: str | None
    labels_waiting: int
    labels_given_up: int
    label_problem: str | None

    @property
    def lag_s(self) -> float | None:
        """Seconds from the newest trace until now; ``None`` before the first."""
        return None if self.last_trace_at is None else max(0.0, (self.at - self.last_trace_at).total_seconds())

    @property
    def problems(self) -> list[str]:
        """What is wrong, one sentence each; empty when all is well."""
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        if self.problem is not None:
            yield f"Source {self.name}: {self.problem}"
        if self.refused:
            yield f"Source {self.name}: {self.refused} could not be read: {self.reason}"
        if self.labels_given_up:
            yield f"Source {self.name}: {self.labels_given_up} labels could not be written back: {self.label_problem}"


def reports_of(tx: Tx, names: Sequence[str], now: datetime) -> list[SourceReport]:
    """The named sources, in this order; one that was never polled is reported with nothing."""
    if not names:
        return []
    states = {state.name: state for state in tx.state.sources()}
    newest, hour, day = tx.origins.newest(), tx.origins.counts(now - _HOUR), tx.origins.counts(now - _DAY)
    writes, label_problems = tx.label_writes.counts(), tx.label_writes.problems()
    reports = []
    for name in names:
        state, health = states.get(name, SourceState(name=name)), tx.origins.health(name)
        counts = writes.get(name, {})
        reports.append(
            SourceReport(
                name=name,
                at=now,
                last_trace_at=newest.get(name),
                traces_1h=hour.get(name, 0),
                traces_24h=day.get(name, 0),
                polled_at=state.polled_at,
                succeeded_at=state.succeeded_at,
                problem=state.problem,
                failures=health.failures,
                refused=health.refused,
                reason=health.reason,
                labels_waiting=counts.get(WriteState.PENDING, 0),
                labels_given_up=counts.get(WriteState.DEAD, 0),
                label_problem=label_problems.get(name),
            )
        )
    return reports
