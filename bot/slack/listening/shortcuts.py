"""The entries of Hark's in Slack's own menus: a message is sent to review, and the queue is opened."""

from __future__ import annotations

from typing import Final

from slack_bolt import App

from bot.reviewing.desk import ReviewDesk
from bot.reviewing.sent_messages import SentMessages, parse_message
from bot.slack.access import Person, Role
from bot.slack.blocks.surface import View
from bot.slack.listening.base import Body, Edge

SEND: Final = "send_to_review"
OPEN_QUEUE: Final = "open_review_queue"
_TAKEN: Final = "📥 *It is in the review queue.* Answer it yourself, or leave it to the next reviewer."


class ShortcutListeners:
    """Both are a reviewer's right."""

    def __init__(self, edge: Edge, sent: SentMessages, reviewing: ReviewDesk) -> None:
        self._edge = edge
        self._sent = sent
        self._reviewing = reviewing

    def register(self, app: App) -> None:
        app.message_shortcut(SEND)(self._edge.on_shortcut(Role.REVIEWER, self._send))
        app.global_shortcut(OPEN_QUEUE)(self._edge.on_shortcut(Role.REVIEWER, self._open))

    def _send(self, person: Person, body: Body) -> None:
        def window() -> View:
            item_id = self._sent.take(
                parse_message(body), person, f"send:{person.user_id}:{body.get('trigger_id')}"[:255]
            )
            return self._reviewing.window_on(item_id, person, _TAKEN)

        self._edge.show(body, window)

    def _open(self, person: Person, body: Body) -> None:
        self._edge.show(body, lambda: self._reviewing.window(person))
