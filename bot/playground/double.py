"""The double of Slack's Web API as an ASGI app."""

from __future__ import annotations

from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.playground.answers import answer_response_url
from bot.playground.call import Call, read_arguments, refuse_bad_token
from bot.playground.deliveries import Fault
from bot.playground.guard import LoopbackOnly
from bot.playground.methods import METHODS
from bot.playground.refusal import Refusal
from bot.playground.workspace import Workspace

BODY_LIMIT = 25_000_000


class CutConnection(Response):
    """Promises an answer and ends the connection without it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def web_api(workspace: Workspace) -> Starlette:
    """The double, on its own; ``WebClient(base_url=f"{url}/api/")`` works against it unchanged."""
    return Starlette(routes=web_api_routes(workspace), middleware=[Middleware(LoopbackOnly)])


def web_api_routes(workspace: Workspace) -> list[Route]:
    """``/api/<method>``, the response URLs and the upload addresses."""

    async def call_method(request: Request) -> Response:
        method = request.path_params["method"]
        body = await bounded_body(request)
        fault = workspace.faults.take(method)
        if fault is not None and fault.kind == "delay":
            await anyio.sleep(fault.seconds)
        elif fault is not None and fault.kind != "drop_after":
            return _spoiled(workspace, method, fault)
        answer = await run_in_threadpool(_answer, workspace, method, request, body)
        return CutConnection() if fault is not None and fault.kind == "drop_after" else JSONResponse(answer)

    async def respond(request: Request) -> Response:
        body = await bounded_body(request)
        return await run_in_threadpool(_respond, workspace, request.path_params["key"], body)

    async def upload(request: Request) -> Response:
        body = await bounded_body(request)
        return await run_in_threadpool(_upload, workspace, request.path_params["key"], body)

    return [
        Route("/api/{method}", call_method, methods=["GET", "POST"]),
        Route("/response/{key}", respond, methods=["POST"]),
        Route("/upload/v1/{key}", upload, methods=["POST"]),
    ]


async def bounded_body(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The request's body, as long as it is within ``limit`` bytes.

    Raises:
        HTTPException: 413 beyond it.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413, "too large")
    return bytes(body)


def _answer(workspace: Workspace, method: str, request: Request, body: bytes) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    try:
        arguments = read_arguments(request.url.query, request.headers.get("content-type", ""), body)
        answer = {"ok": True, **_called(workspace, method, request, arguments)}
    except Refusal as refusal:
        workspace.deliveries.add("to_slack", method, _target(arguments), refusal.code, tuple(refusal.problems))
        return refusal.as_slack()
    workspace.deliveries.add("to_slack", method, _target(arguments))
    return answer


def _called(workspace: Workspace, method: str, request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    known = METHODS.get(method)
    if known is None:
        raise Refusal("unknown_method")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if method != "api.test":
        refuse_bad_token(token if scheme.lower() == "bearer" else str(arguments.get("token") or ""))
    return known(Call(workspace, arguments))


def _target(arguments: dict[str, Any]) -> str:
    names = ("channel", "channel_id", "user_id", "view_id", "file", "user")
    found = [str(arguments[name]) for name in names if arguments.get(name)]
    return " ".join([*found[:1], *(str(arguments[name]) for name in ("ts", "thread_ts") if arguments.get(name))])


def _spoiled(workspace: Workspace, method: str, fault: Fault) -> Response:
    workspace.deliveries.add("to_slack", method, error=fault.kind)
    if fault.kind == "drop":
        return CutConnection()
    if fault.kind == "server_error":
        return PlainTextResponse("internal error", 500)
    if fault.kind == "error":
        return JSONResponse(Refusal(fault.code).as_slack())
    retry_after = {"Retry-After": str(int(fault.seconds))}
    return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers=retry_after)


def _respond(workspace: Workspace, key: str, body: bytes) -> Response:
    try:
        answer_response_url(workspace, key, read_arguments("", "application/json", body))
    except Refusal as refusal:
        workspace.deliveries.add("to_slack", "response_url", error=refusal.code, problems=tuple(refusal.problems))
        is_gone = refusal.code.endswith("_url")
        return JSONResponse(refusal.as_slack(), 404 if is_gone else 400)
    workspace.deliveries.add("to_slack", "response_url")
    return PlainTextResponse("ok")


def _upload(workspace: Workspace, key: str, body: bytes) -> Response:
    try:
        file = workspace.uploads.receive(key, body)
    except Refusal as refusal:
        workspace.deliveries.add("to_slack", "upload", error=refusal.code)
        return PlainTextResponse(refusal.code, 404)
    workspace.deliveries.add("to_slack", "upload", file.file_id)
    return PlainTextResponse(f"OK - {file.length}")
