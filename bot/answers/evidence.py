"""The conversations behind a digest: on which topics users were not helped, and which conversations show what moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from alerts.signals import threshold_of
from bot.answers.movement import spans, total
from bot.slack.blocks.digest import Unanswered
from bot.slack.blocks.tokens import Token
from bot.slack.blocks.values import ConversationLine
from bot.slack.render import excerpt
from traces.histogram import Rollup
from traces.model import EVERYTHING, Alert, Calibration, Conversation, Direction, Kind, Segment, Signal
from traces.redact import redact
from traces.store import Tx
from traces.store.rollups import Fact

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
        found = []
        for segment, sums in self._summed(key, [signal.name for signal in signals]).items():
            told = [
                one
                for signal in signals
                if signal.name in sums and signal.name in overall
                if (one := self._failed(signal, segment, sums[signal.name], overall[signal.name]))
            ]
            found += sorted(told, key=_beyond)[:1]
        return sorted(found, key=_beyond)

    def _summed(self, key: str, names: Sequence[str]) -> dict[Segment, dict[str, Rollup]]:
        sums: dict[Segment, dict[str, Rollup]] = {}
        for start, end, resolution_s in spans(self._since, self._until) if names else ():
            parts = self._tx.rollups.parts(key, names, since=start, until=end, resolution_s=resolution_s)
            for segment, series in parts.items():
                of_segment = sums.setdefault(segment, {})
                for name, buckets in series.items():
                    of_segment.setdefault(name, Rollup()).add(total([rollup for _, rollup in buckets]))
        return sums

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

    def examples(
        self, moved: Sequence[Signal], topics: Sequence[Unanswered], alerts: Sequence[tuple[Alert, Signal]]
    ) -> list[ConversationLine]:
        """Conversations that show what moved, what was not answered and what was alerted on, each another thing first."""
        wanted = [(self._showing(topic.signal, topic.segment), topic.signal, topic.segment) for topic in topics]
        wanted += [(self._showing(signal), signal, EVERYTHING) for signal in moved if signal.kind is not Kind.COUNT]
        sources: list[tuple[Iterator[str], Signal, Segment]] = [
            ((fact.conversation_id for fact in facts), signal, cut) for facts, signal, cut in wanted
        ]
        sources += [(iter(alert.examples), signal, alert.segment) for alert, signal in alerts]
        lines: dict[str, ConversationLine] = {}
        while sources and len(lines) < _EXAMPLES:
            ids, signal, segment = sources.pop(0)
            fresh = next((one for one in ids if one not in lines), None)
            if fresh is None:
                continue
            sources.append((ids, signal, segment))
            if (conversation := self._tx.conversations.get(fresh)) is not None:
                lines[fresh] = self._line(conversation, signal, segment)
        return [*lines.values()]

    def _line(self, conversation: Conversation, signal: Signal, segment: Segment) -> ConversationLine:
        item = next(iter(self._tx.reviews.items_of([conversation.conversation_id])), None)
        spoken = [turn.text for turn in excerpt(conversation) if turn.role in {"user", "assistant"} and turn.text]
        said = " / ".join(spoken[-2:])
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
