"""Whether a webhook comes from whom it says: each platform's own signature over the body, or a shared secret."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from traces.errors import Denied

Verify: TypeAlias = Callable[[bytes, Mapping[str, str], str, datetime], None]
_RETELL_AGE: Final = timedelta(minutes=5)
_ELEVENLABS_AGE: Final = timedelta(minutes=30)
_RETELL: Final = re.compile(r"v=(\d{1,16}),d=([0-9a-f]{64})")
_ELEVENLABS: Final = re.compile(r"t=(\d{1,12}),(?:.*,)?v0=([0-9a-f]{64})")


def _digest(secret: str, *pieces: bytes) -> str:
    return hmac.new(secret.encode(), b"".join(pieces), hashlib.sha256).hexdigest()


def _require(*, is_right: bool, header: str) -> None:
    if not is_right:
        raise Denied(f"the header {header} does not hold the right signature; check the secret on both sides")


def _equal(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _check_age(sent_at_s: float, now: datetime, most: timedelta, header: str) -> None:
    if abs(now.timestamp() - sent_at_s) > most.total_seconds():
        raise Denied(f"the header {header} was signed more than {most.total_seconds() / 60:.0f} minutes ago")


def retell(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:
    """``x-retell-signature: v=<ms>,d=<hex>`` over the body and the time; the secret is the API key.

    Raises:
        Denied: When it is missing, wrong or old.
    """
    header = "x-retell-signature"
    found = _RETELL.fullmatch(headers.get(header, ""))
    _require(is_right=found is not None and _equal(found[2], _digest(secret, body, found[1].encode())), header=header)
    if found is not None:
        _check_age(int(found[1]) / 1000, now, _RETELL_AGE, header)


def elevenlabs(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:
    """``elevenlabs-signature: t=<s>,v0=<hex>`` over the time, a dot and the body.

    Raises:
        Denied: When it is missing, wrong or old.
    """
    header = "elevenlabs-signature"
    found = _ELEVENLABS.fullmatch(headers.get(header, ""))
    is_right = found is not None and _equal(found[2], _digest(secret, found[1].encode(), b".", body))
    _require(is_right=is_right, header=header)
    if found is not None:
        _check_age(int(found[1]), now, _ELEVENLABS_AGE, header)


def bland(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:  # noqa: ARG001 - signed without a time
    """``x-webhook-signature: <hex>`` over the body.

    Raises:
        Denied: When it is missing or wrong.
    """
    header = "x-webhook-signature"
    _require(is_right=_equal(headers.get(header, ""), _digest(secret, body)), header=header)


def vapi(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:
    """``x-vapi-signature: <hex>`` over the body, ``x-vapi-secret``, or a bearer token, as the credential is set up.

    Raises:
        Denied: When none of them is there, or the first is wrong.
    """
    if "x-vapi-signature" in headers:
        _require(
            is_right=_equal(headers["x-vapi-signature"].removeprefix("sha256="), _digest(secret, body)),
            header="x-vapi-signature",
        )
    elif "x-vapi-secret" in headers:
        _require(is_right=_equal(headers["x-vapi-secret"], secret), header="x-vapi-secret")
    else:
        bearer(body, headers, secret, now)


def bearer(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:  # noqa: ARG001 - not signed
    """``authorization: Bearer <secret>``.

    Raises:
        Denied: When it is missing or wrong.
    """
    given = headers.get("authorization", "")
    _require(is_right=_equal(given, f"Bearer {secret}"), header="authorization")


VERIFIERS: Final[Mapping[str, Verify]] = {
    "retell": retell,
    "vapi": vapi,
    "elevenlabs": elevenlabs,
    "livekit": bearer,
    "pipecat": bearer,
    "bland": bland,
}
"""How each platform proves who it is."""
