"""Evaluates conversations from files: without a database, over all cores, in the order in which they stand."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from multiprocessing.context import BaseContext
from typing import Any, Final, Literal, NamedTuple

import orjson

from bot.config.settings import Settings
from bot.wiring.evaluators import evaluators_of
from evaluators.base import Evaluator, Sampling
from evaluators.learned.evaluator import Learning, has_rules, is_learnable
from evaluators.learned.examples import Labelled as Lesson
from evaluators.learned.examples import heads_by_name, learn_from
from evaluators.learned.head import Head
from evaluators.learned.naming import is_labelled_for, truth_for
from evaluators.run import run_all
from traces.errors import BadInput
from traces.formats import AUTO
from traces.formats import read as read_value
from traces.model import Conversation, EvaluatorFailure, Score

Outcome = Score | EvaluatorFailure

_BATCH: Final = 32
_AT_ONCE: Final = 4
"""Batches in flight per process, and judges asked at a time."""


class Sent(NamedTuple):
    """One JSON value and where it stands, as file:line."""

    where: str
    value: Any


class Missing(NamedTuple):
    """A conversation of which an evaluator said nothing, and why that matters."""

    evaluator: str
    why: Literal["labelled, not scored", "neither yes nor no", "not in the sample", "not judged"]


class Labelled(NamedTuple):
    """A score beside what is true."""

    evaluator: str
    value: float
    truth: bool


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came of a batch: score lines as JSON, scores beside labels, what is missing, and the values not taken."""

    lines: list[bytes]
    labelled: list[Labelled]
    missing: list[Missing]
    failures: list[EvaluatorFailure]
    rejects: list[str]
    conversations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything that a process needs to evaluate.

    ``names``: evaluators to run, switched on in the settings or not; none for those that the settings switch on, but for
    judges, which cost money. ``heads``: classifiers that speak in place of the rules, where they are better.
    """

    settings: Settings
    at: datetime
    names: tuple[str, ...] = ()
    processes: int | None = None
    heads: tuple[Head, ...] = ()

    @property
    def judges(self) -> frozenset[str]:
        """The names of evaluators that ask a model."""
        return frozenset(judge.name for judge in self.settings.judges)

    def evaluators(self) -> tuple[Evaluator, ...]:
        """The evaluators that run.

        Raises:
            BadConfig: A name is no evaluator's, or the settings are wrong.
        """
        if not self.names:
            return tuple(e for e in evaluators_of(self.settings) if e.name not in self.judges)
        chosen, judges = self.settings.evaluators, self.judges
        update = {
            "enabled": tuple(dict.fromkeys([*chosen.enabled, *(n for n in self.names if n not in judges)])),
            "disabled": tuple(name for name in chosen.disabled if name not in self.names),
        }
        found = {e.name: e for e in evaluators_of(_with_evaluators(self.settings, update))}
        return tuple(found[name] for name in dict.fromkeys(self.names))

    def speaking(self) -> tuple[Evaluator, ...]:
        """The evaluators that run, each with its classifier where there is one."""
        head_of = heads_by_name(self.heads)
        return tuple(Learning(e, head_of) if is_learnable(e) else e for e in self.evaluators())


def _with_evaluators(settings: Settings, update: dict[str, Any]) -> Settings:
    plugins = {path.rpartition(":")[2] for path in settings.evaluators.plugins}
    update["enabled"] = tuple(name for name in update["enabled"] if name not in plugins)
    return settings.model_copy(update={"evaluators": settings.evaluators.model_copy(update=update)})


class Evaluating:
    """Evaluates JSON values with the evaluators of a job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.evaluators = job.speaking()
        self._asks_judges = any(e.name in job.judges for e in self.evaluators)

    @property
    def untaught(self) -> frozenset[str]:
        """The names of evaluators that say nothing, for they have neither rules nor a classifier."""
        found = (e for e in self.evaluators if isinstance(e, Learning) and not has_rules(e.rules))
        return frozenset(e.name for e in found if e.version == e.rules.version)

    def run(self, sent: Iterable[Sent]) -> Iterator[Evaluated]:
        """What comes of each batch of ``sent``, in order; each batch is read when there is room for it."""
        batches = _batches(sent)
        first = list(islice(batches, _AT_ONCE))
        rest = (batch for part in (first, batches) for batch in part)
        # A judge's budget holds within one process, and judges wait on the network anyway.
        if self._asks_judges or len(first) < _AT_ONCE or self._processes == 1:
            yield from map(self.batch, rest)
        else:
            yield from self._spread(rest)

    @property
    def _processes(self) -> int:
        return self._job.processes or _cores()

    def _spread(self, batches: Iterator[list[Sent]]) -> Iterator[Evaluated]:
        with ProcessPoolExecutor(
            self._processes, mp_context=_context(), initializer=_begin, initargs=(self._job,)
        ) as pool:
            under_way: deque[Future[Evaluated]] = deque()
            for batch in batches:
                under_way.append(pool.submit(_evaluate, batch))
                if len(under_way) >= _AT_ONCE * self._processes:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()

    def batch(self, sent: Sequence[Sent]) -> Evaluated:
        """Evaluate a few values in this process."""
        done = Evaluated([], [], [], [], [], 0)
        read = [self.conversations(one, done.rejects) for one in sent]
        conversations = [conversation for found in read for conversation in found]
        for conversation, outcomes in zip(conversations, self._outcomes(conversations), strict=True):
            done.lines.extend(line_of(conversation, outcome) for outcome in outcomes)
            done.failures.extend(o for o in outcomes if isinstance(o, EvaluatorFailure))
            done.missing.extend(self._unjudged(conversation, outcomes))
            self._hold_against_labels(conversation, outcomes, done)
        return replace(done, conversations=len(conversations))

    def conversations(self, sent: Sent, rejects: list[str]) -> list[Conversation]:
        """The conversations in one value; why there is none goes to ``rejects``."""
        try:
            read = read_value(sent.value, AUTO, self._job.at)
        except BadInput as error:
            rejects.append(f"{sent.where}: {error}")
            return []
        if read.rejected:
            rejects.append(f"{sent.where}: {read.reason}")
        if read.spans or read.parts.spans:
            rejects.append(
                f"{sent.where}: holds spans, not a whole conversation; store them with hark ingest, then export"
            )
        return [offered.conversation for offered in read.offers]

    def _outcomes(self, conversations: Sequence[Conversation]) -> list[list[Outcome]]:
        if not self._asks_judges:
            return [self._of_one(conversation) for conversation in conversations]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="judge") as pool:
            return list(pool.map(self._of_one, conversations))

    def _of_one(self, conversation: Conversation) -> list[Outcome]:
        return [outcome for evaluator in self.evaluators for outcome in run_all(evaluator, conversation)]

    def _unjudged(self, conversation: Conversation, outcomes: Sequence[Outcome]) -> Iterator[Missing]:
        said = {outcome.name.partition(".")[0] for outcome in outcomes}
        for evaluator in self.evaluators:
            if evaluator.name in self._job.judges and evaluator.name not in said:
                is_asked = not isinstance(evaluator, Sampling) or evaluator.asks_about(conversation)
                yield Missing(evaluator.name, "not judged" if is_asked else "not in the sample")

    def _hold_against_labels(self, conversation: Conversation, outcomes: Sequence[Outcome], done: Evaluated) -> None:
        if not conversation.labels:
            return
        values = {o.name: o.value for o in outcomes if isinstance(o, Score)}
        for evaluator in self.evaluators:
            truth = truth_for(evaluator.name, conversation.labels)
            if truth is None:
                if is_labelled_for(evaluator.name, conversation.labels):
                    done.missing.append(Missing(evaluator.name, "neither yes nor no"))
                continue
            value = values.get(evaluator.name)
            if value is None:
                done.missing.append(Missing(evaluator.name, "labelled, not scored"))
            else:
                done.labelled.append(Labelled(evaluator.name, value, truth))


