"""What is wrong with settings, in one line each."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_SECRET = frozenset({"database.url"})
"""Settings whose value is never repeated."""
_LISTS = frozenset({"tuple_type", "list_type"})
_SECTIONS = frozenset({"model_type", "dict_type", "model_attributes_type"})
_KINDS: Mapping[type, str] = {dict: "section", datetime: "time", date: "date", time: "time of day"}
_NUMBER, _WHOLE, _FLAG = "has to be a number", "has to be a whole number", "has to be true or false, without quotes"
_WANTED: Mapping[str, str] = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_parsing", "bool_type"), _FLAG),
    **dict.fromkeys(_LISTS, 'has to be a list; write it like ["one", "two"]'),
    "string_type": "has to be a text in quotes",
    "string_too_short": "has to have at least {min_length} characters; write it out",
    "string_too_long": "has to have at most {max_length} characters; shorten it",
    "too_short": "has to have at least {min_length} entries; add some",
    "too_long": "has to have at most {max_length} entries; remove some",
    "greater_than": "has to be greater than {gt}",
    "greater_than_equal": "has to be at least {ge}",
    "less_than": "has to be less than {lt}",
    "less_than_equal": "has to be at most {le}",
}
"""What a value has to be, by the kind of what pydantic found, in the words of who writes the file."""


def mistake_of(error: ErrorDetails, model: type[BaseModel]) -> str:
    """One line that names the key and the way out.

    Args:
        error: What pydantic found.
        model: The model of the whole settings, for the names that may have been meant.
    """
    key = _dotted(error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: unknown setting{_suggestion(error['loc'], model)}; remove it or correct its name"
    if error["type"] == "missing":
        return f"{key}: missing; add it"
    if error["type"] == "value_error":
        message = error["msg"].removeprefix("Value error, ")
        return f"{key}: {message}" if key else message
    got = "" if key in _SECRET else f" (got {_shown(error['input'])})"
    return f"{key}: {_in_words(error, key)}{got}"


def _in_words(error: ErrorDetails, key: str) -> str:
    """What the value has to be."""
    limits = {**error.get("ctx", {})}
    if error["type"] in _LISTS and isinstance(error["input"], dict):
        return f"has to be a list of tables; write [[{key}]]"
    if error["type"] in _SECTIONS:
        return f"has to be a section of its own; write [{key}]"
    if error["type"] in {"literal_error", "enum"}:
        return f"has to be {limits['expected']}{_near(error['input'], str(limits['expected']))}"
    if error["type"] == "string_pattern_mismatch":
        return "has to be a name of lower-case letters, digits and _ that begins with a letter; correct it"
    wanted = _WANTED.get(error["type"])
    if wanted is None:
        return error["msg"][0].lower() + error["msg"][1:]
    return wanted.format(**limits)


def _near(written: object, expected: str) -> str:
    close = difflib.get_close_matches(str(written), re.findall(r"'([^']+)'", expected), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _shown(value: object) -> str:
    return (
        repr(str(value)[:80]) if isinstance(value, (str, int, float, list)) else f"a {_KINDS.get(type(value), 'value')}"
    )


def _dotted(location: tuple[int | str, ...]) -> str:
    key = ""
    for part in location:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else part
    return key.removesuffix(".[key]")


def _suggestion(location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    close = difflib.get_close_matches(str(location[-1]), _names_at(location[:-1], model), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _names_at(location: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    section = model
    for part in location:
        if isinstance(part, int) or part not in section.model_fields:
            continue
        section = next(iter(_sections_in(section.model_fields[part].annotation)), section)
    return list(section.model_fields)


def _sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _sections_in(argument)
