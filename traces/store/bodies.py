"""How a bucket is written down: by signal a rollup, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import orjson

from traces.histogram import Rollup

Body: TypeAlias = Mapping[str, Rollup]
EMPTY = "{}"
"""How a bucket is written that holds nothing any more."""


def rollup_of(body: dict[str, Any]) -> Rollup:
    """The rollup of one signal."""
    return Rollup(
        n=body["n"],
        total=body["t"],
        log_total=body.get("l", 0.0),
        log_square_total=body.get("q", 0.0),
        written=body["b"],
    )


@lru_cache(maxsize=1_000)
def _finder_of(signal: str) -> Callable[[str], dict[str, Any] | None]:
    """Finds one signal in a body as it is written, without reading the others: a body holds dozens.

    A quotation mark within a name is written with a backslash before it, so that no other name looks like this one.
    """
    name = orjson.dumps(signal).decode()
    # What is named after a rollup's own fields, such as n, is told from them by the braces around.
    first, later = f"{{{name}:{{", f"}},{name}:{{"

    def find(body: str) -> dict[str, Any] | None:
        begin = 0 if body.startswith(first) else body.find(later)
        if begin < 0:
            return None
        begin += len(first if begin == 0 else later) - 1
        # A rollup holds one object, its bins, and nothing else in braces.
        end = body.index("}", body.index("}", begin) + 1) + 1
        found: dict[str, Any] = orjson.loads(body[begin:end])
        return found if found["n"] else None

    return find


@lru_cache(maxsize=1_000)
def reader_of(signal: str) -> Callable[[str], Rollup | None]:
    """Reads the rollup of one signal out of a body as it is written; ``None`` where it holds no values of it."""
    find = _finder_of(signal)

    def read(body: str) -> Rollup | None:
        found = find(body)
        return None if found is None else rollup_of(found)

    return read


def bodies_of(only: Collection[str] | None) -> Callable[[str], dict[str, Rollup]]:
    """Reads the rollups of all signals, or ``only`` of some, out of a body as it is written."""
    if only is None:
        return lambda body: body_of(orjson.loads(body))
    readers = [(signal, reader_of(signal)) for signal in sorted(only)]
    return lambda body: {signal: rollup for signal, read in readers if (rollup := read(body)) is not None}


def summed(signal: str, bodies: Iterable[str]) -> Rollup:
    """What one signal adds up to over bodies as they are written."""
    find = _finder_of(signal)
    bins = dict[str, int]()
    total = Rollup(written=bins)
    for found in filter(None, map(find, bodies)):
        total.n += found["n"]
        total.total += found["t"]
        total.log_total += found.get("l", 0.0)
        total.log_square_total += found.get("q", 0.0)
        for bin_, count in found["b"].items():
            bins[bin_] = bins.get(bin_, 0) + count
    return total


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
