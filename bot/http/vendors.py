"""The native endpoints of other products' SDKs and gateways: their clients need only another base URL."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.http.gate import done, routes, sent_json
from traces.clock import Clock
from traces.sources.langfuse_scores import spans_of_scores
from traces.sources.litellm import spans_of_calls
from traces.writer import Writer


class VendorEndpoints:
    """Takes what the SDKs of other products send."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            *routes(["/api/public/scores"], self._langfuse_scores),
            *routes(["/hooks/litellm"], self._litellm_calls),
        ]

    async def _langfuse_scores(self, request: Request) -> Response:
        sent = await sent_json(request)
        export = spans_of_scores(sent, self._clock.now())
        if export.spans:
            await done(self._writer.spans(export.spans))
        scores = sent if isinstance(sent, list) else [sent]
        return JSONResponse({"id": next((s["id"] for s in scores if s.get("id")), "")})

    async def _litellm_calls(self, request: Request) -> Response:
        export = spans_of_calls(await sent_json(request))
        if export.spans:
            await done(self._writer.spans(export.spans))
        return JSONResponse({"calls": len(export.spans)})
