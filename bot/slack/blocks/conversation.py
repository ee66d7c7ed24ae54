"""One flagged conversation, with buttons that turn a reviewer's click into a label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bot.slack.blocks.alert import segment_text
from bot.slack.blocks.evaluator import points
from bot.slack.blocks.figures import counted, words
from bot.slack.blocks.label_controls import MENU, MORE, NO, UNDO, WORD, YES, label_controls, thumb
from bot.slack.blocks.parts import context, line, rich_text, section
from bot.slack.blocks.people import USER_ID, person_text
from bot.slack.blocks.surface import Message, delivery
from bot.slack.blocks.values import FlaggedConversation, Question, Turn, Verdict, Vote
from bot.slack.text import Block, escape, one_line, quote, slack_date
from traces.model import Score

TURNS_SHOWN: Final = 8
TURNS_SHOWN_IN_EXAMPLE: Final = 4
_TURN: Final = 600
_WHY: Final = 200
_NAME: Final = 60
_SENTENCE: Final = 150
_SCORES_SHOWN: Final = 5
_VOTES_SHOWN: Final = 5
_LABELS_SHOWN: Final = 3
_WORDS_SHOWN: Final = 3
_SHORT: Final = 30
_TEXT: Final = 300


def example_card(item: FlaggedConversation, *, delivery_id: str) -> Message:
    """A short card for an alert's thread: one of the conversations behind it."""
    return _card(item, delivery_id, "🔎", TURNS_SHOWN_IN_EXAMPLE)


def review_card(item: FlaggedConversation, *, delivery_id: str) -> Message:
    """The card of the review channel: more of the conversation, and the question first."""
    return _card(item, delivery_id, "📋", TURNS_SHOWN)


def _card(item: FlaggedConversation, delivery_id: str, lead: str, turns: int) -> Message:
    blocks = (*content(item, lead, turns), label_controls(item))
    text = f"{lead} {escape(item.question.question, _WHY)} {escape(item.why, _WHY)}"
    return Message(text=text, blocks=blocks, metadata=delivery(delivery_id))


def content(item: FlaggedConversation, lead: str = "📋", turns: int = TURNS_SHOWN) -> Iterator[Block]:
    """Everything of a card but its buttons: the question and why it is asked, the excerpt, scores, votes."""
    yield question_line(item, lead)
    yield _origin(item)
    if item.teaches is not None and not item.answers:
        name = escape(item.question.evaluator.replace("_", " "), _NAME)
        yield context(f"🎯 This label narrows the rate of {name} by about {points(item.teaches)}.")
    yield from _transcript(item, turns)
    if item.scores:
        yield section("\n".join(_score_text(score) for score in item.scores[:_SCORES_SHOWN]))
    yield from _verdicts(item)
    yield from _standing(item)


def question_line(item: FlaggedConversation, lead: str = "📋") -> Block:
    """What is asked, and why this conversation was picked."""
    return section(f"{lead} *{escape(item.question.question, _WHY)}*\n{escape(item.why, _WHY)}")


def _origin(item: FlaggedConversation) -> Block:
    parts = [segment_text(item.context)] if item.context.pairs else []
    if item.at is not None:
        parts.append(slack_date(item.at))
    parts.append(counted(max(item.turns_total, len(item.turns)), "turn"))
    return context(" · ".join(parts))


def _transcript(item: FlaggedConversation, most: int) -> Iterator[Block]:
    shown = item.turns[:most]
    if shown:
        yield rich_text(*(element for turn in shown for element in turn_elements(turn)))
    left = max(item.turns_total, len(item.turns)) - len(shown)
    if left > 0:
        yield context(f"{counted(left, 'more turn')} not shown")


def turn_elements(turn: Turn) -> tuple[Block, Block]:
    """Who spoke, and what they said as a quotation."""
    return line(words(turn.role), _NAME, bold=True), quote(turn.text, _TURN)


def spoken_lines(turns: Sequence[Turn], limit: int) -> Block:
    """Who spoke, and the beginning of what they said, each on a line."""
    runs: list[Block] = []
    for place, turn in enumerate(turns):
        who = f"{one_line(words(turn.role), _NAME)}: "
        runs.append({"type": "text", "text": who if place == 0 else f"\n{who}", "style": {"bold": True}})
        runs.append({"type": "text", "text": one_line(turn.text, limit)})
    return {"type": "rich_text_section", "elements": runs or [{"type": "text", "text": "Nothing was said."}]}