def learned_from(sent: Iterable[Sent], job: Job) -> tuple[list[Head], list[str]]:
    """What the labelled conversations of a file teach the evaluators of ``job``, and the values that were not taken."""
    reader, rejects = Evaluating(job), list[str]()
    conversations = [c for one in sent for c in reader.conversations(one, rejects) if c.labels]
    heads = []
    for rules in filter(is_learnable, job.evaluators()):
        lessons = [Lesson(c, truth) for c in conversations if (truth := truth_for(rules.name, c.labels)) is not None]
        if lessons:
            heads.append(learn_from(rules, lessons))
    return heads, rejects


def line_of(conversation: Conversation, outcome: Outcome) -> bytes:
    """A score or a failure as one line of JSON."""
    line: dict[str, Any] = dict.fromkeys(
        ("conversation_id", "turn", "evaluator", "version", "name", "value", "label", "explanation", "evidence")
    )
    line |= {
        "conversation_id": conversation.conversation_id,
        "evaluator": outcome.name.partition(".")[0],
        "version": outcome.evaluator_version,
        "name": outcome.name,
        "cost_usd": outcome.cost_usd,
        "error": None,
    }
    if isinstance(outcome, EvaluatorFailure):
        line["error"] = f"{outcome.reason}: {outcome.message}"
    else:
        line |= {key: getattr(outcome, key) for key in ("turn", "value", "label", "explanation", "evidence")}
    try:
        return orjson.dumps(line)
    except TypeError:  # a lone surrogate, which JSON has no text for
        return orjson.dumps({key: _written(value) for key, value in line.items()})


def _written(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _batches(sent: Iterable[Sent]) -> Iterator[list[Sent]]:
    iterator = iter(sent)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def _cores() -> int:
    # What this process may use: in a container that is less than what the machine has.
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _context() -> BaseContext:
    """A forked process starts at once, but must not be made while threads hold locks."""
    can_fork = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    return multiprocessing.get_context(
        "fork" if can_fork and os.name == "posix" and os.uname().sysname == "Linux" else "spawn"
    )


_MINE: list[Evaluating] = []
"""What this process evaluates with; filled when it begins."""


def _begin(job: Job) -> None:
    _MINE[:] = [Evaluating(job)]


def _evaluate(sent: list[Sent]) -> Evaluated:
    return _MINE[0].batch(sent)
