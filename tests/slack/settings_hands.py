"""What admins press and type in the windows on settings, in words that tests use."""

from __future__ import annotations

from typing import Any

from home_hands import newest, press
from slack_house import House
from slack_people import Request, Someone, words_of
from web_double import TEAM

from bot.slack.check import check

ADA = Someone("U0ADA", "ada")
BO = Someone("U0BO", "bo")
_SAID = {
    "plain_text_input": ("value", "initial_value"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "static_select": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
}


def window(hark: House, action_id: str, who: Someone = ADA) -> tuple[str, dict[str, Any]]:
    """Press a button of the settings on the App Home; returns the window that opens."""
    press(hark, action_id, who)
    return shown(hark)


def shown(hark: House) -> tuple[str, dict[str, Any]]:
    """The newest window, which Slack would take."""
    view_id, view = newest(hark)
    assert check({k: v for k, v in view.items() if k != "hash"}, "modal") == []
    return view_id, view


def state_of(view: dict[str, Any], **typed: Any) -> dict[str, Any]:
    """What a form says: what stands in it, but for what is ``typed``: text, an option's value, or a list of them."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element, name = block["element"], block["block_id"]
        key, initial = _SAID[element["type"]]
        said = element.get(initial)
        if name in typed:
            said = _said(element, typed[name])
        values[name] = {name: {"type": element["type"], key: said}}
    assert typed.keys() <= values.keys(), (typed.keys(), values.keys())
    return {"values": values}


def _said(element: dict[str, Any], typed: Any) -> Any:
    if "options" not in element:
        return typed
    options = {option["value"]: option for option in element["options"]}
    return [options[one] for one in typed] if isinstance(typed, list) else options[typed]


def send(hark: House, view_id: str, who: Someone = ADA, *, before: str = "", **typed: Any) -> Request:
    """The request that sends a form; ``before`` is the window behind it."""
    view = hark.slack.views[view_id]
    request = hark.hands.submit(view_id, {}, who)
    sent = {**view, "id": view_id, "state": state_of(view, **typed), "team_id": TEAM, "root_view_id": view_id}
    request.payload["view"].update(sent, **({"previous_view_id": before} if before else {}))  # type: ignore[attr-defined]
    return request


def save(hark: House, view_id: str, who: Someone = ADA, *, before: str = "", **typed: Any) -> str:
    """Send a form; returns what Slack is answered, in words."""
    return words_of(hark.do(send(hark, view_id, who, before=before, **typed)))


def preview(hark: House, view_id: str, who: Someone = ADA, **typed: Any) -> str:
    """Press Preview in a form; returns what it says then."""
    request = hark.hands.press_in(view_id, "settings_preview", who)
    request.payload["view"]["state"] = state_of(hark.slack.views[view_id], **typed)
    hark.do(request)
    return words_of(hark.slack.views[view_id]).replace("*", "")


def press_beside(hark: House, view_id: str, words: str, action_id: str, who: Someone = ADA, option: str = "") -> None:
    """Press the button beside what says ``words``, or choose from the menu there."""
    view = hark.slack.views[view_id]
    block = next(b for b in view["blocks"] if b.get("accessory") and words in words_of(b["text"]))
    request = hark.hands.press_in(view_id, action_id, who)
    action, accessory = request.payload["actions"][0], block["accessory"]
    if option:
        action.pop("value")
        action["selected_option"] = next(o for o in accessory["options"] if o["text"]["text"].startswith(option))
    else:
        action["value"] = accessory["value"]
    hark.do(request)


def open_signal(hark: House, words: str, who: Someone = ADA) -> str:
    """Open the form of a signal from the list; returns the form's id."""
    view_id, view = window(hark, "settings_signals", who)
    while words not in words_of(view):
        hark.do(hark.hands.press_in(view_id, "settings_next", who))
        view = hark.slack.views[view_id]
    press_beside(hark, view_id, words, "settings_signal", who)
    return shown(hark)[0]
