"""Every surface that Hark listens to; a new one is a module beside this one and a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.alerting import Alerting
from bot.review import Review
from bot.slack.ask import Desk
from bot.slack.listening import alerts, conversations, reviews
from bot.slack.listening.alerts import AlertListeners
from bot.slack.listening.base import Edge, Listening
from bot.slack.listening.commands import CommandListeners
from bot.slack.listening.conversations import ConversationListeners
from bot.slack.listening.reviews import ReviewListeners
from bot.slack.reading import Reading

ACTIONS: Final = (*alerts.ACTIONS, *reviews.ACTIONS, *conversations.ACTIONS)
"""The ids of every button and menu."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What does what people ask for."""

    review: Review
    alerting: Alerting
    desk: Desk
    reading: Reading


def listening_to(edge: Edge, services: Services) -> tuple[Listening, ...]:
    """The listeners of all surfaces."""
    return (
        AlertListeners(edge, services.alerting, services.desk),
        ReviewListeners(edge, services.review, services.desk),
        ConversationListeners(edge, services.reading),
        CommandListeners(edge, services.alerting, services.desk),
    )
