"""From a delivery to the message that it stands for, drawn from what is true now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeAlias

from alerts.signals import BUILT_IN, SignalOverride, all_signals
from alerts.telling.pipeline import ALERT, EXAMPLE, UPDATE
from bot.jobs.pick import REVIEW
from bot.reviewing.queue import PROBLEM
from bot.reviewing.rules import Votes
from bot.slack.blocks.alert import alert_message
from bot.slack.blocks.conversation import example_card, review_card
from bot.slack.blocks.saying import others
from bot.slack.blocks.story import update_message
from bot.slack.blocks.surface import Message
from bot.slack.blocks.values import FlaggedConversation, Question, Turn
from bot.slack.voted import Given, voted
from bot.trace_pages import TracePage, TracePages
from evaluators.base import Evaluator
from evaluators.calibration.lessons import gain_at
from traces.model import Alert, Conversation, Direction, Score, Segment, Signal
from traces.model import Message as Said
from traces.redact import redact
from traces.store import Tx
from traces.store.outbox import Delivery
from traces.store.queue import EntryState
from traces.store.reviews import ReviewItem
from traces.store.taxonomy import WordState

_TURNS_AROUND = 2
_TURNS_SHOWN = 6
_SAYS_SO = 0.5
_CONTEXT_KEYS = ("application", "model", "prompt_version", "scenario")
_LIKELY = 3
_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_WORTH_TELLING = 0.0005
_QUESTIONS = {
    PROBLEM: "Is something wrong with this conversation?",
    "volume": "Is something wrong with this conversation?",
    "error_rate": "Did a model call fail here?",
    "latency": "Was the answer too slow here?",
    "latency_tail": "Was the answer too slow here?",
    "cost_tail": "Did this conversation cost more than it should?",
    "ttft_tail": "Did the answer begin too late here?",
    "cost": "Did this conversation cost more than it should?",
    "ttft": "Did the answer begin too late here?",
    "input_drift": "Is this something that users did not ask before?",
    "output_drift": "Is this something that the agent should not say?",
    "new_topic": "Is this a topic that deserves attention?",
}


Draw: TypeAlias = Callable[[Tx, Delivery], Message | None]
"""Draws one kind of message; ``None`` when what it is about is gone."""


class Renderer:
    """Draws the messages of the outbox.

    Args:
        evaluators: Those that there are.
        overrides: What the team made of its signals.
        votes: How many answers a conversation wants, and who is shown them.
        pages: Where traces are shown.
        runbooks: By origin of a rule, where to read what to do when it is broken.
    """

    def __init__(
        self,
        evaluators: Sequence[Evaluator],
        overrides: Mapping[str, SignalOverride],
        votes: Votes | None = None,
        pages: TracePages | None = None,
        runbooks: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._evaluators = {e.name: e for e in evaluators}
        self._overrides = overrides
        self._rule = votes or Votes()
        self._pages = pages or TracePages()
        self._runbooks = runbooks
        self._further: dict[str, Draw] = {}

    def also_draws(self, kind: str, draw: Draw) -> None:
        """From now on messages of this kind are drawn by ``draw``."""
        self._further[kind] = draw

    def message(self, tx: Tx, delivery: Delivery) -> Message | None:
        """The message as it should stand now; ``None`` when what it was about is gone."""
        if (draw := self._further.get(delivery.kind)) is not None:
            return draw(tx, delivery)
        if delivery.kind == ALERT:
            alert = tx.alerts.get(delivery.subject_id)
            return None if alert is None else self._alert(tx, alert, delivery.delivery_id)
        if delivery.kind == UPDATE:
            alert_id, _, number = delivery.subject_id.partition(".")
            decided = tx.decisions.get(alert_id, int(number))
            return None if decided is None else update_message(decided, delivery_id=delivery.delivery_id)
        item = tx.reviews.item(delivery.subject_id)
        flagged = None if item is None else self.flagged(tx, item)
        if flagged is None:
            return None
        card = example_card if delivery.kind == EXAMPLE else review_card
        return card(flagged, delivery_id=delivery.delivery_id)

    def _alert(self, tx: Tx, alert: Alert, delivery_id: str) -> Message:
        names = tx.state.reviewer_names()
        return alert_message(
            alert,
            self.signal(alert.signal),
            delivery_id=delivery_id,
            acknowledged_by=names.get(alert.acknowledged_by or ""),
            resolved_by=names.get(alert.resolved_by or ""),
            snoozed_by=names.get(alert.snoozed_by or ""),
            runbook=self._runbook(alert),
            others=[(other, self.signal(other.signal)) for other in others(alert)],
            trace_page=self._trace_page(tx, alert),
        )

    def _runbook(self, alert: Alert) -> str | None:
        """That of the rule that is broken, else that of the signal."""
        override = self._overrides.get(alert.signal)
        of_signal = None if override is None else override.runbook
        return self._runbooks.get(str(alert.detail.get("origin", "")), of_signal)

    def _trace_page(self, tx: Tx, alert: Alert) -> TracePage | None:
        """Where a trace store shows the first of the examples that one has."""
        examples = tx.conversations.many(alert.examples) if self._pages.are_any else {}
        traces = [found.trace_ids for one in alert.examples if (found := examples.get(one)) is not None]
        return next((page for trace_ids in traces for page in self._pages.of(tx, trace_ids)), None)

    def signal(self, name: str) -> Signal:
        """The signal of a name, as this team has set it up."""
        evaluator = self._evaluators.get(name)
        bad = {name: evaluator.bad} if evaluator is not None else {}
        shown = {name: SignalOverride(definition=o.definition, bad=o.bad) for name, o in self._overrides.items()}
        return all_signals([name], bad, shown)[name]

    def question(self, name: str) -> Question:
        """What reviewers are asked about a score or a signal."""
        evaluator = self._evaluators.get(name)
        if evaluator is not None:
            return Question(
                evaluator=name,
                question=evaluator.question,
                yes_label=evaluator.yes_label,
                no_label=evaluator.no_label,
                yes_is_bad=evaluator.bad is not Direction.DOWN,
            )
        built_in = name == PROBLEM or name in {signal.name for signal in BUILT_IN}
        return Question(
            evaluator=name,
            question=_QUESTIONS.get(name, _QUESTIONS["volume"])
            if built_in
            else f"Is “{name.replace('_', ' ')}” true of this conversation?",
            yes_is_bad=built_in or self.signal(name).bad is not Direction.DOWN,
        )

    def flagged(self, tx: Tx, item: ReviewItem, viewer: str | None = None) -> FlaggedConversation | None:
        """A review item with everything that its card shows; ``None`` when the conversation is gone.

        Args:
            tx: Where it is read from.
            item: The item.
            viewer: The Slack id of the only person who sees it; without one it is for a channel.
        """
        conversation = tx.conversations.get(item.conversation_id)
        if conversation is None:
            return None
        outcomes = tx.scores.current([item.conversation_id]).get(item.conversation_id, [])
        scores = [o for o in outcomes if isinstance(o, Score)]
        labels = tx.reviews.labels_of([item.conversation_id]).get(item.conversation_id, [])
        asked = next((s for s in scores if s.name == item.evaluator), None)
        names = tx.state.reviewer_names()
        words = tx.taxonomy.current()
        unoffered = {word.name for word in words.values() if word.state is not WordState.ACTIVE}
        besides, assigned = tx.reviews.asked_besides(item), _assigned(tx, item)
        spoken = _spoken(conversation)
        first = _first_shown([place for place, _ in spoken], asked)
        found = None if asked is None or labels else tx.calibrations.as_of(item.evaluator, _EVER)
        gain = gain_at(found, None if asked is None else asked.value)
        card = FlaggedConversation(
            item_id=item.item_id,
            teaches=gain if gain is not None and gain >= _WORTH_TELLING else None,
            why=redact(item.reason).text,
            question=self.question(item.evaluator),
            turns=_turns(spoken, first),
            telling=next((n - first for n, (place, _) in enumerate(spoken) if asked and place == asked.turn), None),
            turns_total=len(conversation.messages),
            at=conversation.started_at,
            context=_context(conversation),
            scores=tuple(_shown(scores, asked)),
            likely=tuple(_likely(scores, {item.evaluator, *besides, *unoffered})),
            titles={word.name: word.title for word in words.values()},
            assigned_to=None if assigned is None else names.get(assigned),
            assigned_id=assigned,
            is_kept=tx.datasets.holds(item.conversation_id),
        )
        given = Given(labels=labels, names=names, asked_besides=besides)
        return voted(card, item, given, self._rule, viewer)


def excerpt(conversation: Conversation, score: Score | None = None) -> tuple[Turn, ...]:
    """The redacted turns around a score's evidence, or the last ones."""
    spoken = _spoken(conversation)
    return _turns(spoken, _first_shown([place for place, _ in spoken], score))


