"""What a person is told in their conversation with the bot: that a question was given to them to answer."""

from __future__ import annotations

from bot.reviewing.assigning import parse_subject
from bot.slack.blocks.assigned import Assignment, Standing, assigned_message
from bot.slack.blocks.surface import Message
from bot.slack.render import Renderer
from traces.store import Tx
from traces.store.outbox import Delivery
from traces.store.queue import EntryState, QueueEntry
from traces.store.reviews import ReviewItem


class Assigned:
    """Draws the messages."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def delivered(self, tx: Tx, due: Delivery) -> Message | None:
        """The message of a delivery; ``None`` when the conversation is gone."""
        item_id, reviewer = parse_subject(due.subject_id)
        item = tx.reviews.item(item_id)
        card = None if item is None else self._renderer.flagged(tx, item, reviewer)
        if item is None or card is None:
            return None
        entry = _entry(tx, item_id, reviewer)
        given = Assignment(
            item_id=item_id,
            question=card.question.question,
            why=card.why,
            by="" if entry is None else tx.state.reviewer_names().get(entry.put_by, ""),
            at=card.at,
            context=card.context,
            standing=_standing(tx, item, reviewer, entry),
        )
        return assigned_message(given, delivery_id=due.delivery_id)


def _entry(tx: Tx, item_id: str, reviewer: str) -> QueueEntry | None:
    found = tx.queue.entries([item_id]).get(item_id, [])
    return next((e for e in found if e.reviewer == reviewer and e.state is EntryState.ASSIGNED), None)


def _standing(tx: Tx, item: ReviewItem, reviewer: str, entry: QueueEntry | None) -> Standing:
    if tx.reviews.standing_label(item.conversation_id, item.evaluator, reviewer) is not None:
        return "answered"
    return "elsewhere" if entry is None else "asked"
