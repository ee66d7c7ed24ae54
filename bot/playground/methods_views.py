"""``views.*`` and ``blocks.validate``."""

from __future__ import annotations

from typing import Any

from bot.playground.call import Call, refuse_bad_content, refuse_bad_view
from bot.playground.posts import Content
from bot.playground.refusal import Refusal


def open_view(call: Call) -> dict[str, Any]:
    return {"view": call.workspace.surfaces.open(call.required("trigger_id"), _modal(call)).as_slack()}


def push(call: Call) -> dict[str, Any]:
    return {"view": call.workspace.surfaces.push(call.required("trigger_id"), _modal(call)).as_slack()}


def update(call: Call) -> dict[str, Any]:
    surfaces = call.workspace.surfaces
    if not (call.text("view_id") or call.text("external_id")):
        raise Refusal("invalid_arguments", ["missing required field: view_id"])
    view = surfaces.update(
        call.view(), view_id=call.text("view_id"), external_id=call.text("external_id"), version=call.text("hash")
    )
    return {"view": view.as_slack()}


def publish(call: Call) -> dict[str, Any]:
    user = call.workspace.user(call.required("user_id")).user_id
    view = call.view()
    if view.get("type") != "home":
        raise Refusal("invalid_arguments", ["view.type must be home"])
    return {"view": call.workspace.surfaces.publish(user, view, version=call.text("hash")).as_slack()}


def validate(call: Call) -> dict[str, Any]:
    given = {name: call.decoded(name) for name in ("blocks", "message", "view")}
    present = {name: value for name, value in given.items() if value is not None}
    if len(present) != 1:
        raise Refusal("invalid_arguments", ["provide exactly one of blocks, message, view"])
    name, value = present.popitem()
    message = {"blocks": value} if name == "blocks" else value
    if not isinstance(message, dict):
        raise Refusal("invalid_arguments", [f"{name} has the wrong type"])
    if name == "view":
        refuse_bad_view(call.workspace, message)
    else:
        text = str(message.get("text") or "")
        refuse_bad_content(call.workspace, Content(text, message.get("blocks") or [], message.get("attachments") or []))
    return {}


def _modal(call: Call) -> dict[str, Any]:
    view = call.view()
    if view.get("type") != "modal":
        raise Refusal("invalid_arguments", ["view.type must be modal"])
    return view
