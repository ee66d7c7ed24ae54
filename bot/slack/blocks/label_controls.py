"""The buttons with which a reviewer answers a question, wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.slack.blocks.figures import words
from bot.slack.blocks.parts import actions, button, overflow
from bot.slack.blocks.tokens import Token, parse_token
from bot.slack.blocks.values import FlaggedConversation, Question, Verdict
from bot.slack.text import Block, one_line
from traces.errors import BadInput

YES: Final = "label_yes"
NO: Final = "label_no"
WORD: Final = "label_word"
MORE: Final = "label_more"
UNDO: Final = "label_undo"
MENU: Final = "label_menu"

SKIP: Final = "skip"
ASSIGN: Final = "assign"
KEEP: Final = "keep"
READ: Final = "read"
_ENTRIES: Final = {SKIP: "Skip", ASSIGN: "Assign…", KEEP: "Add to dataset", READ: "Full conversation"}
_NAME: Final = 40


def thumb(verdict: Verdict, question: Question) -> str:
    """👎 for the answer that is bad news, 👍 for the other one."""
    if verdict == "unsure":
        return "🤷"
    return "👎" if (verdict == "yes") == question.yes_is_bad else "👍"


def label_controls(item: FlaggedConversation, *, place: str = "", has_words: bool = True) -> Block:
    """The row of buttons under a question, the likeliest labels first.

    Args:
        item: The question and what was said; without a need for more votes only ``More…`` stays.
        place: Where the buttons stand, for the window behind ``More…``; empty for a message.
        has_words: Whether a further word is offered beside the question's own answers.
    """
    value = str(Token(item.item_id))
    row = list(_answers(item, value, has_words=has_words)) if item.wants_votes or not item.answers else []
    row.append(button("More…", MORE, str(Token(item.item_id, place))))
    if (item.answers or item.words) and item.can_undo:
        row.append(button("Undo", UNDO, value))
    row.append(overflow(MENU, [(text, str(Token(item.item_id, entry))) for entry, text in _entries(item)]))
    # A new block id per vote keeps Slack from showing the state of an older card.
    return actions(
        row, f"label:{place}:{item.item_id}:{item.answers}" if place else f"label:{item.item_id}:{item.answers}"
    )


def _answers(item: FlaggedConversation, value: str, *, has_words: bool) -> Iterator[Block]:
    question = item.question
    yield button(f"{thumb('yes', question)} {one_line(question.yes_label, _NAME)}", YES, value)
    yield button(f"{thumb('no', question)} {one_line(question.no_label, _NAME)}", NO, value)
    word = next((name for name in item.likely if is_carried(name)), None)
    if has_words and word is not None:
        yield button(f"🏷 {one_line(words(item.titles.get(word, word)), _NAME)}", WORD, str(Token(item.item_id, word)))


def _entries(item: FlaggedConversation) -> Iterator[tuple[str, str]]:
    for entry, text in _ENTRIES.items():
        if entry == KEEP and item.is_kept:
            continue
        yield entry, text


def is_carried(name: str) -> bool:
    """Whether a button's value can hold a label's name."""
    try:
        return parse_token(str(Token("item", name))).rest == name
    except BadInput:
        return False
