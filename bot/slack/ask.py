"""Answers to people: slash commands and the windows behind buttons, from what the store holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from alerts.signals import SignalOverride, all_signals
from bot.catalogue import Catalogue
from bot.judges import JudgingSaid
from bot.metrics import answer
from bot.signals import SignalLine, signal_lines
from bot.slack.access import Person
from bot.slack.blocks.alert import affected
from bot.slack.blocks.evaluators import catalogue_message
from bot.slack.blocks.help import help_message
from bot.slack.blocks.label_modal import conversations_modal, label_modal
from bot.slack.blocks.listings import alerts_message
from bot.slack.blocks.metrics import metrics_message
from bot.slack.blocks.signals import signals_message
from bot.slack.blocks.status import status_message
from bot.slack.blocks.story import story_modal
from bot.slack.blocks.surface import Message, View
from bot.slack.blocks.values import (
    ConversationLine,
    EvaluatorHealth,
    LabelSubmission,
    SourceStatus,
    StatusReport,
    TaxonomyOption,
    Verdict,
)
from bot.slack.grammar import (
    AlertsQuery,
    EvaluatorsQuery,
    HelpQuery,
    MetricsQuery,
    Query,
    SignalsQuery,
    StatusQuery,
    parse,
)
from bot.slack.render import Renderer, excerpt
from bot.sources import reports_of
from evaluators.base import Evaluator
from evaluators.registry import Listed
from evaluators.truth import truth_of
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import EVERYTHING, AlertState, Signal
from traces.store import Store, Tx
from traces.store.alerts import LIVE
from traces.store.outbox import DeliveryState
from traces.store.rollups import HOUR_S, bucket_start

_DAY = timedelta(days=1)
_SIGNALS_BACK = timedelta(days=90)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_LISTED = 10
_EXCERPT = 200
_FEWEST_TRIES = 5
_FAILING = 0.2


class Desk:
    """Answers questions. What it says is drawn anew each time."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        renderer: Renderer,
        evaluators: Sequence[Evaluator],
        segment_keys: Sequence[str],
        overrides: Mapping[str, SignalOverride],
        sources: Sequence[str] = (),
        judging: JudgingSaid | None = None,
        weeks_between_false_alerts: float = 1.0,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer
        self._evaluators = {e.name: e for e in evaluators}
        self._segment_keys = tuple(segment_keys)
        self._overrides = overrides
        self._sources = tuple(sources)
        self._judging = judging
        self._catalogue = Catalogue([Listed(evaluator=e) for e in evaluators]) if catalogue is None else catalogue
        self._weeks_between_false_alerts = weeks_between_false_alerts

    def query(self, text: str) -> Query:
        """What a slash command asks for.

        Raises:
            BadInput: The words are not understood; the error says what would be.
        """
        with self._store.read() as tx:
            return parse(text, signals=self.signals(tx, self._clock.now()), segment_keys=self._segment_keys)

    def story_of(self, alert_id: str) -> View:
        """The window that says why an alert is as it is."""
        with self._store.read() as tx:
            return story_modal(tx.decisions.of(alert_id))

    def answer(self, text: str) -> Message:
        """The answer to a slash command.

        Raises:
            BadInput: The words are not understood; the error says what would be.
        """
        with self._store.read() as tx:
            now = self._clock.now()
            query, signals = self.understood(tx, text, now)
            return self._answers(signals, now)[type(query)](tx, query)

    def _answers(self, signals: Mapping[str, Signal], now: datetime) -> Mapping[type, Callable[[Tx, Query], Message]]:
        def metrics(tx: Tx, query: Query) -> Message:
            assert isinstance(query, MetricsQuery)
            return metrics_message(answer(tx, query, signals, now))

        return {
            HelpQuery: lambda _tx, _query: help_message(),
            StatusQuery: lambda tx, _query: status_message(self.status(tx, now)),
            AlertsQuery: lambda tx, _query: self._alerts(tx),
            SignalsQuery: lambda tx, _query: signals_message(self.signal_lines(tx, now)),
            EvaluatorsQuery: lambda tx, _query: catalogue_message(self._catalogue.report(tx, now)),
            MetricsQuery: metrics,
        }

    def understood(self, tx: Tx, text: str, now: datetime) -> tuple[Query, dict[str, Signal]]:
        """What is asked, and the signals that can be asked for; of one without data for long too, so that it can be said.

        Raises:
            BadInput: The words are not understood.
        """
        signals = self.signals(tx, now)
        try:
            return parse(text, signals=signals, segment_keys=self._segment_keys), signals
        except BadInput as error:
            ever = self.signals(tx, now, since=_EVER)
            if ever.keys() <= signals.keys():
                raise
            try:
                return parse(text, signals=ever, segment_keys=self._segment_keys), ever
            except BadInput:
                raise error from None

    def signals(self, tx: Tx, now: datetime, since: datetime | None = None) -> dict[str, Signal]:
        """The signals that had data ``since`` a time, by default in the last 90 days."""
        seen = tx.rollups.signals(since=since or now - _SIGNALS_BACK, until=now + _DAY)
        return all_signals(
            {*seen, *self._evaluators}, {name: e.bad for name, e in self._evaluators.items()}, self._overrides
        )

    def signal_lines(self, tx: Tx, now: datetime) -> list[SignalLine]:
        """Every signal with its usual level, its state, and what can be detected."""
        return signal_lines(
            tx,
            now,
            names=[*self._evaluators],
            bad={name: e.bad for name, e in self._evaluators.items()},
            overrides=self._overrides,
            weeks_between_false_alerts=self._weeks_between_false_alerts,
        )

    def status(self, tx: Tx, now: datetime) -> StatusReport:
        """How Hark is."""
        counts = tx.outbox.counts()
        waiting = counts.get(DeliveryState.PENDING, 0) + counts.get(DeliveryState.SENDING, 0)
        dead = counts.get(DeliveryState.DEAD, 0)
        alerts = tx.alerts.in_state(*LIVE)
        hours = tx.rollups.series(
            "volume",
            EVERYTHING,
            since=bucket_start(now, HOUR_S) - _DAY,
            until=now + _DAY,
            resolution_s=HOUR_S,
        )
        sources = [source for source in reports_of(tx, self._sources, now) if source.kind != "file"]
        judging = None if self._judging is None else self._judging.today(tx, now)
        health = self._health(tx, now)
        return StatusReport(
            at=now,
            last_ingest_at=tx.conversations.latest(),
            last_detection_at=tx.state.job_ran_at("detect"),
            open_alerts=sum(a.state is AlertState.OPEN for a in alerts),
            acknowledged_alerts=sum(a.state is AlertState.ACKNOWLEDGED for a in alerts),
            conversations_24h=sum(rollup.n for _, rollup in hours),
            queued=tx.conversations.awaiting(),
            to_review=tx.reviews.unlabelled(),
            outbox_backlog=waiting,
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
                for source in sources
            ),
            problems=tuple(
                [problem for source in sources for problem in source.problems]
                + ([f"{dead} messages could not be delivered; hark deliveries --failed says why"] if dead else [])
                + ([] if judging is None else list(judging.problems))
                + [problem for evaluator in health if (problem := _problem_of(evaluator))]
            ),
        )

    def _health(self, tx: Tx, now: datetime) -> list[EvaluatorHealth]:
        summary = tx.scores.summary(now - _DAY)
        calibrations = tx.calibrations.current()
        labels = tx.reviews.label_counts()
        return [
            EvaluatorHealth(
                name=name,
                version=e.version,
                scored=summary.get(name, (0, 0, 0.0))[0],
                failed=summary.get(name, (0, 0, 0.0))[1],
                n_labels=labels.get(name, 0),
                agreement=calibrations[name].kappa if name in calibrations else None,
            )
            for name, e in sorted(self._evaluators.items())
        ]

    def _alerts(self, tx: Tx) -> Message:
        alerts = tx.alerts.in_state(*LIVE)
        shown = [(alert, self._renderer.signal(alert.signal)) for alert in reversed(alerts)][:_LISTED]
        return alerts_message(shown, len(alerts))

    def conversations_of(self, alert_id: str) -> View:
        """The window with the conversations that show an alert.

        Raises:
            BadInput: The alert is gone.
        """
        with self._store.read() as tx:
            alert = tx.alerts.get(alert_id)
            if alert is None:
                raise BadInput("this alert is no longer known")
            conversations = tx.conversations.many(alert.examples)
            lines = [
                ConversationLine(why=_opening(c.metadata), excerpt=_gist(excerpt(c)), at=c.started_at)
                for c in (conversations[i] for i in alert.examples if i in conversations)
            ]
        return conversations_modal(
            "Conversations", lines[:_LISTED], affected(alert, self._renderer.signal(alert.signal))
        )

    def label_modal(self, item_id: str, person: Person) -> View:
        """The window in which a reviewer says more, filled with what this reviewer has said before.

        Raises:
            BadInput: The item is gone.
        """
        with self._store.read() as tx:
            item = tx.reviews.item(item_id)
            flagged = None if item is None else self._renderer.flagged(tx, item)
            if item is None or flagged is None:
                raise BadInput("this conversation is no longer open for review")
            said = tx.reviews.standing_label(item.conversation_id, item.evaluator, person.user_id)
            others = [
                name for name in sorted({*self._evaluators, *tx.reviews.label_counts()}) if name != item.evaluator
            ]
        current = None
        if said is not None:
            truth = truth_of(said.value)
            verdict: Verdict = "unsure" if truth is None else "yes" if truth else "no"
            current = LabelSubmission(item_id=item_id, verdict=verdict, note=said.note)
        options = [TaxonomyOption(value=name, label=name.replace("_", " ")) for name in others]
        return label_modal(item_id, flagged.question, options, turns=flagged.turns, current=current)


def _problem_of(evaluator: EvaluatorHealth) -> str | None:
    tries = evaluator.scored + evaluator.failed
    if tries < _FEWEST_TRIES or evaluator.failed < _FAILING * tries:
        return None
    return f"the evaluator {evaluator.name} failed on {evaluator.failed} of {tries} conversations in 24 hours"


def _opening(metadata: Mapping[str, object]) -> str:
    return " · ".join(str(metadata[key]) for key in ("scenario", "model", "prompt_version") if metadata.get(key))


def _gist(turns: Sequence[object]) -> str:
    return " / ".join(getattr(turn, "text", "") for turn in turns[-2:])[:_EXCERPT]
