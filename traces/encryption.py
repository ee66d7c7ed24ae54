"""Secrets at rest: sealed under a key that lies outside the database, and authenticated, so that a changed one is refused.

The form is Fernet (AES-128-CBC with HMAC-SHA256, github.com/fernet/spec) of the cryptography package. Of several keys the
first one seals, and each of them opens: to change the key, put the new one first, and take the old one away once everything
was sealed anew.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from traces.errors import BadInput

VARIABLE: Final = "HARK_ENCRYPTION_KEY"
_KEY_BYTES: Final = 32
WAY_OUT: Final = "make one with: openssl rand -base64 32"


class Unopened(BadInput):
    """What was sealed under another key, was changed, or has expired."""


class Cipher:
    """Seals and opens short secrets. Neither prints nor tells its keys."""

    def __init__(self, keys: list[bytes]) -> None:
        self._fernets = [Fernet(base64.urlsafe_b64encode(key)) for key in keys]
        self._all = MultiFernet(self._fernets)

    def __repr__(self) -> str:
        return "Cipher(**********)"

    def seal(self, secret: str, at: datetime) -> bytes:
        """The secret as it may be stored, stamped with the time."""
        return self._fernets[0].encrypt_at_time(secret.encode(), int(at.timestamp()))

    def open(self, sealed: bytes) -> str:
        """The secret again.

        Raises:
            Unopened: It was sealed under no key of these, or was changed.
        """
        try:
            return self._all.decrypt(sealed).decode()
        except InvalidToken as error:
            raise Unopened("opens nothing that was sealed with another key, or changed", VARIABLE) from error

    def open_within(self, sealed: bytes, age: timedelta, at: datetime) -> str:
        """The secret, if it was sealed no longer ago than ``age`` before ``at``.

        Raises:
            Unopened: It is older, lies in the future, was changed, or was sealed under another key.
        """
        try:
            opened = self._all.decrypt_at_time(sealed, int(age.total_seconds()), int(at.timestamp()))
        except InvalidToken as error:
            raise Unopened("has expired, or was not made here") from error
        return opened.decode()

    def is_newest(self, sealed: bytes) -> bool:
        """Whether it was sealed under the first key."""
        try:
            self._fernets[0].decrypt(sealed)
        except InvalidToken:
            return False
        return True


def cipher_of(keys: str) -> Cipher:
    """The cipher of one key or of several, newest first, separated by commas.

    A key is 32 random bytes in base64, of either alphabet.

    Raises:
        BadInput: A key is not one; the error never holds what was written.
    """
    return Cipher(keys_of(keys))


def keys_of(keys: str) -> list[bytes]:
    """The bytes of one key or of several, in their order.

    Raises:
        BadInput: A key is not one; the error never holds what was written.
    """
    written = [key.strip() for key in keys.split(",") if key.strip()]
    if not written:
        raise BadInput(f"is missing; {WAY_OUT}", VARIABLE)
    return [_key(key, place, len(written)) for place, key in enumerate(written, 1)]


def _key(written: str, place: int, total: int) -> bytes:
    which = "" if total == 1 else f"key {place} of {total} "
    try:
        key = base64.b64decode(written.translate(_TO_STANDARD), validate=True)
    except (binascii.Error, ValueError):
        # Without its cause: some of them repeat what was written.
        raise BadInput(f"{which}is not base64; {WAY_OUT}", VARIABLE) from None
    if len(key) != _KEY_BYTES:
        raise BadInput(f"{which}has {len(key)} bytes in place of {_KEY_BYTES}; {WAY_OUT}", VARIABLE)
    return key


_TO_STANDARD: Final = str.maketrans("-_", "+/")
