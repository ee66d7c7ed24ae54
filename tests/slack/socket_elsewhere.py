"""Slack's end of Socket Mode before somebody else's Web API, on aiohttp; it shares no line with the other doubles.

``apps.connections.open`` and response URLs are answered here, since npm's ``emulate`` has neither; every other call goes on to
it as it came, and its answer back.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import defaultdict
from concurrent.futures import Future
from typing import Any, Self

from aiohttp import ClientSession, WSMsgType, web
from emulator_workspaces import EmulatedSlack
from slack_house import eventually
from slack_people import Request

_ACK_S = 10.0
_HOP_BY_HOP = frozenset({"host", "content-length", "connection", "transfer-encoding", "content-encoding"})


class SocketElsewhere:
    """A workspace that speaks Socket Mode. What is asked of the workspace itself is asked of the emulator.

    Attributes:
        url: The address that the app takes for Slack's Web API.
        answers: What came to each response URL.
        views: The newest state of every window, by its id.
    """

    def __init__(self, behind: EmulatedSlack) -> None:
        self._behind = behind
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._lines: list[web.WebSocketResponse] = []
        self._waiting: dict[str, Future[Any]] = {}
        self.answers: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.views: dict[str, dict[str, Any]] = {}
        self.methods: list[str] = []
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def is_connected(self) -> bool:
        return bool(self._lines)

    def posted(self, channel: str) -> list[dict[str, Any]]:
        return self._behind.posted(channel)

    def response_url(self, key: str) -> str:
        return f"{self.url.removesuffix('/api/')}/response/{key}"

    def __call__(self, request: Request) -> Any:
        """Send what somebody did; the payload of the acknowledgement."""
        number = f"line-{len(self._waiting)}"
        self._waiting[number] = Future()
        envelope = {"type": request.kind, "envelope_id": number, "payload": dict(request.payload)}
        self._wait(self._lines[-1].send_str(json.dumps({**envelope, "accepts_response_payload": True})))
        return self._waiting[number].result(_ACK_S)

    def _wait(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_ACK_S)

    async def _start(self) -> None:
        self._client = ClientSession(auto_decompress=True)
        app = web.Application(client_max_size=10_000_000)
        app.router.add_post("/api/apps.connections.open", self._open)
        app.router.add_get("/line", self._talk)
        app.router.add_post("/response/{key}", self._answered)
        app.router.add_route("*", "/api/{method}", self._passed_on)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}/api/"

    async def _stop(self) -> None:
        for line in list(self._lines):
            await line.close()
        await self._runner.cleanup()
        await self._client.close()

    async def _open(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"].startswith("Bearer xapp-")
        return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{self._port}/line"})

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        await line.send_json({"type": "hello", "num_connections": 1})
        self._lines.append(line)
        try:
            async for said in line:
                if said.type is WSMsgType.TEXT:
                    self._acknowledged(json.loads(said.data))
        finally:
            self._lines.remove(line)
        return line

    def _acknowledged(self, said: dict[str, Any]) -> None:
        self._waiting[said["envelope_id"]].set_result(said.get("payload"))

    async def _answered(self, request: web.Request) -> web.Response:
        self.answers[request.match_info["key"]].append(await request.json())
        return web.Response(text="ok")

    async def _passed_on(self, request: web.Request) -> web.Response:
        method, body = request.match_info["method"], await request.read()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        target = f"{self._behind.url}{method}"
        async with self._client.request(
            request.method, target, params=request.query, data=body, headers=headers
        ) as back:
            text = await back.text()
            self.methods.append(method)
            answer = json.loads(text)
            if answer.get("ok") and method.startswith("views.") and "view" in answer:
                self.views[answer["view"]["id"]] = answer["view"]
            return web.Response(text=text, status=back.status, content_type="application/json")


def connected(line: SocketElsewhere) -> None:
    """Wait until an app listens."""
    eventually(lambda: line.is_connected, 30)
