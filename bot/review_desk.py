"""What a reviewer is shown of the queue: the questions with their conversations, and how far the day has come."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.queue import Queue
from bot.slack.access import Person
from bot.slack.blocks.review_windows import queue_view
from bot.slack.blocks.surface import View
from bot.slack.blocks.values import FlaggedConversation, LastAnswer, QueueProgress
from bot.slack.render import Renderer
from evaluators.truth import truth_of
from traces.clock import Clock
from traces.errors import BadInput
from traces.store import Store, Tx

_UNDO_FOR = timedelta(minutes=10)


class ReviewDesk:
    """Hands out questions."""

    def __init__(self, store: Store, clock: Clock, queue: Queue, renderer: Renderer) -> None:
        self._store = store
        self._clock = clock
        self._queue = queue
        self._renderer = renderer

    def serve(self, person: Person, n: int, *, after: int = 0) -> list[FlaggedConversation]:
        """The next questions for a reviewer, reserved; ``after`` passes over so many."""
        with self._store.begin() as tx:
            items = self._queue.next_for(tx, person, n, self._clock.now(), after=after)
        with self._store.read() as tx:
            cards = [self._renderer.flagged(tx, item, person.user_id) for item in items]
        return [card for card in cards if card is not None]

    def progress(self, tx: Tx, person: Person, now: datetime) -> QueueProgress:
        """How far a reviewer is."""
        load = self._queue.workload(tx, person, now)
        return QueueProgress(
            waiting=load.waiting,
            taps=load.taps,
            taps_per_day=load.taps_per_day,
            last=self._last(tx, person, now),
        )

    def window(self, person: Person) -> View:
        """The window on the queue, with the question that should be answered next."""
        card = next(iter(self.serve(person, 1)), None)
        with self._store.read() as tx:
            return queue_view(card, self.progress(tx, person, self._clock.now()))

    def window_on(self, item_id: str, person: Person, notice: str) -> View:
        """The window on the queue, with one question.

        Raises:
            BadInput: There is no such item any more.
        """
        with self._store.read() as tx:
            item = tx.reviews.item(item_id)
            card = None if item is None else self._renderer.flagged(tx, item, person.user_id)
            if card is None:
                raise BadInput("this conversation is no longer open for review")
            return queue_view(card, self.progress(tx, person, self._clock.now()), notice)

    def _last(self, tx: Tx, person: Person, now: datetime) -> LastAnswer | None:
        found = tx.reviews.last_answer(person.user_id, now - _UNDO_FOR)
        if found is None:
            return None
        item, label = found
        question, truth = self._renderer.question(item.evaluator), truth_of(label.value)
        said = "Not sure" if truth is None else question.yes_label if truth else question.no_label
        return LastAnswer(item_id=item.item_id, question=question.question, said=said)
