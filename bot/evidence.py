"""The conversations behind a digest: on which topics users were not helped, and which conversations show what moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from alerts.signals import threshold_of
from bot.movement import total
from bot.slack.blocks.digest import Unanswered
from bot.slack.blocks.tokens import Token
from bot.slack.blocks.values import ConversationLine
from bot.slack.render import excerpt
from traces.histogram import Rollup
from traces.model import EVERYTHING, Calibration, Conversation, Direction, Kind, Segment, Signal
from traces.redact import redact
from traces.store import Tx
from traces.store.rollups import HOUR_S, Fact, bucket_start

_EXAMPLES: Final = 3
_FACTS_READ: Final = 3_000
_FEWEST_ASKED: Final = 10
_FEWEST_FAILED: Final = 3
_SIGMAS: Final = 2.5
_GIST: Final = 280


class Evidence:
    """The conversations of a period, read at most once."""

    def __init__(self, tx: Tx, since: datetime, until: datetime, calibrations: Mapping[str, Calibration]) -> None:
        self._tx = tx
        self._since = since
        self._until = until
        self._calibrations = calibrations
        self._read: list[Fact] | None = None

    def not_helped(self, key: str, signals: Sequence[Signal], overall: Mapping[str, Rollup]) -> list[Unanswered]:
        """The values of ``key`` whose users were not helped more often than chance makes of the usual, the most first.

        Args:
            key: The segment key of topics.
            signals: What tells that a user was not helped; of each topic the clearest counts.
            overall: All traffic of the period, by signal.
        """
        since, until = bucket_start(self._since, HOUR_S), bucket_start(self._until, HOUR_S)
        names = [signal.name for signal in signals]
        parts = self._tx.rollups.parts(key, names, since=since, until=until, resolution_s=HOUR_S) if names else {}
        found = []
        for segment, series in parts.items():
            sums = {name: total([rollup for _, rollup in buckets]) for name, buckets in series.items()}
            told = [
                one
                for signal in signals
                if signal.name in sums and signal.name in overall
                if (one := self._failed(signal, segment, sums[signal.name], overall[signal.name]))
            ]
            found += sorted(told, key=_beyond)[:1]
        return sorted(found, key=_beyond)

    def _failed(self, signal: Signal, segment: Segment, here: Rollup, all_of: Rollup) -> Unanswered | None:
        if here.n < _FEWEST_ASKED or not all_of.n:
            return None
        failed, usual = self._bad(signal, here), self._bad(signal, all_of) / all_of.n
        spread = (max(usual * (1 - usual), 0.01) * here.n) ** 0.5
        if failed < _FEWEST_FAILED or failed - here.n * usual < _SIGMAS * spread:
            return None
        return Unanswered(segment=segment, signal=signal, failed=failed, n=here.n, usual=usual)

    def _bad(self, signal: Signal, rollup: Rollup) -> int:
        positive = rollup.at_least(threshold_of(signal, self._calibrations))
        return rollup.n - positive if signal.bad is Direction.DOWN else positive

    @property
    def _facts(self) -> list[Fact]:
        if self._read is None:
            self._read = self._tx.rollups.facts_between(self._since, self._until, _FACTS_READ)
        return self._read

    def _showing(self, signal: Signal, segment: Segment = EVERYTHING) -> Iterator[Fact]:
        """The conversations on the bad side of a signal, the clearest first."""
        is_down, threshold = signal.bad is Direction.DOWN, threshold_of(signal, self._calibrations)
        found = [
            (max(fact.values[signal.name]), fact)
            for fact in self._facts
            if segment in fact.segments and fact.values.get(signal.name)
        ]
        if signal.kind is Kind.RATE:
            found = [(value, fact) for value, fact in found if (value < threshold) is is_down]
        found.sort(key=lambda one: (one[0] if is_down else -one[0], one[1].conversation_id))
        return (fact for _, fact in found)

    def with_question(self, topic: Unanswered) -> Unanswered:
        """The topic with a question of one of those who were not helped."""
        first = next(self._showing(topic.signal, topic.segment), None)
        conversation = None if first is None else self._tx.conversations.get(first.conversation_id)
        messages = () if conversation is None else conversation.messages
        asked = next((m.content for m in messages if m.role == "user"), None)
        if not asked:
            return topic
        return replace(topic, question=redact(asked).text)

    def examples(self, moved: Sequence[Signal], topics: Sequence[Unanswered]) -> Iterator[ConversationLine]:
        """Conversations that show what moved and what was not answered, each another thing."""
        wanted = [(topic.signal, topic.segment) for topic in topics]
        wanted += [(signal, EVERYTHING) for signal in moved if signal.kind is not Kind.COUNT]
        shown: set[str] = set()
        for signal, segment in wanted:
            fact = next((f for f in self._showing(signal, segment) if f.conversation_id not in shown), None)
            conversation = None if fact is None else self._tx.conversations.get(fact.conversation_id)
            if conversation is None or len(shown) == _EXAMPLES:
                continue
            shown.add(conversation.conversation_id)
            yield self._line(conversation, signal, segment)

    def _line(self, conversation: Conversation, signal: Signal, segment: Segment) -> ConversationLine:
        item = next(iter(self._tx.reviews.items_of([conversation.conversation_id])), None)
        said = " / ".join(turn.text for turn in excerpt(conversation)[-2:])
        parts = [signal.name.replace("_", " "), *(value for _, value in segment.pairs)]
        return ConversationLine(
            why=" · ".join(parts),
            excerpt=said[:_GIST],
            at=conversation.started_at,
            token=None if item is None else Token(item.item_id),
        )


def _beyond(topic: Unanswered) -> float:
    """Less the more conversations were not helped beyond the usual."""
    return topic.n * topic.usual - topic.failed
