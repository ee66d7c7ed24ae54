"""Conversations that are unlike the others: by their size, by how long they took, or by what was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Final

from alerts.signals import INPUT_DRIFT, LATENCY, OUTPUT_DRIFT
from alerts.sizes import ANSWER_LENGTH, TOOLS_USED, TURNS, sizes_of
from traces.histogram import Rollup
from traces.model import Conversation

EXTREME: Final = 0.01
"""Share of a week's values at or above an extreme one."""
ENOUGH: Final = 200
"""Values of a week, without which none is extreme."""
USUALLY: Final = 0.04
"""About as many conversations are unusual, as long as it is not known better."""
_SAID: Final[Mapping[str, str]] = {
    LATENCY.name: "one of its answers took longer than 99 % of all",
    TURNS.name: "it has more turns than 99 % of conversations",
    ANSWER_LENGTH.name: "its answers are longer than those of 99 % of conversations",
    TOOLS_USED.name: "it makes more tool calls than 99 % of those that make any",
}
_UNLIKE: Final[Mapping[str, str]] = {
    INPUT_DRIFT.name: "what the user says is unlike the weeks before",
    OUTPUT_DRIFT.name: "what the agent says is unlike the weeks before",
}


class Extremes:
    """A week's sizes, by which a conversation is extreme.

    Args:
        week: By signal, its rollups of a week.
        unlike: By signal, 1 where a conversation is unlike the weeks before.
    """

    def __init__(
        self,
        week: Mapping[str, Sequence[tuple[datetime, Rollup]]],
        unlike: Callable[[Conversation], Mapping[str, float]] = lambda _: {},
    ) -> None:
        self._week = week
        self._unlike = unlike
        self._sums: dict[str, Rollup] = {}

    def of(self, conversation: Conversation) -> str | None:
        """What is unusual about a conversation, as the end of a sentence; ``None`` for most."""
        sizes = sizes_of(conversation)
        if latencies := [m.latency_s for m in conversation.messages if m.latency_s is not None]:
            sizes[LATENCY.name] = latencies
        for name, said in _SAID.items():
            if name in sizes and self._is_extreme(name, max(sizes[name])):
                return said
        unlike = self._unlike(conversation)
        return next((said for name, said in _UNLIKE.items() if unlike.get(name)), None)

    def _is_extreme(self, name: str, value: float) -> bool:
        if name not in self._sums:
            self._sums[name] = reduce(Rollup.plus, (rollup for _, rollup in self._week.get(name, ())), Rollup())
        total = self._sums[name]
        return total.n >= ENOUGH and total.at_least(value) <= EXTREME * total.n


__all__ = ["ENOUGH", "EXTREME", "USUALLY", "Extremes"]
