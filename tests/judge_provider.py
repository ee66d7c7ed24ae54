"""A server on loopback that speaks OpenAI's chat completions: the edge at which tests stand in for a model."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Provider:
    """Answers with what it was given, in order, or as a function of what it is asked; keeps what it was asked.

    An answer is a text, a text with the reason why it ended, a status, or ``silence``.
    """

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.asked: list[dict[str, Any]] = []
        self.always: Callable[[dict[str, Any]], Any] | None = None
        self.released = threading.Event()
        self.url = ""

    def will(self, *answers: Any) -> None:
        self.answers.extend(answers)

    def answer(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append(asked)
        said = self.answers.pop(0) if self.always is None else self.always(asked)
        if said == "silence":
            self.released.wait(30)
            return 500, {}
        if isinstance(said, int):
            return said, {"error": {"message": "no response_format here, secret words", "type": "x", "code": None}}
        text, reason = said if isinstance(said, tuple) else (said, "stop")
        choice = {"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}
        form = {"id": "x", "object": "chat.completion", "created": 1, "model": asked["model"]}
        return 200, {**form, "choices": [choice], "usage": usage}


@contextmanager
def serving_provider() -> Iterator[Provider]:
    """A provider that listens at its ``url``."""
    fake = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = fake.answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            sent = json.dumps(body).encode()
            try:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)
            except OSError:
                return

        def log_message(self, *args: Any) -> None:
            """Tests speak for themselves."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