def _first_shown(places: Sequence[int], score: Score | None) -> int:
    """With which of the turns, by their places among the messages, an excerpt begins."""
    last = max(0, len(places) - _TURNS_SHOWN)
    turn = score.turn if score is not None else None
    return max(0, min(places.index(turn) - _TURNS_AROUND, last)) if turn in places else last


def _spoken(conversation: Conversation) -> list[tuple[int, Said]]:
    """Every turn but the system prompt, with its place among the messages."""
    return [(place, message) for place, message in enumerate(conversation.messages) if message.role != "system"]


def _turns(spoken: Sequence[tuple[int, Said]], first: int) -> tuple[Turn, ...]:
    """An excerpt that begins with a turn, redacted."""
    return tuple(_turn(message) for _, message in spoken[first : first + _TURNS_SHOWN])


def _turn(message: Said) -> Turn:
    calls = " ".join(f"→ {call.name}({call.arguments})" for call in message.tool_calls)
    error = f"⚠ {message.error}" if message.error else ""
    text = "\n".join(part for part in (message.content, calls, error) if part)
    role = f"tool {redact(message.name).text}" if message.role == "tool" and message.name else message.role
    return Turn(role=role, text=redact(text).text)


def _context(conversation: Conversation) -> Segment:
    pairs = [(key, str(conversation.metadata[key])) for key in _CONTEXT_KEYS if conversation.metadata.get(key)]
    return Segment(tuple(pairs[:3]))


