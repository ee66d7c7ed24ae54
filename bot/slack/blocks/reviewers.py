"""The answer to ``/hark reviewers``: how far each reviewer agrees with the others and with what is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.reviewing.reviewers import ReviewerCard
from bot.slack.blocks.figures import count, counted, duration, share
from bot.slack.blocks.parts import context, section, table
from bot.slack.blocks.surface import Message
from bot.slack.text import EMPTY, escape, one_line
from evaluators.calibration.record import Record

_SHOWN: Final = 40
_NAMED: Final = 8
_NAME: Final = 40
_HEAD: Final = ("Reviewer", "Labels", "7 days", "Agrees with others", "Latest 20", "Known answers", "Seconds")
_HOW: Final = (
    "Compared with what most others say of the same conversation, and with known answers (`More…` on a card, for admins). "
    "Seconds are the median between answers of one sitting. Shown to admins; each sees the own record in App Home."
)


def reviewers_message(cards: Sequence[ReviewerCard]) -> Message:
    """A line for each reviewer, and a word on those who have changed."""
    if not cards:
        text = "Nobody has labelled yet"
        return Message(text=text, blocks=(section(f"*{text}*\n`/hark review` begins."),))
    text = f"{counted(len(cards), 'reviewer')}, {counted(sum(card.this_week for card in cards), 'label')} in 7 days"
    blocks = [section(f"*{text}*"), table([list(_HEAD), *(_row(card) for card in cards[:_SHOWN])])]
    if drifted := [card for card in cards if card.record.has_drifted][:_NAMED]:
        names = ", ".join(escape(card.name, _NAME) for card in drifted)
        blocks.append(section(f"⚠️ Agreeing with the others less often than before: {names}."))
    if len(cards) > _SHOWN:
        blocks.append(context(f"{counted(len(cards) - _SHOWN, 'more reviewer')} not shown"))
    return Message(text=text, blocks=(*blocks, context(_HOW)))


def record_text(record: Record) -> str:
    """A reviewer's own record as the end of a line of mrkdwn; empty where there is nothing to compare."""
    said = []
    if record.n_shared:
        said.append(f"with others you agreed in {count(record.agreed)} of {count(record.n_shared)}")
    if record.has_drifted:
        said.append(f"lately less often: {count(record.recent_agreed)} of the last {count(record.recent_shared)}")
    if record.n_gold:
        said.append(f"known answers: {count(record.right)} of {count(record.n_gold)} right")
    if record.seconds is not None:
        said.append(f"{duration(record.seconds)} each")
    return "".join(f" · {one}" for one in said)


def plain_record(record: Record) -> str:
    """A reviewer's record for a line of a terminal."""
    said = []
    if record.n_shared:
        said.append(f"agrees with others in {record.agreed:,} of {record.n_shared:,}")
    if record.has_drifted:
        said.append(f"lately less: {record.recent_agreed} of the last {record.recent_shared}")
    if record.n_gold:
        said.append(f"{record.right:,} of {record.n_gold:,} known answers right")
    if record.seconds is not None:
        said.append(f"{record.seconds:.0f} s each")
    return f"  ({', '.join(said)})" if said else ""


def _row(card: ReviewerCard) -> list[str]:
    record = card.record
    return [
        one_line(card.name, _NAME) or EMPTY,
        count(card.labels),
        count(card.this_week),
        _of(record.agreed, record.n_shared),
        _of(record.recent_agreed, record.recent_shared),
        _of(record.right, record.n_gold),
        EMPTY if record.seconds is None else count(record.seconds),
    ]


def _of(part: int, whole: int) -> str:
    return f"{share(part / whole)} of {count(whole)}" if whole else EMPTY
