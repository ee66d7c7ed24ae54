"""How a bucket is written down: by signal a rollup, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import orjson

from traces.histogram import Rollup

Body: TypeAlias = Mapping[str, Rollup]


def rollup_of(body: dict[str, Any]) -> Rollup:
    """The rollup of one signal."""
    return Rollup(
        n=body["n"],
        total=body["t"],
        log_total=body.get("l", 0.0),
        log_square_total=body.get("q", 0.0),
        bins=Rollup.bins_from_json(body["b"]),
    )


@lru_cache(maxsize=1_000)
def reader_of(signal: str) -> Callable[[str], Rollup | None]:
    """Reads one signal out of a body as it is written, without reading the others: a body holds dozens.

    A quotation mark within a name is written with a backslash before it, so that no other name looks like this one.
    """
    name = orjson.dumps(signal).decode()
    # What is named after a rollup's own fields, such as n, is told from them by the braces around.
    first, later = f"{{{name}:{{", f"}},{name}:{{"

    def read(body: str) -> Rollup | None:
        begin = 0 if body.startswith(first) else body.find(later)
        if begin < 0:
            return None
        begin += len(first if begin == 0 else later) - 1
        # A rollup holds one object, its bins, and nothing else in braces.
        end = body.index("}", body.index("}", begin) + 1) + 1
        rollup = rollup_of(orjson.loads(body[begin:end]))
        return rollup if rollup.n else None

    return read


def body_of(body: dict[str, Any]) -> dict[str, Rollup]:
    """The rollups of all signals."""
    return {signal: rollup_of(rollup) for signal, rollup in body.items()}


def body_json(body: Body) -> dict[str, Any]:
    """What is written; signals without values are left out."""
    written: dict[str, Any] = {}
    for signal, r in body.items():
        if r.n == 0:
            continue
        written[signal] = {"n": r.n, "t": r.total, "b": r.to_json()}
        if r.log_total or r.log_square_total:
            written[signal] |= {"l": r.log_total, "q": r.log_square_total}
    return written


def merged(held: dict[str, Any], body: Body) -> dict[str, Any]:
    """What is stored, with the changes of some signals; the others stay as they are written."""
    left = {signal: rollup for signal, rollup in held.items() if signal not in body}
    return left | body_json({s: rollup_of(held[s]).plus(change) if s in held else change for s, change in body.items()})
