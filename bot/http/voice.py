"""The end-of-call webhooks of voice platforms, at ``/hooks/<platform>``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.http.gate import body_of, json_in, routes
from bot.http.signatures import VERIFIERS
from bot.http.storing import Storing
from traces.clock import Clock
from traces.errors import BadInput
from traces.fields import kind_of
from traces.ingest import Offer, offer
from traces.sources.voice_agents import conversation_of_livekit, conversation_of_pipecat
from traces.sources.voice_bland import conversation_of_bland
from traces.sources.voice_elevenlabs import conversation_of_elevenlabs
from traces.sources.voice_retell import conversation_of_retell
from traces.sources.voice_vapi import conversation_of_vapi

_Reading: TypeAlias = Callable[[dict[str, Any]], dict[str, Any] | None]
PLATFORMS: Final[Mapping[str, _Reading]] = {
    "retell": conversation_of_retell,
    "vapi": conversation_of_vapi,
    "elevenlabs": conversation_of_elevenlabs,
    "livekit": conversation_of_livekit,
    "pipecat": conversation_of_pipecat,
    "bland": conversation_of_bland,
}


class VoiceEndpoints:
    """Takes calls that have ended. Where a platform's secret is known, what it did not sign is refused."""

    def __init__(self, storing: Storing, clock: Clock, secrets: Mapping[str, SecretStr]) -> None:
        self._storing = storing
        self._clock = clock
        self._secrets = secrets

    def routes(self) -> list[Route]:
        return [route for platform in PLATFORMS for route in self._of(platform)]

    def _of(self, platform: str) -> list[Route]:
        async def take(request: Request) -> Response:
            body = await body_of(request)
            if (secret := self._secrets.get(platform)) is not None:
                VERIFIERS[platform](body, request.headers, secret.get_secret_value(), self._clock.now())
            offers = await run_in_threadpool(self._offers, platform, await json_in(request, body))
            if offers:
                await self._storing.conversations(offers)
            return JSONResponse({"calls": len(offers)})

        return routes([f"/hooks/{platform}"], take)

    def _offers(self, platform: str, sent: Any) -> list[Offer]:
        if type(sent) is not dict:
            raise BadInput(f"the body must be an object, not {kind_of(sent)}")
        conversation = PLATFORMS[platform](sent)
        return [] if conversation is None else [offer(conversation, self._clock.now())]
