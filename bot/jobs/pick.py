"""Which conversations are put before reviewers: flagged ones and a random audit, within a daily number.

Each pick is made by chance with a known probability, which is stored with the item: labels of a biased choice then
still give unbiased rates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import uuid4

from evaluators.base import Evaluator
from traces.model import EVERYTHING, Calibration, Conversation, Direction, Score
from traces.store import Tx
from traces.store.reviews import ReviewItem
from traces.store.rollups import DAY_S, bucket_start
from traces.store.scores import Outcome

REVIEW = "review"
_RECENT = timedelta(hours=6)
_WEEK = timedelta(days=7)
_AUDIT_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PickSettings:
    """``per_day`` items over all evaluators go to ``channel``; ``None`` posts nothing.

    ``per_day`` is what is aimed at, ``most_per_day`` what is never passed in a day (UTC), however much is flagged.
    """

    channel: str | None
    per_day: int
    most_per_day: int = 40


class Picker:
    """Puts conversations before reviewers.

    Attributes:
        held_back: How many it would have put before them but for the day's limit, or because they are of a past that is
            only replayed.
    """

    def __init__(self, evaluators: Sequence[Evaluator], settings: PickSettings) -> None:
        self._evaluators = {e.name: e for e in evaluators}
        self._settings = settings
        self._not_before: datetime | None = None
        self.held_back = 0

    def expire_before(self, at: datetime) -> None:
        """From now on, what is picked as of a time before ``at`` is held back: nobody reviews a replayed past day by day."""
        self._not_before = at

    def pick(
        self,
        tx: Tx,
        conversations: Sequence[Conversation],
        outcomes: Mapping[str, Sequence[Outcome]],
        now: datetime,
    ) -> None:
        """Pick among conversations that have just been scored; history that was brought in is left alone."""
        recent = [c for c in conversations if now - c.ended_at <= _RECENT]
        if not recent or self._settings.channel is None or not self._settings.per_day:
            return
        calibrations = tx.calibrations.current()
        rates = {name: self._rates(tx, name, calibrations, now) for name in self._evaluators}
        for conversation in recent:
            for score in outcomes.get(conversation.conversation_id, []):
                if isinstance(score, Score) and score.name in self._evaluators and score.value is not None:
                    self._consider(
                        tx,
                        conversation=conversation,
                        score=score,
                        rates=rates[score.name],
                        calibrations=calibrations,
                        now=now,
                    )

    def _consider(
        self,
        tx: Tx,
        *,
        conversation: Conversation,
        score: Score,
        rates: tuple[float, float],
        calibrations: Mapping[str, Calibration],
        now: datetime,
    ) -> None:
        flagged = self._is_flagged(score, calibrations)
        probability = rates[0] if flagged else rates[1]
        if _lot(conversation.conversation_id, score.name) >= probability:
            return
        channel = self._settings.channel
        assert channel is not None
        if self._is_full(tx, channel, now):
            self.held_back += 1
            return
        item = tx.reviews.pick(
            ReviewItem(
                item_id=uuid4().hex,
                conversation_id=conversation.conversation_id,
                evaluator=score.name,
                reason=_reason(score, flagged=flagged),
                picked_at=now,
                inclusion_probability=probability,
            )
        )
        if item.picked_at == now:
            tx.outbox.request(kind=REVIEW, subject_id=item.item_id, channel=channel, at=now)

    def _is_full(self, tx: Tx, channel: str, now: datetime) -> bool:
        if self._not_before is not None and now < self._not_before:
            return True
        return tx.outbox.requested(REVIEW, channel, bucket_start(now, DAY_S)) >= self._settings.most_per_day

    def _is_flagged(self, score: Score, calibrations: Mapping[str, Calibration]) -> bool:
        calibration = calibrations.get(score.name)
        threshold = 0.5 if calibration is None else calibration.threshold
        assert score.value is not None
        positive = score.value >= threshold
        return positive is (self._evaluators[score.name].bad is not Direction.DOWN)

    def _rates(self, tx: Tx, name: str, calibrations: Mapping[str, Calibration], now: datetime) -> tuple[float, float]:
        """The chances with which a flagged and an ordinary conversation are picked, from last week's traffic."""
        share = self._settings.per_day / len(self._evaluators)
        days = tx.rollups.series(name, EVERYTHING, since=now - _WEEK, until=now, resolution_s=DAY_S)
        if not days:
            return 1.0, _AUDIT_SHARE
        calibration = calibrations.get(name)
        threshold = 0.5 if calibration is None else calibration.threshold
        positive = sum(rollup.at_least(threshold) for _, rollup in days) / len(days)
        total = sum(rollup.n for _, rollup in days) / len(days)
        flagged = positive if self._evaluators[name].bad is not Direction.DOWN else total - positive
        return (
            min(1.0, (1 - _AUDIT_SHARE) * share / max(flagged, 0.1)),
            min(1.0, _AUDIT_SHARE * share / max(total - flagged, 0.1)),
        )


def _reason(score: Score, *, flagged: bool) -> str:
    name = score.name.replace("_", " ")
    if not flagged:
        return f"Random check of {name}: the evaluator saw nothing here."
    return f"Flagged by {name}: {score.explanation}" if score.explanation else f"Flagged by {name}."


def _lot(conversation_id: str, name: str) -> float:
    """A number in [0, 1) that is always the same for a conversation and an evaluator."""
    drawn = blake2b(f"{name}\n{conversation_id}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn, "big") / 2**64
