"""How a bucket is written down: by signal a rollup, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import orjson

from traces.histogram import Rollup

Written: TypeAlias = dict[str, Any]
"""A rollup as it is written: ``n`` values, their total ``t``, bins ``b``, and sums of logarithms ``l``, ``q`` that are not 0."""
Body: TypeAlias = Mapping[str, Written]
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
    total: Written = {"n": 0, "t": 0.0, "b": {}}
    for found in filter(None, map(find, bodies)):
        _add(total, found)
    return rollup_of(total)


def body_of(body: dict[str, Any]) -> dict[str, Rollup]:
    """The rollups of all signals."""
    return {signal: rollup_of(rollup) for signal, rollup in body.items()}


def written(rollup: Rollup) -> Written:
    """A rollup as it is written."""
    said: Written = {"n": rollup.n, "t": rollup.total, "b": rollup.to_json()}
    if rollup.log_total or rollup.log_square_total:
        said |= {"l": rollup.log_total, "q": rollup.log_square_total}
    return said


def contribution(values: Sequence[float], times: int = 1) -> Written:
    """What values add, or take away with negative ``times``; nobody may change it, for others hold it too."""
    # Most are one number, and most of these 0 or 1.
    return _of_one(values[0], times) if len(values) == 1 else written(Rollup.of(values, times))


@lru_cache(maxsize=10_000)
def _of_one(value: float, times: int) -> Written:
    return written(Rollup.of((value,), times))


def total_of(bodies: Sequence[Body]) -> Body:
    """What bodies add up to: the one itself where it is alone, as most are, so that nobody may change it."""
    if len(bodies) == 1:
        return bodies[0]
    total: dict[str, Written] = {}
    own: set[str] = set()
    for body in bodies:
        for signal, more in body.items():
            held = total.get(signal)
            if held is None:
                total[signal] = more
                continue
            if signal not in own:
                own.add(signal)
                held = total[signal] = held | {"b": dict(held["b"])}
            _add(held, more)
    return total


def body_json(body: Body) -> dict[str, Written]:
    """What is written; signals without values are left out."""
    return {signal: held for signal, held in body.items() if held["n"]}


def merged(held: dict[str, Written], body: Body) -> dict[str, Written]:
    """``held``, which is changed, with the changes of some signals."""
    for signal, change in body.items():
        if signal not in held:
            held[signal] = change
        else:
            _add(held[signal], change)
        if not held[signal]["n"]:
            del held[signal]
    return held


def _add(held: Written, more: Written) -> None:
    held["n"] += more["n"]
    held["t"] += more["t"]
    if "l" in more:
        held["l"] = held.get("l", 0.0) + more["l"]
        held["q"] = held.get("q", 0.0) + more["q"]
    bins = held["b"]
    for bin_, count in more["b"].items():
        left = bins.get(bin_, 0) + count
        if left:
            bins[bin_] = left
        else:
            bins.pop(bin_, None)
