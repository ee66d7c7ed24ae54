"""Is the watcher itself well: ingest, detection, evaluators, deliveries, sources, the judges' budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.judges import JudgingSaid
from bot.slack.blocks.detail import fault
from bot.slack.blocks.values import EvaluatorHealth, SourceStatus, StatusReport
from bot.sources import reports_of
from evaluators.base import Evaluator
from traces.clock import Clock
from traces.model import EVERYTHING, AlertState
from traces.store import Store, Tx
from traces.store.alerts import LIVE
from traces.store.outbox import DeliveryState
from traces.store.rollups import HOUR_S, bucket_start

_DAY = timedelta(days=1)
_FEWEST_TRIES = 5
_FAILING = 0.2


class Health:
    """Reports how one Hark is.

    Args:
        evaluators: Those that run.
        sources: Names of the trace stores that are polled.
        judging: What judges cost; ``None`` where there are none.
    """

    def __init__(
        self, evaluators: Iterable[Evaluator], sources: Sequence[str] = (), judging: JudgingSaid | None = None
    ) -> None:
        self._evaluators = {e.name: e for e in evaluators}
        self._sources = tuple(sources)
        self._judging = judging

    def report(self, tx: Tx, now: datetime) -> StatusReport:
        """How Hark is as of ``now``."""
        counts = tx.outbox.counts()
        dead = counts.get(DeliveryState.DEAD, 0)
        waiting = tx.outbox.waiting_since(now)
        alerts = tx.alerts.in_state(*LIVE)
        judging = None if self._judging is None else self._judging.today(tx, now)
        health = self._of_evaluators(tx, now)
        reports = [source for source in reports_of(tx, self._sources, now) if source.kind != "file"]
        undelivered = [f"{dead} messages could not be delivered; hark deliveries --failed says why"] if dead else []
        return StatusReport(
            at=now,
            last_ingest_at=tx.conversations.latest(),
            last_detection_at=tx.state.job_ran_at("detect"),
            open_alerts=sum(a.state is AlertState.OPEN for a in alerts),
            acknowledged_alerts=sum(a.state is AlertState.ACKNOWLEDGED for a in alerts),
            conversations_24h=_conversations(tx, now),
            queued=tx.conversations.awaiting(),
            to_review=tx.reviews.unlabelled(),
            outbox_oldest_s=None if waiting is None else max(0.0, (now - waiting).total_seconds()),
            outbox_backlog=counts.get(DeliveryState.PENDING, 0) + counts.get(DeliveryState.SENDING, 0),
            dead_letters=dead,
            evaluators=tuple(health),
            judge_spend_usd=None if judging is None else judging.spent_usd,
            judge_budget_usd=None if judging is None else judging.budget_usd,
            sources=tuple(
                SourceStatus(
                    name=source.name,
                    last_trace_at=source.last_trace_at,
                    traces_24h=source.traces_24h,
                    traces_1h=source.traces_1h,
                    errors_24h=source.errors,
                    rejected_24h=source.rejected,
                    is_failing=source.problem is not None,
                    labels_waiting=source.labels_waiting,
                )
                for source in reports
            ),
            problems=(
                *(problem for source in reports for problem in source.problems),
                *undelivered,
                *(() if judging is None else judging.problems),
                *(problem for evaluator in health if (problem := _problem_of(evaluator))),
                *(found.line for alert in alerts if (found := fault(alert)) is not None),
            ),
            faults=tuple((a.signal, value) for a in alerts if fault(a) is not None for _, value in a.segment.pairs),
        )

    def _of_evaluators(self, tx: Tx, now: datetime) -> list[EvaluatorHealth]:
        summary = tx.scores.summary(self._evaluators, now - _DAY)
        calibrations = tx.calibrations.current()
        labels = tx.reviews.label_counts()
        return [
            EvaluatorHealth(
                name=name,
                version=e.version,
                scored=summary.get(name, (0, 0))[0],
                failed=summary.get(name, (0, 0))[1],
                n_labels=labels.get(name, 0),
                agreement=calibrations[name].kappa if name in calibrations else None,
            )
            for name, e in sorted(self._evaluators.items())
        ]


def status_of(store: Store, clock: Clock) -> StatusReport:
    """How a Hark is of whose evaluators and sources nothing is known."""
    with store.read() as tx:
        return Health(()).report(tx, clock.now())


def _conversations(tx: Tx, now: datetime) -> int:
    """How many ended within the last 24 hours."""
    since = bucket_start(now, HOUR_S) - _DAY
    hours = tx.rollups.series("volume", EVERYTHING, since=since, until=now + _DAY, resolution_s=HOUR_S)
    return sum(rollup.n for _, rollup in hours)


def _problem_of(evaluator: EvaluatorHealth) -> str | None:
    tries = evaluator.scored + evaluator.failed
    if tries < _FEWEST_TRIES or evaluator.failed < _FAILING * tries:
        return None
    return f"the evaluator {evaluator.name} failed on {evaluator.failed} of {tries} conversations in 24 hours"
