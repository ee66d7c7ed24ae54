"""The review queue: the next best question for each reviewer, kept for that reviewer while it is being answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.reviewing.assigning import subject_of, tell
from bot.reviewing.review import audited, item_in, show
from bot.reviewing.rules import QueueRules
from bot.slack.access import Person
from evaluators.calibration.lessons import gain_at
from evaluators.truth import truth_of
from traces.clock import Clock
from traces.model import GOLD, Calibration, Conversation, Score
from traces.store import Store, Tx
from traces.store.alerts import LIVE
from traces.store.queue import Candidate, EntryState, QueueEntry
from traces.store.reviews import ReviewItem
from traces.store.rollups import DAY_S, bucket_start

RESERVED_FOR = timedelta(minutes=15)
PROBLEM = "problem"
"""What is asked of a conversation that a person sent: whether something is wrong with it."""
_BACK = timedelta(days=30)
_FRESH = timedelta(days=1)
_ASSIGNED_FOR = timedelta(days=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_KNOWN_READ = 20
_SPARE = 30
"""So many more are looked at, in case others have taken some in the meantime."""
_THRESHOLD = 0.5
_MUCH = 0.01
"""What a label teaches at most that is told apart: an interval narrower by a point."""
_HARK = "hark"
_TOPIC_KEYS = ("topic", "scenario")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """What waits for one reviewer, the best first; answers given today, and how many are asked for in a day."""

    items: tuple[ReviewItem, ...]
    taps: int
    taps_per_day: int

    @property
    def left(self) -> int | None:
        """Answers still asked for today; ``None`` is without end."""
        return max(0, self.taps_per_day - self.taps) if self.taps_per_day else None


class Queue:
    """Serves review items, and takes what people say about who should review them."""

    def __init__(self, store: Store, clock: Clock, rules: QueueRules | None = None) -> None:
        self._store = store
        self._clock = clock
        self.rules = rules or QueueRules()

    def next_for(self, tx: Tx, person: Person, n: int, now: datetime, *, after: int = 0) -> list[ReviewItem]:
        """The ``n`` items that a reviewer should answer next, the best first, reserved for 15 minutes as ``reserve`` says.

        Fewer where the day's answers, or the items, run out. What was reserved for this reviewer before and is not among
        them is given back. ``after`` passes over so many. The transaction must be one that writes.
        """
        self.share_out(tx, now)
        return self.reserve(tx, self.ranked(tx, person, now), person, n, now, after=after)

    def ranked(self, tx: Tx, person: Person, now: datetime) -> Ranked:
        """Everything that a reviewer may be asked now, the best first; nothing is reserved."""
        candidates = self._candidates(tx, person.user_id, now)
        items = [c.item for c in self._in_order(tx, candidates, person, now)]
        return Ranked(
            items=tuple(self._with_known(tx, items, person)),
            taps=tx.queue.taps(person.user_id, bucket_start(now, DAY_S)),
            taps_per_day=self.rules.taps_per_day,
        )

    def _with_known(self, tx: Tx, items: Sequence[ReviewItem], person: Person) -> list[ReviewItem]:
        """The same, with questions whose answer is known among them: where, follows from how often a reviewer has answered."""
        known = [i for i in tx.queue.known(person.user_id, _KNOWN_READ) if i not in items]
        if not known:
            return list(items)
        answered, mixed = tx.queue.taps(person.user_id, _EVER), list(items)
        for place in range(min(len(mixed) + 1, _SPARE)):
            if known and self.rules.is_known_asked(person.user_id, answered + place):
                mixed.insert(place, known.pop(0))
        return mixed

    def reserve(
        self, tx: Tx, ranked: Ranked, person: Person, n: int, now: datetime, *, after: int = 0
    ) -> list[ReviewItem]:
        """The first ``n`` that nobody else has taken since they were ranked, kept for this reviewer for 15 minutes.

        Of somebody who has not answered anything lately only the first is kept: those who merely look at a list must not
        keep it from the others.
        """
        tx.queue.one_at_a_time()
        n = n if ranked.left is None else min(n, ranked.left)
        looked_at = ranked.items[: after + n + _SPARE]
        entries = tx.queue.entries(item.item_id for item in looked_at)
        free = [i for i in looked_at if not any(_is_anothers(e, person, now) for e in entries.get(i.item_id, ()))]
        chosen = free[after : after + n]
        is_reviewing = tx.queue.taps(person.user_id, now - _BACK) > 0
        self._keep(tx, chosen if is_reviewing else chosen[:1], entries, person, now)
        return chosen

    def _candidates(self, tx: Tx, reviewer: str | None, now: datetime) -> list[Candidate]:
        votes = self.rules.votes
        found = tx.queue.open(reviewer, since=now - _BACK, now=now, most_votes=votes.most)
        said = verdicts_on(tx, [c.item for c in found if c.votes])
        return [c for c in found if c.votes < votes.wanted(c.item.item_id, said.get(c.item.item_id, ()))]

    # --- the order ---

    def _in_order(self, tx: Tx, candidates: Sequence[Candidate], person: Person, now: datetime) -> list[Candidate]:
        """Best first: what is this person's, fresh alerts, what people sent, second opinions, what evaluators are unsure of."""
        entries = tx.queue.entries(c.item.item_id for c in candidates)
        live = {alert.alert_id for alert in tx.alerts.in_state(*LIVE)}
        doubts = _doubts(tx, candidates)

        def rank(c: Candidate) -> tuple[int, float, float]:
            mine = any(
                e.reviewer == person.user_id and e.put_by != _HARK and e.state is EntryState.ASSIGNED
                for e in entries.get(c.item.item_id, ())
            )
            urgency = 0 if mine else _urgency(c, live, now)
            return urgency, doubts[c.item.item_id], -c.item.picked_at.timestamp()

        answered = tx.reviews.label_counts(bucket_start(now, DAY_S), reviewer=person.user_id)
        return _mixed(sorted(candidates, key=rank), lambda c: rank(c)[0], answered)

    def _keep(
        self,
        tx: Tx,
        items: Sequence[ReviewItem],
        entries: Mapping[str, Sequence[QueueEntry]],
        person: Person,
        now: datetime,
    ) -> None:
        """Reserve items; one that is assigned to this reviewer stays so."""
        tx.queue.release(person.user_id, keeping=[item.item_id for item in items])
        mine = {
            item_id
            for item_id, found in entries.items()
            if any(e.reviewer == person.user_id and e.state is EntryState.ASSIGNED and e.holds(now) for e in found)
        }
        tx.queue.put(
            QueueEntry(
                item_id=item.item_id,
                reviewer=person.user_id,
                state=EntryState.RESERVED,
                at=now,
                until_at=now + RESERVED_FOR,
                put_by=person.user_id,
            )
            for item in items
            if item.item_id not in mine
        )

    # --- sharing out ---

    @property
    def shares_out(self) -> bool:
        """Whether questions are given to those whose turn it is."""
        return self.rules.assignment != "anyone"

    def share_out(self, tx: Tx, now: datetime) -> None:
        """Give what nobody has to those whose turn it is, for a day: then anybody may answer it."""
        if not self.shares_out:
            return
        waiting = [c.item for c in self._candidates(tx, None, now) if not c.votes]
        taken = tx.queue.entries(item.item_id for item in waiting)
        waiting = [i for i in waiting if not any(_was_shared_out(e) for e in taken.get(i.item_id, ()))]
        if not waiting:
            return
        load, entries = Counter(tx.queue.assigned(now)), []
        conversations = tx.conversations.many(i.conversation_id for i in waiting)
        for item in reversed(waiting):
            skipped = {e.reviewer for e in taken.get(item.item_id, ())}
            able = [r for r in self._able(item, conversations.get(item.conversation_id)) if r not in skipped]
            if not able:
                continue
            reviewer = min(able, key=lambda r: (load[r], able.index(r)))
            load[reviewer] += 1
            entries.append(
                QueueEntry(
                    item_id=item.item_id,
                    reviewer=reviewer,
                    state=EntryState.ASSIGNED,
                    at=now,
                    until_at=now + _ASSIGNED_FOR,
                    put_by=_HARK,
                )
            )
        tx.queue.put(entries)

    def _able(self, item: ReviewItem, conversation: Conversation | None) -> Sequence[str]:
        if self.rules.assignment == "round_robin":
            return self.rules.reviewers
        metadata = {} if conversation is None else conversation.metadata
        topics = [item.evaluator, *(str(metadata[key]) for key in _TOPIC_KEYS if metadata.get(key))]
        return [reviewer for topic in topics for reviewer in self.rules.topics.get(topic, ())]

    # --- what people say about it ---

    def skip(self, item_id: str, person: Person, request_key: str) -> bool:
        """This reviewer does not want to answer an item; others are still asked. Whether that changed anything.

        Raises:
            BadInput: There is no such item any more.
        """
        entry = QueueEntry(
            item_id=item_id,
            reviewer=person.user_id,
            state=EntryState.SKIPPED,
            at=self._clock.now(),
            put_by=person.user_id,
        )
        return self._put(entry, person, request_key, "review.skip")

    def assign(self, item_id: str, reviewer: str, person: Person, request_key: str) -> bool:
        """An item is for one reviewer to answer, and for nobody else's queue. Whether that changed anything.

        Raises:
            BadInput: There is no such item any more.
        """
        entry = QueueEntry(
            item_id=item_id,
            reviewer=reviewer,
            state=EntryState.ASSIGNED,
            at=self._clock.now(),
            put_by=person.user_id,
        )
        return self._put(entry, person, request_key, "review.assign")

    def _put(self, entry: QueueEntry, person: Person, request_key: str, action: str) -> bool:
        with self._store.begin() as tx:
            item = item_in(tx, entry.item_id)
            if not tx.state.first_time(request_key, entry.at):
                return False
            tx.state.name_reviewer(person.user_id, person.name)
            if entry.state is EntryState.ASSIGNED:
                _given_to(tx, entry)
            tx.queue.put([entry])
            audited(
                tx,
                action,
                item.conversation_id,
                person,
                entry.at,
                request_key,
                after={"item": item.item_id, "reviewer": entry.reviewer},
            )
            return True


