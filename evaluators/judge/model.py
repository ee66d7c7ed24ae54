"""What a judge's model is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from traces.errors import HarkError


class JudgeError(HarkError):
    """The model gave no answer.

    Attributes:
        reason: ``timeout``, ``judge_error`` or ``budget``.
        is_final: Whether asking again cannot help, as with a wrong key.
    """

    def __init__(self, message: str, *, reason: str = "judge_error", is_final: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.is_final = is_final


class BudgetSpent(JudgeError):
    """The budget has no room for another call; none was made."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="budget", is_final=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeReply:
    """One answer of a model. ``cost_usd`` is ``None`` where the model's price is unknown."""

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    finish_reason: str = "stop"


class JudgeModel(Protocol):
    """A model that can be asked one thing."""

    def complete(self, system: str, user: str, schema: Mapping[str, Any]) -> JudgeReply:
        """The model's answer to ``user`` under ``system``, as JSON after ``schema`` where the model can do that.

        Raises:
            JudgeError: When there is no answer.
        """
