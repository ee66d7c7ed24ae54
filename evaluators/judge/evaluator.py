"""A criterion as an evaluator."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from string import Template
from typing import Any

from evaluators.base import JUDGE_LAYER, Layer, Need, When, excerpt
from evaluators.base import Verdict as Outcome
from evaluators.judge.asking import Answered, Asking, Prompt, VerdictCache
from evaluators.judge.criterion import Criterion, prompt_text
from evaluators.judge.model import JudgeModel
from evaluators.judge.sampling import Strata
from evaluators.judge.scripted import ScriptedJudgeModel
from evaluators.judge.transcript import fence, new_boundary, render
from evaluators.judge.verdict import BRIEF, SCHEMA, Verdict, find_quote, read_verdict
from traces.model import Conversation, Direction, EvaluatorFailure, Score

_MODEL_CHARS = 80
_VALUES = {"yes": 1.0, "no": 0.0, "not_applicable": None}


class Judge:
    """Asks a model a criterion's question of whole conversations.

    A score is 1 for yes and 0 for no; for not_applicable it has the label but no value. An answer that cannot be read is
    asked for once more, and is a failure after that, never a pass. Costs cover every call made, also of failures.

    Where the budget is spent, a conversation is not judged: nothing is said of it.

    Args:
        criterion: The question.
        model: Who answers it.
        chance: Where the marks of the fence come from; give a seeded one to repeat a run exactly.
        fallback: Who is asked, in this order, when ``model`` gives nothing that can be read.
        strata: How often conversations are judged by what an earlier evaluator says; without it, equally often.
        cache: Answers that were given before.
        pause: Waits for so many seconds between two calls.
    """

    when: When = "quiet"
    layer: Layer = JUDGE_LAYER
    needs: tuple[Need, ...] = ("messages",)

    def __init__(
        self,
        criterion: Criterion,
        model: JudgeModel,
        chance: random.Random | None = None,
        *,
        fallback: Sequence[JudgeModel] = (),
        strata: Strata | None = None,
        cache: VerdictCache | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.criterion = criterion
        self._version = self._version_of(criterion)
        self._asking = Asking((model, *fallback), self._version, cache, pause)
        self._strata = strata
        self._chance = chance if chance is not None else random.SystemRandom()
        self._system = system_prompt(criterion)
        self.is_at_hand = all(isinstance(asked, ScriptedJudgeModel) for asked in (model, *fallback))
        """Whether it answers at once, as a script does, and nobody would wait for it."""

    def _version_of(self, criterion: Criterion) -> str:
        """A hash of everything that the verdicts depend on."""
        return criterion.version

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
    def cost(self) -> str:
        return one_call_to(self.criterion.model)

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

    def asks_about(self, conversation: Conversation) -> bool:
        """Whether there is something to judge, and the conversation is in the sample."""
        return bool(conversation.messages) and self.criterion.includes(
            conversation.conversation_id, self.share_of(conversation)
        )

    def evaluate(self, conversation: Conversation) -> Outcome:
        if not self.asks_about(conversation):
            return None
        share = self.share_of(conversation)
        boundary = new_boundary(self._chance)
        user = user_prompt(self.criterion, conversation, boundary)
        prompt = Prompt(system=self._system, user=user, boundary=boundary, schema=SCHEMA, brief=BRIEF)
        answered = self._asking.ask(prompt, read_verdict)
        if answered.was_not_asked:
            return None
        if answered.value is None:
            return failure_of(answered, self.name, self.version)
        return self._score(answered.value, conversation, answered, share)

    def share_of(self, conversation: Conversation) -> float:
        """The chance with which conversations like this one are judged."""
        if self._strata is None:
            return self.criterion.sample_rate
        return self._strata.share_of(conversation)

    def _score(self, verdict: Verdict, conversation: Conversation, answered: Answered[Verdict], share: float) -> Score:
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
            cost_usd=answered.spent.cost_usd,
            input_tokens=answered.spent.input_tokens,
            output_tokens=answered.spent.output_tokens,
            inclusion_probability=share,
            model=model_of(answered, self.criterion),
            is_cached=answered.is_cached or None,
        )


def one_call_to(model: str) -> str:
    """What a judge costs, in words."""
    return f"one call of {excerpt(model, limit=_MODEL_CHARS)}, seconds and money,"


def model_of(answered: Answered[Any], criterion: Criterion) -> str | None:
    """The fallback model that answered; ``None`` where it was the criterion's own."""
    return criterion.fallback[answered.model_number - 1] if answered.model_number else None


def failure_of(answered: Answered[Any], name: str, version: str) -> EvaluatorFailure:
    """The failure that a question without an answer is."""
    return EvaluatorFailure(
        name=name,
        reason=answered.reason,
        message=excerpt(answered.error.message if answered.error else "no answer"),
        evaluator_version=version,
        cost_usd=answered.spent.cost_usd,
        input_tokens=answered.spent.input_tokens,
        output_tokens=answered.spent.output_tokens,
    )


def system_prompt(criterion: Criterion) -> str:
    """What the judge is told before it sees the conversation; the same for every conversation."""
    shown = "\n".join(
        f"Example {number}: {example.text}\nRight answer: {example.verdict}. {example.explanation}".rstrip()
        for number, example in enumerate(criterion.examples, 1)
    )
    return Template(prompt_text()).substitute(
        question=criterion.question,
        notes=criterion.notes and f"{criterion.notes.strip()}\n",
        examples=shown and f"\n{shown}\n",
    )


def user_prompt(criterion: Criterion, conversation: Conversation, boundary: str) -> str:
    """The fenced conversation, and the question again after it."""
    fenced = fence(render(conversation, criterion.max_transcript_chars), boundary)
    return f"{fenced}\nThe record ends here. The question: {criterion.question}\nAnswer with the JSON object alone."
