"""One flagged conversation, with buttons that turn a reviewer's click into a label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bot.slack.blocks.alert import segment_text
from bot.slack.blocks.figures import counted, words
from bot.slack.blocks.parts import actions, button, context, line, rich_text, section
from bot.slack.blocks.surface import Message, delivery
from bot.slack.blocks.tokens import Token
from bot.slack.blocks.values import FlaggedConversation, Question, Turn, Verdict, Vote
from bot.slack.text import Block, escape, one_line, quote, slack_date
from traces.model import Score

YES: Final = "label_yes"
NO: Final = "label_no"
MORE: Final = "label_more"
UNDO: Final = "label_undo"

TURNS_SHOWN: Final = 8
TURNS_SHOWN_IN_EXAMPLE: Final = 4
_TURN: Final = 600
_WHY: Final = 200
_NAME: Final = 60
_SENTENCE: Final = 150
_SCORES_SHOWN: Final = 5
_VOTES_SHOWN: Final = 5
_LABELS_SHOWN: Final = 3
_TEXT: Final = 300


def example_card(item: FlaggedConversation, *, delivery_id: str) -> Message:
    """A short card for an alert's thread: one of the conversations behind it."""
    return _card(item, delivery_id, "🔎", TURNS_SHOWN_IN_EXAMPLE)


def review_card(item: FlaggedConversation, *, delivery_id: str) -> Message:
    """The card of the review channel: more of the conversation, and the question first."""
    return _card(item, delivery_id, "📋", TURNS_SHOWN)


def _card(item: FlaggedConversation, delivery_id: str, lead: str, turns: int) -> Message:
    blocks = [section(f"{lead} *{escape(item.question.question, _WHY)}*\n{escape(item.why, _WHY)}")]
    blocks.append(_origin(item))
    blocks.extend(_transcript(item, turns))
    if item.scores:
        blocks.append(section("\n".join(_score_text(score) for score in item.scores[:_SCORES_SHOWN])))
    blocks.extend(_verdicts(item))
    controls = _controls(item)
    # A new block id per vote keeps Slack from showing the state of an older card.
    blocks.append(actions(controls, f"label:{item.item_id}:{len(item.votes)}"))
    text = f"{lead} {escape(item.question.question, _WHY)} {escape(item.why, _WHY)}"
    return Message(text=text, blocks=tuple(blocks), metadata=delivery(delivery_id))


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


def _score_text(score: Score) -> str:
    said = [f"{score.value:.2f}"] if score.value is not None else []
    if score.label:
        said.append(escape(score.label, _NAME))
    explanation = f" — {escape(score.explanation, _SENTENCE)}" if score.explanation else ""
    return f"*{escape(words(score.name), _NAME)}* {' '.join(said) or 'unscored'}{explanation}"


def _verdicts(item: FlaggedConversation) -> Iterator[Block]:
    if not item.votes:
        return
    shown = item.votes[-_VOTES_SHOWN:]
    lines = [vote_text(vote, item.question) for vote in shown]
    if len(shown) < len(item.votes):
        lines.insert(0, f"{counted(len(item.votes) - len(shown), 'earlier vote')}")
    yield section("\n".join(lines))
    if disagree(item.votes):
        yield context(f"⚖️ Reviewers disagree: {tally(item.votes, item.question)}")


def vote_text(vote: Vote, question: Question) -> str:
    """Who said what, when, as mrkdwn: ``👎 *Refusal: yes* — Mia today 14:07``."""
    verdict = f"{_thumb(vote.verdict, question)} *{escape(words(vote.evaluator), _NAME)}: {_word(vote.verdict)}*"
    labels = ", ".join(escape(words(label), _NAME) for label in vote.labels[:_LABELS_SHOWN])
    note = f"\n      {escape(vote.note, _SENTENCE)}" if vote.note and vote.note.strip() else ""
    who = escape(vote.reviewer, _NAME)
    return f"{verdict}{f' · {labels}' if labels else ''} — {who} {slack_date(vote.at)}{note}"


def disagree(votes: Sequence[Vote]) -> bool:
    """Whether some said yes and some said no; not being sure is no contradiction."""
    return {"yes", "no"} <= {vote.verdict for vote in votes}


def tally(votes: Sequence[Vote], question: Question) -> str:
    """How many said what: ``2 × 👎 yes, 1 × 👍 no``."""
    verdicts: tuple[Verdict, ...] = ("yes", "no", "unsure")
    counts = [(sum(vote.verdict == verdict for vote in votes), verdict) for verdict in verdicts]
    return ", ".join(f"{n} × {_thumb(verdict, question)} {_word(verdict)}" for n, verdict in counts if n)


def _word(verdict: Verdict) -> str:
    return "not sure" if verdict == "unsure" else verdict


def _thumb(verdict: Verdict, question: Question) -> str:
    if verdict == "unsure":
        return "🤷"
    return "👎" if (verdict == "yes") == question.yes_is_bad else "👍"


def _controls(item: FlaggedConversation) -> list[Block]:
    question = item.question
    value = str(Token(item.item_id))
    yes = button(f"{_thumb('yes', question)} {one_line(question.yes_label, _NAME)}", YES, value)
    no = button(f"{_thumb('no', question)} {one_line(question.no_label, _NAME)}", NO, value)
    more = button("More…", MORE, value)
    if not item.votes:
        return [yes, no, more]
    controls = [yes, no, more] if item.wants_votes else [more]
    return [*controls, button("Undo", UNDO, value)] if item.can_undo else controls
