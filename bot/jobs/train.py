"""Labels teach classifiers; one that is better than the rules speaks, and what it says reaches back into history."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.classifiers import Heads
from bot.jobs.backfill import Backfill
from evaluators.learned.evaluator import Learning
from evaluators.learned.examples import JUDGED, MOST, Labelled, learn_from
from evaluators.learned.head import Head
from evaluators.learned.validate import LEAST_LABELS
from evaluators.truth import truth_among, truth_of
from traces.model import Label
from traces.store import Store, Tx
from traces.store.classifiers import Learned

_LOG = logging.getLogger(__name__)

_JOB = "train:"
_MORE_SHARE = 0.2
_MORE_LABELS = 10
_CHANGED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A classifier that was learned; ``speaks_anew`` when the evaluator says something else from now on."""

    head: Head
    speaks_anew: bool


class Training:
    """Keeps the classifier of every labelled evaluator up to date.

    It learns again when the labels grew by a fifth or by ten, when some were withdrawn, when the rules have a new version,
    and an hour after other changes.
    """

    def __init__(
        self, store: Store, evaluators: Sequence[object], heads: Heads, backfill: Backfill, history: timedelta
    ) -> None:
        self._store = store
        self._learning = {e.name: e for e in evaluators if isinstance(e, Learning)}
        self._heads = heads
        self._backfill = backfill
        self._history = history

    def run(self, now: datetime, *, always: bool = False) -> list[Trained]:
        """Learn what is due; with ``always`` every evaluator that has labels."""
        with self._store.read() as tx:
            self._heads.refresh(tx)
            counts = tx.reviews.label_counts()
            names = [
                name
                for name in self._learning
                if self._is_due(tx, name, counts.get(name, 0), now) or (always and counts.get(name))
            ]
        return [trained for name in names if (trained := self._train(name, now)) is not None]

    def _is_due(self, tx: Tx, name: str, n: int, now: datetime) -> bool:
        state = tx.state.job_outcome(_JOB + name)
        if state is None:
            return n >= LEAST_LABELS
        known, fingerprint, rules = state["n_labels"], state["fingerprint"], state["rules"]
        grown = n >= known + max(1, min(_MORE_LABELS, _MORE_SHARE * known))
        if n >= LEAST_LABELS and (grown or rules != self._learning[name].rules.version):
            return True
        ran_at = tx.state.job_ran_at(_JOB + name)
        is_old = ran_at is None or abs(now - ran_at) >= _CHANGED_AFTER
        return n < known or (is_old and fingerprint != tx.reviews.fingerprint(name))

    def _train(self, name: str, now: datetime) -> Trained | None:
        learning = self._learning[name]
        with self._store.read() as tx:
            labelled = _labelled(tx, name)
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
        _LOG.info("classifier of %s, %d labels: %s", name, head.n_labels, head.reason)
        speaks_anew = learning.version != before
        if speaks_anew:
            # A step in the scores that comes from the classifier must not look like a change of the traffic.
            self._backfill.run(learning, now - self._history, now)
        return Trained(head=head, speaks_anew=speaks_anew)


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


def _labelled(tx: Tx, name: str) -> list[Labelled]:
    """Conversations that people labelled, and those that only a judge has judged under the same name."""
    by_conversation: dict[str, list[Label]] = {}
    for label in tx.reviews.labels_named(name):
        by_conversation.setdefault(label.conversation_id, []).append(label)
    truths = {i: (truth, 1.0) for i, given in by_conversation.items() if (truth := truth_among(given)) is not None}
    if len(truths) >= LEAST_LABELS:
        for conversation_id, value in tx.scores.values_from(name, "judge", MOST).items():
            if conversation_id not in by_conversation and (judged := truth_of(value)) is not None:
                truths[conversation_id] = (judged, JUDGED)
    found = tx.conversations.many(list(truths))
    return [Labelled(found[i], *truths[i]) for i in truths if i in found]
