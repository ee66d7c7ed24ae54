"""The payloads that Slack sends to an app, and their signature."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from bot.playground.people import APP_ID, TEAM_DOMAIN, TEAM_ID, Channel, User

# Long deprecated, still a field of every payload; apps verify the signature instead.
_VERIFICATION_TOKEN: Final = "playground"  # noqa: S105
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"


def signature_headers(signing_secret: str, at_s: int, body: bytes) -> dict[str, str]:
    """Slack's v0 signature: HMAC-SHA256 over ``v0:<seconds>:<body>``."""
    digest = hmac.new(signing_secret.encode(), f"v0:{at_s}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at_s), "X-Slack-Signature": f"v0={digest}"}


def interaction_body(payload: Mapping[str, Any]) -> bytes:
    return urlencode({"payload": orjson.dumps(payload).decode()}).encode()


def interaction(kind: str, user: User, **fields: Any) -> dict[str, Any]:
    """What every interaction carries, and ``fields``."""
    return {
        "type": kind,
        "token": _VERIFICATION_TOKEN,
        "api_app_id": APP_ID,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "user": {"id": user.user_id, "username": user.name, "name": user.name, "team_id": user.team_id},
        **fields,
    }


def command_body(fields: Mapping[str, str], user: User, channel: Channel) -> bytes:
    return urlencode(
        {
            "token": _VERIFICATION_TOKEN,
            "team_id": TEAM_ID,
            "team_domain": TEAM_DOMAIN,
            "channel_id": channel.channel_id,
            "channel_name": "directmessage" if channel.im_user else channel.name,
            "user_id": user.user_id,
            "user_name": user.name,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            **fields,
        }
    ).encode()


def event_body(event: Mapping[str, Any], event_id: str, at_s: int) -> bytes:
    return orjson.dumps(
        {
            "token": _VERIFICATION_TOKEN,
            "team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": at_s,
            "authorizations": [{"team_id": TEAM_ID, "user_id": "U0PLAYHARK", "is_bot": True}],
            "is_ext_shared_channel": False,
        }
    )


def url_verification_body(challenge: str) -> bytes:
    return orjson.dumps({"token": _VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"})


def message_container(channel: str, message: Mapping[str, Any], *, is_ephemeral: bool) -> dict[str, Any]:
    thread = {"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {}
    return {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel,
        "is_ephemeral": is_ephemeral,
        **thread,
    }