def _given_to(tx: Tx, entry: QueueEntry) -> None:
    """Take an item from whoever had it, and let all of them see whose it is now."""
    had = tx.queue.entries([entry.item_id]).get(entry.item_id, [])
    tx.queue.drop(entry.item_id, EntryState.ASSIGNED, EntryState.RESERVED)
    others = [before.reviewer for before in had if before.reviewer != entry.reviewer]
    show(tx, entry.at, entry.item_id, *(subject_of(entry.item_id, other) for other in others))
    tell(tx, entry)


def verdicts_on(tx: Tx, items: Sequence[ReviewItem]) -> dict[str, list[str]]:
    """By item, what its question was answered with: yes, no or unsure."""
    labels = tx.reviews.labels_of({item.conversation_id for item in items})
    return {
        item.item_id: [
            _verdict(label.value)
            for label in labels.get(item.conversation_id, ())
            if label.name == item.evaluator and label.reviewer != GOLD
        ]
        for item in items
    }


def _verdict(value: float | str) -> str:
    truth = truth_of(value)
    return "unsure" if truth is None else "yes" if truth else "no"


def _is_anothers(entry: QueueEntry, person: Person, now: datetime) -> bool:
    return entry.reviewer != person.user_id and entry.holds(now)


def _was_shared_out(entry: QueueEntry) -> bool:
    return entry.state is not EntryState.SKIPPED


