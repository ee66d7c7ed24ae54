"""Which conversations are put before reviewers: flagged ones and a random audit, within a daily number.

The number is shared out among the evaluators: one that flags little gets all of it seen, and what noisy ones flag is thinned
to what is left, alike for each. Once an evaluator has labels, its share goes where labels sharpen its rate most.

Each pick is made by chance with a known probability, which is stored with the item: labels of a biased choice then
still give unbiased rates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from hashlib import blake2b
from uuid import uuid4

from bot.jobs.shares import fair_shares
from evaluators.base import Evaluator
from evaluators.calibration.next import DOUBLE_SHARE, Plan, Unsure, Why, plan_of
from traces.histogram import Rollup
from traces.model import EVERYTHING, Calibration, Conversation, Direction, Score
from traces.store import Tx
from traces.store.reviews import ReviewItem
from traces.store.rollups import DAY_S, bucket_start
from traces.store.scores import Outcome

REVIEW = "review"
_RECENT = timedelta(hours=6)
_WEEK = timedelta(days=7)
_AUDIT_SHARE = 0.2
_SHARE_OF_ONE = 1 / 3
_LEAST_OF_ONE = 3
_PILOT = 20
"""Labels with which it is known where further ones teach most; before that, what is flagged goes first."""
_ALIKE = 200
"""Characters of a question by which it is seen to be the same as another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickSettings:
    """``per_day`` items over all evaluators go to ``channel``; ``None`` posts nothing.

    ``per_day`` is what is aimed at, ``most_per_day`` what is never passed in a day (UTC), however much is flagged.
    """

    channel: str | None
    per_day: int
    most_per_day: int = 40


@dataclass(frozen=True, slots=True)
class Chances:
    """The chances with which a flagged and an ordinary conversation are picked, or a plan by their score."""

    flagged: float
    ordinary: float
    best: Plan | None = None

    def draw(self, lot: float, value: float, *, flagged: bool, seen: int) -> tuple[float, Why | None]:
        """The chance of a conversation, and why it is picked by a lot, if it is."""
        if self.best is not None:
            return self.best.inclusion_probability(value, seen=seen), self.best.why(lot, value, seen=seen)
        chance = self.flagged if flagged else self.ordinary
        return chance, Why.AUDIT if lot < chance else None


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
        self._asked_on: datetime | None = None
        self._asked: Counter[str] = Counter()
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
        rates = self._rates(tx, calibrations, now)
        taken = Counter(tx.reviews.picked_since(bucket_start(now, DAY_S)))
        for conversation in recent:
            for score in outcomes.get(conversation.conversation_id, []):
                if isinstance(score, Score) and score.name in self._evaluators and score.value is not None:
                    self._consider(
                        tx,
                        conversation=conversation,
                        score=score,
                        rates=rates[score.name],
                        taken=taken,
                        calibrations=calibrations,
                        now=now,
                    )

    def _consider(
        self,
        tx: Tx,
        *,
        conversation: Conversation,
        score: Score,
        rates: Chances,
        taken: Counter[str],
        calibrations: Mapping[str, Calibration],
        now: datetime,
    ) -> None:
        assert score.value is not None
        flagged, asked = self._is_flagged(score, calibrations), _asked(conversation, score.name)
        probability, why = rates.draw(
            _lot(conversation.conversation_id, score.name), score.value, flagged=flagged, seen=self._seen(asked, now)
        )
        if why is None:
            return
        channel = self._settings.channel
        assert channel is not None
        # Half of it is kept for what is flagged.
        if taken[score.name] >= self._most_of_one / (1 if flagged else 2) or self._is_full(tx, channel, now):
            self.held_back += 1
            return
        item = tx.reviews.pick(
            ReviewItem(
                item_id=uuid4().hex,
                conversation_id=conversation.conversation_id,
                evaluator=score.name,
                reason=_reason(score, why, flagged=flagged),
                picked_at=now,
                inclusion_probability=probability,
            )
        )
        if item.picked_at == now:
            taken[score.name] += 1
            self._asked[asked] += 1
            tx.outbox.request(kind=REVIEW, subject_id=item.item_id, channel=channel, at=now)

    def _seen(self, asked: str, now: datetime) -> int:
        """How often the same was picked today; a restart forgets it, which the chance that is stored knows of."""
        day = bucket_start(now, DAY_S)
        if day != self._asked_on:
            self._asked_on, self._asked = day, Counter()
        return self._asked[asked]

    @property
    def _most_of_one(self) -> int:
        """What one evaluator gets of a day at most, though nobody had foreseen how much it flags."""
        share = _SHARE_OF_ONE if len(self._evaluators) > 1 else 1.0
        return max(_LEAST_OF_ONE, round(share * self._settings.most_per_day))

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

    def _rates(self, tx: Tx, calibrations: Mapping[str, Calibration], now: datetime) -> dict[str, Chances]:
        """By evaluator the chances with which conversations are picked, from a week's traffic."""
        week = tx.rollups.every_series(EVERYTHING, since=now - _WEEK, until=now, resolution_s=DAY_S)
        usual = {name: self._in_a_day(name, week[name], calibrations, now) for name in self._evaluators if name in week}
        flagged = fair_shares({name: f for name, (f, _) in usual.items()}, (1 - _AUDIT_SHARE) * self._settings.per_day)
        ordinary = fair_shares({name: o for name, (_, o) in usual.items()}, _AUDIT_SHARE * self._settings.per_day)
        unknown = Chances(1.0, _AUDIT_SHARE / len(self._evaluators))
        return dict.fromkeys(self._evaluators, unknown) | {
            name: Chances(
                _chance(flagged[name], f),
                _chance(ordinary[name], o),
                _plan(calibrations.get(name), week[name], flagged[name] + ordinary[name], f + o),
            )
            for name, (f, o) in usual.items()
        }

    def _in_a_day(
        self, name: str, days: Sequence[tuple[datetime, Rollup]], calibrations: Mapping[str, Calibration], now: datetime
    ) -> tuple[float, float]:
        """How many conversations of a day are flagged, and how many are not; today's so far where that is more."""
        calibration = calibrations.get(name)
        threshold = 0.5 if calibration is None else calibration.threshold
        is_rise_bad = self._evaluators[name].bad is not Direction.DOWN
        counts = []
        for _, rollup in days:
            positive = rollup.at_least(threshold)
            counts.append((positive, rollup.n - positive) if is_rise_bad else (rollup.n - positive, positive))
        flagged, ordinary = (sum(count) / len(days) for count in zip(*counts, strict=True))
        if days[-1][0] == bucket_start(now, DAY_S):
            return max(flagged, counts[-1][0]), max(ordinary, counts[-1][1])
        return flagged, ordinary


