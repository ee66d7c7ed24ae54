"""The inputs of windows, and what people put into them, read back from the ``view`` of a submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token
from bot.slack.limits import OPTION_VALUE, OPTIONS, length
from bot.slack.text import Block, clean, legible, plain, truncate
from traces.errors import BadInput

_LABEL: Final = 200


def form(title: str, callback_id: str, token: Token, blocks: Sequence[Block], submit: str = "Save") -> View:
    """A window that is sent or cancelled; ``token`` comes back when it is sent."""
    return View(
        title=title,
        submit=submit,
        close="Cancel",
        callback_id=callback_id,
        private_metadata=str(token),
        blocks=tuple(blocks),
    )


def labelled(name: str, label: str, element: Block, *, optional: bool) -> Block:
    """An input block; ``name`` is its block id and its element's action id."""
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label, _LABEL),
        "element": {**element, "action_id": name},
        "optional": optional,
    }


def text_input(most: int, value: str | None = None, *, multiline: bool = False) -> Block:
    """A field for at most ``most`` characters, with what stands in it from the start."""
    element: Block = {"type": "plain_text_input", "multiline": multiline, "max_length": most}
    shown = truncate(clean(value), most) if value else ""
    return {**element, "initial_value": shown} if shown.strip() else element


def typed(view: Mapping[str, Any], name: str, most: int) -> str | None:
    """What was typed, without what cannot be seen; ``None`` for nothing.

    Raises:
        BadInput: It is not text.
    """
    value = state_of(view, name).get("value")
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadInput("text is needed", name)
    return truncate(legible(value).strip(), most) or None


def picked(view: Mapping[str, Any], name: str) -> str | None:
    """The value of the chosen option; ``None`` for none.

    Raises:
        BadInput: It is not an option's value.
    """
    chosen = state_of(view, name).get("selected_option")
    return None if chosen is None else _value(chosen, name)


def several(view: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The values of the chosen options, each once.

    Raises:
        BadInput: They are not a list of options.
    """
    chosen = state_of(view, name).get("selected_options") or ()
    if not isinstance(chosen, list | tuple) or len(chosen) > OPTIONS:
        raise BadInput(f"a list of at most {OPTIONS} options is needed", name)
    return tuple(dict.fromkeys(_value(one, name) for one in chosen))


def has_input(view: Mapping[str, Any], name: str) -> bool:
    """Whether the window that was sent had this input."""
    blocks = view.get("blocks")
    return isinstance(blocks, list) and any(isinstance(b, Mapping) and b.get("block_id") == name for b in blocks)


def state_of(view: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The state of the input ``name``; empty when there is none, as for a select nobody touched."""
    found: Any = view
    for step in ("state", "values", name, name):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _value(chosen: Any, name: str) -> str:
    value = chosen.get("value") if isinstance(chosen, Mapping) else None
    if not isinstance(value, str) or not 0 < length(value) <= OPTION_VALUE:
        raise BadInput(f"an option with a value of at most {OPTION_VALUE} characters is needed", name)
    return value
