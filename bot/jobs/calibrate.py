"""Labels measure the evaluators: threshold, agreement, corrected rate. The next detection uses the result."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from alerts.correction import Reviewed
from evaluators.calibrate import Labelled, calibrate
from evaluators.truth import truth_among
from traces.histogram import Rollup
from traces.model import Calibration, Label
from traces.store import Store, Tx

_JOB = "calibrate:"
_STALE = timedelta(hours=1)
_RECENT = timedelta(days=3)


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
            _labelled(tx, name, {**values, **_held_out(tx, name, values)}, now),
            Rollup.of(values.values()),
            computed_at=now,
        )
        tx.calibrations.put(found)
        return found


def outdate(tx: Tx, name: str, now: datetime) -> None:
    """Have the next run calibrate an evaluator anew: its scores have changed, though its labels have not."""
    tx.state.job_ran(_JOB + name, now, None)


def _held_out(tx: Tx, name: str, values: dict[str, float]) -> dict[str, float]:
    """What a classifier gives to those that it learned from, as if it had not seen them: else it would flatter itself."""
    learned = tx.classifiers.current(name)
    if learned is None or not learned.takes_over or not tx.scores.version(name).endswith(f"+c{learned.version}"):
        return {}
    return {
        conversation_id: chance for conversation_id, chance in learned.held_out.items() if conversation_id in values
    }


def reviewed(tx: Tx, name: str) -> dict[str, Reviewed]:
    """What reviewers agree on of the conversations that they answered this question about, by conversation."""
    by_conversation: dict[str, list[Label]] = {}
    for label in tx.reviews.labels_named(name):
        by_conversation.setdefault(label.conversation_id, []).append(label)
    found = {}
    for conversation_id, given in by_conversation.items():
        truth = truth_among(given)
        if truth is not None:
            chance = next((p for label in given if (p := label.inclusion_probability) is not None), None)
            found[conversation_id] = Reviewed(truth=truth, weight=1 / (chance or 1.0))
    return found


def _labelled(tx: Tx, name: str, values: Mapping[str, float], now: datetime) -> list[Labelled]:
    """What reviewers say of the conversations that the evaluator has scored."""
    said = {i: one for i, one in reviewed(tx, name).items() if i in values}
    recent = {fact.conversation_id for fact in tx.rollups.facts_of(said) if now - fact.at <= _RECENT}
    return [
        Labelled(value=values[i], truth=one.truth, inclusion_probability=1 / one.weight, is_recent=i in recent)
        for i, one in said.items()
    ]
