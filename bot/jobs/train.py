"""Labels teach classifiers; one that is better than the rules speaks, and what it says reaches back into history."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.classifiers import Heads
from bot.jobs.backfill import Backfill
from bot.jobs.calibrate import outdate
from evaluators.learned.cascade import Cascade, Untaught
from evaluators.learned.evaluator import Learning
from evaluators.learned.examples import JUDGED, MOST_JUDGED, Labelled, learn_from
from evaluators.learned.head import Head
from evaluators.learned.validate import LEAST_LABELS
from evaluators.truth import truth_among, truth_of
from traces.model import Label
from traces.store import Store, Tx
from traces.store.classifiers import Learned

_LOG = logging.getLogger(__name__)

_JOB = "train:"
_RESCORE = "rescore:"
_MORE_SHARE = 0.2
_FEWEST_MORE = 5
_CHANGED_AFTER = timedelta(days=1)
"""Every classifier that speaks anew has history scored again: a label that was changed waits for company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A classifier that was learned; ``speaks_anew`` when the evaluator says something else from now on."""

    head: Head
    speaks_anew: bool


class Training:
    """Keeps the classifier of every labelled evaluator up to date.

    It learns again when the labels grew by a fifth, when some were withdrawn, when the rules have a new version, and a day
    after other changes. What it says anew is said of history too; if that is cut short, the next run goes on with it.

    Args:
        store: Labels, conversations and classifiers.
        evaluators: Those that run; the ones that can learn are taught.
        backfill: Scores history again.
        history: How far back: as far as baselines look.
        judges: By evaluator, judges that are asked the same question; their verdicts help to learn.
    """

    def __init__(
        self,
        store: Store,
        evaluators: Sequence[object],
        backfill: Backfill,
        history: timedelta,
        judges: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self._store = store
        # Its own, which change while it learns only: those that speak change between two passes of evaluation.
        self._heads = Heads()
        self._learning = {e.name: Learning(e.rules, self._heads) for e in evaluators if isinstance(e, Learning)}
        # What a judge said stays: it would have to be paid for again, and the classifier says the same where it is sure.
        self._stays = {e.name for e in evaluators if isinstance(e, Cascade)}
        self._learning |= {
            e.name: Learning(Untaught(e.judge), self._heads) for e in evaluators if isinstance(e, Cascade)
        }
        self._backfill = backfill
        self._history = history
        self._judges = judges

    def run(
        self, now: datetime, is_enough: Callable[[], bool] = lambda: False, *, always: bool = False
    ) -> list[Trained]:
        """Learn what is due, and score history again where that is due; with ``always`` whatever has labels is due."""
        with self._store.read() as tx:
            self._heads.refresh(tx)
            counts = tx.reviews.label_counts()
            names = [
                name
                for name in self._learning
                if self._is_due(tx, name, counts.get(name, 0), now) or (always and counts.get(name))
            ]
        found = [self._train(name, now) for name in names if not is_enough()]
        self._rescore(now, is_enough)
        return found

    def _is_due(self, tx: Tx, name: str, n: int, now: datetime) -> bool:
        state = tx.state.job_outcome(_JOB + name)
        if state is None:
            return n >= LEAST_LABELS
        known, fingerprint, rules = state["n_labels"], state["fingerprint"], state["rules"]
        grown = n >= known + max(_FEWEST_MORE, _MORE_SHARE * known)
        if n >= LEAST_LABELS and (grown or rules != self._learning[name].rules.version):
            return True
        ran_at = tx.state.job_ran_at(_JOB + name)
        is_old = ran_at is None or abs(now - ran_at) >= _CHANGED_AFTER
        return n < known or (is_old and fingerprint != tx.reviews.fingerprint(name))

    def _train(self, name: str, now: datetime) -> Trained:
        learning = self._learning[name]
        with self._store.read() as tx:
            labelled = _labelled(tx, name, self._judges.get(name, ()))
            outcome = {
                "n_labels": tx.reviews.label_counts().get(name, 0),
                "fingerprint": tx.reviews.fingerprint(name),
                "rules": learning.rules.version,
            }
        head = learn_from(learning.rules, labelled)
        before = learning.version
        with self._store.begin() as tx:
            tx.state.job_ran(_JOB + name, now, outcome)
            tx.classifiers.put(_stored(head, now))
            self._heads.forget(name)
            self._heads.refresh(tx)
            speaks_anew = learning.version != before
            if speaks_anew and name not in self._stays:
                tx.state.job_ran(_RESCORE + name, now, {"is_done": False})
        _LOG.info("classifier of %s, %d labels: %s", name, head.n_labels, head.reason)
        return Trained(head=head, speaks_anew=speaks_anew)

    def _rescore(self, now: datetime, is_enough: Callable[[], bool]) -> None:
        """A step in the scores that comes from a classifier must not look like a change of the traffic."""
        with self._store.read() as tx:
            due = [n for n in self._learning if tx.state.job_outcome(_RESCORE + n) == {"is_done": False}]
        for name in due:
            done = self._backfill.run(self._learning[name], now - self._history, now, is_enough=is_enough)
            if not done.is_whole:
                return
            with self._store.begin() as tx:
                tx.state.job_ran(_RESCORE + name, now, {"is_done": True})
                outdate(tx, name, now)


def _stored(head: Head, now: datetime) -> Learned:
    return Learned(
        evaluator=head.evaluator,
        learned_at=now,
        version=head.version,
        n_labels=head.n_labels,
        takes_over=head.takes_over,
        body=head.to_json(),
        held_out=head.held_out,
    )


def _labelled(tx: Tx, name: str, judges: Sequence[str]) -> list[Labelled]:
    """Conversations that only a judge of the same question has judged, then those that people labelled."""
    by_conversation: dict[str, list[Label]] = {}
    for label in tx.reviews.labels_named(name):
        by_conversation.setdefault(label.conversation_id, []).append(label)
    said = {i: truth for i, given in by_conversation.items() if (truth := truth_among(given)) is not None}
    judged: dict[str, bool] = {}
    for judge in judges if len(said) >= LEAST_LABELS else ():
        values = tx.scores.values_from(judge, "judge", MOST_JUDGED)
        judged |= {
            i: truth for i, v in values.items() if i not in by_conversation and (truth := truth_of(v)) is not None
        }
    found = tx.conversations.many([*judged, *said])
    return [
        *(Labelled(found[i], truth, JUDGED) for i, truth in judged.items() if i in found),
        *(Labelled(found[i], truth) for i, truth in said.items() if i in found),
    ]
