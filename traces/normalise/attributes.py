"""Reading single attributes of spans: by preference, out of JSON inside text, out of flattened lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson

from traces import limits
from traces.fields import LARGEST, clean, is_too_deep
from traces.normalise.mapping import Names

_INDEX_DIGITS: Final = 6
"""Longest index of a flattened list."""


_TYPED: Final = frozenset({"type", "value"})


def json_of(value: Any) -> Any:
    """What JSON inside text says; the value itself when it is no text or no JSON."""
    if type(value) is not str or not value or value[0] not in '{["':
        return value
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return value if is_too_deep(parsed) else parsed


def text_of(value: Any) -> str:
    """A value as text: text as it is, other JSON as JSON."""
    if value is None:
        return ""
    return clean(value) if type(value) is str else orjson.dumps(value, default=str).decode()


@lru_cache(maxsize=1_000)
def _split(names: Names) -> tuple[frozenset[str], tuple[tuple[str, tuple[str, ...]], ...]]:
    """The attributes that are named, and each name as its attribute and the keys within it, none for the attribute itself."""
    split = tuple((holder, tuple(keys)) for holder, *keys in (name.split("#") for name in names))
    return frozenset(holder for holder, _ in split), split


def find(attributes: Mapping[str, Any], names: Names) -> Any:
    """The first of ``names`` that is present and says something, else ``None``."""
    holders, split = _split(names)
    # Most spans have none of them: that is told at once for all.
    if holders.isdisjoint(attributes):
        return None
    for holder, keys in split:
        value = attributes.get(holder)
        if value is None or value == "":
            continue
        if not keys:
            return value
        inside = _within(value, keys)
        if inside is not None and inside != "":
            return inside
    return None


def _within(value: Any, keys: tuple[str, ...]) -> Any:
    inside = untyped(json_of(value))
    for key in keys:
        if type(inside) is dict:
            inside = inside.get(key)
        elif type(inside) is list and key.isdecimal() and int(key) < len(inside):
            inside = inside[int(key)]
        else:
            return None
    return inside


def untyped(value: Any) -> Any:
    """The value in LangWatch's ``{"type": …, "value": …}``; any other value itself."""
    return value["value"] if type(value) is dict and value.keys() == _TYPED else value


def find_text(attributes: Mapping[str, Any], names: Names) -> str | None:
    """The first of ``names`` as text without the quotes that some clients leave around it."""
    value = json_of(find(attributes, names))
    if value is None or isinstance(value, dict | list):
        return None
    return text_of(value).strip() or None


def find_number(attributes: Mapping[str, Any], names: Names) -> float | None:
    """The first of ``names`` as a finite number that is not negative."""
    return amount(find(attributes, names))


def amount(value: Any) -> float | None:
    """A finite number that is not negative, from a number or its text."""
    if type(value) is str:
        try:
            value = float(value.strip('" '))
        except ValueError:
            return None
    if type(value) not in (int, float) or not 0 <= value <= LARGEST:
        return None
    return float(value)


def find_count(attributes: Mapping[str, Any], names: Names) -> int | None:
    value = find_number(attributes, names)
    return None if value is None or value > 2**53 else int(value)


def unflatten(attributes: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
    """``prefix.0.a.b = 1, prefix.1.a.b = 2`` as ``[{"a": {"b": 1}}, {"a": {"b": 2}}]``.

    Lists further in stay maps with their index as key; ``listed`` reads them in order.
    """
    roots: dict[str, Any] = {}
    start = len(prefix) + 1
    for name in [name for name in attributes if name.startswith(prefix)]:
        if len(name) <= start or not name[start].isdecimal():
            continue
        value, inner = attributes[name], roots
        *path, last = name[start:].split(".", limits.JSON_DEPTH)
        for part in path:
            inner = inner.setdefault(part, {})
            if type(inner) is not dict:
                break
        else:
            inner[last] = value
    return listed(roots)


def listed(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, or of a map whose keys are indexes, in order."""
    if type(value) is list:
        return [item for item in value if type(item) is dict]
    if type(value) is not dict:
        return []
    indexes = sorted(int(key) for key in value if key.isdecimal() and len(key) <= _INDEX_DIGITS)
    return [item for index in indexes if type(item := value.get(str(index))) is dict]


def first_within(attributes: Iterable[str], prefixes: Sequence[str]) -> Iterator[str]:
    """Those of ``prefixes`` under which a list begins, ``prefix.0.…``, in their order."""
    names = "\n" + "\n".join(attributes)
    return (prefix for prefix in prefixes if f"\n{prefix}.0." in names)
