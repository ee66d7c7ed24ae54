"""The gate of the HTTP edge: bodies within their limits, and one status for each thing that can go wrong."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.dialects import refusal_of
from bot.http.room import Place, Room
from bot.http.sender import REFUSED
from traces import limits, wire
from traces.errors import BadInput, Busy, Denied, HarkError, NewerSchema, TooLarge, Unsupported
from traces.fields import under

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
RETRY_AFTER_S = 5
_P = ParamSpec("_P")
_T = TypeVar("_T")
_TURN: Final = threading.Lock()
ROOM: Final = "room"
"""Under this name an application's state holds the room for large bodies."""
_PLACE: Final = "hark.place"
_NOT_FOUND: Final = 404
_SHOWN: Final = 200
_CONTAINER_BYTES: Final = 50
_STEP: Final = 1024 * 1024
"""A body that does not say how large it is takes its room in such steps."""
_MOST_LINES = 100_000
_CUT_OFF = "the body was cut off"
_JSON_LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/x-jsonlines"})


def routes(paths: Sequence[str], endpoint: Endpoint, method: str = "POST") -> list[Route]:
    """One endpoint at several paths."""
    return [Route(path, answering(endpoint), methods=[method]) for path in paths]


def answering(endpoint: Endpoint) -> Endpoint:
    """Turn what an endpoint raises into a status that tells a client whether to try again."""

    async def answer(request: Request) -> Response:
        room: Room = getattr(request.app.state, ROOM)
        place = request.scope[_PLACE] = room.place()
        try:
            return await endpoint(request)
        except HarkError as error:
            _let_go(error)
            request.scope[REFUSED] = str(error)
            return _answer_to(request, error)
        except ClientDisconnect:
            request.scope[REFUSED] = _CUT_OFF
            return problem(request, 400, _CUT_OFF)
        finally:
            place.leave()

    return answer


def _place(request: Request) -> Place:
    place: Place = request.scope[_PLACE]
    return place


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


def _answer_to(request: Request, error: HarkError) -> Response:
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return problem(request, status, str(error))
    if isinstance(error, Busy):
        # Not 429: OpenTelemetry's older exporters for Python take that as final, and drop what they hold.
        return problem(request, 503, error.message, retry_after_s=error.retry_after_s)
    patience = 12 if isinstance(error, NewerSchema) else 1
    return problem(request, 503, error.message, retry_after_s=RETRY_AFTER_S * patience)


def problem(
    request: Request,
    status: int,
    reason: str,
    retry_after_s: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer that says in one line what was wrong, in words that the clients of this path read."""
    wait = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    body = refusal_of(request.url.path, status, reason)
    return JSONResponse(body, status_code=status, headers={**(headers or {}), **wait})


async def body_of(request: Request, most: int = limits.WIRE_BYTES) -> bytes:
    """The request's body, read no further than the limit, once there is room for it.

    Raises:
        TooLarge: When it is larger.
        Busy: When there is no room, or it does not come.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit():
        _check_size(int(declared), most)
        await _place(request).to_read(int(declared))
    room: Room = getattr(request.app.state, ROOM)
    try:
        async with asyncio.timeout(room.read_within_s):
            return await _read(request, most)
    except TimeoutError:
        raise Busy(f"the body did not arrive within {room.read_within_s:g} s") from None


async def _read(request: Request, most: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        _check_size(size, most)
        await _place(request).to_read_some(size, _STEP)
        parts.append(part)
    return b"".join(parts)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise TooLarge(f"the body is larger than {most} bytes")


async def dropped_body(request: Request) -> None:
    """Read a body to its end and keep nothing of it."""
    async for _ in request.stream():
        pass


async def decoded(read: Callable[_P, _T], *sent: _P.args, **named: _P.kwargs) -> _T:
    """What ``read`` makes of a body, one body at a time: side by side they are no faster, but take memory each."""

    def in_turn() -> _T:
        with _TURN:
            return read(*sent, **named)

    return await run_in_threadpool(in_turn)


async def inflated_body(request: Request) -> bytes:
    """The request's body without its content encoding, once there is room to work on it; see ``inflated``."""
    return await inflated(request, await body_of(request))


async def inflated(request: Request, body: bytes) -> bytes:
    """A request's body without its content encoding, once there is room to work on it.

    Raises:
        BadInput: When it is too large, or not in the encoding that it declares.
        Busy: When there is no room.
    """
    place, encoding = _place(request), request.headers.get("content-encoding", "")
    found, weight = await decoded(_weighed, body, encoding)
    if not place.to_work_now(weight):
        # What waits should not take the memory for which it waits.
        del found
        await place.to_work(weight)
        found, _ = await decoded(_weighed, body, encoding)
    place.was_read()
    return found


def _weighed(body: bytes, encoding: str) -> tuple[bytes, int]:
    """The body without its encoding, and about how many bytes it is worth: small objects take more than their text."""
    found = wire.inflate(body, encoding)
    if found[:1] not in (b"{", b"["):
        return found, len(found)
    return found, len(found) + _CONTAINER_BYTES * (found.count(b"{") + found.count(b"["))


def media_type(request: Request) -> str:
    """The content type without its parameters; of one that a client's settings doubled, the first."""
    return request.headers.get("content-type", "").partition(";")[0].partition(",")[0].strip().lower()


async def sent_json(request: Request) -> Any:
    """A JSON body, or the values of a JSON Lines body.

    Raises:
        BadInput: When it is neither.
    """
    return await json_in(request, await body_of(request))


async def json_in(request: Request, body: bytes) -> Any:
    """The same of a body that was read already.

    Raises:
        BadInput: When it is neither.
    """
    kind = media_type(request)
    if kind != wire.JSON and kind not in _JSON_LINES:
        raise Unsupported(f"content type {kind[:60]!r} is not read; send {wire.JSON} or application/x-ndjson")
    return await decoded(_read_json, await inflated(request, body), kind)


def _read_json(inflated: bytes, kind: str) -> Any:
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


async def _no_such_thing(request: Request, error: Exception) -> Response:
    """Where nothing is, or not for this method."""
    status = error.status_code if isinstance(error, HTTPException) else _NOT_FOUND
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == _NOT_FOUND:
        return problem(request, status, f"nothing is at {request.url.path[:_SHOWN]!r}")
    allowed = headers.get("Allow", "")
    return problem(request, status, f"{request.method[:20]} is not taken here; send {allowed}", headers=headers)


async def _broken(request: Request, _error: Exception) -> Response:
    """A fault of Hark's own, which the server logs."""
    return problem(request, 500, "Hark failed; its log says how")


HANDLERS: Final[dict[Any, Any]] = {HTTPException: _no_such_thing, Exception: _broken}
"""How an application answers where no endpoint does."""
