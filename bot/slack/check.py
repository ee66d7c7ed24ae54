"""Everything that Slack would reject in a payload, found before it is sent.

Neither slack_sdk's models nor a schema made from Slack's own types catch all of it: empty texts, duplicate ids, limits
over the whole payload and blocks on the wrong surface pass both.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Final, Literal

from bot.slack import limits
from bot.slack.check_content import chart, data_table, rich_text, table, texts
from bot.slack.check_elements import (
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    element,
    image,
    link,
)
from bot.slack.check_parts import (
    PLAIN,
    Check,
    Problems,
    among,
    boolean,
    duplicates,
    fields,
    identifier,
    items,
    kind_of,
    one_of,
    optional,
    shown,
    string,
    text_object,
)

Surface = Literal["message", "modal", "home"]

_EVERYWHERE: Final = frozenset({"message", "modal", "home"})
_MESSAGES: Final = frozenset({"message"})
_ALERT_LEVELS: Final = frozenset({"default", "info", "warning", "error", "success"})

BlockCheck = Callable[[Mapping[str, Any], str], Problems]


def check(payload: Mapping[str, Any], surface: Surface) -> list[str]:
    """Every reason for which Slack would refuse ``payload``, e.g. ``"blocks[3].text.text: empty"``.

    Args:
        payload: For ``message`` the arguments of chat.postMessage or chat.update (``text``, ``blocks``, ``metadata``;
            others are left alone), for ``modal`` and ``home`` the view itself.
        surface: Where it is to be shown.

    Returns:
        One line per problem, in the order of the payload; empty when nothing is wrong. Never raises, whatever JSON it
        is given.
    """
    problems = _message(payload) if surface == "message" else _view(payload, surface)
    return list(problems)


def _message(payload: Mapping[str, Any]) -> Problems:
    blocks = payload.get("blocks")
    yield from optional(payload, "", "text", partial(string, limit=limits.MESSAGE_TEXT, least=0))
    if not payload.get("text") and not blocks:
        yield "text: a message needs text or blocks"
    if blocks is not None:
        yield from _blocks(blocks, "message", limits.MESSAGE_BLOCKS)
        yield from _weight([payload.get("text"), blocks], "message")
    if payload.get("metadata") is not None:
        yield from _metadata(payload["metadata"])


def _metadata(value: Any) -> Problems:
    if not isinstance(value, Mapping):
        yield f"metadata: an object is needed, not {kind_of(value)}"
        return
    yield from fields(value, "metadata", {"event_type", "event_payload"}, {"entities"})
    yield from optional(value, "metadata", "event_type", identifier)
    if not isinstance(value.get("event_payload"), Mapping):
        yield "metadata.event_payload: an object is needed"
    yield from _weight(value, "metadata", limits.METADATA_BYTES)


def _weight(value: Any, path: str, most: float = math.inf) -> Problems:
    try:
        written = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
        size = len(written.encode())
    except (TypeError, ValueError, RecursionError):
        yield f"{path}: not JSON that can be sent"
        return
    if size > most:
        yield f"{path}: {size:,} bytes, at most {most:,}"


_VIEW_FIELDS: Final = {
    "private_metadata",
    "callback_id",
    "external_id",
    "title",
    "submit",
    "close",
    "clear_on_close",
    "notify_on_close",
    "submit_disabled",
}


def _view(view: Mapping[str, Any], surface: Surface) -> Problems:
    if view.get("type") != surface:
        yield f"type: {shown(view.get('type'))}, must be {surface!r}"
    yield from fields(view, "", {"blocks", *({"title"} if surface == "modal" else ())}, {"type", *_VIEW_FIELDS})
    for name in ("title", "submit", "close"):
        yield from optional(view, "", name, partial(text_object, limit=limits.VIEW_TITLE, kinds=PLAIN))
    for name in ("callback_id", "external_id"):
        yield from optional(view, "", name, partial(string, limit=limits.ID, least=0))
    yield from optional(view, "", "private_metadata", partial(string, limit=limits.PRIVATE_METADATA, least=0))
    for name in ("clear_on_close", "notify_on_close", "submit_disabled"):
        yield from optional(view, "", name, boolean)
    yield from _blocks(view.get("blocks", []), surface, limits.VIEW_BLOCKS)
    if surface == "modal" and "submit" not in view and "input" in {kind for _, kind in _kinds(view.get("blocks"))}:
        yield "submit: missing, and there are input blocks"
    yield from _weight(view, "view", limits.VIEW_BYTES)


def _kinds(blocks: Any) -> list[tuple[str, str]]:
    """``(path, type)`` of every block that has a type."""
    listed = blocks if isinstance(blocks, list | tuple) else []
    return [
        (f"blocks[{index}]", block["type"])
        for index, block in enumerate(listed)
        if isinstance(block, Mapping) and isinstance(block.get("type"), str)
    ]


def _blocks(blocks: Any, surface: Surface, most: int) -> Problems:
    yield from items(blocks, "blocks", most, partial(_block, surface=surface), least=0)
    if isinstance(blocks, list | tuple):
        yield from _over_all([block for block in blocks if isinstance(block, Mapping)], surface)


def _over_all(blocks: list[Mapping[str, Any]], surface: Surface) -> Problems:
    named = [(f"blocks[{i}].block_id", b["block_id"]) for i, b in enumerate(blocks) if _has_string(b, "block_id")]
    yield from duplicates(named, "block_id")
    kinds = [block.get("type") for block in blocks]
    for kind, most in (("table", limits.TABLES), ("data_visualization", limits.CHARTS)):
        if kinds.count(kind) > most:
            yield f"blocks: {kinds.count(kind)} {kind} blocks, at most {most}"
    for kind, characters in (("table", limits.TABLE_TEXT), ("markdown", limits.MARKDOWN_TEXT)):
        total = sum(_characters(block) for block in blocks if block.get("type") == kind)
        if total > characters:
            yield f"blocks: {total:,} characters in {kind} blocks, at most {characters:,}"
    total = sum(_characters(block) for block in blocks)
    if surface == "message" and total > limits.MESSAGE_BLOCKS_TEXT:
        yield f"blocks: {total:,} characters in all, at most {limits.MESSAGE_BLOCKS_TEXT:,}"


def _has_string(value: Mapping[str, Any], name: str) -> bool:
    return isinstance(value.get(name), str)


def _characters(block: Mapping[str, Any]) -> int:
    return sum(limits.length(text) for text in texts(block))


def _block(value: Any, path: str, surface: Surface) -> Problems:
    if not isinstance(value, Mapping):
        yield f"{path}: a block is needed, not {kind_of(value)}"
        return
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in _BLOCKS:
        yield f"{path}.type: unknown block type {shown(kind)}"
        return
    surfaces, needed, allowed, inner = _BLOCKS[kind]
    if surface not in surfaces:
        yield f"{path}: {kind} blocks stand only in {one_of(surfaces)}"
    yield from fields(value, path, {"type", *needed}, {"block_id", *allowed})
    yield from optional(value, path, "block_id", identifier)
    yield from inner(value, path)


def _section(value: Mapping[str, Any], path: str) -> Problems:
    if "text" not in value and "fields" not in value:
        yield f"{path}: a section needs text or fields"
    yield from optional(value, path, "text", partial(text_object, limit=limits.SECTION_TEXT))
    field = partial(text_object, limit=limits.FIELD_TEXT)
    yield from optional(value, path, "fields", partial(items, most=limits.FIELDS, check=field))
    yield from optional(value, path, "accessory", partial(element, kinds=IN_SECTION))
    yield from optional(value, path, "expand", boolean)


def _header(value: Mapping[str, Any], path: str) -> Problems:
    yield from optional(value, path, "text", partial(text_object, limit=limits.HEADER, kinds=PLAIN))


def _context(value: Mapping[str, Any], path: str) -> Problems:
    yield from optional(value, path, "elements", partial(items, most=limits.CONTEXT_ELEMENTS, check=_context_element))


def _context_element(value: Any, path: str) -> Problems:
    if isinstance(value, Mapping) and value.get("type") == "image":
        yield from element(value, path, {"image"})
    else:
        yield from text_object(value, path)


def _elements(value: Mapping[str, Any], path: str, most: int, kinds: Collection[str]) -> Problems:
    check_one: Check = partial(element, kinds=kinds)
    yield from optional(value, path, "elements", partial(items, most=most, check=check_one))
    elements = value.get("elements")
    if isinstance(elements, list | tuple):
        named = [
            (f"{path}.elements[{index}].action_id", one["action_id"])
            for index, one in enumerate(elements)
            if isinstance(one, Mapping) and _has_string(one, "action_id")
        ]
        yield from duplicates(named, "action_id")


def _input(value: Mapping[str, Any], path: str) -> Problems:
    for name in ("label", "hint"):
        yield from optional(value, path, name, partial(text_object, limit=limits.LABEL, kinds=PLAIN))
    yield from optional(value, path, "element", partial(element, kinds=IN_INPUT))
    for name in ("optional", "dispatch_action"):
        yield from optional(value, path, name, boolean)


def _image(value: Mapping[str, Any], path: str) -> Problems:
    yield from image(value, path)
    yield from optional(value, path, "title", partial(text_object, limit=limits.IMAGE_TITLE, kinds=PLAIN))


def _video(value: Mapping[str, Any], path: str) -> Problems:
    for name in ("video_url", "thumbnail_url"):
        yield from optional(value, path, name, link)


def _markdown(value: Mapping[str, Any], path: str) -> Problems:
    yield from optional(value, path, "text", partial(string, limit=limits.MARKDOWN_TEXT))


def _alert(value: Mapping[str, Any], path: str) -> Problems:
    yield from optional(value, path, "text", text_object)
    yield from optional(value, path, "level", partial(among, names=_ALERT_LEVELS))


def _card(value: Mapping[str, Any], path: str) -> Problems:
    for name, most in (("title", limits.CARD_TITLE), ("subtitle", limits.CARD_TITLE), ("body", limits.CARD_BODY)):
        yield from optional(value, path, name, partial(text_object, limit=most))
    button: Check = partial(element, kinds={"button"})
    yield from optional(value, path, "actions", partial(items, most=limits.CARD_BUTTONS, check=button))


def _carousel(value: Mapping[str, Any], path: str) -> Problems:
    card: Check = partial(_block_of, kinds={"card"})
    yield from optional(value, path, "elements", partial(items, most=limits.CAROUSEL_CARDS, check=card))


def _container(value: Mapping[str, Any], path: str) -> Problems:
    child: Check = partial(_block_of, kinds=_CONTAINED)
    yield from optional(value, path, "child_blocks", partial(items, most=limits.CONTAINER_CHILDREN, check=child))


def _block_of(value: Any, path: str, kinds: Collection[str]) -> Problems:
    kind = value.get("type") if isinstance(value, Mapping) else None
    if not isinstance(kind, str) or kind not in kinds:
        yield f"{path}.type: {shown(kind)} may not stand here"
    else:
        yield from _block(value, path, "message")


def _nothing_more(_value: Mapping[str, Any], _path: str) -> Problems:
    yield from ()


_CONTAINED: Final = {
    *("actions", "context", "divider", "file", "header", "image"),
    *("input", "rich_text", "section", "table", "video"),
}
_CONTAINER: Final = {
    *("title", "rich_text_title", "subtitle", "width", "icon"),
    *("is_collapsible", "default_collapsed", "has_header_divider"),
}
_VIDEO: Final = {"title_url", "author_name", "provider_name", "provider_icon_url", "description"}
_actions = partial(_elements, most=limits.ACTIONS_ELEMENTS, kinds=IN_ACTIONS)
_context_actions = partial(_elements, most=limits.CONTEXT_ACTIONS_ELEMENTS, kinds=IN_CONTEXT_ACTIONS)

_BLOCKS: Final[Mapping[str, tuple[Collection[str], Collection[str], Collection[str], BlockCheck]]] = {
    "actions": (_EVERYWHERE, {"elements"}, (), _actions),
    "alert": ({"modal"}, {"text"}, {"level"}, _alert),
    "card": (_MESSAGES, (), {"hero_image", "icon", "title", "subtitle", "body", "actions"}, _card),
    "carousel": (_MESSAGES, {"elements"}, (), _carousel),
    "container": (_MESSAGES, {"child_blocks"}, _CONTAINER, _container),
    "context": (_EVERYWHERE, {"elements"}, (), _context),
    "context_actions": (_MESSAGES, {"elements"}, (), _context_actions),
    "data_table": (_MESSAGES, {"rows", "caption"}, {"page_size", "row_header_column_index"}, data_table),
    "data_visualization": (_MESSAGES, {"title", "chart"}, (), chart),
    "divider": (_EVERYWHERE, (), (), _nothing_more),
    "file": (_MESSAGES, {"source", "external_id"}, (), _nothing_more),
    "header": (_EVERYWHERE, {"text"}, {"level"}, _header),
    "image": (_EVERYWHERE, {"alt_text"}, {"image_url", "slack_file", "title"}, _image),
    "input": (_EVERYWHERE, {"label", "element"}, {"hint", "optional", "dispatch_action"}, _input),
    "markdown": (_MESSAGES, {"text"}, (), _markdown),
    "plan": (_MESSAGES, {"title"}, {"tasks"}, _nothing_more),
    "rich_text": (_EVERYWHERE, {"elements"}, (), rich_text),
    "section": (_EVERYWHERE, (), {"text", "fields", "accessory", "expand"}, _section),
    "table": (_MESSAGES, {"rows"}, {"column_settings"}, table),
    "task_card": (_MESSAGES, {"task_id", "title", "status"}, {"details", "output", "sources"}, _nothing_more),
    "video": (_EVERYWHERE, {"video_url", "thumbnail_url", "alt_text", "title"}, _VIDEO, _video),
}
