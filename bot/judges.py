"""Judges as the settings want them: with one budget, one throttle, one memory of answers and of rules."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from bot.config.judges import JudgeSettings, JudgingSettings
from bot.slack.blocks.figures import counted, money
from evaluators.base import Evaluator
from evaluators.judge import (
    Budgeted,
    Criterion,
    GroundednessJudge,
    Judge,
    JudgeModel,
    Line,
    LiteLLMJudgeModel,
    Purse,
    ScriptedJudgeModel,
    Strata,
    Throttle,
    Throttled,
    Timed,
    criterion_of,
    price_per_token,
)
from evaluators.judge.aligned import Aligned, RevisionOf
from evaluators.judge.asking import Asking
from evaluators.judge.revision import GUIDANCE_TOKENS
from evaluators.learned.cascade import Cascade
from evaluators.learned.evaluator import HeadOf
from evaluators.registry import build
from evaluators.rules import KnownRule, RuleAdherence, RuleBook, RulesInMemory
from traces.clock import Clock
from traces.errors import BadConfig
from traces.model import Direction
from traces.redacted import Lasting
from traces.store import Store, Tx
from traces.store.judge_cache import RuleText

SCRIPTED: Final = "scripted"
_OF_THEIR_OWN: Final = ("groundedness", "rule_adherence")
"""Templates whose judges ask in a way of their own, which takes no guidance."""
_MOST_RULES: Final = 5_000


class Bench:
    """Makes judges. Without a store, a budget holds within the process only, and nothing is kept.

    ``taught`` gives an evaluator its classifier, for those by whose scores judges sample; ``head_of`` knows the classifiers
    that answer in place of judges.

    Raises:
        BadConfig: A judge has a budget but no price, or goes by an evaluator that there is not.
    """

    def __init__(
        self,
        judges: Sequence[JudgeSettings],
        judging: JudgingSettings,
        store: Store | None,
        clock: Clock,
        taught: Callable[[Evaluator], Evaluator] = lambda evaluator: evaluator,
        head_of: HeadOf | None = None,
        revision_of: RevisionOf | None = None,
    ) -> None:
        self._head_of = head_of
        self._revision_of = revision_of
        self._taught = taught
        self._judges = {judge.name: judge for judge in judges}
        own = {judge.name: judge.daily_usd for judge in judges if judge.daily_usd is not None}
        self._purse: Purse = (
            PurseInMemory(judging.daily_usd, own)
            if store is None
            else StoredPurse(store, clock, judging.daily_usd, own)
        )
        self._throttle = Throttle(judging.calls_per_minute, judging.at_once)
        self._answers = None if store is None or not judging.cache else StoredAnswers(store, clock)
        self._rules: RuleBook = RulesInMemory() if store is None else StoredRules(store, clock)
        mistakes = [mistake for judge in judges if (mistake := _mistake_in(judge))]
        if mistakes:
            raise BadConfig(mistakes)

    @property
    def criteria(self) -> list[Criterion]:
        """What the judges are asked."""
        return [_criterion(judge) for judge in self._judges.values()]

    def judge_of(self, criterion: Criterion) -> Evaluator:
        """The evaluator of a criterion."""
        judge = self._judges[criterion.name]
        if judge.template == "rule_adherence":
            models = self._models(criterion, judge)
            strata = _strata(judge, self._taught)
            return RuleAdherence(criterion, models, self._rules, strata=strata, cache=self._answers)
        if judge.template == "groundedness" or self._revision_of is None:
            asked: Judge | Aligned = self.plain_judge(criterion)
        else:
            asked = Aligned(criterion, self.plain_judge, self._revision_of)
        is_behind = judge.cascade and self._head_of is not None
        return Cascade(asked, self._head_of, judge.cascade_audit) if is_behind and self._head_of else asked

    def plain_judge(self, criterion: Criterion) -> Judge:
        """The judge of a criterion just as it is given."""
        judge = self._judges[criterion.name]
        kind = GroundednessJudge if judge.template == "groundedness" else Judge
        # What is scripted costs nothing, and its script is no part of its version.
        cache = None if judge.model == SCRIPTED else self._answers
        first, *fallback = self._models(criterion, judge)
        return kind(criterion, first, fallback=fallback, strata=_strata(judge, self._taught), cache=cache)

    @property
    def alignable(self) -> list[Criterion]:
        """The criteria that guidance and examples can be added to: one question, asked of a whole conversation."""
        return [_criterion(judge) for judge in self._judges.values() if judge.template not in _OF_THEIR_OWN]

    def adviser_of(self, criterion: Criterion) -> Asking:
        """Who is asked what a criterion should say: its judge's own model, with room for a longer answer."""
        judge = self._judges[criterion.name]
        longer = judge.model_copy(update={"max_tokens": max(judge.max_tokens, GUIDANCE_TOKENS)})
        return Asking(self._models(replace(criterion, max_tokens=longer.max_tokens), longer), criterion.version)

    def _models(self, criterion: Criterion, judge: JudgeSettings) -> list[JudgeModel]:
        return [self._model(criterion, judge, name) for name in (judge.model, *judge.fallback)]

    def _model(self, criterion: Criterion, judge: JudgeSettings, name: str) -> JudgeModel:
        if name == SCRIPTED:
            return _scripted(judge)
        is_first = name == judge.model
        asked = LiteLLMJudgeModel.of(replace(criterion, model=name), api_base=judge.api_base if is_first else None)
        stated = judge.usd_per_million if is_first else None
        price = price_per_token(name, stated)
        timed = Timed(asked, judge.timeout_s, asked.prepare)
        # The budget is asked last, so that money is not set aside for calls that still wait.
        budgeted = Budgeted(timed, self._purse, judge.name, price, judge.max_tokens, is_stated=stated is not None)
        return Throttled(budgeted, self._throttle)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingToday:
    """What judges cost today, of what they may, and what is wrong with that."""

    spent_usd: float
    budget_usd: float | None
    problems: tuple[str, ...]


