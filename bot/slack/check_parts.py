"""What every Block Kit part is checked for: types, lengths, counts, fields. One line per problem.

Checks are generators of ``"path: what is wrong"``; none raises, whatever JSON it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from bot.slack.limits import ID, TEXT, length

Problems = Iterator[str]
Check = Callable[[Any, str], Problems]

PLAIN = frozenset({"plain_text"})
ANY_TEXT = frozenset({"plain_text", "mrkdwn"})
_SHOWN: Final = 60
_ONLY_IN: Final = {"emoji": "plain_text", "verbatim": "mrkdwn"}


def string(value: Any, path: str, limit: int, *, least: int = 1) -> Problems:
    """A string of ``least`` to ``limit`` characters."""
    if not isinstance(value, str):
        yield f"{path}: a string is needed, not {kind_of(value)}"
    elif length(value) > limit:
        yield f"{path}: {length(value):,} characters, at most {limit:,}"
    elif least and not value.strip():
        yield f"{path}: empty"


def text_object(value: Any, path: str, limit: int = TEXT, kinds: Collection[str] = ANY_TEXT) -> Problems:
    """A composition object ``{"type": "plain_text" | "mrkdwn", "text": ...}``."""
    if not isinstance(value, Mapping):
        yield f"{path}: a text object is needed, not {kind_of(value)}"
        return
    kind = value.get("type")
    yield from among(kind, f"{path}.type", kinds)
    yield from fields(value, path, {"type", "text"}, _ONLY_IN)
    for name, owner in _ONLY_IN.items():
        if name in value and (kind != owner or not isinstance(value[name], bool)):
            yield f"{path}.{name}: a boolean, only in {owner}"
    if "text" in value:
        yield from string(value["text"], f"{path}.text", limit)


def fields(value: Mapping[str, Any], path: str, needed: Collection[str], allowed: Collection[str]) -> Problems:
    """Which fields there are: Slack refuses missing and unknown ones alike."""
    for name in sorted(needed):
        if name not in value:
            yield f"{at(path, name)}: missing"
    for name in value:
        if name not in needed and name not in allowed:
            yield f"{at(path, name)}: not a field of this"


def items(value: Any, path: str, most: int, check: Check, *, least: int = 1) -> Problems:
    """A list of ``least`` to ``most`` things, each of which is checked."""
    if not isinstance(value, list | tuple):
        yield f"{path}: a list is needed, not {kind_of(value)}"
        return
    if len(value) < least:
        yield f"{path}: {len(value)} items, at least {least}" if value else f"{path}: empty"
    if len(value) > most:
        yield f"{path}: {len(value):,} items, at most {most:,}"
    for index, item in enumerate(value[: most + 1]):
        yield from check(item, f"{path}[{index}]")


def optional(value: Mapping[str, Any], path: str, name: str, check: Check) -> Problems:
    """Checks a field where there is one."""
    if name in value:
        yield from check(value[name], at(path, name))


def at(path: str, name: str) -> str:
    """The path of a field; the payload itself has the path ``""``."""
    return f"{path}.{name}" if path else name


def identifier(value: Any, path: str) -> Problems:
    """A block_id, action_id or callback_id."""
    yield from string(value, path, ID)


def boolean(value: Any, path: str) -> Problems:
    if not isinstance(value, bool):
        yield f"{path}: a boolean is needed, not {kind_of(value)}"


def whole(value: Any, path: str, low: int, high: int) -> Problems:
    """A whole number from ``low`` to ``high``."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        yield f"{path}: a whole number from {low:,} to {high:,} is needed"


def among(value: Any, path: str, names: Collection[str]) -> Problems:
    """One word out of a few."""
    if not isinstance(value, str) or value not in names:
        yield f"{path}: {shown(value)}, must be {one_of(names)}"


def duplicates(names: list[tuple[str, str]], what: str) -> Problems:
    """``names`` are ``(path, name)``; each name may stand once."""
    seen: dict[str, str] = {}
    for path, name in names:
        if name in seen:
            yield f"{path}: {what} {shown(name)} is already used at {seen[name]}"
        else:
            seen[name] = path


def kind_of(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__


def shown(value: Any) -> str:
    """A foreign value as one short piece of a problem line."""
    text = repr(value) if isinstance(value, str | int | float) else kind_of(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def one_of(names: Collection[str]) -> str:
    return " or ".join(sorted(names))
