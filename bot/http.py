"""The HTTP edge: size and signature gates, decoding, and one answer after the commit.

Async only as far as reading the body and waiting for the writer goes; everything that works is synchronous, in threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeAlias

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
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
from traces.sources.langfuse_scores import spans_of_scores
from traces.sources.litellm import spans_of_calls
from traces.store import Store
from traces.wire import Export
from traces.writer import Writer

_Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
_ExportAnswer: TypeAlias = ExportTraceServiceResponse | ExportLogsServiceResponse
_Reader: TypeAlias = Callable[[bytes, str, str], Export]
# OpenTelemetry's own paths, and those that SDKs of other products add to a base URL.
_TRACE_PATHS = ("/v1/traces", "/api/public/otel/v1/traces", "/otel/v1/traces")
_LOG_PATHS = ("/v1/logs", "/api/public/otel/v1/logs", "/otel/v1/logs")
_METRIC_PATHS = ("/v1/metrics", "/api/public/otel/v1/metrics", "/otel/v1/metrics")
_JSON_LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/x-jsonlines"})
_RETRY_AFTER_S = 5
_MOST_CONVERSATIONS = 1_000
_BROKEN = 500


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
                *_routes(_TRACE_PATHS, self._traces),
                *_routes(_LOG_PATHS, self._logs),
                *_routes(_METRIC_PATHS, self._metrics),
                *_routes(("/api/public/scores",), self._langfuse_scores),
                *_routes(("/hooks/litellm",), self._litellm_calls),
                Route("/v1/conversations", _answering(self._conversations), methods=["POST"]),
                Route("/slack/events", _answering(self._slack), methods=["POST"]),
                Route("/healthz", _answering(self._health), methods=["GET"]),
                Route("/readyz", _answering(self._ready), methods=["GET"]),
            ]
        )

    async def _traces(self, request: Request) -> Response:
        return await self._export(request, wire.read_export, ExportTraceServiceResponse())

    async def _logs(self, request: Request) -> Response:
        # Older instrumentations send what was said only as log records, before or after the spans.
        return await self._export(request, wire.read_logs, ExportLogsServiceResponse())

    async def _metrics(self, request: Request) -> Response:
        # Not read, but answered: clients log an error for ever when nobody takes their metrics.
        await _body(request, limits.WIRE_BYTES)
        return Response(b"", media_type=_media_type(request) or wire.PROTOBUF)

    async def _export(self, request: Request, read: _Reader, answer: _ExportAnswer) -> Response:
        body = await _body(request, limits.WIRE_BYTES)
        kind, encoding = _media_type(request), request.headers.get("content-encoding", "")
        export = await run_in_threadpool(read, body, kind, encoding)
        await self._store_spans(export)
        return _export_answer(export, kind, answer)

    async def _langfuse_scores(self, request: Request) -> Response:
        sent = await _sent(request)
        await self._store_spans(spans_of_scores(sent, self._clock.now()))
        scores = sent if isinstance(sent, list) else [sent]
        return JSONResponse({"id": next((s["id"] for s in scores if s.get("id")), "")})

    async def _litellm_calls(self, request: Request) -> Response:
        export = spans_of_calls(await _sent(request))
        await self._store_spans(export)
        return JSONResponse({"calls": len(export.spans)})

    async def _store_spans(self, export: Export) -> None:
        if export.spans:
            await _done(self._writer.spans(export.spans))

    async def _conversations(self, request: Request) -> Response:
        offers = await run_in_threadpool(self._offers, await _sent(request))
        receipt = await _done(self._writer.conversations(offers))
        return JSONResponse({"new": receipt.new, "updated": receipt.updated, "unchanged": receipt.unchanged})

    def _offers(self, parsed: Any) -> list[Offer]:
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
        if answer.status >= _BROKEN:
            return _problem(503, "Hark cannot answer Slack now", retry_after_s=_RETRY_AFTER_S)
        content_type = answer.headers.get("content-type", ["text/plain"])[0]
        return Response(answer.body, status_code=answer.status, media_type=content_type)

    async def _health(self, _request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _ready(self, _request: Request) -> Response:
        def count() -> int:
            with self._store.read() as tx:
                return tx.conversations.awaiting()

        return JSONResponse({"status": "ready", "awaiting_evaluation": await run_in_threadpool(count)})


def _routes(paths: Sequence[str], endpoint: _Endpoint) -> list[Route]:
    return [Route(path, _answering(endpoint), methods=["POST"]) for path in paths]


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


def _line(line: bytes, number: int) -> object:
    try:
        return wire.read_json(line)
    except BadInput as error:
        raise type(error)(error.message, f"line {number}") from error


def _offered(sent: object, place: int, total: int, clock: Clock) -> Offer:
    try:
        return offer(sent, clock.now())
    except BadInput as error:
        if total == 1:
            raise
        where = f"[{place}].{error.field}" if error.field else f"[{place}]"
        raise type(error)(error.message, where) from error


def _export_answer(export: Export, kind: str, answer: _ExportAnswer) -> Response:
    """OTLP's answer in the encoding of the request; what was not taken is told as a partial success."""
    records = "rejected_spans" if isinstance(answer, ExportTraceServiceResponse) else "rejected_log_records"
    if kind == wire.JSON:
        name = "rejectedSpans" if records == "rejected_spans" else "rejectedLogRecords"
        partial = {"partialSuccess": {name: str(export.rejected), "errorMessage": export.reason}}
        return JSONResponse(partial if export.rejected else {})
    if export.rejected:
        setattr(answer.partial_success, records, export.rejected)
        answer.partial_success.error_message = export.reason
    return Response(answer.SerializeToString(), media_type=wire.PROTOBUF)


async def _sent(request: Request) -> Any:
    """A JSON body, or the values of a JSON Lines body."""
    body = await _body(request, limits.WIRE_BYTES)
    return await run_in_threadpool(_read_json, body, _media_type(request), request.headers.get("content-encoding", ""))


def _read_json(body: bytes, kind: str, encoding: str) -> Any:
    if kind != wire.JSON and kind not in _JSON_LINES:
        raise Unsupported(f"content type {kind[:60]!r} is not read; send {wire.JSON} or application/x-ndjson")
    inflated = wire.inflate(body, encoding)
    lines = inflated.splitlines()
    if kind in _JSON_LINES or (len(lines) > 1 and _is_complete(lines[0])):
        return [_line(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    return wire.read_json(inflated)


def _is_complete(line: bytes) -> bool:
    """Whether a first line is a JSON object by itself: some clients send JSON Lines under the type of JSON."""
    return line.strip().startswith(b"{") and line.strip().endswith(b"}")
