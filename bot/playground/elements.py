"""The interactive elements within blocks: which there are, and what choosing in one of them says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from traces.errors import BadInput

# What a chosen value is called in Slack's payloads, and what it was at first.
_OPTION: Final = ("selected_option", "initial_option")
_OPTIONS: Final = ("selected_options", "initial_options")
_VALUE: Final = ("value", "initial_value")
_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "static_select": _OPTION,
    "external_select": _OPTION,
    "radio_buttons": _OPTION,
    "overflow": _OPTION,
    "checkboxes": _OPTIONS,
    "multi_static_select": _OPTIONS,
    "multi_external_select": _OPTIONS,
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "plain_text_input": _VALUE,
    "email_text_input": _VALUE,
    "url_text_input": _VALUE,
    "number_input": _VALUE,
}


@dataclass(frozen=True, slots=True)
class Element:
    """An interactive element and the block it is in."""

    block_id: str
    definition: Mapping[str, Any]
    is_input: bool = False
    is_optional: bool = False

    @property
    def action_id(self) -> str:
        return str(self.definition["action_id"])

    @property
    def kind(self) -> str:
        return str(self.definition.get("type"))

    @property
    def has_state(self) -> bool:
        return self.kind in _FIELDS and self.kind != "overflow"

    def chosen(self, value: Any) -> dict[str, Any]:
        """What Slack says when ``value`` is chosen, e.g. ``{"type": "static_select", "selected_option": {...}}``.

        Args:
            value: Of an option, button or text; a list where several can be chosen; None for nothing.

        Raises:
            BadInput: When there is no such option.
        """
        if self.kind not in _FIELDS:
            return {"type": self.kind, **self._pressed(value)}
        name, _ = _FIELDS[self.kind]
        if name == "selected_options":
            return {"type": self.kind, name: [self._option(each) for each in value or ()]}
        if name == "selected_option":
            return {"type": self.kind, name: None if value is None else self._option(value)}
        return {"type": self.kind, name: value}

    def initially(self) -> dict[str, Any]:
        """What it says before anybody has touched it."""
        name, initial = _FIELDS[self.kind]
        return {"type": self.kind, name: self.definition.get(initial, [] if name.endswith("s") else None)}

    def is_empty(self, chosen: Mapping[str, Any]) -> bool:
        return chosen.get(_FIELDS[self.kind][0]) in (None, "", [])

    def _pressed(self, value: Any) -> dict[str, Any]:
        """A button, or the one of two feedback buttons that has ``value``."""
        halves = [self.definition.get(name) for name in ("positive_button", "negative_button")]
        button = next((h for h in halves if isinstance(h, Mapping) and h.get("value") == value), self.definition)
        return {name: button[name] for name in ("text", "value", "style", "url") if name in button}

    def _option(self, value: Any) -> Mapping[str, Any]:
        groups = self.definition.get("option_groups") or [self.definition]
        options = [option for group in groups for option in group.get("options") or ()]
        found = next((option for option in options if option.get("value") == value), None)
        if found is None:
            raise BadInput(f"no option with value {value!r}", self.action_id)
        return dict(found)


def elements(blocks: Any, block_id: str = "") -> Iterator[Element]:
    """Every interactive element, in order, however deep it lies."""
    if isinstance(blocks, list | tuple):
        for block in blocks:
            yield from elements(block, block_id)
    elif isinstance(blocks, Mapping):
        within = str(blocks.get("block_id") or block_id)
        if isinstance(blocks.get("action_id"), str):
            yield Element(within, blocks)
        elif blocks.get("type") == "input":
            yield from _input(blocks, within)
        else:
            yield from elements(list(blocks.values()), within)


def find_element(blocks: Any, action_id: str, *, block_id: str = "", value: Any = None) -> Element:
    """The element with ``action_id``; among several the one in ``block_id``, or the button with ``value``.

    Raises:
        BadInput: When there is none.
    """
    every = list(elements(blocks))
    named = [e for e in every if e.action_id == action_id and block_id in ("", e.block_id)]
    fitting = [e for e in named if e.kind != "button" or value in (None, e.definition.get("value"))]
    if not fitting:
        shown = ", ".join(dict.fromkeys(e.action_id for e in every)) or "none"
        raise BadInput(f"no element {action_id!r} with value {value!r} here; there are: {shown}", "action_id")
    return fitting[0]


def state_values(blocks: Any, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a form says: ``{block_id: {action_id: {"type": ..., "value": ...}}}``.

    What was filled in is ``given`` as ``{action_id: value}`` or ``{block_id: {action_id: value}}``; the rest is as it
    was at first.

    Raises:
        BadInput: When an option is not there.
    """
    values: dict[str, dict[str, Any]] = {}
    for element in elements(blocks):
        if element.has_state:
            nested = given.get(element.block_id)
            filled = nested if isinstance(nested, Mapping) else given
            has_one = element.action_id in filled
            chosen = element.chosen(filled[element.action_id]) if has_one else element.initially()
            values.setdefault(element.block_id, {})[element.action_id] = chosen
    return values


def missing_answers(blocks: Any, values: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The inputs that Slack's own form does not let pass empty, by block id."""
    return {
        e.block_id: "Please complete this required field."
        for e in elements(blocks)
        if e.is_input and e.has_state and not e.is_optional and e.is_empty(values[e.block_id][e.action_id])
    }


def with_block_ids(blocks: Sequence[Mapping[str, Any]], next_id: Callable[[str, int], str]) -> list[Mapping[str, Any]]:
    """The blocks, each with an id, and their elements too; Slack makes up those that an app leaves out."""
    return [_with_ids(block, next_id, "block_id") for block in blocks]


def _with_ids(block: Mapping[str, Any], next_id: Callable[[str, int], str], name: str) -> Mapping[str, Any]:
    named = {**block, name: block.get(name) or next_id("", 5)}
    for key in ("accessory", "element"):
        if isinstance(named.get(key), Mapping) and named[key].get("type") in {*_FIELDS, "button"}:
            named[key] = _with_ids(named[key], next_id, "action_id")
    if block.get("type") == "actions":
        named["elements"] = [_with_ids(e, next_id, "action_id") for e in block["elements"]]
    return named


def _input(block: Mapping[str, Any], block_id: str) -> Iterator[Element]:
    element = block.get("element")
    if isinstance(element, Mapping) and isinstance(element.get("action_id"), str):
        yield Element(block_id, element, is_input=True, is_optional=bool(block.get("optional")))
