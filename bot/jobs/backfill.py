"""Scores history again: after a new evaluator, a new version, or a classifier that takes over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from bot.jobs.evaluate import Evaluation
from evaluators.base import Evaluator
from evaluators.run import run_all
from traces.model import Conversation, EvaluatorFailure, Score
from traces.store import Store
from traces.store.scores import Outcome

BATCH = 200
_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a backfill did so far, in conversations; ``standing`` ones had a score of this version already."""

    scored: int = 0
    standing: int = 0
    failed: int = 0
    does_not_apply: int = 0

    @property
    def seen(self) -> int:
        return self.scored + self.standing + self.failed + self.does_not_apply

    def __add__(self, other: Done) -> Done:
        return Done(
            scored=self.scored + other.scored,
            standing=self.standing + other.standing,
            failed=self.failed + other.failed,
            does_not_apply=self.does_not_apply + other.does_not_apply,
        )


class Backfill:
    """Runs one evaluator over what is stored.

    A conversation whose current score is of the evaluator's version is left alone, so an interrupted run is started again
    and goes on, and a second run changes nothing. A failure never takes the place of a score.
    """

    def __init__(self, store: Store, evaluation: Evaluation) -> None:
        self._store = store
        self._evaluation = evaluation

    def count(self, since: datetime, until: datetime) -> int:
        """How many conversations began in ``[since, until)``."""
        return sum(map(len, self._batches(since, until)))

    def run(
        self,
        evaluator: Evaluator,
        since: datetime,
        now: datetime,
        told: Callable[[Done], object] = lambda _done: None,
    ) -> Done:
        """Score what began since ``since`` and has been evaluated before.

        Args:
            evaluator: What scores.
            since: Conversations that began earlier are left alone.
            now: Stamped on the scores; what began later is left alone.
            told: Is called with what each batch did.
        """
        total = Done()
        for batch in self._batches(since, now):
            done = self._batch(evaluator, batch, now)
            told(done)
            total += done
        return total

    def _batches(self, since: datetime, until: datetime) -> Iterator[list[Conversation]]:
        after: tuple[datetime, str] | None = None
        while True:
            # A transaction for each page: a long one would keep others from writing, or the database from tidying up.
            with self._store.read() as tx:
                page = next(tx.conversations.in_order(since=since, until=until, after=after), [])
            if not page:
                return
            after = (page[-1].started_at, page[-1].conversation_id)
            rows = iter(page)
            while batch := list(islice(rows, BATCH)):
                yield batch

    def _batch(self, evaluator: Evaluator, batch: Sequence[Conversation], now: datetime) -> Done:
        with self._store.read() as tx:
            current = tx.scores.current(c.conversation_id for c in batch)
        due = [c for c in batch if not _is_standing(current.get(c.conversation_id, ()), evaluator)]
        outcomes = _outcomes(evaluator, due)
        scores: dict[str, list[Outcome]] = {}
        for conversation_id, said in outcomes.items():
            if kept := [o for o in said if isinstance(o, Score)]:
                scores[conversation_id] = list(kept)
        failed = sum(any(isinstance(o, EvaluatorFailure) for o in said) for said in outcomes.values())
        self._evaluation.rescore([c for c in due if c.conversation_id in scores], scores, now)
        return Done(
            scored=len(scores),
            standing=len(batch) - len(due),
            failed=failed,
            does_not_apply=sum(not said for said in outcomes.values()),
        )


def _outcomes(evaluator: Evaluator, due: Sequence[Conversation]) -> dict[str, list[Score | EvaluatorFailure]]:
    if evaluator.when == "arrival":
        return {c.conversation_id: run_all(evaluator, c) for c in due}
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="judge") as pool:
        said = pool.map(lambda c: run_all(evaluator, c), due)
        return {c.conversation_id: outcomes for c, outcomes in zip(due, said, strict=True)}


def _is_standing(current: Sequence[Outcome], evaluator: Evaluator) -> bool:
    return any(
        isinstance(o, Score) and o.name == evaluator.name and o.evaluator_version == evaluator.version for o in current
    )
