"""Checks for JSON that others wrote: each takes a value and gives it back clean, or says in one line what is wrong.

A check raises ``BadInput`` without a field; whoever calls it for a field adds the path with ``under``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

from traces import limits
from traces.clock import parse_time
from traces.errors import BadInput, TooLarge

T = TypeVar("T")
Check: TypeAlias = Callable[[Any], T]
Table: TypeAlias = Mapping[str, tuple[str, Check[Any]]]
"""JSON key -> (attribute of our value, check)."""

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
LARGEST: Final = 1e300
"""Numbers beyond this count as infinite, so that sums stay finite."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSTORABLE: Final = re.compile(r"[\x00\ud800-\udfff]")
_KINDS: Final = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


def kind_of(value: Any) -> str:
    """What a JSON value is, in words."""
    return "null" if value is None else _KINDS.get(type(value), type(value).__name__)


def wrong_kind(value: Any, wanted: str) -> NoReturn:
    raise BadInput(f"must be {wanted}, not {kind_of(value)}")


def under(path: str, wrong: BadInput) -> BadInput:
    """The same complaint, one level further out."""
    text = wrong.message[len(wrong.field) + 2 :] if wrong.field else wrong.message
    if not wrong.field:
        return type(wrong)(text, path)
    return type(wrong)(text, f"{path}{wrong.field}" if wrong.field[0] == "[" else f"{path}.{wrong.field}")


def clean(text: str) -> str:
    """Text without NUL and lone surrogates, which neither UTF-8 nor PostgreSQL can hold."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub(REPLACEMENT, text)


def text(value: Any) -> str:
    return clean(value) if type(value) is str else wrong_kind(value, "text")


def identifier(value: Any) -> str:
    """A short name: not empty, at most ``limits.ID_CHARACTERS``, no control characters."""
    if type(value) is not str:
        wrong_kind(value, "text")
    if not value.strip():
        raise BadInput("is empty")
    if len(value) > limits.ID_CHARACTERS:
        raise TooLarge(f"has {len(value)} characters, more than {limits.ID_CHARACTERS}")
    if _CONTROL.search(value):
        raise BadInput("has control characters")
    return value


def number(value: Any) -> float:
    """A finite number; true and false are none."""
    if type(value) is not float and type(value) is not int:
        wrong_kind(value, "a number")
    if not -LARGEST <= value <= LARGEST:
        raise BadInput("is not a finite number")
    return float(value)


def not_negative(value: Any) -> float:
    if (checked := number(value)) < 0:
        raise BadInput("is negative")
    return checked


def probability(value: Any) -> float:
    if not 0 < (checked := number(value)) <= 1:
        raise BadInput("is not above 0 and at most 1")
    return checked


def count(value: Any) -> int:
    """A whole number from 0 to 2^53."""
    checked = not_negative(value)
    if checked != int(checked) or checked > 2**53:
        raise BadInput("is not a whole number")
    return int(checked)


def number_or_bool(value: Any) -> float:
    return float(value) if type(value) is bool else number(value)


def moment(value: Any) -> datetime:
    """An ISO 8601 time, as aware UTC."""
    if type(value) is not str:
        wrong_kind(value, "an ISO 8601 time")
    try:
        return parse_time(value)
    except (ValueError, OverflowError):
        raise BadInput(f"{value[:40]!r} is not an ISO 8601 time") from None


def json_value(value: Any, depth: int = limits.JSON_DEPTH) -> Any:
    """Any JSON with clean text, finite numbers and bounded nesting."""
    if type(value) is str:
        return clean(value)
    if value is None or type(value) is bool:
        return value
    if type(value) is int:
        return value if -(2**63) <= value < 2**63 else number(value)
    if type(value) is float:
        return number(value)
    if depth <= 0:
        raise TooLarge(f"is nested more than {limits.JSON_DEPTH} levels deep")
    if type(value) is list:
        return [json_value(item, depth - 1) for item in value]
    if type(value) is dict:
        return {clean(str(key)): json_value(item, depth - 1) for key, item in value.items()}
    wrong_kind(value, "JSON")


def is_too_deep(parsed: Any, most: int = limits.JSON_DEPTH) -> bool:
    """Whether lists and objects are nested more than ``most`` levels deep; found level by level, without recursion."""
    level = [parsed] if type(parsed) in (dict, list) else []
    for _ in range(most):
        if not level:
            return False
        level = [
            item
            for outer in level
            for item in (outer.values() if type(outer) is dict else outer)
            if type(item) is dict or type(item) is list
        ]
    return bool(level)


def json_map(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        wrong_kind(value, "an object")
    checked: dict[str, Any] = json_value(value)
    return checked


def optional(check: Check[T]) -> Check[T | None]:
    """Null means absent."""
    return lambda value: None if value is None else check(value)


def items(check: Check[T], most: int = limits.MESSAGES) -> Check[tuple[T, ...]]:
    """A list of what ``check`` takes; null is an empty list."""

    def checked(value: Any) -> tuple[T, ...]:
        if value is None:
            return ()
        if type(value) is not list:
            wrong_kind(value, "a list")
        if len(value) > most:
            raise TooLarge(f"has {len(value)} items, more than {most}")
        taken: list[T] = []
        for item in value:
            try:
                taken.append(check(item))
            except BadInput as wrong:
                raise under(f"[{len(taken)}]", wrong) from None
        return tuple(taken)

    return checked


def read(table: Table, value: Any, required: tuple[str, ...] = ()) -> tuple[dict[str, Any], dict[str, Any]]:
    """An object's known fields, checked and under our names, and the rest as it came.

    Raises:
        BadInput: When a field is wrong, or one of the ``required`` keys is missing.
    """
    if type(value) is not dict:
        wrong_kind(value, "an object")
    for key in required:
        if key not in value:
            raise BadInput("is missing", key)
    known: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for key, item in value.items():
        field = table.get(key)
        if field is None:
            rest[key] = item
            continue
        try:
            known[field[0]] = field[1](item)
        except BadInput as wrong:
            raise under(key, wrong) from None
    return known, rest


def no_others(rest: Mapping[str, Any], table: Table) -> None:
    """Refuse fields that the table does not know."""
    for key in rest:
        raise BadInput(
            f"is not a known field; known are {', '.join(table)}", key if key.isidentifier() else repr(key[:80])
        )
