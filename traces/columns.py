"""The types of columns: times and JSON, the same on every database."""

from __future__ import annotations

import threading
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import zstandard
from sqlalchemy import BigInteger, Dialect, LargeBinary, Text, TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970 UTC: how a time is stored."""
    return (at - _EPOCH) // _MICROSECOND


def time_of(micros: int) -> datetime:
    """The time that is stored as so many microseconds."""
    return _EPOCH + timedelta(microseconds=micros)


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


class PackedJson(TypeDecorator[Any]):
    """JSON, compressed: for bodies that are read whole and never searched.

    Zstandard takes a third of deflate's time for the same size; what was deflated is read too.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else packed(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else unpacked(value)


def packed(value: Any) -> bytes:
    """JSON, compressed."""
    return _compressor().compress(orjson.dumps(value))


def unpacked(body: bytes) -> Any:
    """What ``packed`` made, or deflated JSON."""
    is_zstandard = body[:4] == zstandard.FRAME_HEADER
    return orjson.loads(_decompressor().decompress(body) if is_zstandard else zlib.decompress(body))


def unpacked_size(body: bytes) -> int:
    """Bytes of the JSON in what ``packed`` made; of what was deflated, a guess."""
    if body[:4] != zstandard.FRAME_HEADER:
        return 20 * len(body)
    return max(0, zstandard.frame_content_size(body))


_OF_THREAD = threading.local()


def _compressor() -> zstandard.ZstdCompressor:
    """One for each thread: they may not be shared."""
    if not hasattr(_OF_THREAD, "compressor"):
        _OF_THREAD.compressor = zstandard.ZstdCompressor(level=1)
    made: zstandard.ZstdCompressor = _OF_THREAD.compressor
    return made


def _decompressor() -> zstandard.ZstdDecompressor:
    if not hasattr(_OF_THREAD, "decompressor"):
        _OF_THREAD.decompressor = zstandard.ZstdDecompressor()
    made: zstandard.ZstdDecompressor = _OF_THREAD.decompressor
    return made