def _shown(scores: Sequence[Score], asked: Score | None) -> list[Score]:
    """The score in question first, then the others that say that something is the case; they may quote what was said."""
    others = [s for s in scores if s is not asked and s.value is not None and s.value >= _SAYS_SO]
    return [
        replace(s, explanation=_hidden(s.explanation), label=_hidden(s.label), evidence=_hidden(s.evidence))
        for s in [*([asked] if asked is not None else []), *others]
    ]


def _hidden(text: str | None) -> str | None:
    return None if text is None else redact(text).text


def _likely(scores: Sequence[Score], besides: Collection[str]) -> list[str]:
    """What evaluators say is the case besides what is asked or no longer offered, the surest first."""
    others = {s.name: s.value for s in scores if s.name not in besides and s.value is not None and s.value >= _SAYS_SO}
    return sorted(others, key=lambda name: (-others[name], name))[:_LIKELY]


def _assigned(tx: Tx, item: ReviewItem) -> str | None:
    """The Slack id of whose it is for good, because a person said so."""
    entries = tx.queue.entries([item.item_id]).get(item.item_id, [])
    return next((e.reviewer for e in entries if e.state is EntryState.ASSIGNED and e.until_at is None), None)


__all__ = ["ALERT", "EXAMPLE", "REVIEW", "Renderer", "excerpt"]
