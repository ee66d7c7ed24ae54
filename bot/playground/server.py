"""The playground's server: the double, the page, and what the page does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import anyio
import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.playground.acknowledgements import Answer
from bot.playground.double import bounded_body, web_api_routes
from bot.playground.guard import LoopbackOnly
from bot.playground.injector import Injector
from bot.playground.refusal import Refusal
from bot.playground.state import state_for
from bot.playground.workspace import Workspace
from traces.errors import BadInput

PAGE_DIR: Final = Path(__file__).parent / "page"
BODY_LIMIT: Final = 1_000_000
LONGEST_WAIT_S: Final = 2.0
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Action = Callable[[Injector, Mapping[str, Any]], Answer]


def playground_app(workspace: Workspace, injector: Injector, page_dir: Path = PAGE_DIR) -> Starlette:
    """Everything of the playground on one port; the caller binds it, to loopback."""
    page = [
        Route("/", _page_file(page_dir, "index.html")),
        Route("/archives/{channel}/{ts}", _page_file(page_dir, "index.html")),
        Route("/app.js", _page_file(page_dir, "app.js")),
        Route("/app.css", _page_file(page_dir, "app.css")),
        Route("/files/{file_id}", _file_shower(workspace)),
        Route("/playground/state", _state_teller(workspace)),
        Route("/playground/{action}", _action_taker(injector), methods=["POST"]),
    ]
    return Starlette(routes=[*web_api_routes(workspace), *page], middleware=[Middleware(LoopbackOnly)])


def _page_file(page_dir: Path, name: str) -> Callable[[Request], Response]:
    def show(request: Request) -> Response:  # noqa: ARG001
        path = page_dir / name
        if not path.is_file():
            return PlainTextResponse("The playground's page is not built yet: run `make setup`.\n", 503)
        return FileResponse(path, headers=_PAGE_HEADERS)

    return show


def _file_shower(workspace: Workspace) -> Callable[[Request], Response]:
    def show(request: Request) -> Response:
        try:
            file = workspace.uploads.find(request.path_params["file_id"])
        except Refusal:
            return PlainTextResponse("no such file\n", 404)
        place = "inline" if file.mimetype.startswith("image/") else "attachment"
        headers = {**_PAGE_HEADERS, "Content-Disposition": place}
        return Response(file.content or b"", media_type=file.mimetype, headers=headers)

    return show


def _state_teller(workspace: Workspace) -> Callable[[Request], Any]:
    async def tell(request: Request) -> Response:
        query = request.query_params
        since = int(query.get("since", "0")) if query.get("since", "0").isdecimal() else 0
        if since and query.get("wait"):
            await _until_changed(workspace, since, request)
        try:
            return JSONResponse(await run_in_threadpool(state_for, workspace, query.get("user", ""), since))
        except Refusal as refusal:
            return JSONResponse(refusal.as_slack(), 404)

    return tell


async def _until_changed(workspace: Workspace, since: int, request: Request) -> None:
    with anyio.move_on_after(LONGEST_WAIT_S):
        # Changes come from other threads, which know nothing of this event loop.
        while workspace.revisions.latest <= since and not await request.is_disconnected():  # noqa: ASYNC110
            await anyio.sleep(0.05)


def _action_taker(injector: Injector) -> Callable[[Request], Any]:
    async def take(request: Request) -> Response:
        # A browser sends this header to another origin only after asking, and it is never allowed.
        if request.headers.get("x-hark-playground") != "1":
            return JSONResponse({"ok": False, "problem": "missing header X-Hark-Playground: 1"}, 403)
        action = ACTIONS.get(request.path_params["action"])
        if action is None:
            return JSONResponse({"ok": False, "problem": "unknown action"}, 404)
        body = await bounded_body(request, BODY_LIMIT)
        return await run_in_threadpool(_take, injector, action, body)

    return take


def _take(injector: Injector, action: Action, body: bytes) -> Response:
    try:
        return JSONResponse(action(injector, _fields(body)).as_json())
    except (BadInput, Refusal) as wrong:
        return JSONResponse({"ok": False, "problem": wrong.message, "errors": {}}, 400)


def _fields(body: bytes) -> Mapping[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadInput("not JSON") from None
    if not isinstance(fields, dict):
        raise BadInput("not a JSON object")
    return fields


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise BadInput("must be text", name)
    return value


def _values(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name) or {}
    if not isinstance(value, Mapping):
        raise BadInput("must be an object", name)
    return value


def _click(injector: Injector, fields: Mapping[str, Any]) -> Answer:
    user, action_id, block_id = (_text(fields, name) for name in ("user", "action_id", "block_id"))
    value, state = fields.get("value"), _values(fields, "state")
    if view_id := _text(fields, "view_id"):
        return injector.click_view(view_id, action_id, value, user=user, block_id=block_id, state=state)
    channel, ts = _text(fields, "channel"), _text(fields, "ts")
    return injector.click(channel, ts, action_id, value, user=user, block_id=block_id, state=state)


def _submit(injector: Injector, fields: Mapping[str, Any]) -> Answer:
    return injector.submit(_text(fields, "view_id"), _values(fields, "values"), _text(fields, "user"))


def _close(injector: Injector, fields: Mapping[str, Any]) -> Answer:
    everything = fields.get("everything") is True
    return injector.close(_text(fields, "view_id"), _text(fields, "user"), everything=everything)


def _say(injector: Injector, fields: Mapping[str, Any]) -> Answer:
    """A slash command when it is one, else a message of the person's."""
    text, user, channel = (_text(fields, name).strip() for name in ("text", "user", "channel"))
    if not text:
        raise BadInput("nothing written", "text")
    if not text.startswith("/"):
        injector.workspace.say(user, channel, text, thread_ts=_text(fields, "thread_ts"))
        return Answer(200)
    command, _, rest = text.partition(" ")
    if command not in injector.workspace.commands:
        return Answer(0, problem=f"{command} is not a valid command. Try: {', '.join(injector.workspace.commands)}")
    return injector.command(command, rest.strip(), user, channel)


def _shortcut(injector: Injector, fields: Mapping[str, Any]) -> Answer:
    callback_id, user = _text(fields, "callback_id"), _text(fields, "user")
    if ts := _text(fields, "ts"):
        return injector.message_shortcut(callback_id, _text(fields, "channel"), ts, user)
    return injector.shortcut(callback_id, user)


def _home(injector: Injector, fields: Mapping[str, Any]) -> Answer:
    return injector.open_home(_text(fields, "user"))


ACTIONS: Final[Mapping[str, Action]] = {
    "click": _click,
    "submit": _submit,
    "close": _close,
    "say": _say,
    "shortcut": _shortcut,
    "home": _home,
}
