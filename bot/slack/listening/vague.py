"""The card about a question that is too vague: the taxonomy behind one button, and leaving it as it is."""

from __future__ import annotations

from typing import Final

from slack_bolt import App

from bot.reviewing.vague import VagueQuestions
from bot.slack.access import Person, Role
from bot.slack.blocks import vague as blocks
from bot.slack.blocks.tokens import Token
from bot.slack.listening.base import Body, Edge, request_key
from bot.slack.listening.taxonomy import TaxonomyListeners

ACTIONS: Final = (blocks.CHANGE, blocks.DISMISS)


class VagueListeners:
    """Everybody with a role may look at the taxonomy, where admins change a question; reviewers may leave one as it is."""

    def __init__(self, edge: Edge, vague: VagueQuestions, taxonomy: TaxonomyListeners) -> None:
        self._edge = edge
        self._vague = vague
        self._taxonomy = taxonomy

    def register(self, app: App) -> None:
        app.action(blocks.CHANGE)(self._edge.on_click(Role.VIEWER, self._change))
        app.action(blocks.DISMISS)(self._edge.on_click(Role.REVIEWER, self._dismiss))

    def _change(self, _token: Token, person: Person, body: Body) -> None:
        self._taxonomy.open(body, person)

    def _dismiss(self, token: Token, person: Person, body: Body) -> None:
        self._vague.dismiss(token.subject_id, person, request_key(body))
