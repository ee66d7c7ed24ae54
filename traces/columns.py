"""The types of columns: times and JSON, the same on every database, and words, which are sealed where there is a key.

The key belongs to the engine, and is reached through its dialect: ``seal_with`` puts it there.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import orjson
import zstandard
from sqlalchemy import BigInteger, Dialect, Engine, LargeBinary, Text, TypeDecorator

from traces.encryption import VARIABLE, Unopened
from traces.sealing import SIGN, Seal, is_sealed, is_sealed_text

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970 UTC: how a time is stored."""
    return (at - _EPOCH) // _MICROSECOND


def time_of(micros: int) -> datetime:
    """The time that is stored as so many microseconds."""
    return _EPOCH + timedelta(microseconds=micros)


_SEAL = "hark_seal"


def seal_with(engine: Engine, seal: Seal | None) -> None:
    """What goes through this engine from now on is sealed, and opened; without a seal it is left as it is."""
    setattr(engine.dialect, _SEAL, seal)


def seal_in(dialect: Dialect) -> Seal | None:
    """What seals the words that go through an engine, if anything does."""
    seal: Seal | None = getattr(dialect, _SEAL, None)
    return seal


def _sealed(stored: bytes, dialect: Dialect) -> bytes:
    seal = seal_in(dialect)
    return stored if seal is None else seal.seal(stored)


def _opened(stored: bytes, dialect: Dialect) -> bytes:
    return _wanted(dialect).open(stored) if is_sealed(stored) else stored


def _sealed_text(text: str, dialect: Dialect) -> str:
    seal = seal_in(dialect)
    if seal is None:
        return f"{SIGN}{text}" if text.startswith(SIGN) else text
    # What is empty holds no word, and is looked for as such.
    return seal.seal_text(text) if text else text


def _opened_text(stored: str, dialect: Dialect) -> str:
    if is_sealed_text(stored):
        return _wanted(dialect).open_text(stored)
    return stored.removeprefix(SIGN)


def _wanted(dialect: Dialect) -> Seal:
    seal = seal_in(dialect)
    if seal is None:
        raise Unopened("is missing: what is stored was sealed under it", VARIABLE)
    return seal


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time as microseconds since 1970; exact, ordered, the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else time_of(value)


class JsonText(TypeDecorator[Any]):
    """JSON as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else orjson.loads(value)


class SealedJson(TypeDecorator[Any]):
    """JSON as text that may hold words of a conversation."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return _sealed_text(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode(), dialect)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(_opened_text(value, dialect))


class SealedText(TypeDecorator[str]):
    """Text that may hold words of a conversation."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _sealed_text(value, dialect)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else _opened_text(value, dialect)


class SealedBytes(TypeDecorator[bytes]):
    """Bytes that may hold words of a conversation."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _sealed(value, dialect)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _opened(bytes(value), dialect)


class PackedJson(TypeDecorator[Any]):
    """JSON, compressed and then sealed: for bodies that are read whole and never searched.

    Zstandard takes a third of deflate's time for the same size; what was deflated is read too.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else _sealed(packed(value), dialect)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:
        return None if value is None else unpacked(_opened(bytes(value), dialect))


SEALED = (SealedJson, SealedText, SealedBytes, PackedJson)
"""The types of the columns that are sealed."""


def packed(value: Any) -> bytes:
    """JSON, compressed."""
    written = orjson.dumps(value)
    compressor = _COMPRESSORS.take()
    try:
        return compressor.compress(written)
    finally:
        _COMPRESSORS.give_back(compressor)


def unpacked(body: bytes) -> Any:
    """What ``packed`` made, or deflated JSON."""
    if body[:4] != zstandard.FRAME_HEADER:
        return orjson.loads(zlib.decompress(body))
    decompressor = _DECOMPRESSORS.take()
    try:
        written = decompressor.decompress(body)
    finally:
        _DECOMPRESSORS.give_back(decompressor)
    return orjson.loads(written)


def unpacked_size(body: bytes) -> int:
    """Bytes of the JSON in what ``packed`` made; of what was deflated, a guess."""
    if body[:4] != zstandard.FRAME_HEADER:
        return 20 * len(body)
    return max(0, zstandard.frame_content_size(body))


class _Spare(Generic[T]):
    """What serves one call at a time, kept for the next one: as many as are ever busy at once.

    One for each thread would be 0.7 MB for each, for as long as it lives.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._idle: deque[T] = deque()

    def take(self) -> T:
        try:
            return self._idle.pop()
        except IndexError:
            return self._make()

    def give_back(self, taken: T) -> None:
        self._idle.append(taken)


_COMPRESSORS = _Spare(lambda: zstandard.ZstdCompressor(level=1))
_DECOMPRESSORS = _Spare(zstandard.ZstdDecompressor)
