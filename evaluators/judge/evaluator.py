"""A criterion as an evaluator."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from string import Template
from typing import TypeVar

from evaluators.base import Verdict as Outcome
from evaluators.base import When, excerpt
from evaluators.judge.criterion import Criterion, prompt_text
from evaluators.judge.model import JudgeError, JudgeModel, JudgeReply
from evaluators.judge.transcript import fence, new_boundary, render
from evaluators.judge.verdict import SCHEMA, Verdict, find_quote, read_verdict
from traces.errors import BadInput, HarkError
from traces.model import Conversation, Direction, EvaluatorFailure, Score

_Number = TypeVar("_Number", int, float)
_CALLS = 2
_VALUES = {"yes": 1.0, "no": 0.0, "not_applicable": None}
_AGAIN = (
    "\nYour last answer could not be read. Answer with the JSON object alone: no other text, no reasoning before it, and an"
    " explanation of at most fifteen words."
)


class Judge:
    """Asks a model a criterion's question of whole conversations.

    A score is 1 for yes and 0 for no; for not_applicable it has the label but no value. An answer that cannot be read is
    asked for once more, and is a failure after that, never a pass. Costs cover every call made, also of failures.

    Args:
        criterion: The question.
        model: Who answers it.
        chance: Where the marks of the fence come from; give a seeded one to repeat a run exactly.
    """

    when: When = "quiet"

    def __init__(self, criterion: Criterion, model: JudgeModel, chance: random.Random | None = None) -> None:
        self.criterion = criterion
        self._model = model
        self._chance = chance if chance is not None else random.SystemRandom()
        self._version = criterion.version
        self._system = system_prompt(criterion)

    @property
    def name(self) -> str:
        return self.criterion.name

    @property
    def version(self) -> str:
        return self._version

    @property
    def summary(self) -> str:
        return self.criterion.summary or f"A model ({self.criterion.model}) answers: {self.criterion.question}"

    @property
    def question(self) -> str:
        return self.criterion.question

    @property
    def yes_label(self) -> str:
        return self.criterion.yes_label

    @property
    def no_label(self) -> str:
        return self.criterion.no_label

    @property
    def bad(self) -> Direction:
        return self.criterion.bad

    def evaluate(self, conversation: Conversation) -> Outcome:
        if not conversation.messages or not self.criterion.includes(conversation.conversation_id):
            return None
        user = user_prompt(self.criterion, conversation, new_boundary(self._chance))
        system, spent = self._system, _Spent()
        error: HarkError = JudgeError("the judge was not asked")
        for _ in range(_CALLS):
            try:
                reply = self._model.complete(system, user, SCHEMA)
                spent = spent.plus(reply)
                return self._score(_verdict_of(reply), conversation, spent)
            except BadInput as unreadable:
                system, error = self._system + _AGAIN, unreadable
            except JudgeError as unanswered:
                if unanswered.is_final:
                    return self._failure(unanswered.reason, unanswered.message, spent)
                error = unanswered
        reason = error.reason if isinstance(error, JudgeError) else "judge_error"
        return self._failure(reason, error.message, spent)

    def _score(self, verdict: Verdict, conversation: Conversation, spent: _Spent) -> Score:
        turn = find_quote(verdict.quote, conversation)
        return Score(
            name=self.name,
            value=_VALUES[verdict.answer],
            label=verdict.answer,
            explanation=verdict.explanation or None,
            source="judge",
            evaluator_version=self.version,
            turn=turn,
            evidence=excerpt(verdict.quote) if turn is not None else None,
            cost_usd=spent.cost_usd,
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
            inclusion_probability=self.criterion.sample_rate,
        )

    def _failure(self, reason: str, message: str, spent: _Spent) -> EvaluatorFailure:
        return EvaluatorFailure(
            name=self.name,
            reason=reason,
            message=excerpt(message),
            evaluator_version=self.version,
            cost_usd=spent.cost_usd,
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
        )


@dataclass(frozen=True, slots=True)
class _Spent:
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None

    def plus(self, reply: JudgeReply) -> _Spent:
        return replace(
            self,
            input_tokens=_sum(self.input_tokens, reply.input_tokens),
            output_tokens=_sum(self.output_tokens, reply.output_tokens),
            cost_usd=_sum(self.cost_usd, reply.cost_usd),
        )


def _sum(one: _Number | None, other: _Number | None) -> _Number | None:
    if one is None or other is None:
        return one if other is None else other
    return one + other


def _verdict_of(reply: JudgeReply) -> Verdict:
    if reply.finish_reason == "length":
        raise BadInput("the judge's answer was cut off at max_tokens")
    return read_verdict(reply.text)


def system_prompt(criterion: Criterion) -> str:
    """What the judge is told before it sees the conversation; the same for every conversation."""
    shown = "\n".join(
        f"Example {number}: {example.text}\nRight answer: {example.verdict}. {example.explanation}".rstrip()
        for number, example in enumerate(criterion.examples, 1)
    )
    return Template(prompt_text()).substitute(question=criterion.question, examples=shown and f"\n{shown}\n")


def user_prompt(criterion: Criterion, conversation: Conversation, boundary: str) -> str:
    """The fenced conversation, and the question again after it."""
    fenced = fence(render(conversation, criterion.max_transcript_chars), boundary)
    return f"{fenced}\nThe record ends here. The question: {criterion.question}\nAnswer with the JSON object alone."
