"""Checks of what stands inside blocks: buttons, selects, inputs, images."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, Final

from bot.slack import limits
from bot.slack.check_parts import (
    ANY_TEXT,
    PLAIN,
    Check,
    Problems,
    among,
    boolean,
    fields,
    identifier,
    items,
    kind_of,
    optional,
    shown,
    string,
    text_object,
    whole,
)

_SELECT: Final = {"placeholder", "confirm", "focus_on_load"}
_PICKED: Final = {*_SELECT, "initial_option"}
_SEVERAL: Final = {*_SELECT, "initial_options", "max_selected_items"}
_TEXT_INPUT: Final = {"placeholder", "initial_value", "focus_on_load", "dispatch_action_config"}
_LENGTHS: Final = {"min_length", "max_length"}
_DATE: Final = {"placeholder", "confirm", "focus_on_load"}

_ALLOWED: Final[Mapping[str, Collection[str]]] = {
    "button": {"text", "url", "value", "style", "confirm", "accessibility_label"},
    "overflow": {"options", "confirm"},
    "static_select": {*_PICKED, "options", "option_groups"},
    "multi_static_select": {*_SEVERAL, "options", "option_groups"},
    "external_select": {*_PICKED, "min_query_length"},
    "multi_external_select": {*_SEVERAL, "min_query_length"},
    "users_select": {*_SELECT, "initial_user"},
    "multi_users_select": {*_SELECT, "initial_users", "max_selected_items"},
    "channels_select": {*_SELECT, "initial_channel", "response_url_enabled"},
    "multi_channels_select": {*_SELECT, "initial_channels", "max_selected_items"},
    "conversations_select": {
        *_SELECT,
        "initial_conversation",
        "default_to_current_conversation",
        "response_url_enabled",
        "filter",
    },
    "multi_conversations_select": {
        *_SELECT,
        "initial_conversations",
        "default_to_current_conversation",
        "max_selected_items",
        "filter",
    },
    "radio_buttons": {"options", "initial_option", "confirm", "focus_on_load"},
    "checkboxes": {"options", "initial_options", "confirm", "focus_on_load"},
    "plain_text_input": {*_TEXT_INPUT, *_LENGTHS, "multiline"},
    "rich_text_input": _TEXT_INPUT,
    "email_text_input": _TEXT_INPUT,
    "url_text_input": _TEXT_INPUT,
    "number_input": {*_TEXT_INPUT, "is_decimal_allowed", "min_value", "max_value"},
    "file_input": {"filetypes", "max_files"},
    "datepicker": {*_DATE, "initial_date"},
    "timepicker": {*_DATE, "initial_time", "timezone"},
    "datetimepicker": {"confirm", "focus_on_load", "initial_date_time"},
    "workflow_button": {"text", "workflow", "style", "accessibility_label"},
    "image": {"image_url", "slack_file", "alt_text"},
    "feedback_buttons": {"positive_button", "negative_button"},
    "icon_button": {"icon", "text", "value", "confirm", "accessibility_label", "visible_to_user_ids"},
}
_NEEDED: Final[Mapping[str, Collection[str]]] = {
    "button": {"text"},
    "workflow_button": {"text", "workflow"},
    "overflow": {"options"},
    "radio_buttons": {"options"},
    "checkboxes": {"options"},
    "image": {"alt_text"},
    "number_input": {"is_decimal_allowed"},
    "feedback_buttons": {"positive_button", "negative_button"},
    "icon_button": {"icon", "text"},
}

_CLICKED: Final = {"button", "overflow", "workflow_button", "radio_buttons", "checkboxes"}
_PICKERS: Final = {"datepicker", "timepicker", "datetimepicker"}
_SELECTS: Final = {name for name in _ALLOWED if name.endswith("_select")}
_TYPED: Final = {name for name in _ALLOWED if name.endswith("_input")} - {"file_input"}
IN_ACTIONS: Final = frozenset({*_CLICKED, *_PICKERS, *_SELECTS, "rich_text_input"})
IN_SECTION: Final = frozenset({*_CLICKED, *_PICKERS, *_SELECTS, "image"})
IN_INPUT: Final = frozenset({*_PICKERS, *_SELECTS, *_TYPED, "file_input", "radio_buttons", "checkboxes"})
IN_CONTEXT_ACTIONS: Final = frozenset({"feedback_buttons", "icon_button"})

_OPTIONS_AT_MOST: Final = {
    "overflow": limits.OVERFLOW_OPTIONS,
    "radio_buttons": limits.CHOICES,
    "checkboxes": limits.CHOICES,
}
STYLES: Final = frozenset({"primary", "danger"})


def element(value: Any, path: str, kinds: Collection[str]) -> Problems:
    """One interactive element or image; ``kinds`` are those that may stand here."""
    if not isinstance(value, Mapping):
        yield f"{path}: an element is needed, not {kind_of(value)}"
        return
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in kinds:
        yield f"{path}.type: {shown(kind)} may not stand here"
        return
    allowed = _ALLOWED[kind] if kind == "image" else {*_ALLOWED[kind], "action_id"}
    yield from fields(value, path, {"type", *_NEEDED.get(kind, ())}, allowed)
    yield from optional(value, path, "action_id", identifier)
    yield from optional(value, path, "confirm", confirm)
    yield from optional(value, path, "placeholder", _plain(limits.PLACEHOLDER))
    yield from _by_kind(value, path, kind)


def _by_kind(value: Mapping[str, Any], path: str, kind: str) -> Problems:
    if kind in {"button", "workflow_button", "icon_button"}:
        yield from _button(value, path)
    elif kind == "image":
        yield from image(value, path)
    elif kind in {"static_select", "multi_static_select"}:
        yield from _static_select(value, path)
    elif kind in _OPTIONS_AT_MOST:
        yield from _options(value, path, _OPTIONS_AT_MOST[kind], PLAIN if kind == "overflow" else ANY_TEXT)
    elif kind in {"plain_text_input", "email_text_input", "url_text_input"}:
        yield from _text_input(value, path)
    elif kind == "feedback_buttons":
        for name in ("positive_button", "negative_button"):
            yield from optional(value, path, name, _feedback_button)


def _plain(limit: int) -> Check:
    return partial(text_object, limit=limit, kinds=PLAIN)


def _button(value: Mapping[str, Any], path: str) -> Problems:
    yield from optional(value, path, "text", _plain(limits.BUTTON_TEXT))
    yield from optional(value, path, "value", partial(string, limit=limits.BUTTON_VALUE))
    yield from optional(value, path, "url", link)
    yield from optional(value, path, "accessibility_label", partial(string, limit=limits.BUTTON_TEXT))
    yield from optional(value, path, "style", partial(among, names=STYLES))


def _feedback_button(value: Any, path: str) -> Problems:
    if not isinstance(value, Mapping):
        yield f"{path}: a button is needed, not {kind_of(value)}"
        return
    yield from fields(value, path, {"text", "value"}, {"accessibility_label"})
    yield from _button(value, path)


def link(value: Any, path: str) -> Problems:
    """A web address that Slack takes."""
    yield from string(value, path, limits.URL)
    if isinstance(value, str) and not value.startswith(("https://", "http://", "mailto:", "slack://")):
        yield f"{path}: not a web address"


def image(value: Mapping[str, Any], path: str) -> Problems:
    """An image, as a block or inside one: by address or by Slack file, and described."""
    if ("image_url" in value) == ("slack_file" in value):
        yield f"{path}: an image needs either image_url or slack_file"
    yield from optional(value, path, "image_url", link)
    yield from optional(value, path, "alt_text", partial(string, limit=limits.ALT_TEXT))
    source = value.get("slack_file")
    if source is not None and not (isinstance(source, Mapping) and ("id" in source) != ("url" in source)):
        yield f"{path}.slack_file: needs either id or url"


def _static_select(value: Mapping[str, Any], path: str) -> Problems:
    if ("options" in value) == ("option_groups" in value):
        yield f"{path}: a select needs either options or option_groups"
    yield from _options(value, path, limits.OPTIONS, PLAIN)
    yield from optional(value, path, "option_groups", partial(items, most=limits.OPTIONS, check=_option_group))
    yield from optional(value, path, "max_selected_items", partial(whole, low=1, high=limits.OPTIONS))


def _options(value: Mapping[str, Any], path: str, most: int, kinds: Collection[str]) -> Problems:
    check = partial(option, kinds=kinds)
    yield from optional(value, path, "options", partial(items, most=most, check=check))
    yield from optional(value, path, "initial_option", check)
    yield from optional(value, path, "initial_options", partial(items, most=most, check=check))
    choices = value.get("options")
    if isinstance(choices, list | tuple):
        several = value.get("initial_options")
        picked = [value["initial_option"]] if "initial_option" in value else several
        for choice in picked if isinstance(picked, list | tuple) else ():
            if choice not in choices:
                yield f"{path}: the initial option is none of the options"


def _option_group(value: Any, path: str) -> Problems:
    if not isinstance(value, Mapping):
        yield f"{path}: an option group is needed, not {kind_of(value)}"
        return
    yield from fields(value, path, {"label", "options"}, ())
    yield from optional(value, path, "label", _plain(limits.OPTION_TEXT))
    yield from _options(value, path, limits.OPTIONS, PLAIN)


def option(value: Any, path: str, kinds: Collection[str] = PLAIN) -> Problems:
    """One choice of a select, radio group, checkbox group or overflow menu."""
    if not isinstance(value, Mapping):
        yield f"{path}: an option is needed, not {kind_of(value)}"
        return
    yield from fields(value, path, {"text", "value"}, {"description", "url"})
    yield from optional(value, path, "text", partial(text_object, limit=limits.OPTION_TEXT, kinds=kinds))
    yield from optional(value, path, "value", partial(string, limit=limits.OPTION_VALUE))
    yield from optional(value, path, "description", partial(text_object, limit=limits.OPTION_TEXT, kinds=kinds))
    yield from optional(value, path, "url", link)


def confirm(value: Any, path: str) -> Problems:
    """The dialog that asks whether a click was meant."""
    if not isinstance(value, Mapping):
        yield f"{path}: a dialog is needed, not {kind_of(value)}"
        return
    yield from fields(value, path, {"title", "text", "confirm", "deny"}, {"style"})
    yield from optional(value, path, "title", _plain(limits.CONFIRM_TITLE))
    yield from optional(value, path, "text", partial(text_object, limit=limits.CONFIRM_TEXT))
    for name in ("confirm", "deny"):
        yield from optional(value, path, name, _plain(limits.CONFIRM_BUTTON))
    yield from optional(value, path, "style", partial(among, names=STYLES))


def _text_input(value: Mapping[str, Any], path: str) -> Problems:
    yield from optional(value, path, "initial_value", partial(string, limit=limits.INPUT_TEXT, least=0))
    yield from optional(value, path, "multiline", boolean)
    yield from optional(value, path, "min_length", partial(whole, low=0, high=limits.INPUT_TEXT))
    yield from optional(value, path, "max_length", partial(whole, low=1, high=limits.INPUT_TEXT))
    low, high = value.get("min_length"), value.get("max_length")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield f"{path}.min_length: {low:,} is more than max_length {high:,}"
