"""Hark's own endpoints."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.http.gate import done, routes, sent_json
from traces.clock import Clock
from traces.errors import BadInput, TooLarge
from traces.ingest import Offer, offer
from traces.writer import Writer

_MOST_CONVERSATIONS = 1_000


class OwnEndpoints:
    """Takes conversations in Hark's own format."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    def routes(self) -> list[Route]:
        return routes(["/v1/conversations"], self._conversations)

    async def _conversations(self, request: Request) -> Response:
        offers = await run_in_threadpool(self._offers, await sent_json(request))
        receipt = await done(self._writer.conversations(offers))
        return JSONResponse({"new": receipt.new, "updated": receipt.updated, "unchanged": receipt.unchanged})

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
        where = f"[{place}].{error.field}" if error.field else f"[{place}]"
        raise type(error)(error.message, where) from error
