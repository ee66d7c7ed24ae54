"""Which conversations are put before reviewers: flagged ones and a random audit, within a daily number.

The number is shared out among the evaluators: one that flags little gets all of it seen, and what noisy ones flag is thinned
to what is left, alike for each. Once an evaluator has labels, its share goes where labels sharpen its rate most. Where
evaluators that usually say the same disagree, and where a conversation is unlike the others, it is likelier to be picked;
where its like was asked about already, less likely.

Each pick is made by chance with a known probability, which is stored with the item: labels of a biased choice then
still give unbiased rates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import uuid4

from bot.jobs.asked import REMEMBERED, Asked
from bot.jobs.choice import Candidate, Chooser, Look
from bot.jobs.plans import Plans, threshold_of
from bot.jobs.reasons import Reason, in_words
from bot.jobs.unusual import Extremes
from evaluators.base import Evaluator
from evaluators.calibration.companions import Companions
from evaluators.calibration.next import Plan
from traces.model import EVERYTHING, Calibration, Conversation, Direction, Score
from traces.store import Tx
from traces.store.reviews import ReviewItem
from traces.store.rollups import DAY_S, bucket_start
from traces.store.scores import Outcome, source_of

REVIEW = "review"
_RECENT = timedelta(hours=6)
_WEEK = timedelta(days=7)
_SHARE_OF_ONE = 1 / 3
_LEAST_OF_ONE = 3
_ANY = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PickSettings:
    """``per_day`` items over all evaluators go to ``channel``; ``None`` posts nothing.

    ``per_day`` is what is aimed at, ``most_per_day`` what is never passed in a day (UTC), however much is flagged. As it
    comes near, the chance of each conversation falls, and is stored as it fell.
    """

    channel: str | None
    per_day: int
    most_per_day: int = 40


@dataclass(frozen=True, slots=True)
class _Pass:
    """What is the same for all conversations of one pass."""

    tx: Tx
    now: datetime
    plans: Mapping[str, Plan]
    calibrations: Mapping[str, Calibration]
    taken: Counter[str]
    extremes: Extremes


class Picker:
    """Puts conversations before reviewers.

    Args:
        evaluators: Those whose scores may be asked about.
        settings: How many, and where.
        asked: What was asked about lately.
        unlike: By signal, 1 where a conversation is unlike the weeks before.

    Attributes:
        held_back: How many it would have put before them but for the day's limit, or because they are of a past that is
            only replayed.
    """

    def __init__(
        self,
        evaluators: Sequence[Evaluator],
        settings: PickSettings,
        asked: Asked | None = None,
        unlike: Callable[[Conversation], Mapping[str, float]] = lambda _: {},
    ) -> None:
        self._evaluators = {e.name: e for e in evaluators}
        self._settings = settings
        self._unlike = unlike
        self._chooser = Chooser(Asked() if asked is None else asked)
        self._plans = Plans(evaluators, settings.per_day, self._chooser)
        self._companions = Companions(tuple(self._evaluators))
        self._remembers = False
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
        standing: Mapping[str, Sequence[Outcome]] | None = None,
    ) -> None:
        """Pick among conversations that have just been scored; history that was brought in is left alone.

        Args:
            tx: A transaction that writes.
            conversations: The conversations.
            outcomes: By conversation, what is new: of these scores reviewers may be asked.
            now: The time.
            standing: By conversation, all that was said of it, the new ones too.
        """
        recent = [c for c in conversations if now - c.ended_at <= _RECENT]
        if not recent or self._settings.channel is None or not self._settings.per_day:
            return
        self._remember(tx, now)
        one = self._pass(tx, now)
        for conversation in recent:
            fresh = outcomes.get(conversation.conversation_id, ())
            whole = fresh if standing is None else standing.get(conversation.conversation_id, fresh)
            verdicts, new = (self._verdicts(of, one.calibrations) for of in (whole, fresh))
            self._companions.note(new, verdicts)
            look = Look(conversation, self._chooser.asked, one.extremes.of)
            for score in fresh:
                if isinstance(score, Score) and score.name in self._evaluators and score.value is not None:
                    self._consider(one, look, score, self._against(score, whole, verdicts, one.calibrations))

    def _remember(self, tx: Tx, now: datetime) -> None:
        """Once, what was asked about in the last week, before this process began."""
        if self._remembers:
            return
        open_ = tx.queue.open(None, since=now - REMEMBERED, now=now, most_votes=_ANY)
        items = [candidate.item for candidate in reversed(open_) if candidate.item.picked_at <= now]
        found = tx.conversations.many(item.conversation_id for item in items)
        asked = self._chooser.asked
        for item in items:
            if (conversation := found.get(item.conversation_id)) is not None:
                asked.note(item.evaluator, asked.vector(conversation), item.picked_at)
        self._remembers = True

    def _consider(self, one: _Pass, look: Look, score: Score, against: str) -> None:
        assert score.value is not None
        flagged = self._is_flagged(score.name, score.value, one.calibrations)
        candidate = Candidate(
            evaluator=score.name,
            value=score.value,
            plan=one.plans[score.name],
            lot=_lot(look.conversation.conversation_id, score.name),
            disagrees=bool(against),
        )
        drawn = self._chooser.draw(candidate, look, one.now, lambda: self._room(one, score.name, flagged=flagged))
        if drawn is None:
            return
        if drawn.is_held_back:
            self.held_back += 1
            return
        why = Reason(score=score, why=drawn.why, flagged=flagged, against=against, unusual=look.unusual or "")
        item = one.tx.reviews.pick(
            ReviewItem(
                item_id=uuid4().hex,
                conversation_id=look.conversation.conversation_id,
                evaluator=score.name,
                reason=str(why),
                picked_at=one.now,
                inclusion_probability=drawn.probability,
            )
        )
        if item.picked_at == one.now:
            one.taken[score.name] += 1
            self._chooser.picked(score.name, look, one.now)
            channel = self._settings.channel
            assert channel is not None
            one.tx.outbox.request(kind=REVIEW, subject_id=item.item_id, channel=channel, at=one.now)

    # --- limits ---

    def _room(self, one: _Pass, name: str, *, flagged: bool) -> float:
        """What the day's limits leave of a chance: all of it until half of a limit is used, then less and less.

        A limit that cut off at once would leave those that come late without any chance, and rates would not know of it.
        """
        if self._not_before is not None and one.now < self._not_before:
            return 0.0
        most, channel = self._settings.most_per_day, self._settings.channel
        assert channel is not None
        used = one.tx.outbox.requested(REVIEW, channel, bucket_start(one.now, DAY_S))
        # Half of what one evaluator may have is kept for what is flagged.
        of_one = self._most_of_one / (1 if flagged else 2)
        return min(_left(most, used), _left(of_one, one.taken[name]))

    @property
    def _most_of_one(self) -> int:
        """What one evaluator gets of a day at most, though nobody had foreseen how much it flags."""
        share = _SHARE_OF_ONE if len(self._evaluators) > 1 else 1.0
        return max(_LEAST_OF_ONE, round(share * self._settings.most_per_day))

    # --- verdicts ---

    def _is_flagged(self, name: str, value: float, calibrations: Mapping[str, Calibration]) -> bool:
        return (value >= threshold_of(calibrations.get(name))) is (self._evaluators[name].bad is not Direction.DOWN)

    def _verdicts(self, outcomes: Sequence[Outcome], calibrations: Mapping[str, Calibration]) -> dict[str, bool]:
        """By evaluator, whether what its name says is the case."""
        return {
            o.name: o.value >= threshold_of(calibrations.get(o.name))
            for o in outcomes
            if isinstance(o, Score) and o.value is not None and o.name in self._evaluators
        }

    def _against(
        self,
        score: Score,
        outcomes: Sequence[Outcome],
        verdicts: Mapping[str, bool],
        calibrations: Mapping[str, Calibration],
    ) -> str:
        """What contradicts a score, as the end of a sentence; empty where nothing does."""
        assert score.value is not None
        threshold = threshold_of(calibrations.get(score.name))
        said = score.value >= threshold
        others = (o for o in outcomes if isinstance(o, Score) and o.name == score.name)
        for other in others:
            is_known = other.value is not None and source_of(other) != source_of(score)
            if is_known and ((other.value or 0.0) >= threshold) is not said:
                return f"another source, {other.source}, says otherwise"
        companion = self._companions.against(score.name, {**verdicts, score.name: said})
        return "" if companion is None else f"{in_words(companion)}, which usually goes with it, says otherwise"

    # --- chances ---

    def _pass(self, tx: Tx, now: datetime) -> _Pass:
        """The chances with which conversations are picked, from a week's traffic."""
        calibrations = tx.calibrations.current()
        week = tx.rollups.every_series(EVERYTHING, since=now - _WEEK, until=now, resolution_s=DAY_S)
        plans = self._plans.of(week, calibrations, now)
        taken = Counter(tx.reviews.picked_since(bucket_start(now, DAY_S)))
        return _Pass(tx, now, plans, calibrations, taken, Extremes(week, self._unlike))


def _left(most: float, used: int) -> float:
    return min(1.0, max(0.0, (most - used) / (most / 2))) if most else 0.0


def _lot(conversation_id: str, name: str) -> float:
    """A number in [0, 1) that is always the same for a conversation and an evaluator."""
    drawn = blake2b(f"{name}\n{conversation_id}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn, "big") / 2**64
