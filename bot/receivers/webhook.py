"""A webhook of the team's own: the notice as JSON, signed."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import orjson

from bot.receivers.base import Notice, post
from traces.clock import Clock
from traces.urlguard import GuardedClient

SIGNATURE: Final = "x-hark-signature"
TIME: Final = "x-hark-timestamp"


class Webhook:
    """Posts a notice; with a secret, ``x-hark-signature`` is ``v1=`` and the HMAC-SHA256 of ``timestamp.body``."""

    def __init__(self, client: GuardedClient, clock: Clock, url: str, secret: str | None = None) -> None:
        self._client = client
        self._clock = clock
        self._url = url
        self._secret = secret

    def tell(self, notice: Notice) -> None:
        body = orjson.dumps(notice.as_json())
        headers = {"content-type": "application/json", TIME: str(int(self._clock.now().timestamp()))}
        if self._secret is not None:
            headers[SIGNATURE] = signature(self._secret, headers[TIME], body)
        post(self._client, self._url, content=body, headers=headers)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What a webhook's body is signed with."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