def _urgency(candidate: Candidate, live: Collection[str], now: datetime) -> int:
    item = candidate.item
    if item.alert_id is not None and item.alert_id in live and now - item.picked_at <= _FRESH:
        return 1
    if item.evaluator == PROBLEM:
        return 2
    return 3 if candidate.votes else 4


def _doubts(tx: Tx, candidates: Sequence[Candidate]) -> dict[str, float]:
    """By item, in tenths from 0, how little a label teaches: by what is expected of it once that is known, before by how far
    the evaluator's score is from its threshold.

    Within a tenth the newest is asked first, whatever its score: rates that are estimated by strata of the score stay true
    when reviewers do not get to the end.
    """
    calibrations = tx.calibrations.current()
    outcomes = tx.scores.current({c.item.conversation_id for c in candidates})
    doubts = {}
    for candidate in candidates:
        item = candidate.item
        scores = [
            o for o in outcomes.get(item.conversation_id, ()) if isinstance(o, Score) and o.name == item.evaluator
        ]
        value = next((s.value for s in scores if s.value is not None), None)
        doubts[item.item_id] = _doubt(calibrations.get(item.evaluator), value)
    return doubts


def _doubt(calibration: Calibration | None, value: float | None) -> float:
    if value is None:
        return 1.0
    gain = gain_at(calibration, value)
    if gain is not None:
        return round(max(0.0, 1.0 - gain / _MUCH), 1)
    return round(abs(value - (_THRESHOLD if calibration is None else calibration.threshold)), 1)


def _mixed(
    ranked: Sequence[Candidate], urgency: Callable[[Candidate], int], answered: Mapping[str, int]
) -> list[Candidate]:
    """The same order, but within one urgency questions and conversations take turns: nobody answers one a hundred times.

    ``answered`` is how often each question has had its turn today.
    """
    turns: Counter[tuple[int, str]] = Counter()
    keyed = []
    for place, candidate in enumerate(ranked):
        item, urgent = candidate.item, urgency(candidate)
        question, conversation = (
            (urgent, f"question {item.evaluator}"),
            (urgent, f"conversation {item.conversation_id}"),
        )
        turn = answered.get(item.evaluator, 0) + turns[question] + turns[conversation]
        keyed.append(((urgent, turn, place), candidate))
        turns.update((question, conversation))
    return [candidate for _, candidate in sorted(keyed, key=lambda pair: pair[0])]
