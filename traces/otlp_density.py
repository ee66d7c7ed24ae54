"""How many messages an OTLP body in protobuf holds, counted before it is parsed.

A message takes up to a hundred times the memory of its bytes, so a body within the limits may be too much to parse. The
numbers are those of the fields in opentelemetry-proto that hold messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from traces import limits
from traces.errors import TooLarge

_INSIDE: Final[Mapping[str, Mapping[int, str]]] = {
    "traces": {1: "resource spans"},
    "resource spans": {1: "resource", 2: "scope spans"},
    "scope spans": {1: "scope", 2: "span"},
    "span": {9: "attribute", 11: "event", 13: "link", 15: "status"},
    "event": {3: "attribute"},
    "link": {4: "attribute"},
    "logs": {1: "resource logs"},
    "resource logs": {1: "resource", 2: "scope logs"},
    "scope logs": {1: "scope", 2: "record"},
    "record": {5: "value", 6: "attribute"},
    "resource": {1: "attribute"},
    "scope": {3: "attribute"},
    "attribute": {2: "value"},
    "value": {5: "list", 6: "map"},
    "list": {1: "value"},
    "map": {1: "attribute"},
    "status": {},
}
_SPANS_ONLY: Final[Mapping[str, Mapping[int, str]]] = {
    "traces": {1: "resource"},
    "logs": {1: "resource"},
    "resource": {2: "scope"},
    "scope": {2: "span"},
    "span": {},
}
"""How a small body is counted; of logs, the records."""
_AROUND_SPANS: Final = 3
"""A span may have a scope and a resource of its own."""
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5


def check_density(body: bytes, kind: str) -> None:
    """Refuse a body that holds too many messages; ``kind`` is ``traces`` or ``logs``.

    One that is no protobuf passes: the parser refuses it.

    Raises:
        TooLarge: When it holds more than ``limits.PROTOBUF_MESSAGES``, or far more than ``limits.SPANS`` spans.
    """
    is_small = len(body) <= limits.SPARSE_BYTES
    counted, most = (_SPANS_ONLY, _AROUND_SPANS * limits.SPANS) if is_small else (_INSIDE, limits.PROTOBUF_MESSAGES)
    try:
        count = _count(body, kind, counted, most)
    except (IndexError, ValueError):
        return
    if count > most:
        what = "spans or records" if is_small else "messages"
        raise TooLarge(f"the body holds more than {most} {what}; send less at once")


def _count(body: bytes, kind: str, counted: Mapping[str, Mapping[int, str]], most: int) -> int:
    """The messages in ``body``, counted no further than just beyond ``most``."""
    count, at, end, inside = 0, 0, len(body), counted[kind]
    outer: list[tuple[int, Mapping[int, str]]] = []
    while count <= most:
        if at >= end:
            if not outer:
                break
            end, inside = outer.pop()
            continue
        tag, at = _varint(body, at)
        wire_type = tag & 7
        if wire_type != _LENGTH:
            at = _after(body, at, wire_type)
            continue
        size, at = _varint(body, at)
        within = inside.get(tag >> 3)
        if within is None:
            at += size
            continue
        count += 1
        if not (held := counted[within]):
            at += size
            continue
        outer.append((end, inside))
        end, inside = min(end, at + size), held
    return count


def _after(body: bytes, at: int, wire_type: int) -> int:
    if wire_type == _VARINT:
        return _varint(body, at)[1]
    if wire_type == _EIGHT_BYTES:
        return at + 8
    if wire_type == _FOUR_BYTES:
        return at + 4
    raise ValueError(wire_type)


def _varint(body: bytes, at: int) -> tuple[int, int]:
    byte = body[at]
    if byte < 0x80:  # noqa: PLR2004  the bit that says that more follows
        return byte, at + 1
    value, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = body[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004
            return value, at + 1
        shift += 7
        if shift > 63:  # noqa: PLR2004  the longest varint has ten bytes
            raise ValueError(value)
