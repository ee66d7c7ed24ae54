"""Hark's own endpoints."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.http.gate import routes, sent_json
from bot.http.storing import Storing
from traces.clock import Clock
from traces.errors import BadInput, TooLarge
from traces.feedback import read_changes, read_feedback
from traces.fields import under
from traces.ingest import Offer, offer

_MOST_CONVERSATIONS = 1_000


class OwnEndpoints:
    """Takes conversations, feedback and change markers in Hark's own formats."""

    def __init__(self, storing: Storing, clock: Clock) -> None:
        self._storing = storing
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            *routes(["/v1/conversations"], self._conversations),
            *routes(["/v1/feedback"], self._feedback),
            *routes(["/v1/changes"], self._changes),
        ]

    async def _conversations(self, request: Request) -> Response:
        offers = await run_in_threadpool(self._offers, await sent_json(request))
        receipt = await self._storing.conversations(offers)
        return JSONResponse({"new": receipt.new, "updated": receipt.updated, "unchanged": receipt.unchanged})

    async def _feedback(self, request: Request) -> Response:
        given = read_feedback(await sent_json(request))
        news = await self._storing.feedback(given)
        return JSONResponse({"new": news, "unchanged": len(given) - news})

    async def _changes(self, request: Request) -> Response:
        changes = read_changes(await sent_json(request), self._clock.now())
        return JSONResponse({"changes": await self._storing.changes(changes)})

    def _offers(self, parsed: Any) -> list[Offer]:
        sent = parsed if isinstance(parsed, list) else [parsed]
        if len(sent) > _MOST_CONVERSATIONS:
            raise TooLarge(f"{len(sent)} conversations in one request, at most {_MOST_CONVERSATIONS}; send several")
        return [_offered(conversation, place, len(sent), self._clock) for place, conversation in enumerate(sent)]


def _offered(sent: object, place: int, total: int, clock: Clock) -> Offer:
    try:
        return offer(sent, clock.now())
    except BadInput as error:
        if total == 1:
            raise
        raise under(f"[{place}]", error) from error
