"""What labels have changed about an alert, drawn when its message is sent."""

from __future__ import annotations

from bot.slack.blocks.surface import Message
from bot.slack.blocks.taught import taught_message
from bot.slack.render import Renderer
from traces.store import Tx
from traces.store.outbox import Delivery


class Teaching:
    """Draws the message in an alert's thread that holds what it said at first against what labels make of it now."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def delivered(self, tx: Tx, due: Delivery) -> Message | None:
        """The message of a delivery; ``None`` when its alert is gone, or labels have changed nothing."""
        alert = tx.alerts.get(due.subject_id)
        if alert is None:
            return None
        return taught_message(alert, self._renderer.signal(alert.signal), delivery_id=due.delivery_id)
