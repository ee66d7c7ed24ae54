"""Words at rest: what stands in the columns that hold parts of conversations, sealed under a key outside the database.

The form is AES-256-GCM (NIST SP 800-38D). Each process seals under a key of its own, derived by HKDF-SHA256 (RFC 5869) from
the key that was set and 16 random bytes, which stand beside what is sealed: so that nonces, which are random, cannot meet
however much is stored. A sealed value is ``HkS1``, five bytes that name the key, those 16 bytes, the nonce, the text, the tag.

A value says that it was written under a key, and unchanged; not that it stands in the row in which it was written.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from traces.encryption import VARIABLE, Unopened, keys_of

MAGIC: Final = b"HkS1"
SIGN: Final = "\x1e"
"""Before what is sealed in a column of text; what begins with it by itself has it doubled."""

_TEXT_MAGIC: Final = SIGN + base64.b64encode(MAGIC[:3]).decode()
_ID_BYTES, _SALT_BYTES, _NONCE_BYTES, _TAG_BYTES = 5, 16, 12, 16
_HEAD: Final = len(MAGIC) + _ID_BYTES
_TEXT: Final = _HEAD + _SALT_BYTES + _NONCE_BYTES
_PURPOSE: Final = b"hark stored text 1"
_SALTS_AT_HAND: Final = 500
_WAY_OUT: Final = f'put the key it was sealed under behind the new one: {VARIABLE}="$NEW,$OLD"'


class Seal:
    """Seals what is stored, under the first of its keys, and opens what any of them sealed. Safe to share between threads.

    Args:
        keys: 32 bytes each, the newest first.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_derived(key, b"", b"hark key id 1", _ID_BYTES): key for key in keys}
        self.key_id: bytes = next(iter(self._keys))
        self._salt = os.urandom(_SALT_BYTES)
        self._own = AESGCM(_derived(self._keys[self.key_id], self._salt, _PURPOSE))
        self._beginning = MAGIC + self.key_id + self._salt
        self._under = lru_cache(maxsize=_SALTS_AT_HAND)(self._derived_key)

    def __repr__(self) -> str:
        return "Seal(**********)"

    @property
    def key_ids(self) -> list[bytes]:
        """What names each key; nothing of the key can be told from it."""
        return list(self._keys)

    @property
    def newest(self) -> bytes:
        """How everything begins that was sealed under the first key."""
        return MAGIC + self.key_id

    @property
    def newest_text(self) -> str:
        """The same in a column of text."""
        return SIGN + base64.b64encode(self.newest).decode()

    def seal(self, plain: bytes) -> bytes:
        """The bytes as they may be stored."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._beginning + nonce + self._own.encrypt(nonce, plain, self._beginning)

    def open(self, sealed: bytes) -> bytes:
        """The bytes again.

        Raises:
            Unopened: They were sealed under no key of these, or were changed.
        """
        key_id, beginning = sealed[len(MAGIC) : _HEAD], sealed[: _HEAD + _SALT_BYTES]
        if key_id not in self._keys or len(sealed) < _TEXT + _TAG_BYTES:
            raise Unopened(f"does not open what is stored; {_WAY_OUT}", VARIABLE)
        try:
            cipher = self._under(key_id, beginning[_HEAD:])
            return cipher.decrypt(sealed[_HEAD + _SALT_BYTES : _TEXT], sealed[_TEXT:], beginning)
        except InvalidTag as error:
            raise Unopened("what is stored was changed since it was sealed", VARIABLE) from error

    def seal_text(self, text: str) -> str:
        """Text as it may stand in a column of text."""
        return SIGN + base64.b64encode(self.seal(text.encode())).decode()

    def open_text(self, sealed: str) -> str:
        """The text again.

        Raises:
            Unopened: As ``open``.
        """
        try:
            return self.open(base64.b64decode(sealed[len(SIGN) :], validate=True)).decode()
        except (binascii.Error, ValueError) as error:
            raise Unopened("what is stored was changed since it was sealed", VARIABLE) from error

    def _derived_key(self, key_id: bytes, salt: bytes) -> AESGCM:
        return AESGCM(_derived(self._keys[key_id], salt, _PURPOSE))


def seal_of(keys: str) -> Seal:
    """The seal of one key or of several, newest first, separated by commas; a key is 32 random bytes in base64.

    Raises:
        BadInput: A key is not one; the error never holds what was written.
    """
    return Seal(keys_of(keys))


def is_sealed(stored: bytes) -> bool:
    """Whether bytes were sealed, under whichever key."""
    return stored[: len(MAGIC)] == MAGIC


def is_sealed_text(stored: str) -> bool:
    """Whether a text was sealed, under whichever key."""
    return stored.startswith(_TEXT_MAGIC)


def _derived(key: bytes, salt: bytes, purpose: bytes, length: int = 32) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=purpose).derive(key)
