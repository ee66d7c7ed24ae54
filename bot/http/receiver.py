"""The HTTP edge put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import SecretStr
from slack_bolt import App
from slack_bolt.oauth import OAuthFlow
from starlette.applications import Starlette
from starlette.middleware import Middleware

from bot.dialects import protocol_of
from bot.health import status_of
from bot.http.gate import HANDLERS, ROOM
from bot.http.health import HealthEndpoints
from bot.http.installing import InstallEndpoints
from bot.http.otlp import OtlpEndpoints
from bot.http.own import OwnEndpoints
from bot.http.room import Room
from bot.http.sender import Senders
from bot.http.slack import SlackEndpoint
from bot.http.storing import Storing, Writing
from bot.http.vendors import LangfuseEndpoints, LangSmithEndpoints, LiteLLMEndpoint, OpikEndpoints
from bot.http.voice import VoiceEndpoints
from bot.logs import NamedRequests
from bot.replicas.roles import EVERY_ROLE, Role
from bot.slack.blocks.values import StatusReport
from traces.arriving import source_name
from traces.clock import Clock
from traces.store import Store


class Receiver:
    """Takes what clients and Slack send."""

    def __init__(
        self,
        store: Store,
        writer: Writing,
        clock: Clock,
        webhook_secrets: Mapping[str, SecretStr] | None = None,
        room: Room | None = None,
        status: Callable[[], StatusReport] | None = None,
        roles: frozenset[Role] = EVERY_ROLE,
    ) -> None:
        self._room = room if room is not None else Room()
        self._writer = writer
        self._slack = SlackEndpoint(clock)
        self._installing = InstallEndpoints()
        self._health = HealthEndpoints(status if status is not None else lambda: status_of(store, clock), roles)
        storing = Storing(writer, clock)
        endpoints = (
            OtlpEndpoints(storing),
            OwnEndpoints(storing, clock),
            LangfuseEndpoints(storing, clock),
            LangSmithEndpoints(storing, clock),
            OpikEndpoints(storing, clock),
            LiteLLMEndpoint(storing),
            VoiceEndpoints(storing, clock, webhook_secrets or {}),
        )
        self._taking = [route for one in endpoints for route in one.routes()] if "ingest" in roles else []

    def _refused(self, source: str, reason: str) -> None:
        self._writer.refused(source, reason)

    def turned_away(self, path: str, reason: str) -> None:
        """Count a request that the door turned away for its key."""
        if (sent_by := protocol_of(path)) is not None:
            self._writer.refused(source_name(sent_by, application="no valid key"), reason)

    def listen_to_slack(self, app: App, signing_secret: str) -> None:
        """Take Slack's requests at ``/slack/events``."""
        self._slack.listen(lambda _team: app, signing_secret)

    def listen_to_workspaces(self, find: Callable[[str], App | None], signing_secret: str, flow: OAuthFlow) -> None:
        """Take Slack's requests of every workspace that ``find`` knows by its team id, and let others install."""
        self._slack.listen(find, signing_secret, is_installed=True)
        self._installing.listen(flow)

    def watch(self, own: Callable[[], list[str]]) -> None:
        """Let ``/readyz`` say what is wrong in this process alone, too."""
        self._health.watch(own)

    def app(self) -> Starlette:
        """The ASGI application."""
        app = Starlette(
            middleware=[Middleware(NamedRequests), Middleware(Senders, refused=self._refused)],
            routes=[
                *self._taking,
                *self._slack.routes(),
                *self._installing.routes(),
                *self._health.routes(),
            ],
            exception_handlers=HANDLERS,
        )
        setattr(app.state, ROOM, self._room)
        return app
