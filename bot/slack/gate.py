"""The gate before bolt: nothing is parsed that Slack did not sign.

bolt 1.30 parses the body before it checks the signature, answers 500 to a malformed timestamp and logs the whole body
of a bad request. So the raw bytes are checked here first; bolt's own check is switched off.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

MAX_BODY_BYTES = 1024 * 1024
_WINDOW_S = 300
_TIMESTAMP = re.compile(r"\d{10}\Z", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}\Z", re.ASCII)


def refusal(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> str | None:
    """Why a request is not from Slack, in one line; ``None`` when it is.

    Args:
        body: The request's raw body.
        headers: Its headers, with lower-case names.
        secret: The app's signing secret.
        now: The time, aware UTC.
    """
    timestamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not _TIMESTAMP.match(timestamp) or not _SIGNATURE.match(signature):
        return "the request is not signed by Slack"
    if abs(now.timestamp() - int(timestamp)) > _WINDOW_S:
        return "the signature has expired"
    expected = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"v0={expected}", signature):
        return "the signature does not match"
    return None
