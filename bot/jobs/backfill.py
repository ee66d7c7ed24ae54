"""Scores history again: after a new evaluator, a new version, or a classifier that takes over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.jobs.evaluate import Evaluation
from evaluators.base import Evaluator, traits_of
from evaluators.run import run_all
from traces.model import Conversation, EvaluatorFailure, Score
from traces.store import Store, Tx
from traces.store.conversations import Pending, Stage
from traces.store.scores import Outcome

BATCH: Final = 200
_JUDGE_BATCH: Final = 20
_JUDGE_LAYER: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a backfill did so far, in conversations.

    Attributes:
        scored: Have a new score.
        standing: Had one of this version already.
        failed: The evaluator failed; the score of before stands.
        does_not_apply: The evaluator has nothing to say of them, or they are not in a judge's sample.
        is_whole: Nothing is left to do: it was neither stopped, nor was the judge's budget spent.
        is_spent: The judge's budget was spent.
    """

    scored: int = 0
    standing: int = 0
    failed: int = 0
    does_not_apply: int = 0
    is_whole: bool = True
    is_spent: bool = False

    @property
    def seen(self) -> int:
        return self.scored + self.standing + self.failed + self.does_not_apply

    def __add__(self, other: Done) -> Done:
        return Done(
            scored=self.scored + other.scored,
            standing=self.standing + other.standing,
            failed=self.failed + other.failed,
            does_not_apply=self.does_not_apply + other.does_not_apply,
            is_whole=self.is_whole and other.is_whole,
            is_spent=self.is_spent or other.is_spent,
        )


class Backfill:
    """Runs one evaluator over what is stored.

    A conversation whose current score is of the evaluator's version is left alone, so an interrupted run is started again
    and goes on, and a second run changes nothing. So is one that still awaits its evaluation: that will be by this version.
    A failure never takes the place of a score.
    """

    def __init__(self, store: Store, evaluation: Evaluation, judges_at_once: int = 4) -> None:
        self._store = store
        self._evaluation = evaluation
        self._judges_at_once = judges_at_once

    def count(self, evaluator: Evaluator, since: datetime, until: datetime) -> int:
        """How many conversations there are to look at that began in ``[since, until)``."""
        with self._store.read() as tx:
            return tx.conversations.settled_count(_stage(evaluator), since, until)

    def run(
        self,
        evaluator: Evaluator,
        since: datetime,
        now: datetime,
        told: Callable[[Done], object] = lambda _done: None,
        is_enough: Callable[[], bool] = lambda: False,
    ) -> Done:
        """Score what began since ``since`` and has been evaluated before.

        Args:
            evaluator: What scores.
            since: Conversations that began earlier are left alone.
            now: Stamped on the scores; what began later is left alone.
            told: Is called with what each batch did.
            is_enough: Is asked after each batch; what was done until then is stored.
        """
        total = Done()
        for batch in self._batches(evaluator, since, now):
            done = self._batch(evaluator, batch, now)
            told(done)
            total += done
            if total.is_spent or is_enough():
                return total + Done(is_whole=False)
        return total

    def _batches(self, evaluator: Evaluator, since: datetime, until: datetime) -> Iterator[list[Pending]]:
        after: tuple[datetime, str] | None = None
        # Judges are slow and cost money: what they said is stored after a few of them.
        limit = _JUDGE_BATCH if _is_judge(evaluator) else BATCH
        while True:
            # A transaction for each page: a long one would keep others from writing, or the database from tidying up.
            with self._store.read() as tx:
                page = tx.conversations.settled(_stage(evaluator), since, until, after, limit)
            if not page:
                return
            yield page
            last = page[-1].conversation
            after = (last.started_at, last.conversation_id)

    def _batch(self, evaluator: Evaluator, batch: Sequence[Pending], now: datetime) -> Done:
        with self._store.read() as tx:
            current = tx.scores.current((p.conversation.conversation_id for p in batch), {evaluator.name})
            refused = _refused(tx, evaluator, now)
        due = [p for p in batch if not _is_standing(current.get(p.conversation.conversation_id, ()), evaluator)]
        said = self._asked(evaluator, [p.conversation for p in due])
        failures = [[o for o in outcomes if isinstance(o, EvaluatorFailure)] for outcomes in said]
        scores: dict[str, Sequence[Outcome]] = {
            p.conversation.conversation_id: outcomes
            for p, outcomes, failed in zip(due, said, failures, strict=True)
            if outcomes and not failed
        }
        self._evaluation.rescore([p for p in due if p.conversation.conversation_id in scores], scores, now)
        with self._store.read() as tx:
            is_spent = _refused(tx, evaluator, now) > refused
        return Done(
            scored=len(scores),
            standing=len(batch) - len(due),
            failed=sum(map(bool, failures)),
            does_not_apply=sum(not outcomes for outcomes in said),
            is_spent=is_spent,
        )

    def _asked(self, evaluator: Evaluator, due: Sequence[Conversation]) -> list[list[Score | EvaluatorFailure]]:
        if not _is_judge(evaluator):
            return [run_all(evaluator, c) for c in due]
        with ThreadPoolExecutor(self._judges_at_once, thread_name_prefix="judge") as pool:
            return list(pool.map(lambda c: run_all(evaluator, c), due))


def _is_judge(evaluator: Evaluator) -> bool:
    return traits_of(evaluator).layer == _JUDGE_LAYER


def _refused(tx: Tx, evaluator: Evaluator, now: datetime) -> int:
    """How often a judge was not asked today since its budget was spent."""
    said = tx.judge_spending.of_day(now).get(evaluator.name) if _is_judge(evaluator) else None
    return 0 if said is None else said.refused


def _stage(evaluator: Evaluator) -> Stage:
    return "judged" if _is_judge(evaluator) else evaluator.when


def _is_standing(current: Sequence[Outcome], evaluator: Evaluator) -> bool:
    return any(
        isinstance(o, Score) and o.name == evaluator.name and o.evaluator_version == evaluator.version for o in current
    )
