"""Bodies that nobody should send: bombs, depths, numbers that are none, text that is none."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Iterator, Sequence

import zstandard

PROTOBUF = "application/x-protobuf"
PATHS = ("/v1/traces", "/v1/logs", "/v1/conversations", "/v1/feedback", "/v1/changes")
ENCODINGS = ("gzip", "deflate", "zstd", "br", "compress", "gzip, gzip")
_MIB = 2**20


def bomb(mib: int) -> bytes:
    """So many MiB of zeros as gzip, a thousandth as long."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(bytes(_MIB)) for _ in range(mib)]
    return b"".join([*parts, packer.flush()])


def bad_requests(bomb_mib: int, paths: Sequence[str] = PATHS) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """By path each body with its headers."""
    zeros = bomb(bomb_mib)
    packed = {"gzip": zeros, "deflate": zlib.compress(bytes(64 * _MIB)), "zstd": zstandard.compress(bytes(64 * _MIB))}
    for path in paths:
        for kind in ("application/json", PROTOBUF):
            for encoding in ENCODINGS:
                body = packed.get(encoding, gzip.compress(zeros))
                yield path, body, {"Content-Type": kind, "Content-Encoding": encoding}
            for body in _BODIES:
                yield path, body, {"Content-Type": kind}
        yield path, b"{}", {"Content-Type": "text/html"}
        yield path, b"{}", {}


def _conversation(**changed: object) -> bytes:
    said = {"id": "bad", "messages": [{"role": "user", "content": "x"}], **changed}
    return json.dumps(said).encode()


def _spans(count: int) -> bytes:
    spans = [
        {"traceId": f"{n + 1:032x}", "spanId": f"{n + 1:016x}", "name": "x", "startTimeUnixNano": "1"}
        for n in range(count)
    ]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


_BODIES = (
    b"",
    b"null",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"id": "bad", "messages": [{"role": "user", "content": "x", "tokens": NaN}]}',
    b'{"id": "bad", "messages": [], "metadata": {"n": 1e999, "m": -1e999}}',
    b'{"id": "bad\\ud800", "messages": [{"role": "user", "content": "\\udfff"}]}',
    b'{"id": "a", "id": "b", "id": "c", "messages": [], "messages": 3}',
    b'{"id": "\xff\xfe"}',
    _conversation(metadata={"long": "x" * 5 * _MIB}),
    _conversation(started_at="9999-99-99T99:99:99Z"),
    _conversation(metadata={"n": 10**400}),
    _spans(10_001),
    b"[" + b"{}," * 200_000 + b"{}]",
    random.Random(1).randbytes(100_000),
    b"\x0a" + b"\xff" * 9 + b"\x01",
)
