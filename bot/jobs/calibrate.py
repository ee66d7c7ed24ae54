"""Labels measure the evaluators: threshold, agreement, corrected rate. The next detection uses the result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from evaluators.calibrate import Labelled, calibrate
from evaluators.truth import truth_among
from traces.histogram import Rollup
from traces.model import Calibration, Label
from traces.store import Store, Tx

_JOB = "calibrate:"
_STALE = timedelta(hours=1)


class Calibrating:
    """Keeps the calibration of every labelled evaluator up to date."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, now: datetime, *, always: bool = False) -> list[Calibration]:
        """Calibrate the evaluators whose labels changed or whose calibration is an hour old; returns the new ones.

        Args:
            now: The time.
            always: Calibrate every labelled evaluator, whatever its age.
        """
        with self._store.begin() as tx:
            names = [name for name in tx.reviews.label_counts() if always or self._is_due(tx, name, now)]
            return [found for name in names if (found := self._calibrate(tx, name, now)) is not None]

    def _is_due(self, tx: Tx, name: str, now: datetime) -> bool:
        state = tx.state.job_outcome(_JOB + name)
        ran_at = tx.state.job_ran_at(_JOB + name)
        return ran_at is None or state != tx.reviews.fingerprint(name) or abs(now - ran_at) >= _STALE

    def _calibrate(self, tx: Tx, name: str, now: datetime) -> Calibration | None:
        tx.state.job_ran(_JOB + name, now, tx.reviews.fingerprint(name))
        values = tx.scores.values(name)
        if not values:
            return None  # a word of the taxonomy that no evaluator scores
        found = calibrate(
            name,
            tx.scores.version(name),
            _labelled(tx.reviews.labels_named(name), {**values, **_held_out(tx, name, values)}),
            Rollup.of(values.values()),
            computed_at=now,
        )
        tx.calibrations.put(found)
        return found


def _held_out(tx: Tx, name: str, values: dict[str, float]) -> dict[str, float]:
    """What a classifier gives to those that it learned from, as if it had not seen them: else it would flatter itself."""
    learned = tx.classifiers.current(name)
    if learned is None or not learned.takes_over or not tx.scores.version(name).endswith(f"+c{learned.version}"):
        return {}
    return {
        conversation_id: chance for conversation_id, chance in learned.held_out.items() if conversation_id in values
    }


def _labelled(labels: Sequence[Label], values: dict[str, float]) -> list[Labelled]:
    """Conversations on which reviewers agree on yes or no and which the evaluator has scored."""
    by_conversation: dict[str, list[Label]] = {}
    for label in labels:
        by_conversation.setdefault(label.conversation_id, []).append(label)
    found = []
    for conversation_id, given in by_conversation.items():
        truth = truth_among(given)
        if truth is None or conversation_id not in values:
            continue
        probabilities = [label.inclusion_probability for label in given if label.inclusion_probability is not None]
        found.append(
            Labelled(
                value=values[conversation_id],
                truth=truth,
                inclusion_probability=probabilities[0] if probabilities else None,
            )
        )
    return found
