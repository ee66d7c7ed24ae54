"""Options of evaluators: frozen dataclasses, read from tables of the configuration."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from traces.errors import BadConfig, BadInput


def read_options(model: type[Any] | None, table: Mapping[str, Any], key: str) -> Any:
    """The options that ``table`` holds.

    Args:
        model: A frozen dataclass whose fields have defaults; ``None`` for an evaluator without options.
        table: The keys and values of the configuration.
        key: Dotted path of the table, for the lines about mistakes.

    Returns:
        An instance of ``model``, or ``None`` without one.

    Raises:
        BadConfig: When a key is unknown or a value is not of its type; lists every mistake.
    """
    fields = {field.name: field for field in dataclasses.fields(model)} if model is not None else {}
    mistakes = [f"{key}.{name}: unknown option; {hint(name, list(fields))}" for name in table if name not in fields]
    known = {name: value for name, value in table.items() if name in fields}
    mistakes += [
        f"{key}.{name}: {value!r:.80} is none of {', '.join(choices)}"
        for name, values in known.items()
        if (choices := fields[name].metadata.get("choices"))
        for value in (values if isinstance(values, list | tuple) else [values])
        if value not in choices
    ]
    found = _validated(model, known, key, mistakes) if model is not None else None
    if mistakes:
        raise BadConfig(mistakes)
    return found


def _validated(model: type[Any], known: Mapping[str, Any], key: str, mistakes: list[str]) -> Any:
    try:
        return _adapter(model).validate_python(dict(known))  # type: ignore[arg-type] # a class has a hash
    except ValidationError as error:
        mistakes += [_line(key, dict(problem)) for problem in error.errors()]
    except BadInput as error:
        mistakes.append(f"{key}.{error.message}" if error.field else f"{key}: {error.message}")
    return None


@cache
def _adapter(model: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _line(key: str, problem: Mapping[str, Any]) -> str:
    path = ".".join([key, *(str(part) for part in problem["loc"])])
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "value_error":
        return f"{path}: {message}"
    return f"{path}: {message[0].lower()}{message[1:]} (got {str(problem['input'])[:80]!r})"


def versioned(version: str, options: Any) -> str:
    """``version``, with a mark of ``options`` where they are not the defaults: other options, other verdicts."""
    if options is None or options == type(options)():
        return version
    written = json.dumps(dataclasses.asdict(options), sort_keys=True, default=str)
    return f"{version}+{hashlib.sha256(written.encode()).hexdigest()[:8]}"


def hint(name: str, names: Sequence[str] | Collection[str]) -> str:
    """The name that may have been meant, or all that there are."""
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"there are {', '.join(names)}" if names else "there are none"


def positive(**options: float) -> None:
    """Raise ``ValueError`` for the first of ``options`` that is not above 0."""
    for name, value in options.items():
        if not value > 0:
            raise ValueError(f"{name} has to be larger")
