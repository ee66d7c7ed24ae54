"""Clicks on a conversation that is put before reviewers, wherever it is shown, and the windows of reviewing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from slack_bolt import App

from bot.reviewing.desk import ReviewDesk
from bot.reviewing.queue import Queue
from bot.reviewing.review import Answer, Review
from bot.slack.access import Person, Role
from bot.slack.ask import Desk
from bot.slack.blocks import label_controls as controls
from bot.slack.blocks.assigned import OPEN as OPEN_ASSIGNED
from bot.slack.blocks.label_modal import CALLBACK, parse_label_submission
from bot.slack.blocks.review_windows import ASSIGNING, QUEUE, assign_view, most_at, parse_assignment
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token, parse_token
from bot.slack.blocks.values import Verdict
from bot.slack.listening.base import Body, Click, Edge, pressed, request_key
from bot.slack.reading import Reading
from traces.errors import BadInput

_VALUES: Final[Mapping[Verdict | None, float | str | None]] = {"yes": 1.0, "no": 0.0, "unsure": "unsure", None: None}

ACTIONS = (controls.YES, controls.NO, controls.WORD, controls.MORE, controls.UNDO, controls.MENU, OPEN_ASSIGNED)


class ReviewListeners:
    """The label buttons, Undo, the menu, and the windows behind them."""

    def __init__(
        self, edge: Edge, review: Review, desk: Desk, *, queue: Queue, reviewing: ReviewDesk, reading: Reading
    ) -> None:
        self._edge = edge
        self._review = review
        self._desk = desk
        self._queue = queue
        self._reviewing = reviewing
        self._reading = reading

    def register(self, app: App) -> None:
        clicks: dict[str, Click] = {
            controls.YES: self._yes,
            controls.NO: self._no,
            controls.WORD: self._word,
            controls.UNDO: self._undo,
            controls.MORE: self._more,
            controls.MENU: self._menu,
            OPEN_ASSIGNED: self._open_assigned,
        }
        for action_id, click in clicks.items():
            app.action(action_id)(self._edge.on_click(Role.REVIEWER, click))
        app.view(CALLBACK)(self._edge.on_submit(Role.REVIEWER, self._submitted))
        app.view(ASSIGNING)(self._edge.on_submit(Role.REVIEWER, self._assigned))
        self._edge.follow(self._serve_next)

    def _yes(self, token: Token, person: Person, body: Body) -> None:
        self._review.label(token.subject_id, Answer(value=1.0), person, request_key(body))

    def _no(self, token: Token, person: Person, body: Body) -> None:
        self._review.label(token.subject_id, Answer(value=0.0), person, request_key(body))

    def _word(self, token: Token, person: Person, body: Body) -> None:
        if not token.rest:
            raise BadInput("this button names no label")
        self._review.label(token.subject_id, Answer(value=None, further=(token.rest,)), person, request_key(body))

    def _undo(self, token: Token, person: Person, body: Body) -> None:
        self._review.undo(token.subject_id, person, request_key(body))

    def _more(self, token: Token, person: Person, body: Body) -> None:
        def window() -> View:
            may_know = self._edge.access.role_of(person) is Role.ADMIN
            drawn = self._desk.labelling.window(token.subject_id, person, may_know=may_know)
            return replace(drawn, private_metadata=str(token))

        self._edge.show(body, window)

    def _open_assigned(self, token: Token, person: Person, body: Body) -> None:
        self._edge.show(body, lambda: self._reviewing.window_on(token.subject_id, person))

    # --- the menu ---

    def _menu(self, token: Token, person: Person, body: Body) -> None:
        entries: Mapping[str, Callable[[Token, Person, Body], None]] = {
            controls.SKIP: self._skip,
            controls.ASSIGN: self._assign,
            controls.KEEP: self._keep,
            controls.READ: self._read,
        }
        if token.rest not in entries:
            raise BadInput("this menu entry is not known")
        entries[token.rest](Token(token.subject_id), person, body)

    def _skip(self, token: Token, person: Person, body: Body) -> None:
        self._queue.skip(token.subject_id, person, request_key(body))
        self._edge.say(body, "Skipped: it will not come up in your queue. Others are still asked.")

    def _assign(self, token: Token, _person: Person, body: Body) -> None:
        self._edge.show(body, lambda: assign_view(token.subject_id, _place(body)))

    def _keep(self, token: Token, person: Person, body: Body) -> None:
        self._review.keep(token.subject_id, person, request_key(body))

    def _read(self, token: Token, person: Person, body: Body) -> None:
        self._edge.show(body, lambda: self._reading.opened(token, person, request_key(body)))

    # --- windows that are sent ---

    def _submitted(self, view: Body, person: Person, key: str) -> View | None:
        said = parse_label_submission(view)
        if said.is_known is not None:
            self._edge.access.require(Role.ADMIN, person)
        choices = self._desk.labelling.words_beside(said.item_id)
        if not choices.issuperset(said.labels):
            raise BadInput("one of these words is no longer offered; choose again", "labels")
        answer = Answer(
            value=_VALUES[said.verdict],
            further=said.labels,
            note=said.note,
            expected=said.expected,
            is_kept=said.is_kept,
            severity=said.severity,
            choices=choices,
            is_known=said.is_known,
        )
        self._review.label(said.item_id, answer, person, key)
        return None

    def _assigned(self, view: Body, person: Person, key: str) -> View | None:
        item_id, chosen = parse_assignment(view)
        role = self._edge.access.role_of(replace(person, user_id=chosen))
        if role is None or role < Role.REVIEWER:
            raise BadInput("This person is no reviewer. Choose one who is, or ask an admin of Hark to make them one.")
        self._queue.assign(item_id, chosen, person, key)
        return None

    # --- the window on the queue ---

    def _serve_next(self, person: Person, body: Body) -> None:
        """Once something was done in the window on the queue, or in one over it, the next question is shown there."""
        view = body.get("view") or {}
        most = most_at(_place(body))
        if most is None:
            return
        if view.get("callback_id") == QUEUE:
            if most_at(_rest(pressed(body))) is not None:
                return  # another window was opened over it
            stale = view.get("id")
        else:
            stale = view.get("previous_view_id") if body.get("type") == "view_submission" else None
        if stale:
            self._edge.client.views_update(view_id=str(stale), view=self._reviewing.window(person, most).payload())


def _place(body: Body) -> str:
    """Where a window stands or was opened from, as its token says."""
    return _rest(str((body.get("view") or {}).get("private_metadata") or ""))


def _rest(text: str) -> str:
    try:
        return parse_token(text).rest
    except BadInput:
        return ""
