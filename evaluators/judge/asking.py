"""Asking a model until it gives an answer that can be read, or nobody is left to ask."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, Protocol, TypeVar

from evaluators.judge.model import BudgetSpent, JudgeError, JudgeModel, JudgeReply
from traces.errors import BadInput, HarkError

T = TypeVar("T")
_Number = TypeVar("_Number", int, float)

CALLS: Final = 2
"""Calls that a model gets for one question."""
_FIRST_PAUSE_S: Final = 0.5
_AGAIN: Final = (
    "\nYour last answer could not be read. Answer with the JSON object alone: no other text, no reasoning before it, and an"
    " explanation of at most fifteen words."
)


class VerdictCache(Protocol):
    """Answers that were given before, by a digest of all that they depend on."""

    def get(self, key: str) -> str | None:
        """The answer's text, or ``None``."""

    def put(self, key: str, text: str) -> None:
        """Keep an answer that could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One question to a model.

    ``boundary`` is the random mark within ``user``; nothing depends on it. ``brief`` is the form asked for when the first
    answer could not be read: without reasoning, which small models do not end.
    """

    system: str
    user: str
    boundary: str
    schema: Mapping[str, Any]
    brief: Mapping[str, Any] | None = None

    def key(self, version: str) -> str:
        """A digest of the question and of who asks, without the mark."""
        text = "\x00".join((version, self.system, self.user.replace(self.boundary, "")))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens and US dollars of all calls made for one question; ``None`` is unknown, not nothing."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None

    def plus(self, reply: JudgeReply) -> Spent:
        return replace(
            self,
            input_tokens=_sum(self.input_tokens, reply.input_tokens),
            output_tokens=_sum(self.output_tokens, reply.output_tokens),
            cost_usd=_sum(self.cost_usd, reply.cost_usd),
        )


NOTHING_SPENT: Final = Spent(cost_usd=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Generic[T]):
    """What came of a question: a value, or the error that was left at the end.

    Attributes:
        value: What was read; ``None`` when there is an error.
        error: Why there is no value.
        spent: What all calls cost, also those in vain.
        is_cached: Whether the answer was known, and cost nothing.
        model_number: Which model answered: 0 is the first, others are fallbacks.
    """

    value: T | None = None
    error: HarkError | None = None
    spent: Spent = NOTHING_SPENT
    is_cached: bool = False
    model_number: int = 0

    @property
    def was_not_asked(self) -> bool:
        """Whether the budget allowed no call at all."""
        return isinstance(self.error, BudgetSpent) and self.spent == Spent()

    @property
    def reason(self) -> str:
        return self.error.reason if isinstance(self.error, JudgeError) else "judge_error"


class Asking:
    """Asks one model after the other.

    Each gets two calls. An answer that cannot be read is asked for again in stricter words; a model that does not answer is
    given some time before the second call. The next model is asked when the one before it gave nothing that can be read.

    Args:
        models: Who is asked, in this order.
        version: Who asks; answers are only kept for the same version.
        cache: Where answers that could be read are kept.
        pause: Waits for so many seconds.
    """

    def __init__(
        self,
        models: Sequence[JudgeModel],
        version: str,
        cache: VerdictCache | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._models = tuple(models)
        self._version = version
        self._cache = cache
        self._pause = pause

    def ask(self, prompt: Prompt, read: Callable[[str], T]) -> Answered[T]:
        """The answer to ``prompt`` as ``read`` understands it.

        Args:
            prompt: What is asked.
            read: Makes a value of an answer's text; raises ``BadInput`` when it cannot.
        """
        known = self._known(prompt, read)
        if known is not None:
            return known
        answered: Answered[T] = Answered(error=JudgeError("the judge was not asked"), spent=Spent())
        for number, model in enumerate(self._models):
            answered = replace(self._ask(model, prompt, read, answered.spent), model_number=number)
            if answered.error is None or isinstance(answered.error, BudgetSpent):
                return answered
        return answered

    def _known(self, prompt: Prompt, read: Callable[[str], T]) -> Answered[T] | None:
        text = None if self._cache is None else self._cache.get(prompt.key(self._version))
        if text is None:
            return None
        try:
            return Answered(value=read(text), is_cached=True)
        except BadInput:
            return None

    def _ask(self, model: JudgeModel, prompt: Prompt, read: Callable[[str], T], spent: Spent) -> Answered[T]:
        user, schema = prompt.user, prompt.schema
        error: HarkError = JudgeError("the judge was not asked")
        for call in range(CALLS):
            try:
                reply = model.complete(prompt.system, user, schema)
                spent = spent.plus(reply)
                value = read(_whole(reply))
            except BadInput as unreadable:
                # At the end, so that what servers keep of the beginning is of use again.
                user, error = prompt.user + _AGAIN, unreadable
                schema = prompt.schema if prompt.brief is None else prompt.brief
            except JudgeError as unanswered:
                error = unanswered
                if unanswered.is_final:
                    break
                if call + 1 < CALLS:
                    self._pause(_FIRST_PAUSE_S * 2**call)
            else:
                if self._cache is not None:
                    self._cache.put(prompt.key(self._version), reply.text)
                return Answered(value=value, spent=spent)
        return Answered(error=error, spent=spent)


def _whole(reply: JudgeReply) -> str:
    if reply.finish_reason == "length":
        raise BadInput("the judge's answer was cut off at max_tokens")
    return reply.text


def _sum(one: _Number | None, other: _Number | None) -> _Number | None:
    if one is None or other is None:
        return one if other is None else other
    return one + other
