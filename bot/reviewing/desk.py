"""What a reviewer is shown of the queue: the questions with their conversations, and how far the day has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.reviewing.queue import Queue, Ranked
from bot.slack.access import Person
from bot.slack.blocks.review_windows import AT_ONCE, queue_view
from bot.slack.blocks.surface import View
from bot.slack.blocks.values import FlaggedConversation, LastAnswer, QueueProgress
from bot.slack.render import Renderer
from evaluators.truth import truth_of
from traces.clock import Clock
from traces.errors import BadInput
from traces.store import Store, Tx

_UNDO_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Questions with their conversations, and how far the reviewer is."""

    cards: tuple[FlaggedConversation, ...]
    progress: QueueProgress


class ReviewDesk:
    """Hands out questions."""

    def __init__(self, store: Store, clock: Clock, queue: Queue, renderer: Renderer) -> None:
        self._store = store
        self._clock = clock
        self._queue = queue
        self._renderer = renderer

    def serve(self, person: Person, n: int, *, after: int = 0) -> Served:
        """The next questions for a reviewer, reserved; ``after`` passes over so many.

        Looked for in a transaction that only reads, so that nobody who writes waits for it.
        """
        now = self._clock.now()
        if self._queue.shares_out:
            with self._store.begin() as tx:
                self._queue.share_out(tx, now)
        with self._store.read() as tx:
            ranked = self._queue.ranked(tx, person, now)
        with self._store.begin() as tx:
            items = self._queue.reserve(tx, ranked, person, n, now, after=after)
        with self._store.read() as tx:
            cards = [self._renderer.flagged(tx, item, person.user_id) for item in items]
            progress = self._progress(tx, ranked, person, now)
        return Served(cards=tuple(card for card in cards if card is not None), progress=progress)

    def window(self, person: Person, most: int = 1) -> View:
        """The window on the queue, with the ``most`` questions that should be answered next, ten at most."""
        served = self.serve(person, min(most, AT_ONCE))
        return queue_view(served.cards, served.progress, most=most)

    def window_on(self, item_id: str, person: Person, notice: str = "") -> View:
        """The window on the queue, with one question.

        Raises:
            BadInput: There is no such item any more.
        """
        with self._store.read() as tx:
            item = tx.reviews.item(item_id)
            card = None if item is None else self._renderer.flagged(tx, item, person.user_id)
            if card is None:
                raise BadInput("this conversation is no longer open for review")
            now = self._clock.now()
            return queue_view([card], self._progress(tx, self._queue.ranked(tx, person, now), person, now), notice)

    def _progress(self, tx: Tx, ranked: Ranked, person: Person, now: datetime) -> QueueProgress:
        return QueueProgress(
            waiting=len(ranked.items),
            taps=ranked.taps,
            taps_per_day=ranked.taps_per_day,
            last=self._last(tx, person, now),
        )

    def _last(self, tx: Tx, person: Person, now: datetime) -> LastAnswer | None:
        found = tx.reviews.last_answer(person.user_id, now - _UNDO_FOR)
        if found is None:
            return None
        item, label = found
        question, truth = self._renderer.question(item.evaluator), truth_of(label.value)
        said = "Not sure" if truth is None else question.yes_label if truth else question.no_label
        return LastAnswer(item_id=item.item_id, question=question.question, said=said)
