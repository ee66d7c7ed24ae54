"""One request after the other to a running Hark."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from crash_process import Lives
from slack_house import conversation

from traces.clock import SystemClock


def post_to(
    port: int, path: str, body: bytes, headers: Mapping[str, str], *, wait_s: float
) -> tuple[int | None, Mapping[str, str]]:
    """Send bytes; the status of the answer and its headers, without a status where there was none."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=wait_s)) as connection:
        try:
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return None, {}
        return answer.status, dict(answer.getheaders())


def post(lives: Lives, conversation_id: str, **metadata: str) -> tuple[int | None, Mapping[str, str]]:
    """Send one conversation; the status of the answer and its headers, without a status where there was none."""
    body = json.dumps(conversation(conversation_id, SystemClock().now(), **metadata)).encode()
    return post_to(lives.port, "/v1/conversations", body, {"Content-Type": "application/json"}, wait_s=20)


def is_taken(lives: Lives, conversation_id: str, **metadata: str) -> bool:
    return post(lives, conversation_id, **metadata)[0] == 200
