"""Every surface that Hark listens to; a new one is a module beside this one and a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.alerting import Alerting
from bot.answers.sharing import Sharing
from bot.home import Home
from bot.reviewing.desk import ReviewDesk
from bot.reviewing.queue import Queue
from bot.reviewing.review import Review
from bot.reviewing.sent_messages import SentMessages
from bot.reviewing.taxonomy import Taxonomy
from bot.reviewing.vague import VagueQuestions
from bot.settings.desk import SettingsDesk
from bot.settings.pages import SettingsPages
from bot.settings.preview import Previews
from bot.setup import Setup
from bot.slack.ask import Desk
from bot.slack.listening import alerts, commands, conversations, home, proposals, reviews, settings, setup, taxonomy
from bot.slack.listening.alerts import AlertListeners
from bot.slack.listening.base import Edge, Listening
from bot.slack.listening.commands import CommandListeners
from bot.slack.listening.conversations import ConversationListeners
from bot.slack.listening.home import HomeListeners
from bot.slack.listening.proposals import Deciding, ProposalListeners
from bot.slack.listening.reviews import ReviewListeners
from bot.slack.listening.settings import SettingsListeners
from bot.slack.listening.setup import SetupListeners
from bot.slack.listening.shortcuts import ShortcutListeners
from bot.slack.listening.taxonomy import TaxonomyListeners
from bot.slack.listening.vague import ACTIONS as OF_VAGUE_QUESTIONS
from bot.slack.listening.vague import VagueListeners
from bot.slack.reading import Reading
from traces.clock import Clock

ACTIONS: Final = (
    *alerts.ACTIONS,
    *reviews.ACTIONS,
    *conversations.ACTIONS,
    *taxonomy.ACTIONS,
    *settings.ACTIONS,
    *OF_VAGUE_QUESTIONS,
    *home.ACTIONS,
    *proposals.ACTIONS,
    *setup.ACTIONS,
    *commands.ACTIONS,
)
"""The ids of every button and menu."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What does what people ask for."""

    review: Review
    alerting: Alerting
    desk: Desk
    reading: Reading
    taxonomy: Taxonomy
    vague: VagueQuestions
    queue: Queue
    reviewing: ReviewDesk
    sent: SentMessages
    sharing: Sharing
    home: Home
    settings: SettingsDesk
    settings_pages: SettingsPages
    previews: Previews
    deciding: Deciding
    setup: Setup
    clock: Clock


def listening_to(edge: Edge, services: Services) -> tuple[Listening, ...]:
    """The listeners of all surfaces."""
    return (
        AlertListeners(edge, services.alerting, services.desk, services.settings_pages),
        ReviewListeners(
            edge,
            services.review,
            services.desk,
            queue=services.queue,
            reviewing=services.reviewing,
            reading=services.reading,
        ),
        ShortcutListeners(edge, services.sent, services.reviewing),
        HomeListeners(edge, services.home, services.clock),
        ProposalListeners(edge, services.deciding),
        SettingsListeners(edge, services.settings, services.settings_pages, services.previews),
        ConversationListeners(edge, services.reading),
        TaxonomyListeners(edge, services.taxonomy),
        VagueListeners(edge, services.vague, TaxonomyListeners(edge, services.taxonomy)),
        SetupListeners(edge, services.setup),
        CommandListeners(
            edge,
            services.alerting,
            services.desk,
            sharing=services.sharing,
            reading=services.reading,
            reviewing=services.reviewing,
            taxonomy=TaxonomyListeners(edge, services.taxonomy),
            setup=SetupListeners(edge, services.setup),
        ),
    )
