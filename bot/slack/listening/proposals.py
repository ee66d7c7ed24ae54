"""Clicks on what is proposed: admins decide, about judges' criteria and about thresholds."""

from __future__ import annotations

from dataclasses import dataclass

from slack_bolt import App

from bot.calibration.proposals import Proposals
from bot.calibration.proposed import Proposed
from bot.calibration.thresholds import Click, Thresholds, found_by
from bot.slack.access import Person, Role
from bot.slack.blocks import proposals as blocks
from bot.slack.blocks.tokens import Token
from bot.slack.listening.base import Body, Edge, request_key
from bot.slack.listening.base import Click as OnClick
from traces.errors import BadInput
from traces.store import Store

ACTIONS = (
    blocks.APPROVE,
    blocks.REJECT,
    blocks.UNDO,
    blocks.DISAGREEMENTS,
    blocks.THRESHOLD_APPROVE,
    blocks.THRESHOLD_REJECT,
    blocks.THRESHOLD_UNDO,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What takes people's word on proposals."""

    store: Store
    proposals: Proposals
    thresholds: Thresholds
    proposed: Proposed


class ProposalListeners:
    """The buttons of proposals, in their messages and on App Home. All are an admin's, for they show what people answered."""

    def __init__(self, edge: Edge, deciding: Deciding) -> None:
        self._edge = edge
        self._deciding = deciding

    def register(self, app: App) -> None:
        clicks: dict[str, OnClick] = {
            blocks.APPROVE: self._approve,
            blocks.REJECT: self._reject,
            blocks.UNDO: self._undo,
            blocks.DISAGREEMENTS: self._disagreements,
            blocks.THRESHOLD_APPROVE: self._approve_threshold,
            blocks.THRESHOLD_REJECT: self._reject_threshold,
            blocks.THRESHOLD_UNDO: self._undo_threshold,
        }
        for action_id, click in clicks.items():
            app.action(action_id)(self._edge.on_click(Role.ADMIN, click))

    # --- judges ---

    def _approve(self, token: Token, person: Person, body: Body) -> None:
        self._deciding.proposals.approve(token.subject_id, person, request_key(body))

    def _reject(self, token: Token, person: Person, body: Body) -> None:
        self._deciding.proposals.reject(token.subject_id, person, request_key(body))

    def _undo(self, token: Token, person: Person, body: Body) -> None:
        self._deciding.proposals.undo(token.subject_id, person, request_key(body))

    def _disagreements(self, token: Token, _person: Person, body: Body) -> None:
        self._edge.show(body, lambda: self._deciding.proposed.disagreements_of(token.subject_id))

    # --- thresholds ---

    def _approve_threshold(self, token: Token, person: Person, body: Body) -> None:
        self._deciding.thresholds.approve(self._named(token), person.user_id, _click(token, person, body))

    def _reject_threshold(self, token: Token, person: Person, body: Body) -> None:
        self._deciding.thresholds.reject(self._named(token), person.user_id, _click(token, person, body))

    def _undo_threshold(self, token: Token, person: Person, body: Body) -> None:
        self._deciding.thresholds.undo(self._named(token), person.user_id, _click(token, person, body))

    def _named(self, token: Token) -> str:
        with self._deciding.store.read() as tx:
            return found_by(tx, token.subject_id)[0]


def _click(token: Token, person: Person, body: Body) -> Click:
    if not (token.rest.isascii() and token.rest.isdigit()):
        raise BadInput("not a move of a threshold", "value")
    return Click(request_key(body), int(token.rest), person.name)
