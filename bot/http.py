"""The HTTP edge: size and signature gates, decoding, and one answer after the commit.

Async only as far as reading the body and waiting for the writer goes; everything that works is synchronous, in threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeAlias

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from slack_bolt import App
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.slack.app import dispatch
from bot.slack.gate import MAX_BODY_BYTES, refusal
from traces import limits, wire
from traces.clock import Clock
from traces.errors import BadInput, Busy, HarkError, NewerSchema, StoreUnavailable, TooLarge, Unsupported
from traces.ingest import Offer, Receipt, offer
from traces.store import Store
from traces.wire import Export
from traces.writer import Writer

_Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
_JSON_LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/x-jsonlines"})
_RETRY_AFTER_S = 5
_MOST_CONVERSATIONS = 1_000


class Receiver:
    """Takes what clients and Slack send."""

    def __init__(self, store: Store, writer: Writer, clock: Clock) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._bolt: App | None = None
        self._signing_secret: str | None = None

    def listen_to_slack(self, app: App, signing_secret: str) -> None:
        """Take Slack's requests at ``/slack/events``."""
        self._bolt, self._signing_secret = app, signing_secret

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/v1/traces", _answering(self._traces), methods=["POST"]),
                Route("/v1/conversations", _answering(self._conversations), methods=["POST"]),
                Route("/slack/events", _answering(self._slack), methods=["POST"]),
                Route("/healthz", _answering(self._health), methods=["GET"]),
                Route("/readyz", _answering(self._ready), methods=["GET"]),
            ]
        )

    async def _traces(self, request: Request) -> Response:
        body = await _body(request, limits.WIRE_BYTES)
        kind, encoding = request.headers.get("content-type", ""), request.headers.get("content-encoding", "")
        export = await run_in_threadpool(wire.read_export, body, kind, encoding)
        if export.spans:
            await _done(self._writer.spans(export.spans))
        return _export_answer(export, kind)

    async def _conversations(self, request: Request) -> Response:
        body = await _body(request, limits.WIRE_BYTES)
        kind, encoding = _media_type(request), request.headers.get("content-encoding", "")
        offers = await run_in_threadpool(self._offers, body, kind, encoding)
        receipt = await _done(self._writer.conversations(offers))
        return JSONResponse({"new": receipt.new, "updated": receipt.updated, "unchanged": receipt.unchanged})

    def _offers(self, body: bytes, kind: str, encoding: str) -> list[Offer]:
        if kind != wire.JSON and kind not in _JSON_LINES:
            raise Unsupported(f"content type {kind[:60]!r} is not read; send {wire.JSON} or application/x-ndjson")
        inflated = wire.inflate(body, encoding)
        if kind in _JSON_LINES:
            sent = [wire.read_json(line) for line in inflated.splitlines() if line.strip()]
        else:
            parsed = wire.read_json(inflated)
            sent = parsed if isinstance(parsed, list) else [parsed]
        if len(sent) > _MOST_CONVERSATIONS:
            raise TooLarge(f"{len(sent)} conversations in one request, at most {_MOST_CONVERSATIONS}; send several")
        return [_offered(conversation, place, len(sent), self._clock) for place, conversation in enumerate(sent)]

    async def _slack(self, request: Request) -> Response:
        if self._bolt is None or self._signing_secret is None:
            return _problem(
                404, "Slack does not reach this Hark over HTTP: set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET"
            )
        body = await _body(request, MAX_BODY_BYTES)
        headers = {name.lower(): value for name, value in request.headers.items()}
        refused = refusal(body, headers, self._signing_secret, self._clock.now())
        if refused is not None:
            return _problem(401, refused)
        try:
            answer = await run_in_threadpool(dispatch, self._bolt, body.decode(), headers)
        except UnicodeDecodeError:
            return _problem(400, "the body is not a Slack request")
        except BadInput as error:
            return _problem(404 if error.message.startswith("nothing listens") else 400, error.message)
        content_type = answer.headers.get("content-type", ["text/plain"])[0]
        return Response(answer.body, status_code=answer.status, media_type=content_type)

    async def _health(self, _request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _ready(self, _request: Request) -> Response:
        def count() -> int:
            with self._store.read() as tx:
                return tx.conversations.awaiting()

        return JSONResponse({"status": "ready", "awaiting_evaluation": await run_in_threadpool(count)})


def _answering(endpoint: _Endpoint) -> _Endpoint:
    """Turn what an endpoint raises into a status that tells a client whether to try again."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HarkError as error:
            return _answer_to(error)
        except ClientDisconnect:
            return _problem(400, "the body was cut off")

    return answer


def _answer_to(error: HarkError) -> Response:
    if isinstance(error, TooLarge):
        return _problem(413, str(error))
    if isinstance(error, Unsupported):
        return _problem(415, str(error))
    if isinstance(error, BadInput):
        return _problem(400, str(error))
    if isinstance(error, Busy):
        return _problem(429, error.message, retry_after_s=error.retry_after_s)
    if isinstance(error, StoreUnavailable) and not isinstance(error, NewerSchema):
        return _problem(503, error.message, retry_after_s=_RETRY_AFTER_S)
    return _problem(503, error.message, retry_after_s=_RETRY_AFTER_S * 12)


def _problem(status: int, reason: str, retry_after_s: int | None = None) -> Response:
    headers = None if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return JSONResponse({"error": reason.splitlines()[0][:500] if reason else ""}, status_code=status, headers=headers)


async def _body(request: Request, most: int) -> bytes:
    """The request's body, read no further than the limit."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise TooLarge(f"the body is larger than {most} bytes")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise TooLarge(f"the body is larger than {most} bytes")
        parts.append(part)
    return b"".join(parts)


async def _done(future: Future[Receipt]) -> Receipt:
    return await asyncio.wrap_future(future)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _offered(sent: object, place: int, total: int, clock: Clock) -> Offer:
    try:
        return offer(sent, clock.now())
    except BadInput as error:
        if total == 1:
            raise
        where = f"[{place}].{error.field}" if error.field else f"[{place}]"
        raise type(error)(error.message, where) from error


def _export_answer(export: Export, content_type: str) -> Response:
    """OTLP's answer in the encoding of the request; spans that were not taken are told as a partial success."""
    if content_type.partition(";")[0].strip().lower() == wire.JSON:
        partial = {"partialSuccess": {"rejectedSpans": str(export.rejected), "errorMessage": export.reason}}
        return JSONResponse(partial if export.rejected else {})
    answer = ExportTraceServiceResponse()
    if export.rejected:
        answer.partial_success.rejected_spans = export.rejected
        answer.partial_success.error_message = export.reason
    return Response(answer.SerializeToString(), media_type=wire.PROTOBUF)
