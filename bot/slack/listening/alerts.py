"""Clicks on an alert."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from slack_bolt import App

from bot.alerting import Alerting, Outcome
from bot.settings.pages import SettingsPages
from bot.slack.access import Person, Role
from bot.slack.ask import Desk
from bot.slack.blocks import alert as alert_blocks
from bot.slack.blocks import alert_menu as menu
from bot.slack.blocks.snooze import SNOOZING, parse_snooze, snooze_view
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token
from bot.slack.listening.base import Body, Click, Edge, request_key
from traces.errors import BadInput

ACTIONS = (
    alert_blocks.ACKNOWLEDGE,
    alert_blocks.RESOLVE,
    alert_blocks.REOPEN,
    alert_blocks.CONVERSATIONS,
    menu.MORE,
)
_OUTCOMES: Mapping[str, Outcome] = {"expected": "expected", "noise": "noise"}
_SNOOZES: Mapping[str, timedelta] = {"snooze_4h": timedelta(hours=4), "snooze_1d": timedelta(days=1)}
"""Entries of cards that stand since before there was a window for it."""


class AlertListeners:
    """The buttons and the menu of an alert."""

    def __init__(self, edge: Edge, alerting: Alerting, desk: Desk, settings: SettingsPages) -> None:
        self._edge = edge
        self._alerting = alerting
        self._desk = desk
        self._settings = settings

    def register(self, app: App) -> None:
        clicks: dict[str, tuple[Role, Click]] = {
            alert_blocks.ACKNOWLEDGE: (Role.REVIEWER, self._acknowledge),
            alert_blocks.RESOLVE: (Role.REVIEWER, self._resolve),
            alert_blocks.REOPEN: (Role.REVIEWER, self._reopen),
            menu.MORE: (Role.REVIEWER, self._menu),
            alert_blocks.CONVERSATIONS: (Role.VIEWER, self._conversations),
        }
        for action_id, (role, click) in clicks.items():
            app.action(action_id)(self._edge.on_click(role, click))
        app.view(SNOOZING)(self._edge.on_submit(Role.REVIEWER, self._snoozed))

    def _acknowledge(self, token: Token, person: Person, body: Body) -> None:
        self._alerting.acknowledge(token.subject_id, person, request_key(body))

    def _resolve(self, token: Token, person: Person, body: Body) -> None:
        self._alerting.resolve(token.subject_id, person, request_key(body))

    def _reopen(self, token: Token, person: Person, body: Body) -> None:
        self._alerting.reopen(token.subject_id, person, request_key(body))

    def _menu(self, token: Token, person: Person, body: Body) -> None:
        if token.rest in menu.LINKS:
            return  # it has opened
        if token.rest == menu.WHY:
            self._edge.show(body, lambda: self._desk.story_of(token.subject_id))
        elif token.rest == menu.TUNE:
            self._tune(token, person, body)
        elif token.rest == menu.SNOOZE:
            self._edge.show(body, lambda: snooze_view(token.subject_id))
        elif (period := _SNOOZES.get(token.rest)) is not None:
            self._alerting.snooze(token.subject_id, person, request_key(body), period)
        elif (outcome := _OUTCOMES.get(token.rest)) is not None:
            self._alerting.resolve(token.subject_id, person, request_key(body), outcome)
        else:
            raise BadInput("this menu entry is not known")

    def _tune(self, token: Token, person: Person, body: Body) -> None:
        self._edge.access.require(Role.ADMIN, person)
        self._edge.show(body, lambda: self._settings.signal_of(token.subject_id))

    def _snoozed(self, view: Body, person: Person, key: str) -> View | None:
        alert_id, chosen = parse_snooze(view)
        self._alerting.snooze_for(alert_id, person, key, chosen)
        return None

    def _conversations(self, token: Token, _person: Person, body: Body) -> None:
        self._edge.show(body, lambda: self._desk.conversations_of(token.subject_id))
