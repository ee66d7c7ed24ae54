"""What the app answers at once to an interaction, and what Slack then does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from bot.playground.answers import show_answer
from bot.playground.call import refuse_bad_view
from bot.playground.elements import elements
from bot.playground.refusal import Refusal
from bot.playground.response_urls import ResponseUrl
from bot.playground.surfaces import View
from bot.playground.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app answered.

    Attributes:
        status: HTTP status; 0 when there was no answer in time.
        text: The body.
        problem: What the person is told went wrong; empty when all is well.
        errors: Per block id, what a form's inputs are told.
    """

    status: int
    text: str = ""
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        return not (self.problem or self.errors)

    def as_json(self) -> dict[str, Any]:
        return {"ok": self.is_ok, "problem": self.problem, "errors": dict(self.errors)}


def follow(workspace: Workspace, view: View, answer: Answer) -> Answer:
    """Do with a submitted modal what the acknowledgement says: close, clear, update, push, or show errors."""
    try:
        return _followed(workspace, view, answer, _body(answer.text))
    except Refusal as refusal:
        return _refused(workspace, "view_submission", answer, refusal)


def show(workspace: Workspace, issued: ResponseUrl, answer: Answer) -> Answer:
    """Show what a slash command's acknowledgement says; one that is not JSON is the text itself."""
    if not answer.text.strip():
        return answer
    try:
        show_answer(workspace, issued, _body(answer.text, plain="text"))
    except Refusal as refusal:
        return _refused(workspace, "command", answer, refusal)
    return answer


def _followed(workspace: Workspace, view: View, answer: Answer, body: Mapping[str, Any]) -> Answer:
    wanted = body.get("response_action")
    if wanted == "errors":
        return Answer(answer.status, answer.text, errors=_form_errors(view, body))
    if wanted in ("update", "push"):
        shown = _shown_view(workspace, body)
        if wanted == "push":
            workspace.surfaces.push_for(view.user, shown)
        else:
            workspace.surfaces.update(shown, view_id=view.view_id)
    elif wanted in (None, "clear"):
        workspace.surfaces.close(view.view_id, everything=wanted == "clear")
    else:
        raise Refusal("invalid_response_action", [f"{wanted!r}"])
    return answer


def _shown_view(workspace: Workspace, body: Mapping[str, Any]) -> Mapping[str, Any]:
    shown = body.get("view")
    if not isinstance(shown, Mapping):
        raise Refusal("invalid_arguments", ["missing required field: view"])
    refuse_bad_view(workspace, shown)
    return shown


def _refused(workspace: Workspace, name: str, answer: Answer, refusal: Refusal) -> Answer:
    problems = tuple(refusal.problems)
    workspace.deliveries.add("to_slack", f"{name} answer", error=refusal.code, problems=problems)
    return Answer(answer.status, answer.text, f"Slack refuses what Hark answered: {refusal.message}")


def _body(text: str, plain: str = "") -> dict[str, Any]:
    """The acknowledgement's fields; where ``plain`` names a field, a body that is not JSON is its value."""
    if not text.strip():
        return {}
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        body = {plain: text} if plain else None
    if not isinstance(body, dict):
        raise Refusal("invalid_response", ["the acknowledgement is no JSON object"])
    return body


def _form_errors(view: View, body: Mapping[str, Any]) -> dict[str, str]:
    errors = body.get("errors")
    inputs = {e.block_id for e in elements(view.definition.get("blocks")) if e.is_input}
    if not isinstance(errors, Mapping) or not errors or not set(errors) <= inputs:
        raise Refusal("invalid_response", ["errors must name input blocks of the modal"])
    return {str(block_id): str(message) for block_id, message in errors.items()}
