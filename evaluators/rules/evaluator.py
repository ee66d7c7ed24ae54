"""Whether the assistant kept the rules of its system prompt."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import takewhile
from typing import Final

from evaluators.base import JUDGE_LAYER, Layer, When, excerpt
from evaluators.base import Verdict as Outcome
from evaluators.judge.asking import Answered, Asking, Prompt, VerdictCache
from evaluators.judge.criterion import Criterion, prompt_text
from evaluators.judge.evaluator import failure_of, model_of, one_call_to
from evaluators.judge.model import JudgeModel
from evaluators.judge.sampling import Strata
from evaluators.judge.templates import criterion_of
from evaluators.judge.transcript import fence, new_boundary, quote, render
from evaluators.judge.verdict import Verdict, find_quote
from evaluators.rules.answer import SCHEMA, read_verdicts
from evaluators.rules.checks import Check, Finding, compiled
from evaluators.rules.identity import KnownRule, RuleBook, RulesInMemory, identified
from evaluators.rules.parse import READ_CHARS, rules_in
from traces.errors import BadInput
from traces.model import Conversation, Direction, EvaluatorFailure, Score

_OWN_VERSION: Final = "1"
_RULE_SHOWN: Final = 160
_VALUES: Final[Mapping[str, float | None]] = {"yes": 1.0, "no": 0.0, "not_applicable": None}
_CODE: Final = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """What is known of the rules of one conversation: findings by the rule's number, and how they came about."""

    rules: tuple[KnownRule, ...]
    findings: Mapping[int, Finding]
    by_judge: frozenset[int] = frozenset()
    missing: tuple[int, ...] = ()
    answered: Answered[dict[int, Verdict]] = field(default_factory=Answered)
    share: float = 1.0


