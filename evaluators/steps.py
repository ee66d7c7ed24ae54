"""How many steps the agent took."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from evaluators.base import Need, When, at_limit
from evaluators.options import positive, versioned
from traces.model import Conversation, Direction, Message, Score

_VERSION: Final = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsOptions:
    """``limit``: the number of steps that is too many."""

    limit: int = field(default=25, metadata={"description": "Number of steps that is too many: the value 0.5."})

    def __post_init__(self) -> None:
        positive(limit=self.limit)


class Steps:
    """Tool calls, and answers without one, on a scale where ``limit`` is 0.5 and twice as many is 1."""

    name = "steps"
    when: When = "quiet"
    needs: tuple[Need, ...] = ("messages", "tools")
    summary = (
        "The number of steps (tool calls, and answers without one) against a limit. It cannot see whether a long way was"
        " needed."
    )
    question = "Did the agent take too many steps?"
    yes_label = "Yes, too many"
    no_label = "No, as many as needed"
    bad = Direction.UP

    def __init__(self, options: StepsOptions | None = None) -> None:
        self._options = options or StepsOptions()
        self.version = versioned(_VERSION, self._options)

    def evaluate(self, conversation: Conversation) -> Score | None:
        turns = [turn for turn, message in enumerate(conversation.messages) if message.role == "assistant"]
        if not turns:
            return None
        steps, over = 0, None
        for turn in turns:
            steps += _steps_of(conversation.messages[turn])
            over = turn if over is None and steps >= self._options.limit else over
        return Score(
            name=self.name,
            value=at_limit(steps, self._options.limit),
            label=str(steps),
            explanation=f"The agent took {steps} step{'s' if steps > 1 else ''}; {self._options.limit} are too many.",
            turn=over,
        )


def _steps_of(message: Message) -> int:
    return max(1, len(message.tool_calls))