class JudgingSaid:
    """What there is to say of the judges' day."""

    def __init__(self, judges: Sequence[JudgeSettings], judging: JudgingSettings) -> None:
        self._judges = tuple(judge for judge in judges if judge.model != SCRIPTED)
        self._daily = judging.daily_usd

    def today(self, tx: Tx, now: datetime) -> JudgingToday | None:
        """The day so far; ``None`` where no model is paid."""
        if not self._judges:
            return None
        book = tx.judge_spending.of_day(now)
        own = {judge.name: judge.daily_usd for judge in self._judges}
        refused = [
            f"{counted(said.refused, 'conversation')} not judged by {name} today: "
            + (f"its budget of {money(limit)} or " if (limit := own.get(name)) is not None else "")
            + "the daily budget is spent"
            for name, said in book.items()
            if said.refused
        ]
        return JudgingToday(
            spent_usd=sum(said.usd for said in book.values()),
            budget_usd=self._daily,
            problems=(
                *refused,
                *(f"the budget cannot count {model}: set usd_per_million" for model in unpriced(self._judges)),
            ),
        )


def unanswerable(judges: Sequence[JudgeSettings]) -> list[str]:
    """What keeps models from being asked, a line for each judge's model: no key, or no provider; nobody is asked."""
    criteria = {judge.name: _criterion(judge) for judge in judges}
    asked = [
        (judge, name, judge.api_base if name == judge.model else None)
        for judge in judges
        for name in (judge.model, *judge.fallback)
    ]
    return [
        f"{judge.name}: {problem}"
        for judge, name, base in asked
        if name != SCRIPTED
        and (problem := LiteLLMJudgeModel.of(replace(criteria[judge.name], model=name), api_base=base).problem())
    ]


def unpriced(judges: Sequence[JudgeSettings]) -> list[str]:
    """Models whose calls a budget cannot count, because nobody knows what they cost; local ones are not named."""
    return sorted({j.model for j in judges if j.api_base is None and not _has_price(j)})


def _has_price(judge: JudgeSettings) -> bool:
    return judge.model == SCRIPTED or price_per_token(judge.model, judge.usd_per_million) is not None


def _mistake_in(judge: JudgeSettings) -> str | None:
    if judge.daily_usd is not None and not _has_price(judge):
        return f"judges.{judge.name}.daily_usd: the price of {judge.model} is not known; set usd_per_million"
    if judge.stratify_by is not None:
        try:
            build(enabled=(judge.stratify_by,))
        except BadConfig:
            return f"judges.{judge.name}.stratify_by: {judge.stratify_by!r} is no evaluator that comes with Hark"
    return None


def _strata(judge: JudgeSettings, taught: Callable[[Evaluator], Evaluator]) -> Strata | None:
    if judge.stratify_by is None:
        return None
    earlier = next(e for e in build(enabled=(judge.stratify_by,)) if e.name == judge.stratify_by)
    return Strata(taught(earlier), clear=judge.sample_rate, flagged=judge.flagged_sample_rate)


