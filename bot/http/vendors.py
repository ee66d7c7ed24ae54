"""The native endpoints of other products' SDKs and gateways: their clients need only another base URL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.http.gate import decoded, inflated_body, routes, sent_json
from bot.http.storing import Storing
from traces import limits
from traces.clock import Clock
from traces.parts import Parts
from traces.sources.langfuse_ingestion import read_batch
from traces.sources.langfuse_scores import spans_of_scores
from traces.sources.langsmith_multipart import parts_of_form
from traces.sources.langsmith_runs import parts_of_batch, parts_of_feedback, parts_of_run
from traces.sources.litellm import spans_of_calls
from traces.sources.opik_rest import (
    parts_of_scores,
    parts_of_span,
    parts_of_spans,
    parts_of_trace,
    parts_of_traces,
)

_Reading: TypeAlias = Callable[[Any], Parts]
_PROJECT = {"id": "hark", "name": "hark", "metadata": {}, "organization": {"id": "hark", "name": "hark"}}
_LANGSMITH = ("", "/api/v1")
_OPIK = ("/api/v1/private", "/v1/private")


class LangfuseEndpoints:
    """Takes what Langfuse's SDKs before version 3 send, and everybody's scores."""

    def __init__(self, storing: Storing, clock: Clock) -> None:
        self._storing = storing
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            *routes(["/api/public/ingestion"], self._ingestion),
            *routes(["/api/public/scores"], self._scores),
            *routes(["/api/public/health"], self._health, "GET"),
            *routes(["/api/public/projects"], self._projects, "GET"),
        ]

    async def _ingestion(self, request: Request) -> Response:
        sent = await sent_json(request)
        batch = await run_in_threadpool(read_batch, sent, self._clock.now())
        await self._storing.parts(batch.parts, len(batch.refused), next(iter(batch.refused.values()), ""))
        return JSONResponse(
            {
                "successes": [{"id": event_id, "status": 201} for event_id in batch.taken],
                "errors": [
                    {"id": event_id, "status": 400, "message": "Invalid request data", "error": reason}
                    for event_id, reason in batch.refused.items()
                ],
            },
            status_code=207,
        )

    async def _scores(self, request: Request) -> Response:
        sent = await sent_json(request)
        export = spans_of_scores(sent, self._clock.now())
        await self._storing.spans(export.spans, export.rejected, export.reason)
        scores = sent if isinstance(sent, list) else [sent]
        return JSONResponse({"id": next((s["id"] for s in scores if s.get("id")), export.spans[0].span_id)})

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "OK", "version": "3.0.0"})

    async def _projects(self, _request: Request) -> Response:
        # The SDKs' auth_check() asks for the project of the key and wants to see one.
        return JSONResponse({"data": [_PROJECT]})


class LangSmithEndpoints:
    """Takes what LangSmith's SDKs send."""

    def __init__(self, storing: Storing, clock: Clock) -> None:
        self._storing = storing
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            route
            for base in _LANGSMITH
            for route in (
                *routes([f"{base}/info"], self._info, "GET"),
                *routes([f"{base}/runs"], self._post),
                *routes([f"{base}/runs/batch"], self._batch),
                *routes([f"{base}/runs/multipart"], self._multipart),
                *routes([f"{base}/runs/{{run_id}}"], self._patch, "PATCH"),
                *routes([f"{base}/feedback"], self._feedback),
            )
        ]

    async def _info(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "version": "0.12.0",
                "instance_flags": {"zstd_compression_enabled": True},
                "batch_ingest_config": {
                    "use_multipart_endpoint": True,
                    "size_limit": 100,
                    "size_limit_bytes": limits.WIRE_BYTES,
                    "scale_up_qsize_trigger": 1000,
                    "scale_up_nthreads_limit": 4,
                    "scale_down_nempty_trigger": 4,
                },
            }
        )

    async def _post(self, request: Request) -> Response:
        return await self._json(request, lambda sent: parts_of_run(sent, "post", self._clock.now()))

    async def _patch(self, request: Request) -> Response:
        run_id = request.path_params["run_id"]
        return await self._json(
            request,
            lambda sent: parts_of_run(
                {**sent, "id": run_id} if isinstance(sent, dict) else sent, "patch", self._clock.now()
            ),
        )

    async def _batch(self, request: Request) -> Response:
        return await self._json(request, lambda sent: parts_of_batch(sent, self._clock.now()))

    async def _multipart(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "")
        body = await inflated_body(request)
        await self._storing.parts(await decoded(parts_of_form, body, kind, self._clock.now()))
        return _accepted()

    async def _feedback(self, request: Request) -> Response:
        sent = await sent_json(request)
        await self._storing.parts(parts_of_feedback(sent, self._clock.now()))
        return JSONResponse(sent)

    async def _json(self, request: Request, reading: _Reading) -> Response:
        sent = await sent_json(request)
        await self._storing.parts(await run_in_threadpool(reading, sent))
        return _accepted()


