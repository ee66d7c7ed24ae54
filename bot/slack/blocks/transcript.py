"""The whole of one conversation in a window: the agent's decision path, page by page within Slack's limits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.slack.blocks.conversation import MORE
from bot.slack.blocks.figures import counted
from bot.slack.blocks.parts import actions, button, context, option
from bot.slack.blocks.passages import Passage, passages
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token
from bot.slack.blocks.transcript_values import Transcript
from bot.slack.limits import ID, OPTIONS, length
from bot.slack.text import Block, code, plain
from traces.errors import BadInput

OPEN: Final = "conversation_open"
PREVIOUS: Final = "conversation_previous"
NEXT: Final = "conversation_next"
PAGE: Final = "conversation_page"
REVEAL: Final = "conversation_reveal"
HIDE: Final = "conversation_hide"

CALLBACK: Final = "conversation"
_BLOCKS_ON_PAGE: Final = 60
_CHARACTERS_ON_PAGE: Final = 24_000
_NO_LONGER_KEPT: Final = (
    "Personal data and secrets in this conversation are no longer kept: nobody can reveal them. "
    "How long they are is set by raw_days under [retention] in hark.toml."
)
_REVEALED: Final = "⚠️ Shown without redaction, to you alone. It was noted that you looked."


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody reads: which conversation, whether unredacted. Travels in the window's private metadata."""

    conversation_id: str
    is_raw: bool = False

    def __str__(self) -> str:
        return json.dumps({"conversation": self.conversation_id, "raw": self.is_raw}, separators=(",", ":"))


def parse_place(view: Mapping[str, Any]) -> Place:
    """Reads the private metadata of a window that ``transcript_view`` made.

    Raises:
        BadInput: It is not one.
    """
    try:
        told = json.loads(view.get("private_metadata") or "")
        conversation_id, is_raw = told["conversation"], told["raw"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput("not a window on a conversation", "view") from error
    if not isinstance(conversation_id, str) or not isinstance(is_raw, bool) or not 0 < len(conversation_id) <= ID:
        raise BadInput("not a window on a conversation", "view")
    return Place(conversation_id, is_raw)


def page_token(page: int) -> Token:
    """The value of what leads to a page."""
    return Token("page", str(page))


def parse_page(token: Token) -> int:
    """The page that a token leads to, from 1.

    Raises:
        BadInput: It leads to none.
    """
    if token.subject_id != "page" or not token.rest.isascii() or not token.rest.isdigit() or int(token.rest) < 1:
        raise BadInput("not a page of a conversation", "value")
    return int(token.rest)


def open_button(token: Token, text: str = "Full conversation") -> Block:
    """The button that opens the whole conversation.

    Args:
        token: A review item's id, or an alert's id with ``ref_of`` of one of its examples.
        text: What stands on it.
    """
    return button(text, OPEN, str(token))


def transcript_view(transcript: Transcript, page: int = 1) -> View:
    """One page of a conversation; a page beyond the last is the last."""
    pages = _paged(passages(transcript))
    number = min(max(1, page), len(pages))
    controls = list(_controls(transcript, pages, number))
    blocks: list[Block] = []
    if transcript.is_raw or not transcript.are_words_kept:
        blocks.append(
            {"type": "section", "text": plain(_REVEALED if transcript.are_words_kept else _NO_LONGER_KEPT, 300)}
        )
    blocks.append(context(f"{code(transcript.conversation.conversation_id, 300)}{_where(pages, number)}"))
    if controls:
        blocks.append(actions(controls, f"conversation:top:{number}:{transcript.is_raw}"))
    blocks.extend(block for passage in pages[number - 1] for block in passage.blocks)
    if len(pages) > 1:
        blocks.append(actions(list(_steps(len(pages), number)), f"conversation:bottom:{number}:{transcript.is_raw}"))
    return View(
        title="Conversation",
        callback_id=CALLBACK,
        private_metadata=str(Place(transcript.conversation.conversation_id, transcript.is_raw)),
        blocks=tuple(blocks),
    )


def _where(pages: Sequence[object], number: int) -> str:
    return f" · page {number} of {len(pages):,}" if len(pages) > 1 else ""


def _paged(every: Iterator[Passage]) -> list[list[Passage]]:
    pages: list[list[Passage]] = [[]]
    blocks = characters = 0
    for passage in every:
        if pages[-1] and (
            blocks + len(passage.blocks) > _BLOCKS_ON_PAGE or characters + passage.characters > _CHARACTERS_ON_PAGE
        ):
            pages.append([])
            blocks = characters = 0
        pages[-1].append(passage)
        blocks += len(passage.blocks)
        characters += passage.characters
    return pages


def _controls(transcript: Transcript, pages: Sequence[Sequence[Passage]], number: int) -> Iterator[Block]:
    yield from _steps(len(pages), number)
    if len(pages) > 2:  # noqa: PLR2004  two pages are reached by the steps
        yield _menu(pages, number)
    if transcript.item_id is not None:
        yield button("Label…", MORE, str(Token(transcript.item_id)))
    if transcript.is_raw:
        yield button("Hide again", HIDE, str(page_token(number)))
    elif transcript.hidden and transcript.can_reveal:
        text = f"Reveal {counted(transcript.hidden, 'redacted passage')}"
        yield button(text, REVEAL, str(page_token(number)))


def _steps(pages: int, number: int) -> Iterator[Block]:
    if number > 1:
        yield button("‹ Previous", PREVIOUS, str(page_token(number - 1)))
    if number < pages:
        yield button("Next ›", NEXT, str(page_token(number + 1)))


def _menu(pages: Sequence[Sequence[Passage]], number: int) -> Block:
    first = max(0, min(number - 1 - OPTIONS // 2, len(pages) - OPTIONS))
    options = [
        option(_page_title(page, first + place), str(page_token(first + place)))
        for place, page in enumerate(pages[first : first + OPTIONS], 1)
    ]
    return {"type": "static_select", "action_id": PAGE, "placeholder": plain("Go to page…", 75), "options": options}


def _page_title(page: Sequence[Passage], number: int) -> str:
    """Which turns a page holds, and what evaluators point at there."""
    turns = [passage.turn for passage in page if passage.turn is not None]
    held = f" · turn {turns[0]}" + (f"–{turns[-1]}" if turns[-1] != turns[0] else "") if turns else ""
    marks = list(dict.fromkeys(mark for passage in page for mark in passage.marks))
    marked = f" · ⚑ {', '.join(marks)}" if marks else ""
    title = f"Page {number}{held}{marked}"
    return title if length(title) else str(number)