def _criterion(judge: JudgeSettings) -> Criterion:
    fields: dict[str, Any] = {
        "name": judge.name,
        "model": judge.model,
        "fallback": judge.fallback,
        "sample_rate": judge.sample_rate,
        "timeout_s": judge.timeout_s,
        "max_tokens": judge.max_tokens,
    }
    fields |= {"bad": judge.bad} if judge.bad is not None else {}
    fields |= {"question": judge.question} if judge.question.strip() else {}
    if judge.template is None:
        return Criterion(**{"bad": Direction.UP, **fields})
    return criterion_of(judge.template, policy=judge.policy, goal=judge.goal, **fields)


def _scripted(judge: JudgeSettings) -> ScriptedJudgeModel:
    lines = [Line(rule.pattern, rule.verdict, rule.explanation, rule.told) for rule in judge.script]
    otherwise = Line("", judge.script_default, "no rule of the script matched")
    return ScriptedJudgeModel(lines, otherwise, guidance=judge.script_guidance)


@dataclass(frozen=True, slots=True)
class _StoredReservation:
    purse: StoredPurse
    evaluator: str
    usd: float
    at: datetime

    def settle(self, spent: float) -> None:
        self.purse.settle(self, spent)


class StoredPurse:
    """A budget that holds over all processes on one database."""

    def __init__(self, store: Store, clock: Clock, daily: float | None, own: Mapping[str, float]) -> None:
        self._store = store
        self._clock = clock
        self._daily = daily
        self._own = own

    def reserve(self, evaluator: str, usd: float) -> _StoredReservation | None:
        now = self._clock.now()
        with self._store.begin() as tx:
            fits = tx.judge_spending.reserve(evaluator, usd, now, daily=self._daily, own=self._own.get(evaluator))
        return _StoredReservation(self, evaluator, usd, now) if fits else None

    def settle(self, reserved: _StoredReservation, spent: float) -> None:
        """Put right what was set aside."""
        with self._store.begin() as tx:
            tx.judge_spending.settle(reserved.evaluator, reserved.usd, spent, reserved.at)


class PurseInMemory:
    """A budget of one run."""

    def __init__(self, total: float | None, own: Mapping[str, float]) -> None:
        self._total = total
        self._own = own
        self._spent: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def reserve(self, evaluator: str, usd: float) -> _ReservationInMemory | None:
        with self._lock:
            is_over = self._total is not None and sum(self._spent.values()) + usd > self._total
            own = self._own.get(evaluator)
            if is_over or (own is not None and self._spent[evaluator] + usd > own):
                return None
            self._spent[evaluator] += usd
        return _ReservationInMemory(self, evaluator, usd)

    def add(self, evaluator: str, usd: float) -> None:
        """Count ``usd`` more, or less."""
        with self._lock:
            self._spent[evaluator] += usd


@dataclass(frozen=True, slots=True)
class _ReservationInMemory:
    purse: PurseInMemory
    evaluator: str
    usd: float

    def settle(self, spent: float) -> None:
        self.purse.add(self.evaluator, spent - self.usd)


class StoredAnswers:
    """Judges' answers, kept in the store without personal data and secrets: a verdict is the same without them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def get(self, key: str) -> str | None:
        with self._store.read() as tx:
            return tx.judge_answers.get(key, self._clock.now())

    def put(self, key: str, text: str) -> None:
        with self._store.begin() as tx:
            tx.judge_answers.put(key, _storable(Lasting().text(text)), self._clock.now())


class StoredRules:
    """The rules of system prompts, kept in the store; read once, then added to."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: list[KnownRule] | None = None
        self._lock = threading.Lock()

    def known(self) -> Sequence[KnownRule]:
        with self._lock:
            if self._known is None:
                with self._store.read() as tx:
                    rows = tx.judge_rules.all(_MOST_RULES)
                self._known = [KnownRule(digest=r.digest, rule_id=r.rule_id, text=r.text) for r in rows]
            return self._known

    def add(self, rule: KnownRule) -> None:
        stored = RuleText(digest=rule.digest, rule_id=rule.rule_id, text=_storable(rule.text))
        with self._store.begin() as tx:
            tx.judge_rules.put(stored, self._clock.now())
        with self._lock:
            self._known = [rule, *(self._known or ())]


def _storable(text: str) -> str:
    """Without what databases refuse in a text."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode()
