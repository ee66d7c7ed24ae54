"""Clicks on a conversation that is put before reviewers, and the window in which they say more."""

from __future__ import annotations

from slack_bolt import App

from bot.review import Answer, Review
from bot.slack.access import Person, Role
from bot.slack.ask import Desk
from bot.slack.blocks import conversation as conversation_blocks
from bot.slack.blocks.label_modal import CALLBACK, parse_label_submission
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token
from bot.slack.listening.base import Body, Click, Edge, request_key

ACTIONS = (conversation_blocks.YES, conversation_blocks.NO, conversation_blocks.MORE, conversation_blocks.UNDO)


class ReviewListeners:
    """The label buttons, Undo, and the window behind More."""

    def __init__(self, edge: Edge, review: Review, desk: Desk) -> None:
        self._edge = edge
        self._review = review
        self._desk = desk

    def register(self, app: App) -> None:
        clicks: dict[str, Click] = {
            conversation_blocks.YES: self._yes,
            conversation_blocks.NO: self._no,
            conversation_blocks.UNDO: self._undo,
            conversation_blocks.MORE: self._more,
        }
        for action_id, click in clicks.items():
            app.action(action_id)(self._edge.on_click(Role.REVIEWER, click))
        app.view(CALLBACK)(self._edge.on_submit(Role.REVIEWER, self._submitted))

    def _yes(self, token: Token, person: Person, body: Body) -> None:
        self._review.label(token.subject_id, Answer(value=1.0), person, request_key(body))

    def _no(self, token: Token, person: Person, body: Body) -> None:
        self._review.label(token.subject_id, Answer(value=0.0), person, request_key(body))

    def _undo(self, token: Token, person: Person, body: Body) -> None:
        self._review.undo(token.subject_id, person, request_key(body))

    def _more(self, token: Token, person: Person, body: Body) -> None:
        self._edge.show(body, lambda: self._desk.label_modal(token.subject_id, person))

    def _submitted(self, view: Body, person: Person, key: str) -> View | None:
        said = parse_label_submission(view)
        value = {"yes": 1.0, "no": 0.0}.get(said.verdict, said.verdict)
        further = (*said.labels, *((f"severity_{said.severity}",) if said.severity else ()))
        self._review.label(said.item_id, Answer(value=value, further=further, note=said.note), person, key)
        return None
