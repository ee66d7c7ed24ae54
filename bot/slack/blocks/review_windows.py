"""The windows of reviewing: the next question of the queue, and to whom a question is given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bot.slack.blocks.conversation import content, question_line, spoken_lines
from bot.slack.blocks.figures import counted
from bot.slack.blocks.inputs import form, labelled, state_of
from bot.slack.blocks.label_controls import UNDO, label_controls
from bot.slack.blocks.parts import button, context, rich_text, section
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token, parse_token
from bot.slack.blocks.values import FlaggedConversation, LastAnswer, QueueProgress, Turn
from bot.slack.text import Block, escape, plain
from traces.errors import BadInput

QUEUE: Final = "review_queue"
ASSIGNING: Final = "review_assign"
AT_ONCE: Final = 10
_PLACE = re.compile(rf"{QUEUE}-(\d{{1,2}})", re.ASCII)
_GIST: Final = 250
_REVIEWER: Final = "reviewer"
_LABEL: Final = 150
_NAME: Final = 60
_QUESTION: Final = 150


def queue_view(
    items: Sequence[FlaggedConversation], progress: QueueProgress, notice: str = "", *, most: int = 1
) -> View:
    """The window that serves one question after the other.

    Args:
        items: What is asked now, the first of it whole; nothing when nothing waits for this person.
        progress: How much there is.
        notice: A sentence of ours to begin with.
        most: How many questions are shown at a time.
    """
    place = place_of(most)
    blocks: list[Block] = [section(notice)] if notice else []
    blocks.extend(last_answer(progress.last))
    blocks.append(context(progress_text(progress)))
    if not items:
        blocks.append(section(nothing_text(progress)))
    for item in items[:1]:
        blocks.extend((*content(item), label_controls(item, place=place)))
    for item in items[1:AT_ONCE]:
        blocks.extend(short_form(item, place))
    return View(
        title="Review queue", callback_id=QUEUE, private_metadata=str(Token(QUEUE, place)), blocks=tuple(blocks)
    )


def place_of(most: int) -> str:
    """How a button tells that it stands in the window on the queue, and how many questions that shows."""
    return f"{QUEUE}-{min(max(most, 1), AT_ONCE)}"


def most_at(place: str) -> int | None:
    """How many questions the window shows that a button stands in; ``None`` where it stands elsewhere."""
    found = _PLACE.fullmatch(place)
    return None if found is None else int(found[1])


def short_form(item: FlaggedConversation, place: str) -> Iterator[Block]:
    """A question in short: the turns that tell, and its buttons."""
    yield {"type": "divider"}
    yield question_line(item)
    if item.turns:
        yield rich_text(spoken_lines(_gist(item), _GIST))
    yield label_controls(item, place=place, has_words=False)


def _gist(item: FlaggedConversation) -> Sequence[Turn]:
    """The turn that holds the evidence, or else the last one, and the one before it."""
    last = len(item.turns) - 1 if item.telling is None else item.telling
    return item.turns[max(0, last - 1) : last + 1]


def last_answer(last: LastAnswer | None) -> Iterator[Block]:
    """What this person said last, with a way to take it back."""
    if last is not None:
        said = f"✔︎ You said *{escape(last.said, _NAME)}* to “{escape(last.question, _QUESTION)}”"
        yield section(said, accessory=button("Undo", UNDO, str(Token(last.item_id))))


def progress_text(progress: QueueProgress) -> str:
    """How many wait, and how many of the day's answers were given."""
    of_day = f" of {progress.taps_per_day:,}" if progress.taps_per_day else ""
    return f"{counted(progress.waiting, 'question')} waiting for you · {progress.taps:,}{of_day} answered today"


def nothing_text(progress: QueueProgress) -> str:
    """Why there is no question now."""
    if progress.taps_per_day and progress.taps >= progress.taps_per_day:
        return "🎉 That is all for today: more is not asked of one person in a day."
    return "🎉 Nothing waits for you."


def assign_view(item_id: str, place: str = "") -> View:
    """The window in which a reviewer is chosen."""
    element: Block = {"type": "users_select", "placeholder": plain("Choose a reviewer", _LABEL)}
    blocks = (
        labelled(_REVIEWER, "Who should answer this?", element, optional=False),
        context("It moves to the top of that person's queue, and out of everybody else's."),
    )
    return form("Assign", ASSIGNING, Token(item_id, place), blocks, submit="Assign")


def parse_assignment(view: Mapping[str, Any]) -> tuple[str, str]:
    """The item's id and the chosen person's Slack id, of a sent ``assign_view``.

    Raises:
        BadInput: Nobody was chosen, or the view is not one that Hark opened.
    """
    found = state_of(view, _REVIEWER).get("selected_user")
    if not isinstance(found, str) or not found:
        raise BadInput("choose a person", _REVIEWER)
    return parse_token(str(view.get("private_metadata") or "")).subject_id, found