def _chance(share: float, wanted: float) -> float:
    return 1.0 if wanted <= share else share / wanted


def _plan(
    calibration: Calibration | None, days: Sequence[tuple[datetime, Rollup]], share: float, in_a_day: float
) -> Plan | None:
    """Where labels of an evaluator sharpen its rate most; ``None`` while it has too few to know."""
    told = None if calibration is None else calibration.detail.get("unsure")
    if calibration is None or told is None or calibration.n_labels < _PILOT or not in_a_day:
        return None
    week = reduce(Rollup.plus, (rollup for _, rollup in days), Rollup())
    unsure = Unsure(tuple(told["edges"]), tuple(told["deviations"]))
    # Double reviews are drawn from what is picked.
    return plan_of(unsure, week, min(1.0, share / in_a_day) * week.n / (1 - DOUBLE_SHARE))


def _asked(conversation: Conversation, name: str) -> str:
    """What stands for a question that is asked again and again."""
    first = next((m.content for m in conversation.messages if m.role == "user"), "")
    words = "".join(c if c.isalpha() else " " for c in first[:_ALIKE].casefold()).split()
    return f"{name}\n{' '.join(words)}"


def _reason(score: Score, why: Why, *, flagged: bool) -> str:
    name = score.name.replace("_", " ")
    if why is Why.PRECISION and not flagged:
        return f"A label here sharpens the rate of {name} most: scores like {score.value:.2g} are the least sure."
    if not flagged:
        return f"Random check of {name}: the evaluator saw nothing here."
    return f"Flagged by {name}: {score.explanation}" if score.explanation else f"Flagged by {name}."


def _lot(conversation_id: str, name: str) -> float:
    """A number in [0, 1) that is always the same for a conversation and an evaluator."""
    drawn = blake2b(f"{name}\n{conversation_id}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn, "big") / 2**64