class RuleAdherence:
    """Parses the system prompt into rules; checks each by code where code can tell, and asks a model for the rest.

    All rules that take a model are asked about in one call, whether each applies first. The overall score is 1 when no rule
    that applies was broken, and 0 when one was; each rule has a score of its own, ``rule_adherence.<rule id>``. A rule without
    a verdict is a failure, and so is the whole unless another rule was broken. Without a model only rules that code can
    check count, and a conversation that is not picked for the judge has scores of those rules alone.

    Args:
        criterion: The model and its limits, made of the template ``rule_adherence``; without one, code only.
        models: Who is asked: the criterion's model and its fallbacks.
        book: Where rules are known from.
        chance: Where the marks of the fences come from.
        strata: How often conversations are judged by what an earlier evaluator says.
        cache: Answers that were given before.
        pause: Waits for so many seconds between two calls.
    """

    bad: Final = Direction.DOWN

    def __init__(
        self,
        criterion: Criterion | None = None,
        models: Sequence[JudgeModel] = (),
        book: RuleBook | None = None,
        *,
        chance: random.Random | None = None,
        strata: Strata | None = None,
        cache: VerdictCache | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.criterion = criterion if criterion is not None else criterion_of("rule_adherence", model=_CODE)
        self._is_judging = bool(models)
        known = f"{_OWN_VERSION}\n{self.criterion.version if models else _CODE}\n{prompt_text('rules')}"
        self._version = hashlib.sha256(known.encode()).hexdigest()[:12]
        self._asking = Asking(models, self._version, cache, pause)
        self._book = book if book is not None else RulesInMemory()
        self._chance = chance if chance is not None else random.SystemRandom()
        self._strata = strata

    @property
    def name(self) -> str:
        return self.criterion.name

    @property
    def version(self) -> str:
        return self._version

    @property
    def when(self) -> When:
        return "quiet" if self._is_judging else "arrival"

    @property
    def layer(self) -> Layer:
        return JUDGE_LAYER if self._is_judging else 0

    @property
    def cost(self) -> str:
        return one_call_to(self.criterion.model) if self._is_judging else "less than 1 ms"

    @property
    def summary(self) -> str:
        return self.criterion.summary

    @property
    def question(self) -> str:
        return self.criterion.question

    @property
    def yes_label(self) -> str:
        return self.criterion.yes_label

    @property
    def no_label(self) -> str:
        return self.criterion.no_label

    def asks_about(self, conversation: Conversation) -> bool:
        """Whether there are rules to keep; those that code can check are looked at in every conversation."""
        return bool(_system_prompt(conversation)) and any(m.role == "assistant" for m in conversation.messages)

    def evaluate(self, conversation: Conversation) -> Outcome:
        return next((o for o in self.evaluate_all(conversation) if o.name == self.name), None)

    def evaluate_all(self, conversation: Conversation) -> list[Score | EvaluatorFailure]:
        """The overall outcome, where there is one, and that of each rule."""
        texts = _rules_of(_system_prompt(conversation)[:READ_CHARS])
        if not texts or not any(m.role == "assistant" for m in conversation.messages):
            return []
        rules = identified(texts, self._book)
        findings = {number: f for number, rule in enumerate(rules, 1) if (f := _found(rule, conversation)) is not None}
        known = _Judged(rules=rules, findings=findings)
        open_rules = tuple(number for number in range(1, len(rules) + 1) if number not in findings)
        if not self._is_judging:
            return self._outcomes(known, is_whole=True)
        share = self.criterion.sample_rate if self._strata is None else self._strata.share_of(conversation)
        if open_rules and not self.criterion.includes(conversation.conversation_id, share):
            return self._outcomes(known, is_whole=False)
        if open_rules:
            known = self._judge(known, open_rules, conversation)
        known = replace(known, share=share if open_rules else 1.0)
        return self._outcomes(known, is_whole=not known.answered.was_not_asked)

    def _judge(self, known: _Judged, asked: Sequence[int], conversation: Conversation) -> _Judged:
        boundary = new_boundary(self._chance)
        texts = [known.rules[number - 1].text for number in asked]
        prompt = Prompt(
            system=prompt_text("rules"),
            user=_user_prompt(texts, render(conversation, self.criterion.max_transcript_chars), boundary),
            boundary=boundary,
            schema=SCHEMA,
        )
        answered = self._asking.ask(prompt, _Reader(len(texts)))
        verdicts = {asked[place - 1]: verdict for place, verdict in (answered.value or {}).items()}
        findings = {number: _finding(verdict, conversation) for number, verdict in verdicts.items()}
        return replace(
            known,
            findings={**known.findings, **findings},
            by_judge=frozenset(findings),
            missing=() if answered.was_not_asked else tuple(n for n in asked if n not in findings),
            answered=answered,
        )

    def _outcomes(self, known: _Judged, *, is_whole: bool) -> list[Score | EvaluatorFailure]:
        if not known.findings and not known.missing:
            return []
        each: list[Score | EvaluatorFailure] = [
            self._of_rule(known, number, finding) for number, finding in sorted(known.findings.items())
        ]
        for number in known.missing:
            failure = failure_of(known.answered, self._name_of(known.rules[number - 1]), self.version)
            each.append(replace(failure, cost_usd=None, input_tokens=None, output_tokens=None))
        return [self._overall(known), *each] if is_whole else each

    def _of_rule(self, known: _Judged, number: int, finding: Finding) -> Score:
        rule = known.rules[number - 1]
        is_judged = number in known.by_judge
        return Score(
            name=self._name_of(rule),
            value=_VALUES[finding.answer],
            label=finding.answer,
            explanation=f"“{excerpt(rule.text, limit=_RULE_SHOWN)}”: {finding.explanation}".rstrip(": "),
            source="judge" if is_judged else "evaluator",
            evaluator_version=self.version,
            turn=finding.turn,
            evidence=excerpt(finding.evidence) if finding.evidence else None,
            inclusion_probability=known.share if is_judged else 1.0,
        )

    def _overall(self, known: _Judged) -> Score | EvaluatorFailure:
        broken = [number for number, finding in sorted(known.findings.items()) if finding.answer == "no"]
        if known.missing and not broken:
            failure = failure_of(known.answered, self.name, self.version)
            if known.answered.error is not None:
                return failure
            return replace(failure, message=f"no verdict on {len(known.missing)} of {len(known.rules)} rules")
        apply = [finding for finding in known.findings.values() if finding.answer != "not_applicable"]
        worst = known.findings[broken[0]] if broken else None
        spent = known.answered.spent
        return Score(
            name=self.name,
            value=0.0 if broken else 1.0 if apply else None,
            label="no" if broken else "yes" if apply else "not_applicable",
            explanation=_explain(known, broken, len(apply)),
            source="judge" if self._is_judging else "evaluator",
            evaluator_version=self.version,
            turn=worst.turn if worst else None,
            evidence=excerpt(worst.evidence) if worst and worst.evidence else None,
            cost_usd=spent.cost_usd if self._is_judging else None,
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
            inclusion_probability=known.share,
            model=model_of(known.answered, self.criterion),
            is_cached=known.answered.is_cached or None,
        )

    def _name_of(self, rule: KnownRule) -> str:
        return f"{self.name}.{rule.rule_id}"


class _Reader:
    """Wants a verdict on every rule at first; of a second answer it takes what there is."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._answers = 0

    def __call__(self, text: str) -> dict[int, Verdict]:
        self._answers += 1
        found = read_verdicts(text, self._count)
        if len(found) < self._count and self._answers == 1:
            raise BadInput(f"the judge gave a verdict on {len(found)} of {self._count} rules")
        return found


def _system_prompt(conversation: Conversation) -> str:
    """What the assistant was told before anything else was said."""
    return "\n\n".join(m.content for m in takewhile(lambda m: m.role == "system", conversation.messages))


@lru_cache(maxsize=256)
def _rules_of(prompt: str) -> tuple[str, ...]:
    return rules_in(prompt)


@lru_cache(maxsize=2_000)
def _check_of(rule: str) -> Check | None:
    return compiled(rule)


def _found(rule: KnownRule, conversation: Conversation) -> Finding | None:
    check = _check_of(rule.text)
    return None if check is None else check(conversation)


def _finding(verdict: Verdict, conversation: Conversation) -> Finding:
    turn = find_quote(verdict.quote, conversation)
    return Finding(
        answer=verdict.answer,
        explanation=verdict.explanation,
        turn=turn,
        evidence=verdict.quote if turn is not None else "",
    )


def _user_prompt(rules: Sequence[str], record: str, boundary: str) -> str:
    listed = "\n".join(f"{number}: {quote(rule, len(rule))}" for number, rule in enumerate(rules, 1))
    return (
        f"<<<rules {boundary}>>>\n{listed}\n<<<end of rules {boundary}>>>\n{fence(record, boundary)}\n"
        f"The record ends here. Give one verdict on each of the {len(rules)} rules. Answer with the JSON object alone."
    )


def _explain(known: _Judged, broken: Sequence[int], applying: int) -> str:
    if not broken:
        return f"None of {applying} rules that apply was broken." if applying else "No rule applies here."
    first = known.rules[broken[0] - 1]
    said = f"“{excerpt(first.text, limit=_RULE_SHOWN)}”: {known.findings[broken[0]].explanation}"
    return f"{len(broken)} of {applying} rules that apply broken. {said}".rstrip(": ")
