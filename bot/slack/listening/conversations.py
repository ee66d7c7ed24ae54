"""The window on a whole conversation: opening it, turning its pages, and seeing it without redaction."""

from __future__ import annotations

from slack_bolt import App

from bot.slack.access import Person, Role
from bot.slack.blocks import transcript
from bot.slack.blocks.tokens import Token
from bot.slack.blocks.transcript import Place, parse_page, parse_place
from bot.slack.listening.base import Body, Click, Edge, request_key
from bot.slack.reading import Reading

ACTIONS = (
    transcript.OPEN,
    transcript.PREVIOUS,
    transcript.NEXT,
    transcript.PAGE,
    transcript.REVEAL,
    transcript.HIDE,
)


class ConversationListeners:
    """Whoever may look may read a conversation; without redaction only those who were given the right."""

    def __init__(self, edge: Edge, reading: Reading) -> None:
        self._edge = edge
        self._reading = reading

    def register(self, app: App) -> None:
        clicks: dict[str, Click] = {
            transcript.OPEN: self._open,
            transcript.PREVIOUS: self._turn,
            transcript.NEXT: self._turn,
            transcript.PAGE: self._turn,
            transcript.REVEAL: self._reveal,
            transcript.HIDE: self._hide,
        }
        for action_id, click in clicks.items():
            app.action(action_id)(self._edge.on_click(Role.VIEWER, click))

    def _open(self, token: Token, person: Person, body: Body) -> None:
        self._edge.show(body, lambda: self._reading.opened(token, person, request_key(body)))

    def _turn(self, token: Token, person: Person, body: Body) -> None:
        self._stay(parse_place(body.get("view") or {}), token, person, body)

    def _reveal(self, token: Token, person: Person, body: Body) -> None:
        place = parse_place(body.get("view") or {})
        self._stay(Place(place.conversation_id, is_raw=True), token, person, body)

    def _hide(self, token: Token, person: Person, body: Body) -> None:
        place = parse_place(body.get("view") or {})
        self._stay(Place(place.conversation_id), token, person, body)

    def _stay(self, place: Place, token: Token, person: Person, body: Body) -> None:
        page = parse_page(token)
        self._edge.refill(body, lambda: self._reading.window(place, person, request_key(body), page, is_turned=True))
