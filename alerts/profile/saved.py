"""The state of a value detector as bytes, and back: whatever its parts hold in their slots, in order."""

from __future__ import annotations

import struct
from array import array
from typing import Any

from traces.errors import BadInput

_FORMAT = 1
_HEAD = struct.Struct("<BI")
_NUMBER = struct.Struct("<d")


def state_of(part: Any) -> bytes:
    """All numbers of an object with slots, and of those that it holds."""
    body = b"".join(_written(part))
    return _HEAD.pack(_FORMAT, len(body)) + body


def restore(part: Any, saved: bytes) -> None:
    """Give a fresh object of the same class the numbers that ``state_of`` wrote.

    Raises:
        BadInput: They are of another format or length; fold the history again then.
    """
    if len(saved) < _HEAD.size or _HEAD.unpack_from(saved) != (_FORMAT, len(saved) - _HEAD.size):
        raise BadInput("saved in another format; fold the history again", "detector state")
    try:
        end = _read(part, saved, _HEAD.size)
    except (struct.error, ValueError) as error:
        raise BadInput("not a saved detector; fold the history again", "detector state") from error
    if end != len(saved):
        raise BadInput("saved in another format; fold the history again", "detector state")


def _written(part: Any) -> list[bytes]:
    found: list[bytes] = []
    for name in sorted(part.__slots__):
        value = getattr(part, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, array):
                found.append(one.tobytes())
            elif isinstance(one, bool | int | float):
                found.append(_NUMBER.pack(one))
            else:
                found += _written(one)
    return found


def _read(part: Any, saved: bytes, at: int) -> int:
    for name in sorted(part.__slots__):
        value = getattr(part, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, array):
                size = one.itemsize * len(one)
                one[:] = array(one.typecode, saved[at : at + size])
                at += size
            elif isinstance(one, bool | int | float):
                setattr(part, name, type(one)(_NUMBER.unpack_from(saved, at)[0]))
                at += _NUMBER.size
            else:
                at = _read(one, saved, at)
    return at