def _score_text(score: Score) -> str:
    said = [f"{score.value:.2f}"] if score.value is not None else []
    if score.label:
        said.append(escape(score.label, _NAME))
    explanation = f" — {escape(score.explanation, _SENTENCE)}" if score.explanation else ""
    return f"*{escape(words(score.name), _NAME)}* {' '.join(said) or 'unscored'}{explanation}"


def _verdicts(item: FlaggedConversation) -> Iterator[Block]:
    if item.hidden_votes:
        yield context(_blind_text(item))
    if not item.votes:
        return
    shown = item.votes[-_VOTES_SHOWN:]
    lines = [vote_text(vote, item.question) for vote in shown]
    if len(shown) < len(item.votes):
        lines.insert(0, f"{counted(len(item.votes) - len(shown), 'earlier vote')}")
    yield section("\n".join(lines))
    if disagree(item.votes):
        yield context(f"⚖️ Reviewers disagree: {tally(item.votes, item.question)}")


def _blind_text(item: FlaggedConversation) -> str:
    others = "other reviewer" if item.votes else "reviewer"
    have = f"{counted(item.hidden_votes, others)} {'has' if item.hidden_votes == 1 else 'have'} answered"
    return f"🙈 {have}. With {counted(item.shown_from, 'answer')} it shows who said what."


def _standing(item: FlaggedConversation) -> Iterator[Block]:
    """Further labels, whose it is, and whether it is kept."""
    given = item.words[-_WORDS_SHOWN:]
    parts = [
        f"🏷 {escape(words(word.name), _SHORT)} — {person_text(word.reviewer, word.reviewer_id, _SHORT)}"
        for word in given
    ]
    if assigned := _assigned(item):
        parts.append(f"👤 assigned to {assigned}")
    if item.is_kept:
        parts.append("📦 in the dataset")
    if item.wants_votes and item.answers and not item.hidden_votes:
        parts.append("👥 another reviewer is asked too")
    if parts:
        yield context(*parts)


def _assigned(item: FlaggedConversation) -> str:
    """Whose it is. Slack names who is known by id only; nobody is told of a mention in a message that is edited."""
    if item.assigned_to or (item.assigned_id and USER_ID.fullmatch(item.assigned_id)):
        return person_text(item.assigned_to, item.assigned_id or "", _SHORT)
    return ""


def vote_text(vote: Vote, question: Question) -> str:
    """Who said what, when, as mrkdwn: ``👎 *Refusal: yes* — Mia today 14:07``."""
    verdict = f"{thumb(vote.verdict, question)} *{escape(words(vote.evaluator), _NAME)}: {_word(vote.verdict)}*"
    labels = ", ".join(escape(words(label), _NAME) for label in vote.labels[:_LABELS_SHOWN])
    note = f"\n      {escape(vote.note, _SENTENCE)}" if vote.note and vote.note.strip() else ""
    who = person_text(vote.reviewer, vote.reviewer_id, _NAME)
    return f"{verdict}{f' · {labels}' if labels else ''} — {who} {slack_date(vote.at)}{note}"


def disagree(votes: Sequence[Vote]) -> bool:
    """Whether some said yes and some said no; not being sure is no contradiction."""
    return {"yes", "no"} <= {vote.verdict for vote in votes}


def tally(votes: Sequence[Vote], question: Question) -> str:
    """How many said what: ``2 × 👎 yes, 1 × 👍 no``."""
    verdicts: tuple[Verdict, ...] = ("yes", "no", "unsure")
    counts = [(sum(vote.verdict == verdict for vote in votes), verdict) for verdict in verdicts]
    return ", ".join(f"{n} × {thumb(verdict, question)} {_word(verdict)}" for n, verdict in counts if n)


def _word(verdict: Verdict) -> str:
    return "not sure" if verdict == "unsure" else verdict


__all__ = [
    "MENU",
    "MORE",
    "NO",
    "TURNS_SHOWN",
    "TURNS_SHOWN_IN_EXAMPLE",
    "UNDO",
    "WORD",
    "YES",
    "content",
    "disagree",
    "example_card",
    "question_line",
    "review_card",
    "spoken_lines",
    "tally",
    "turn_elements",
    "vote_text",
]
