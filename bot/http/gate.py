"""The gate of the HTTP edge: bodies within their limits, and one status for each thing that can go wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from traces import limits, wire
from traces.errors import BadInput, Busy, Denied, HarkError, NewerSchema, TooLarge, Unsupported

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
RETRY_AFTER_S = 5
_JSON_LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/x-jsonlines"})


def routes(paths: Sequence[str], endpoint: Endpoint, method: str = "POST") -> list[Route]:
    """One endpoint at several paths."""
    return [Route(path, answering(endpoint), methods=[method]) for path in paths]


def answering(endpoint: Endpoint) -> Endpoint:
    """Turn what an endpoint raises into a status that tells a client whether to try again."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HarkError as error:
            return _answer_to(error)
        except ClientDisconnect:
            return problem(400, "the body was cut off")

    return answer


_STATUS: tuple[tuple[type[HarkError], int], ...] = (
    (TooLarge, 413),
    (Unsupported, 415),
    (BadInput, 400),
    (Denied, 401),
)


def _answer_to(error: HarkError) -> Response:
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return problem(status, str(error))
    if isinstance(error, Busy):
        return problem(429, error.message, retry_after_s=error.retry_after_s)
    patience = 12 if isinstance(error, NewerSchema) else 1
    return problem(503, error.message, retry_after_s=RETRY_AFTER_S * patience)


def problem(status: int, reason: str, retry_after_s: int | None = None) -> Response:
    """An answer that says in one line what was wrong."""
    headers = None if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return JSONResponse({"error": reason.splitlines()[0][:500] if reason else ""}, status_code=status, headers=headers)


async def body_of(request: Request, most: int = limits.WIRE_BYTES) -> bytes:
    """The request's body, read no further than the limit.

    Raises:
        TooLarge: When it is larger.
    """
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


async def inflated_body(request: Request) -> bytes:
    """The request's body without its content encoding.

    Raises:
        BadInput: When it is too large, or not in the encoding that it declares.
    """
    body = await body_of(request)
    return await run_in_threadpool(wire.inflate, body, request.headers.get("content-encoding", ""))


def media_type(request: Request) -> str:
    """The content type without its parameters; of one that a client's settings doubled, the first."""
    return request.headers.get("content-type", "").partition(";")[0].partition(",")[0].strip().lower()


async def sent_json(request: Request) -> Any:
    """A JSON body, or the values of a JSON Lines body.

    Raises:
        BadInput: When it is neither.
    """
    body = await body_of(request)
    return await run_in_threadpool(read_json, body, media_type(request), request.headers.get("content-encoding", ""))


def read_json(body: bytes, kind: str, encoding: str) -> Any:
    """JSON or JSON Lines out of a body with a content encoding.

    Raises:
        BadInput: When it is neither.
    """
    if kind != wire.JSON and kind not in _JSON_LINES:
        raise Unsupported(f"content type {kind[:60]!r} is not read; send {wire.JSON} or application/x-ndjson")
    inflated = wire.inflate(body, encoding)
    lines = inflated.splitlines()
    if kind in _JSON_LINES or (len(lines) > 1 and _is_complete(lines[0])):
        return [_line(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    return wire.read_json(inflated)


def _line(line: bytes, number: int) -> object:
    try:
        return wire.read_json(line)
    except BadInput as error:
        raise type(error)(error.message, f"line {number}") from error


def _is_complete(line: bytes) -> bool:
    """Whether a first line is a JSON object by itself: some clients send JSON Lines under the type of JSON."""
    return line.strip().startswith(b"{") and line.strip().endswith(b"}")
