"""``docs/configuration.md`` and ``hark.example.toml``: every setting, from the models that read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.config.settings import ENVIRONMENT, FileSettings
from bot.docs.markdown import code, generated, page, table, toml

_INTRODUCTION = """
Hark runs without any settings. What you change goes into `hark.toml` in the directory where Hark starts (or the file
that `HARK_CONFIG` names), secrets into the environment. Settings are read once, at start; every mistake is told
at once, each with its key and the way out. `hark doctor` reads them without starting anything.

`hark.example.toml` holds every key with its default.
"""
_ENVIRONMENT = """
The environment wins over the file. The key of a judge's provider is read from that provider's usual variable, such as
`OPENAI_API_KEY`; the key of a source from the variable that its `api_key_env` names.
"""
_EXAMPLE = """
# Every setting of Hark with its default. Copy what you want to change into hark.toml, without its leading #.
# Secrets do not belong here: see the environment variables in docs/configuration.md.
"""
_NAMES: Mapping[Any, str] = {
    str: "text",
    SecretStr: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
}
_BOUNDS: Mapping[str, str] = {
    "ge": "≥ {}",
    "gt": "> {}",
    "le": "≤ {}",
    "lt": "< {}",
    "min_length": "at least {} long",
    "max_length": "at most {} characters long",
    "pattern": "of the form `{}`",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One table of the settings file.

    Attributes:
        heading: Its line in the file, e.g. ``[server]`` or ``[[judges]]``.
        model: The model that reads it.
        about: What it is for.
    """

    heading: str
    model: type[BaseModel]
    about: str

    @property
    def is_optional(self) -> bool:
        """Whether there may be none or several of it."""
        return self.heading.startswith("[[") or "NAME" in self.heading


def configuration_page() -> str:
    variables = table(["Variable", "Meaning"], ([code(name), meaning] for name, meaning in ENVIRONMENT.items()))
    sections = [
        page(f"## `{part.heading}`", part.about, _table_of(part.model) if any(_keys(part.model)) else "")
        for part in parts()
    ]
    return page(
        generated("Configuration"), _INTRODUCTION.strip(), *sections, "## Environment", _ENVIRONMENT.strip(), variables
    )


def example_file() -> str:
    """Every key, commented out, with its meaning and its default: uncommented, it changes nothing."""
    return page(_EXAMPLE.strip(), *(_example_of(part) for part in parts()))


def parts() -> list[Part]:
    """The tables of the settings file, in its order."""
    return list(_parts_of(FileSettings, ""))


def _parts_of(model: type[BaseModel], path: str) -> Iterator[Part]:
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is None:
            continue
        dotted = f"{path}{name}"
        origin = get_origin(field.annotation)
        heading = f"[[{dotted}]]" if origin is tuple else f"[{dotted}.NAME]" if origin is dict else f"[{dotted}]"
        yield Part(heading, inner, " ".join((inner.__doc__ or "").split()))
        yield from _parts_of(inner, f"{dotted}.")


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for argument in get_args(annotation) if (found := _model_in(argument)) is not None), None)


def _keys(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    return ((name, field) for name, field in model.model_fields.items() if _model_in(field.annotation) is None)


def _table_of(model: type[BaseModel]) -> str:
    rows = ([code(name), _type_of(field), _default_of(field), field.description or ""] for name, field in _keys(model))
    return table(["Key", "Type", "Default", "Meaning"], rows)


def _type_of(field: FieldInfo) -> str:
    bounds = [
        words.format(value)
        for constraint in field.metadata
        for name, words in _BOUNDS.items()
        if (value := getattr(constraint, name, None)) is not None
    ]
    return ", ".join([_name_of(field.annotation), *bounds])


def _name_of(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _name_of(get_args(annotation)[0])
    if origin is Literal:
        return " or ".join(code(toml(value)) for value in get_args(annotation))
    if origin in {Union, UnionType}:
        return " or ".join(_name_of(a) for a in get_args(annotation) if a is not type(None))
    if origin in {tuple, dict}:
        return (
            f"{'list' if origin is tuple else 'table'} of {_name_of(get_args(annotation)[-1 if origin is dict else 0])}"
        )
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(code(toml(value)) for value in annotation)
    return _NAMES[annotation]


def _default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return "–" if field.default is None else code(toml(field.default))


def _example_of(part: Part) -> str:
    mark = "#" if part.is_optional else ""
    lines = [f"# {part.about}", f"{mark}{part.heading.replace('NAME', 'refusal')}"]
    for name, field in _keys(part.model):
        lines += [f"# {field.description}", f"#{name} = {_example_value(field)}"]
    return "\n".join(lines) + "\n"


def _example_value(field: FieldInfo) -> str:
    """The default, or where there is none something that could stand there."""
    if not field.is_required() and field.default is not None:
        return toml(field.default)
    if field.examples:
        return toml(field.examples[0])
    return toml(get_args(field.annotation)[0])
