"""Where Hark posts in a workspace that has installed it: said on App Home, and chosen in a window."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.slack.blocks.inputs import form, labelled
from bot.slack.blocks.parts import actions, button, context, section
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token
from bot.slack.text import Block, plain
from traces.errors import BadInput

OPEN: Final = "setup_open"
CALLBACK: Final = "setup_form"
ALERTS: Final = "alerts"
REVIEW: Final = "review"

_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,30}", re.ASCII)
_PLACEHOLDER: Final = "Choose a channel"
_INVITE: Final = "Hark posts only where it is a member: type `/invite @Hark` in each of them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The channels that a workspace has chosen, by id; ``None`` until then. ``may_choose``: whether this person may."""

    alerts: str | None
    review: str | None
    may_choose: bool = False

    @property
    def are_chosen(self) -> bool:
        return self.alerts is not None and self.review is not None


def setup_part(places: Places) -> Iterator[Block]:
    """What App Home says of the channels: loud while one is missing, small print for admins afterwards."""
    if places.are_chosen and not places.may_choose:
        return
    if places.are_chosen:
        yield context(f"Alerts go to {_shown(places.alerts)}, reviews to {_shown(places.review)}.")
        yield actions([button("Change channels", OPEN, str(Token("setup")))], "setup:change")
        return
    missing = [name for name, place in (("alerts", places.alerts), ("reviews", places.review)) if place is None]
    said = f"⚙️ *Hark does not know yet where to post {' and '.join(missing)}*\nUntil then nothing of it is posted."
    if not places.may_choose:
        yield section(f"{said} Who installed Hark, or another admin of it, chooses with `/hark setup`.")
        return
    yield section(said, accessory=button("Choose channels", OPEN, str(Token("setup")), style="primary"))


def setup_view(places: Places) -> View:
    """The window in which channels are chosen."""
    blocks = (
        labelled(ALERTS, "Alerts and digests", _select(places.alerts), optional=False),
        labelled(REVIEW, "Conversations to review", _select(places.review), optional=False),
        context(_INVITE),
    )
    return form("Where Hark posts", CALLBACK, Token("setup"), blocks)


def chosen_view(places: Places) -> View:
    """What the window says once they were."""
    said = f"Alerts and digests go to {_shown(places.alerts)}, conversations to review to {_shown(places.review)}."
    return View(title="Where Hark posts", blocks=(section(said), context(_INVITE)))


def chosen_in(view: Mapping[str, Any], name: str) -> str:
    """The id of the channel that was chosen in the window.

    Raises:
        BadInput: None was, or it is no channel.
    """
    state: Any = view.get("state")
    values = state.get("values") if isinstance(state, dict) else None
    block = values.get(name) if isinstance(values, dict) else None
    element = block.get(name) if isinstance(block, dict) else None
    found = element.get("selected_conversation") if isinstance(element, dict) else None
    if not isinstance(found, str) or not _CHANNEL.fullmatch(found):
        raise BadInput("choose a channel", name)
    return found


def _select(chosen: str | None) -> Block:
    element: Block = {
        "type": "conversations_select",
        "placeholder": plain(_PLACEHOLDER, 75),
        # Who sits in a channel that is shared with another company would read along.
        "filter": {
            "include": ["public", "private"],
            "exclude_external_shared_channels": True,
            "exclude_bot_users": True,
        },
    }
    return {**element, "initial_conversation": chosen} if chosen else element


def _shown(channel: str | None) -> str:
    return f"<#{channel}>" if channel is not None and _CHANNEL.fullmatch(channel) else "no channel"
