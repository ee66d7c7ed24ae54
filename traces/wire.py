"""From bytes on the wire to values, within bounds: decompression, JSON, and OTLP in both of its encodings.

Protobuf messages are walked directly; ``json_format`` costs four times as much. OTLP JSON is read in camelCase as the
specification has it and in snake_case with explicit nulls as Phoenix writes it; integers may be numbers or text, ids
hex or base64.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson
import zstandard

from traces import limits
from traces.errors import BadInput, TooLarge, Unsupported
from traces.fields import is_too_deep, kind_of
from traces.model import Span
from traces.otlp_json import spans_of_json
from traces.otlp_logs import spans_of_json_logs, spans_of_protobuf_logs
from traces.otlp_protobuf import spans_of_protobuf
from traces.otlp_span import Refused

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
_WINDOW_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 47}
_RAW_DEFLATE: Final = -15
_ZSTD_WINDOW: Final = 2**23
"""The window that RFC 8878 asks every decoder for; a larger one would let a small body claim memory."""
_ZSTD_BITE: Final = 256
"""Bytes unpacked at once: a block of four bytes may stand for 128 KiB, so a bite makes 8 MiB at most."""


@dataclass(frozen=True, slots=True)
class Export:
    """What an OTLP export held.

    Attributes:
        spans: The spans that were taken, as they came.
        rejected: How many were not.
        reason: Why the first of them was not; empty when all were taken.
    """

    spans: list[Span] = field(default_factory=list)
    rejected: int = 0
    reason: str = ""


def inflate(body: bytes, encoding: str = "", *, most: int = limits.INFLATED_BYTES) -> bytes:
    """The body without its content encoding, never making more than ``most`` bytes.

    Raises:
        Unsupported: For an encoding other than identity, gzip, deflate and zstd.
        TooLarge: When it inflates beyond ``most``.
        BadInput: When it is not in that encoding, or is cut short.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _within(body, most)
    if name == "zstd":
        return _unpacked(body, most)
    if name not in _WINDOW_BITS:
        raise Unsupported(f"content encoding {name[:40]!r} is not read; send gzip, deflate, zstd or identity")
    bits = _WINDOW_BITS[name]
    if name == "deflate" and not _has_zlib_header(body):
        bits = _RAW_DEFLATE
    inflated = b"".join(_members(body, bits, most, name))
    return _within(inflated, most)


def _within(body: bytes, most: int) -> bytes:
    if len(body) > most:
        raise TooLarge(f"the body is larger than {most} bytes")
    return body


def _unpacked(body: bytes, most: int) -> bytes:
    """A zstd body of one or more frames, made piece by piece so that a bomb never unfolds."""
    pieces: list[bytes] = []
    made = 0
    while body:
        stream = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        try:
            for start in range(0, len(body), _ZSTD_BITE):
                piece = stream.decompress(body[start : start + _ZSTD_BITE])
                made += len(piece)
                if made > most:
                    raise TooLarge(f"the body inflates to more than {most} bytes")
                pieces.append(piece)
                if stream.eof:
                    body = stream.unused_data + body[start + _ZSTD_BITE :]
                    break
        except zstandard.ZstdError:
            raise BadInput("the body is not valid zstd") from None
        if not stream.eof:
            raise BadInput("the zstd body is cut short")
    return b"".join(pieces)


def _has_zlib_header(body: bytes) -> bool:
    return len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0  # noqa: PLR2004  RFC 1950


def _members(body: bytes, bits: int, most: int, name: str) -> Iterable[bytes]:
    """The parts of a compressed body: gzip allows several, one after the other."""
    made = 0
    while body:
        stream = zlib.decompressobj(bits)
        try:
            part = stream.decompress(body, most + 1 - made)
        except zlib.error:
            raise BadInput(f"the body is not valid {name}") from None
        made += len(part)
        if made > most:
            raise TooLarge(f"the body inflates to more than {most} bytes")
        if not stream.eof:
            raise BadInput(f"the {name} body is cut short")
        yield part
        body = stream.unused_data.lstrip(b"\x00")


