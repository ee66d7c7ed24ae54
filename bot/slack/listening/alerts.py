"""Clicks on an alert."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from slack_bolt import App

from bot.alerting import Alerting, Outcome
from bot.slack.access import Person, Role
from bot.slack.ask import Desk
from bot.slack.blocks import alert as alert_blocks
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
    alert_blocks.MORE,
)
_OUTCOMES: Mapping[str, Outcome] = {"expected": "expected", "noise": "noise"}
_SNOOZES: Mapping[str, timedelta] = {"snooze_4h": timedelta(hours=4), "snooze_1d": timedelta(days=1)}
"""Entries of cards that stand since before there was a window for it."""
_SNOOZE = "snooze"
_WHY = "why"


class AlertListeners:
    """The buttons and the menu of an alert."""

    def __init__(self, edge: Edge, alerting: Alerting, desk: Desk) -> None:
        self._edge = edge
        self._alerting = alerting
        self._desk = desk

    def register(self, app: App) -> None:
        clicks: dict[str, tuple[Role, Click]] = {
            alert_blocks.ACKNOWLEDGE: (Role.REVIEWER, self._acknowledge),
            alert_blocks.RESOLVE: (Role.REVIEWER, self._resolve),
            alert_blocks.REOPEN: (Role.REVIEWER, self._reopen),
            alert_blocks.MORE: (Role.REVIEWER, self._menu),
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
        if token.rest == alert_blocks.RUNBOOK:
            return  # the link has opened
        if token.rest == _WHY:
            self._edge.show(body, lambda: self._desk.story_of(token.subject_id))
        elif token.rest == _SNOOZE:
            self._edge.show(body, lambda: snooze_view(token.subject_id))
        elif (period := _SNOOZES.get(token.rest)) is not None:
            self._alerting.snooze(token.subject_id, person, request_key(body), period)
        elif (outcome := _OUTCOMES.get(token.rest)) is not None:
            self._alerting.resolve(token.subject_id, person, request_key(body), outcome)
        else:
            raise BadInput("this menu entry is not known")

    def _snoozed(self, view: Body, person: Person, key: str) -> View | None:
        alert_id, chosen = parse_snooze(view)
        self._alerting.snooze_for(alert_id, person, key, chosen)
        return None

    def _conversations(self, token: Token, _person: Person, body: Body) -> None:
        self._edge.show(body, lambda: self._desk.conversations_of(token.subject_id))
