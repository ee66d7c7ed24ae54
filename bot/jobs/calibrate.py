"""Labels measure the evaluators: threshold, agreement, corrected rate. The next detection uses the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from bot.calibration.labelled import Evidence, Gathering, reviewed
from bot.calibration.thresholds import CALIBRATE, ask, settle, standing
from evaluators.calibrate import Labelled, calibrate, choose_threshold
from evaluators.calibration.clusters import design_effect
from evaluators.calibration.lessons import lessons, to_detail
from evaluators.calibration.next import Known, unsure_of
from evaluators.calibration.promise import Kept, Measure, Promise, keep, lower_bound
from evaluators.calibration.reviewers import question_report
from traces.histogram import Rollup
from traces.model import Calibration, Json
from traces.store import Store, Tx

__all__ = ["Calibrating", "CalibrationRules", "outdate", "reviewed"]

_STALE: Final = timedelta(hours=1)
_WORTH_MOVING: Final = 0.1
"""A threshold that keeps its promise is not moved for fewer flags, or fewer spared, than this share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationRules:
    """What labels may move by themselves.

    Attributes:
        are_automatic: Whether thresholds move without a person's word.
        promises: What thresholds promise, by evaluator.
        channel: Where people are asked about thresholds that wait for their word; ``None`` where there is no Slack.
    """

    are_automatic: bool = True
    promises: Mapping[str, Promise] = field(default_factory=dict)
    channel: str | None = None


class Calibrating:
    """Keeps the calibration of every labelled evaluator up to date; ``then`` is done after each look at the labels."""

    def __init__(
        self,
        store: Store,
        rules: CalibrationRules | None = None,
        then: Sequence[Callable[[datetime], object]] = (),
    ) -> None:
        self._store = store
        self._then = then
        self._rules = rules if rules is not None else CalibrationRules()

    def run(self, now: datetime, *, always: bool = False) -> list[Calibration]:
        """Calibrate the evaluators whose labels changed or whose calibration is an hour old; returns the new ones.

        Args:
            now: The time.
            always: Calibrate every labelled evaluator, whatever its age.
        """
        found = self._calibrated(now, always=always)
        for look in self._then:
            look(now)
        return found

    def _calibrated(self, now: datetime, *, always: bool) -> list[Calibration]:
        with self._store.read() as tx:
            names = [name for name in tx.reviews.label_counts() if always or self._is_due(tx, name, now)]
            if not names:
                return []
            gathering = Gathering(tx, now)
            ran_at = tx.state.job_runs()
            gathered = [(name, tx.reviews.fingerprint(name), gathering.evidence(name)) for name in names]
        found = []
        # Gathering takes most of the time: others write meanwhile, and between two evaluators.
        for name, fingerprint, evidence in gathered:
            with self._store.begin() as tx:
                if tx.state.job_ran_at(CALIBRATE + name) != ran_at.get(CALIBRATE + name):
                    continue  # outdated meanwhile: the next run does it
                tx.state.job_ran(CALIBRATE + name, now, fingerprint)
                if evidence is not None:
                    found.append(self._calibrate(tx, evidence, name, now))
        return found

    def _is_due(self, tx: Tx, name: str, now: datetime) -> bool:
        state = tx.state.job_outcome(CALIBRATE + name)
        ran_at = tx.state.job_ran_at(CALIBRATE + name)
        return ran_at is None or state != tx.reviews.fingerprint(name) or abs(now - ran_at) >= _STALE

    def _calibrate(self, tx: Tx, evidence: Evidence, name: str, now: datetime) -> Calibration:
        threshold, promised = self._threshold(tx, name, evidence, now)
        if self._rules.channel is not None:
            ask(tx, name, self._rules.channel, now)
        found = calibrate(
            name,
            evidence.version,
            evidence.labelled,
            evidence.scores,
            computed_at=now,
            threshold=threshold,
            before=evidence.before,
        )
        told = question_report(evidence.answers)
        found = replace(
            found, detail={**found.detail, "question": told.to_json(), **_next(found, evidence), **promised}
        )
        tx.calibrations.put(found)
        return found

    def _threshold(self, tx: Tx, name: str, evidence: Evidence, now: datetime) -> tuple[float, dict[str, Json]]:
        """The threshold in force, moved where labels say so, and what became of the promise."""
        in_force = standing(tx.thresholds.moves(name)).in_force
        promise = self._rules.promises.get(name)
        if promise is None:
            values, truths, _ = _arrays(evidence.labelled)
            wanted = choose_threshold(values, truths)
            reason = f"tells true from false best, by {len(values)} labels"
            return settle(tx, name, (wanted, reason), now, automatically=self._rules.are_automatic), {}
        kept = keep(promise, *_arrays(evidence.labelled))
        if kept.threshold is not None and not _stays(promise, in_force, kept, evidence):
            wanted = kept.threshold
            reason = f"{promise.measure} of at least {promise.at_least:.0%}, by {kept.n:.0f} labels"
            in_force = settle(tx, name, (wanted, reason), now, automatically=self._rules.are_automatic)
        return in_force, {"promise": _told(promise, kept, in_force, evidence.labelled)}


def _next(found: Calibration, evidence: Evidence) -> dict[str, Json]:
    """Where further labels of what runs now would teach most."""
    own = tuple(one for one in evidence.labelled if not one.version)
    values, truths, weights = _arrays(own)
    alike = design_effect(values >= found.threshold, truths, [one.user_id for one in own])
    return {
        "unsure": asdict(unsure_of(evidence.scores, [Known(one.value, one.truth) for one in own])),
        "lessons": to_detail(lessons(values, truths, weights, evidence.scores, found, alike)),
    }


def outdate(tx: Tx, name: str, now: datetime) -> None:
    """Have the next run calibrate an evaluator anew: its scores have changed, though its labels have not."""
    tx.state.job_ran(CALIBRATE + name, now, None)


def _arrays(labelled: tuple[Labelled, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.array([one.value for one in labelled], dtype=np.float64),
        np.array([one.truth for one in labelled], dtype=np.bool_),
        np.array([1 / (one.inclusion_probability or 1.0) for one in labelled], dtype=np.float64),
    )


def _stays(promise: Promise, in_force: float, kept: Kept, evidence: Evidence) -> bool:
    """Whether the threshold in force keeps the promise and another would change little."""
    assert kept.threshold is not None
    scores: Rollup = evidence.scores
    now, then = scores.at_least(in_force), scores.at_least(kept.threshold)
    if abs(now - then) > _WORTH_MOVING * max(now, 1):
        return False
    return _bound(promise, in_force, evidence.labelled) >= promise.at_least


def _bound(promise: Promise, threshold: float, labelled: tuple[Labelled, ...]) -> float:
    """What the labels guarantee at a threshold."""
    values, truths, weights = _arrays(labelled)
    among = values >= threshold if promise.measure is Measure.PRECISION else truths
    counted = truths if promise.measure is Measure.PRECISION else values >= threshold
    if not among.any():
        return 0.0
    n = float(weights[among].sum() ** 2 / (weights[among] ** 2).sum())
    return lower_bound(n * float(weights[among & counted].sum() / weights[among].sum()), n)


def _told(promise: Promise, kept: Kept, in_force: float, labelled: tuple[Labelled, ...]) -> dict[str, Json]:
    """What a report says of the promise; with nothing that keeps it, how many labels are missing and where."""
    bound = _bound(promise, in_force, labelled)
    return {
        "measure": str(promise.measure),
        "at_least": promise.at_least,
        "is_kept": bound >= promise.at_least,
        "bound": bound,
        "more_labels": kept.more_labels,
        "from_score": kept.where,
    }
