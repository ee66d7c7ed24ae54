"""The gate of the HTTP edge: bodies within their limits, and one status for each thing that can go wrong."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.http.sender import REFUSED
from traces import limits, wire
from traces.errors import BadInput, Busy, Denied, HarkError, NewerSchema, TooLarge, Unsupported
from traces.fields import under

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
RETRY_AFTER_S = 5
_P = ParamSpec("_P")
_T = TypeVar("_T")
_TURN: Final = threading.Lock()
_MOST_LINES = 100_000
_CUT_OFF = "the body was cut off"
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
            _let_go(error)
            request.scope[REFUSED] = str(error)
            return _answer_to(error)
        except ClientDisconnect:
            request.scope[REFUSED] = _CUT_OFF
            return problem(400, _CUT_OFF)

    return answer


def _let_go(error: BaseException) -> None:
    """Free what the frames of an error hold, such as an unpacked body: errors lie in cycles, which are freed late."""
    found: BaseException | None = error
    while found is not None:
        traceback.clear_frames(found.__traceback__)
        found = found.__context__


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


async def decoded(read: Callable[_P, _T], *sent: _P.args, **named: _P.kwargs) -> _T:
    """What ``read`` makes of a body, one body at a time: side by side they are no faster, but take memory each."""

    def in_turn() -> _T:
        with _TURN:
            return read(*sent, **named)

    return await run_in_threadpool(in_turn)


async def inflated_body(request: Request) -> bytes:
    """The request's body without its content encoding.

    Raises:
        BadInput: When it is too large, or not in the encoding that it declares.
    """
    body = await body_of(request)
    return await decoded(wire.inflate, body, request.headers.get("content-encoding", ""))


def media_type(request: Request) -> str:
    """The content type without its parameters; of one that a client's settings doubled, the first."""
    return request.headers.get("content-type", "").partition(";")[0].partition(",")[0].strip().lower()


async def sent_json(request: Request) -> Any:
    """A JSON body, or the values of a JSON Lines body.

    Raises:
        BadInput: When it is neither.
    """
    body = await body_of(request)
    return await decoded(read_json, body, media_type(request), request.headers.get("content-encoding", ""))


def read_json(body: bytes, kind: str, encoding: str) -> Any:
    """JSON or JSON Lines out of a body with a content encoding.

    Raises:
        BadInput: When it is neither.
    """
    if kind != wire.JSON and kind not in _JSON_LINES:
        raise Unsupported(f"content type {kind[:60]!r} is not read; send {wire.JSON} or application/x-ndjson")
    inflated = wire.inflate(body, encoding)
    first, more, _ = inflated.partition(b"\n")
    if kind not in _JSON_LINES and not (more and _is_complete(first)):
        return wire.read_json(inflated)
    if inflated.count(b"\n") > _MOST_LINES:
        raise TooLarge(f"the body holds more than {_MOST_LINES} lines; send less at once")
    return [_line(line, number) for number, line in enumerate(inflated.splitlines(), 1) if line.strip()]


def _line(line: bytes, number: int) -> object:
    try:
        return wire.read_json(line)
    except BadInput as error:
        raise under(f"line {number}", error) from error


def _is_complete(line: bytes) -> bool:
    """Whether a first line is a JSON object by itself: some clients send JSON Lines under the type of JSON."""
    return line.strip().startswith(b"{") and line.strip().endswith(b"}")
