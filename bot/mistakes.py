"""What is wrong with settings, in one line each."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_SECRET = frozenset({"database.url"})
"""Settings whose value is never repeated."""


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
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{key}: {message}" if key else message
    got = "" if key in _SECRET else f" (got {str(error['input'])[:80]!r})"
    return f"{key}: {message[0].lower()}{message[1:]}{got}"


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