def read_json(body: bytes | str) -> Any:
    """JSON of bounded depth; NaN and the infinities are refused.

    Raises:
        BadInput: When it is not JSON.
        TooLarge: When it is nested deeper than ``limits.JSON_DEPTH``, or holds too many values.
    """
    _check_density(body if type(body) is bytes else str(body).encode())
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise BadInput(f"not valid JSON: {str(wrong)[:120]}") from None
    if is_too_deep(parsed):
        raise TooLarge(f"JSON is nested more than {limits.JSON_DEPTH} levels deep")
    return parsed


def _check_density(body: bytes) -> None:
    """Refuse text of which little would become much in memory, before it does."""
    if len(body) <= limits.JSON_CONTAINERS:
        return
    if body.count(b"{") + body.count(b"[") > limits.JSON_CONTAINERS:
        raise TooLarge(f"the JSON holds more than {limits.JSON_CONTAINERS} objects and lists; send less at once")
    if body.count(b",") > limits.JSON_VALUES:
        raise TooLarge(f"the JSON holds more than {limits.JSON_VALUES} values; send less at once")


def check_kind(content_type: str) -> None:
    """Refuse what is neither protobuf nor JSON before more is done about it.

    Raises:
        Unsupported: For any other content type.
    """
    if (kind := _kind(content_type)) not in (PROTOBUF, JSON):
        raise Unsupported(f"content type {kind[:60]!r} is not read; send {PROTOBUF} or {JSON}")


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def read_export(body: bytes, content_type: str = PROTOBUF, content_encoding: str = "") -> Export:
    """The spans of an OTLP trace export.

    Raises:
        Unsupported: For a content type that is neither protobuf nor JSON, or an unknown content encoding.
        TooLarge: When a limit is passed.
        BadInput: When it cannot be read, or holds spans of which none is one, as a metrics body does.
    """
    return _some(_read(body, content_type, content_encoding, _TRACES))


def _some(export: Export) -> Export:
    if export.rejected and not export.spans:
        raise BadInput(f"no span could be read: {export.reason}; is this a metrics or logs body?")
    return export


def export_of(parsed: dict[str, Any]) -> Export:
    """The spans of an OTLP trace export that was read as JSON.

    Raises:
        BadInput: When it holds spans of which none is one.
    """
    return _some(_of(_TRACES.of_json, parsed))


def logs_of(parsed: dict[str, Any]) -> Export:
    """The GenAI records of an OTLP logs export that was read as JSON; see ``read_logs``."""
    return _of(_LOGS.of_json, parsed)


def read_logs(body: bytes, content_type: str = PROTOBUF, content_encoding: str = "") -> Export:
    """The GenAI records of an OTLP logs export, as spans beneath the spans that they belong to.

    Raises:
        Unsupported: For a content type that is neither protobuf nor JSON, or an unknown content encoding.
        TooLarge: When a limit is passed.
        BadInput: When it cannot be read.
    """
    return _read(body, content_type, content_encoding, _LOGS)


def _of(read: Callable[[dict[str, Any], Refused], list[Span]], parsed: dict[str, Any]) -> Export:
    refused = Refused()
    spans = read(parsed, refused)
    return Export(spans, refused.count, refused.reason)


def _read(body: bytes, content_type: str, content_encoding: str, decoder: _Decoder) -> Export:
    inflated = inflate(body, content_encoding)
    check_kind(content_type)
    refused = Refused()
    if _kind(content_type) == PROTOBUF:
        spans = decoder.of_protobuf(inflated, refused)
    else:
        parsed = read_json(inflated)
        if type(parsed) is not dict:
            raise BadInput(f"an OTLP export must be an object, not {kind_of(parsed)}")
        spans = decoder.of_json(parsed, refused)
    return Export(spans, refused.count, refused.reason)


class _Decoder(NamedTuple):
    of_protobuf: Callable[[bytes, Refused], list[Span]]
    of_json: Callable[[dict[str, Any], Refused], list[Span]]


_TRACES: Final = _Decoder(spans_of_protobuf, spans_of_json)
_LOGS: Final = _Decoder(spans_of_protobuf_logs, spans_of_json_logs)
