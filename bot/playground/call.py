"""One call of a Web API method: its arguments as the SDKs send them, read one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

import orjson

from bot.playground.posts import Content
from bot.playground.refusal import Refusal
from bot.playground.workspace import Workspace

TEXT_LIMIT = 40_000
METADATA_LIMIT = 8_000
TOKEN_PREFIX = "xoxb-playground"  # noqa: S105 - what the double's made-up tokens start with


def read_arguments(query: str, content_type: str, body: bytes) -> dict[str, Any]:
    """The arguments of a call from its query string and its form or JSON body.

    Raises:
        Refusal: ``invalid_json`` or ``json_not_object`` for a body that cannot be read.
    """
    arguments: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    if content_type.startswith("application/json"):
        return arguments | _json_object(body or b"{}")
    try:
        return arguments | dict(parse_qsl(body.decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        raise Refusal("invalid_form_data") from None


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal("invalid_json") from None
    if not isinstance(decoded, dict):
        raise Refusal("json_not_object")
    return decoded


def refuse_bad_token(token: str) -> None:
    """Let only the playground's own made-up tokens pass, so that a real one never works here by mistake."""
    if not token:
        raise Refusal("not_authed")
    if not token.startswith(TOKEN_PREFIX):
        raise Refusal("invalid_auth")


@dataclass(frozen=True)
class Call:
    """A method's arguments within a workspace."""

    workspace: Workspace
    arguments: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name, default)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """Raises Refusal ``invalid_arguments`` when the argument is not there."""
        value = self.text(name)
        if not value:
            raise Refusal("invalid_arguments", [f"missing required field: {name}"])
        return value

    def is_set(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise Refusal("invalid_arguments", [f"{name} must be an integer"]) from None

    def decoded(self, name: str, error: str = "invalid_arguments") -> Any:
        """An argument that is JSON, whether it came as text or already within a JSON body."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        try:
            return orjson.loads(value) if value else None
        except orjson.JSONDecodeError:
            raise Refusal(error, [f"{name} is not JSON"]) from None

    def channel_id(self, name: str = "channel") -> str:
        return self.workspace.channel(self.required(name)).channel_id

    def content(self, before: Content | None = None) -> Content:
        """The message in the arguments, checked; what they leave out stays as ``before``.

        Raises:
            Refusal: Slack would not take it.
        """
        held = before or Content()
        blocks = self.decoded("blocks", "invalid_blocks_format")
        attachments = self.decoded("attachments", "invalid_attachments_format")
        metadata = self._metadata()
        content = Content(
            text=self.text("text", self.text("markdown_text", held.text)),
            blocks=held.blocks if blocks is None else blocks,
            attachments=held.attachments if attachments is None else attachments,
            metadata=held.metadata if metadata is None else metadata,
            files=held.files,
        )
        refuse_bad_content(self.workspace, content)
        return content

    def view(self) -> dict[str, Any]:
        """The view in the arguments, checked.

        Raises:
            Refusal: ``invalid_arguments`` with every problem.
        """
        view = self.decoded("view")
        if not isinstance(view, dict):
            raise Refusal("invalid_arguments", ["missing required field: view"])
        refuse_bad_view(self.workspace, view)
        return view

    def _metadata(self) -> Mapping[str, Any] | None:
        metadata = self.decoded("metadata", "invalid_metadata_format")
        if metadata is None:
            return None
        if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
            raise Refusal("invalid_metadata_format")
        if not isinstance(metadata.get("event_payload"), dict):
            raise Refusal("invalid_metadata_schema")
        if len(orjson.dumps(metadata)) > METADATA_LIMIT:
            raise Refusal("metadata_too_large")
        return metadata


def refuse_bad_content(workspace: Workspace, content: Content) -> None:
    """Refuse a message that Slack would refuse, with Slack's code and every problem."""
    if not isinstance(content.blocks, list | tuple):
        raise Refusal("invalid_blocks_format")
    if not isinstance(content.attachments, list | tuple):
        raise Refusal("invalid_attachments")
    if not (content.text.strip() or content.blocks or content.attachments or content.files):
        raise Refusal("no_text")
    if len(content.text) > TEXT_LIMIT:
        raise Refusal("msg_too_long")
    payload = {
        "text": content.text,
        **({"blocks": list(content.blocks)} if content.blocks else {}),
        **({"attachments": list(content.attachments)} if content.attachments else {}),
    }
    problems = workspace.check(payload, "message") + workspace.uploads.missing_pictures(payload)
    if problems:
        raise Refusal("invalid_blocks", problems)


def refuse_bad_view(workspace: Workspace, view: Mapping[str, Any]) -> None:
    """Refuse a view that Slack would refuse, with every problem."""
    surface: Literal["modal", "home"] = "home" if view.get("type") == "home" else "modal"
    problems = workspace.check(view, surface) + workspace.uploads.missing_pictures(view)
    if problems:
        raise Refusal("invalid_arguments", problems)
