"""The inputs that several of the settings' windows share, and how mistakes in them are told."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from bot.config.mistakes import mistake_of
from bot.config.settings import FileSettings
from bot.slack.blocks.inputs import labelled, state_of, typed
from bot.slack.blocks.parts import option
from bot.slack.blocks.people import USER_ID
from bot.slack.text import Block, plain
from traces.errors import BadInput

DAYS: Final[Mapping[str, str]] = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
SEVERITIES: Final[Mapping[str, str]] = {"low": "Low, and worse", "medium": "Medium, and worse", "high": "High only"}
_CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]{1,30}", re.ASCII)
_S = TypeVar("_S", bound=BaseModel)
USERS_AT_MOST: Final = 100
_PLACEHOLDER: Final = 75


def choice(name: str, label: str, options: Mapping[str, str], chosen: str) -> Block:
    """One of a few, each shown with what it means; the chosen one stands there from the start."""
    offered = [option(text, value) for value, text in options.items()]
    first = next((one for one in offered if one["value"] == chosen), offered[0])
    element: Block = {"type": "static_select", "options": offered, "initial_option": first}
    return labelled(name, label, element, optional=False)


def boxes(name: str, label: str, options: Mapping[str, str], ticked: Iterable[str]) -> Block:
    """Any of up to ten."""
    offered, ticked = [option(text, value) for value, text in options.items()], set(ticked)
    element: Block = {"type": "checkboxes", "options": offered}
    if first := [one for one in offered if one["value"] in ticked]:
        element["initial_options"] = first
    return labelled(name, label, element, optional=True)


def people(name: str, label: str, users: Sequence[str]) -> Block:
    """Members of the workspace."""
    element: Block = {"type": "multi_users_select", "placeholder": plain("Nobody", _PLACEHOLDER)}
    if shown := [user for user in users if USER_ID.fullmatch(user)][:USERS_AT_MOST]:
        element["initial_users"] = shown
    return labelled(name, label, {**element, "max_selected_items": USERS_AT_MOST}, optional=True)


def channels(name: str, label: str, channel: str | None) -> Block:
    """A channel of the workspace; of one that the settings file calls by its name, the name stays to be typed."""
    if channel is not None and not _CHANNEL.fullmatch(channel):
        element: Block = {"type": "plain_text_input", "max_length": 81, "initial_value": channel}
        return labelled(name, label, element, optional=True)
    picker: Block = {
        "type": "conversations_select",
        "placeholder": plain("None", _PLACEHOLDER),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if channel is not None:
        picker["initial_conversation"] = channel
    return labelled(name, label, picker, optional=True)


def hinted(block: Block, hint: str) -> Block:
    """An input with a line below that says what to write."""
    return {**block, "hint": plain(hint, 300)}


# --- what was put into them ---


def chosen_users(view: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Who was chosen, each once.

    Raises:
        BadInput: They are not users of Slack.
    """
    found = state_of(view, name).get("selected_users") or ()
    users = tuple(dict.fromkeys(found)) if isinstance(found, list | tuple) else ()
    if not all(isinstance(user, str) and USER_ID.fullmatch(user) for user in users) or len(users) > USERS_AT_MOST:
        raise BadInput(f"choose at most {USERS_AT_MOST} people", name)
    return users


def chosen_channel(view: Mapping[str, Any], name: str) -> str | None:
    """The channel that was chosen, or typed.

    Raises:
        BadInput: It is none of Slack's.
    """
    found = state_of(view, name).get("selected_conversation")
    if found is None:
        return typed(view, name, 81)
    if not isinstance(found, str) or not _CHANNEL.fullmatch(found):
        raise BadInput("choose a channel", name)
    return found


def number(view: Mapping[str, Any], name: str, *, scale: float = 1.0, most: float = 1e12) -> float | None:
    """A number that was typed, divided by ``scale``; ``None`` for nothing.

    Raises:
        BadInput: It is no number from 0 on.
    """
    text = typed(view, name, 20)
    if text is None:
        return None
    try:
        found = float(text.replace(",", ".").removesuffix("%").strip())
    except ValueError:
        found = math.nan
    if not 0 <= found <= most:
        raise BadInput("write a number from 0 on, such as 30", name)
    return round(found / scale, 9)


def written(value: float | None, scale: float = 1.0) -> str:
    """A number as it stands in a field."""
    return "" if value is None else f"{value * scale:.9g}"


def checked(settings: type[_S], said: Mapping[str, Any], fallback: str) -> _S:
    """What was said as settings.

    Raises:
        BadInput: Something in it cannot be; the field says what, or is ``fallback``.
    """
    try:
        return settings.model_validate(said)
    except ValidationError as error:
        raise _told_in(error, said, fallback) from error


def _told_in(error: ValidationError, known: Iterable[str], fallback: str) -> BadInput:
    """The first mistake, at the field that it is about."""
    first, known = error.errors()[0], set(known)
    place = next((str(part) for part in first["loc"] if str(part) in known), fallback)
    said = mistake_of(first, FileSettings)
    return BadInput(said.rpartition(": ")[2] if ": " in said else said, place)