def _accepted() -> Response:
    return JSONResponse({"message": "stored"}, status_code=202)


class OpikEndpoints:
    """Takes what Opik's SDKs send."""

    def __init__(self, storing: Storing, clock: Clock) -> None:
        self._storing = storing
        self._clock = clock

    def routes(self) -> list[Route]:
        def now() -> datetime:
            return self._clock.now()

        writes: list[tuple[str, str, Callable[[Any, Request], Parts]]] = [
            ("POST", "/traces", lambda sent, _: parts_of_trace(sent, now())),
            ("POST", "/traces/batch", lambda sent, _: parts_of_traces(sent, now())),
            ("PATCH", "/traces/{id}", lambda sent, r: parts_of_trace(sent, now(), changed=r.path_params["id"])),
            ("POST", "/spans", lambda sent, _: parts_of_span(sent, now())),
            ("POST", "/spans/batch", lambda sent, _: parts_of_spans(sent, now())),
            ("PATCH", "/spans/{id}", lambda sent, r: parts_of_span(sent, now(), changed=r.path_params["id"])),
            ("PUT", "/traces/feedback-scores", lambda sent, _: parts_of_scores(sent, now())),
            ("PUT", "/spans/feedback-scores", lambda sent, _: parts_of_scores(sent, now(), of_spans=True)),
            ("PUT", "/traces/threads/feedback-scores", lambda sent, _: parts_of_scores(sent, now())),
            ("PUT", "/traces/{id}/feedback-scores", lambda sent, r: parts_of_scores(_on(sent, r), now())),
            (
                "PUT",
                "/spans/{id}/feedback-scores",
                lambda sent, r: parts_of_scores(_on(sent, r), now(), of_spans=True),
            ),
        ]
        return [
            *(route for verb, path, reading in writes for route in self._writing(verb, path, reading)),
            *routes(["/api/is-alive/ping", "/is-alive/ping"], self._alive, "GET"),
        ]

    def _writing(self, verb: str, path: str, reading: Callable[[Any, Request], Parts]) -> list[Route]:
        async def write(request: Request) -> Response:
            sent = await sent_json(request)
            await self._storing.parts(await run_in_threadpool(reading, sent, request))
            return Response(status_code=204)

        return routes([f"{base}{path}" for base in _OPIK], write, verb)

    async def _alive(self, _request: Request) -> Response:
        return JSONResponse({"message": "Healthy", "healthy": True})


def _on(sent: Any, request: Request) -> Any:
    """One score on what the path names, in the form of several."""
    return {"scores": [{**sent, "id": request.path_params["id"]} if isinstance(sent, dict) else sent]}


class LiteLLMEndpoint:
    """Takes what LiteLLM's generic webhook sends."""

    def __init__(self, storing: Storing) -> None:
        self._storing = storing

    def routes(self) -> list[Route]:
        return routes(["/hooks/litellm"], self._calls)

    async def _calls(self, request: Request) -> Response:
        export = spans_of_calls(await sent_json(request))
        await self._storing.spans(export.spans, export.rejected, export.reason)
        return JSONResponse({"calls": len(export.spans)})
