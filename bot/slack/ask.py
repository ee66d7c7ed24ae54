"""Answers to people: slash commands and the windows behind buttons, from what the store holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alerts.signals import SignalOverride, all_signals
from bot.answers.asking import Asking, Words
from bot.answers.digest import Digests, Period
from bot.answers.exporting import rows_of
from bot.answers.metrics import answer
from bot.answers.signals import SignalLine, signal_lines
from bot.calibration.proposed import Proposed
from bot.catalogue import Catalogue
from bot.health import Health
from bot.judges import JudgingSaid
from bot.reviewing.taxonomy import Taxonomy
from bot.settings.chosen import Chosen
from bot.slack.blocks.alert import affected
from bot.slack.blocks.export import export_message
from bot.slack.blocks.label_modal import conversations_modal
from bot.slack.blocks.metrics import metrics_message
from bot.slack.blocks.sharing import shared_message, understood_message
from bot.slack.blocks.story import story_modal
from bot.slack.blocks.surface import Message, View
from bot.slack.blocks.tokens import Token, ref_of
from bot.slack.blocks.values import ConversationLine, StatusReport
from bot.slack.commands.standing import Standing
from bot.slack.grammar import parse
from bot.slack.labelling import Labelling
from bot.slack.queries import AskQuery, DigestQuery, ExportQuery, MetricsQuery, Query, written
from bot.slack.render import Renderer, excerpt
from evaluators.base import Evaluator
from evaluators.registry import Listed
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import Signal
from traces.store import Store, Tx
from traces.store.answers import Answer
from traces.store.outbox import Delivery

_DAY = timedelta(days=1)
_SIGNALS_BACK = timedelta(days=90)
_KNOWN_FOR = timedelta(minutes=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_LISTED = 10
_EXCERPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer with the query that it answers; ``question`` is what that was made of, if a person used words of their own."""

    message: Message
    query: Query
    question: str | None = None


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
        asking: Asking | None = None,
        chosen: Chosen | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer
        self._evaluators = {e.name: e for e in evaluators}
        self.taxonomy = Taxonomy(store, clock, evaluators)
        self.labelling = Labelling(store, renderer, self.taxonomy)
        self._segment_keys = tuple(segment_keys)
        self._overrides = overrides
        self._chosen = chosen
        self._weeks_between_false_alerts = weeks_between_false_alerts
        self.digests = Digests(self.signals, segment_keys)
        self._known: dict[bool, tuple[datetime, dict[str, Signal]]] = {}
        self._asking = Asking() if asking is None else asking
        self._health = Health(evaluators, sources, judging)
        self._standing = Standing(
            renderer=renderer,
            health=self._health,
            catalogue=Catalogue([Listed(evaluator=e) for e in evaluators]) if catalogue is None else catalogue,
            lines=self.signal_lines,
            proposed=Proposed(store=store, clock=clock, renderer=renderer),
        )

    def query(self, text: str) -> Query:
        """What a slash command asks for.

        Raises:
            BadInput: The words are not understood; the error says what would be.
        """
        with self._store.read() as tx:
            return self.understood(tx, text, self._clock.now())[0]

    def story_of(self, alert_id: str) -> View:
        """The window that says why an alert is as it is."""
        with self._store.read() as tx:
            return story_modal(tx.decisions.of(alert_id))

    def answer(self, text: str) -> Message:
        """The answer to a slash command that changes nothing and opens no window.

        Raises:
            BadInput: The words are not understood; the error says what would be.
        """
        return self.reply(self.query(text)).message

    def reply(self, query: Query) -> Reply:
        """The answer to a query; a question in a person's own words is first made into one.

        Raises:
            BadInput: It cannot be answered, or is of another kind; the error says what can be.
        """
        now = self._clock.now()
        if isinstance(query, AskQuery):
            return self._made_of(query, now)
        with self._store.read() as tx:
            signals = self._named(tx, now, ever=True, needed=query.signal) if isinstance(query, MetricsQuery) else {}
            return Reply(message=self._drawn(tx, query, signals, now), query=query)

    def _named(self, tx: Tx, now: datetime, *, ever: bool, needed: str = "") -> dict[str, Signal]:
        """The signals, as they were known within the last minute: reading what there is takes longer than an answer."""
        known = self._known.get(ever)
        is_fresh = known is not None and timedelta(0) <= now - known[0] < _KNOWN_FOR
        if known is None or not is_fresh or (needed and needed not in known[1]):
            known = now, self.signals(tx, now, since=_EVER if ever else None)
            self._known[ever] = known
        return known[1]

    def _made_of(self, query: AskQuery, now: datetime) -> Reply:
        # Not within a transaction: a model takes seconds.
        with self._store.read() as tx:
            words = self._words(tx, now)
        made = self._asking.made_of(query.question, words)
        with self._store.read() as tx:
            message = self._drawn(tx, made.query, words.signals, now)
        return Reply(
            message=understood_message(message, written(made.query), made.how),
            query=made.query,
            question=query.question,
        )

    def shared(self, answer: Answer) -> Message:
        """An earlier answer as others see it.

        Raises:
            BadInput: It cannot be given any more.
        """
        with self._store.read() as tx:
            return self._again(tx, answer, f"answer:{answer.answer_id}")

    def delivered(self, tx: Tx, delivery: Delivery) -> Message | None:
        """The message of the outbox that shows an answer to others; ``None`` where it cannot be given any more."""
        answer = tx.answers.get(delivery.subject_id)
        try:
            return None if answer is None else self._again(tx, answer, delivery.delivery_id)
        except BadInput:
            return None

    def _again(self, tx: Tx, answer: Answer, delivery_id: str) -> Message:
        signals = self.signals(tx, answer.asked_at, since=_EVER)
        query = parse(answer.query, signals=signals, segment_keys=self._segment_keys)
        message = self._drawn(tx, query, signals, answer.asked_at)
        name = tx.state.reviewer_names().get(answer.asked_by, answer.asked_by)
        return shared_message(message, answer.query, name, answer.question, delivery_id=delivery_id)

    def _words(self, tx: Tx, now: datetime) -> Words:
        values = tx.state.segment_values()
        return Words(
            signals=self._named(tx, now, ever=False),
            segment_keys=self._segment_keys,
            values={key: tuple(values.get(key, ())) for key in self._segment_keys},
        )

    def _drawn(self, tx: Tx, query: Query, signals: Mapping[str, Signal], now: datetime) -> Message:
        if isinstance(query, MetricsQuery):
            return metrics_message(answer(tx, query, signals, now))
        if isinstance(query, DigestQuery):
            return self.digests.message(tx, Period(rhythm=query.rhythm, until=now))
        if isinstance(query, ExportQuery):
            return export_message(query.what, rows_of(tx, query.what))
        message = self._standing.of(tx, query, now)
        if message is None:
            raise BadInput(f"`{written(query)}` is not answered here")
        return message

    def understood(self, tx: Tx, text: str, now: datetime) -> tuple[Query, dict[str, Signal]]:
        """What is asked, and the signals that can be asked for; of one without data for long too, so that it can be said.

        Raises:
            BadInput: The words are not understood.
        """
        signals = self._named(tx, now, ever=False)
        try:
            return parse(text, signals=signals, segment_keys=self._segment_keys), signals
        except BadInput as error:
            # Read anew: a signal may be of this very minute, or of long ago.
            ever = self.signals(tx, now, since=_EVER)
            if ever.keys() <= signals.keys():
                raise
            try:
                return parse(text, signals=ever, segment_keys=self._segment_keys), ever
            except BadInput:
                raise error from None

    def signals(
        self,
        tx: Tx,
        now: datetime,
        since: datetime | None = None,
        overrides: Mapping[str, SignalOverride] | None = None,
    ) -> dict[str, Signal]:
        """The signals that had data ``since`` a time, by default in the last 90 days; with other ``overrides`` than hold."""
        self._take_up(tx)
        seen = tx.rollups.signals(since=since or now - _SIGNALS_BACK, until=now + _DAY)
        return all_signals(
            {*seen, *self._evaluators},
            {name: e.bad for name, e in self._evaluators.items()},
            self._overrides if overrides is None else overrides,
        )

    def signal_lines(self, tx: Tx, now: datetime) -> list[SignalLine]:
        """Every signal with its usual level, its state, and what can be detected."""
        return signal_lines(
            tx,
            now,
            names=[*self._evaluators],
            bad={name: e.bad for name, e in self._evaluators.items()},
            overrides=self._overrides,
            weeks_between_false_alerts=self._take_up(tx),
        )

    def _take_up(self, tx: Tx) -> float:
        """Heed what admins set in Slack; returns the weeks between false alerts."""
        if self._chosen is None:
            return self._weeks_between_false_alerts
        return self._chosen.refresh(tx).detect.weeks_between_false_alerts

    def status(self, tx: Tx, now: datetime) -> StatusReport:
        """How Hark is."""
        return self._health.report(tx, now)

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
                ConversationLine(
                    why=_opening(c.metadata),
                    excerpt=_gist(excerpt(c)),
                    at=c.started_at,
                    token=Token(alert_id, ref_of(c.conversation_id)),
                )
                for c in (conversations[i] for i in alert.examples if i in conversations)
            ]
        return conversations_modal(
            "Conversations", lines[:_LISTED], affected(alert, self._renderer.signal(alert.signal))
        )


def _opening(metadata: Mapping[str, object]) -> str:
    return " · ".join(str(metadata[key]) for key in ("scenario", "model", "prompt_version") if metadata.get(key))


def _gist(turns: Sequence[object]) -> str:
    return " / ".join(getattr(turn, "text", "") for turn in turns[-2:])[:_EXCERPT]
