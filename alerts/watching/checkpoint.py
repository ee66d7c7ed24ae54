"""What detection knows, as one sequence of bytes: a head in JSON, and parts behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from traces.errors import BadInput

_BYTES = 4


def packed(head: Mapping[str, Any], parts: Sequence[bytes]) -> bytes:
    """A head and parts, as ``unpacked`` reads them."""
    first = orjson.dumps({**head, "bytes": [len(part) for part in parts]})
    return len(first).to_bytes(_BYTES, "big") + first + b"".join(parts)


def unpacked(saved: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The head and the parts.

    Raises:
        BadInput: It was not written by ``packed``.
    """
    size = int.from_bytes(saved[:_BYTES], "big")
    try:
        head = orjson.loads(saved[_BYTES : _BYTES + size])
        lengths = [int(length) for length in head.pop("bytes")]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput("not a saved detector; fold the history again", "detector state") from error
    parts, at = [], _BYTES + size
    for length in lengths:
        parts.append(saved[at : at + length])
        at += length
    return head, parts
