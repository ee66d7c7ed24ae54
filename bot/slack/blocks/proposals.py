"""What waits for an admin's word: a judge's criterion that does better on held-out labels, and a threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from bot.slack.blocks.figures import count, counted, interval, money, percent, words
from bot.slack.blocks.label_modal import conversations_modal
from bot.slack.blocks.parts import actions, button, context, header, rich_text, section, table
from bot.slack.blocks.surface import Message, View, delivery
from bot.slack.blocks.tokens import Token
from bot.slack.blocks.values import ConversationLine
from bot.slack.text import EMPTY, Block, escape, quote, slack_date
from evaluators.calibration.agreement import Bounded
from evaluators.judge.trial import Comparison, Measured

APPROVE: Final = "proposal_approve"
REJECT: Final = "proposal_reject"
UNDO: Final = "proposal_undo"
DISAGREEMENTS: Final = "proposal_disagreements"
THRESHOLD_APPROVE: Final = "threshold_approve"
THRESHOLD_REJECT: Final = "threshold_reject"
THRESHOLD_UNDO: Final = "threshold_undo"

Standing: TypeAlias = Literal["proposed", "approved", "rejected", "undone", "overtaken"]

EXAMPLES_SHOWN: Final = 3
WAITING_SHOWN: Final = 3
_NAME: Final = 60
_QUESTION: Final = 300
_GUIDANCE: Final = 1_500
_BEFORE: Final = 600
_EXAMPLE: Final = 400
_PROBLEM: Final = 200
_REASON: Final = 200
_TOLD: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Where a proposal stands, and who brought it there; ``by`` is a display name."""

    standing: Standing = "proposed"
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionCard:
    """A revision of a judge's criterion.

    Attributes:
        guidance: What is added; ``before`` what was added until now. Both written by a model, redacted.
        examples: What is shown to the judge: the right answer, and a redacted part of a conversation.
        can_undo: Whether it is in force.
        wrong: Held-out conversations on which one of the two is not of the people's opinion.
    """

    proposal_id: str
    evaluator: str
    question: str
    comparison: Comparison
    guidance: str = ""
    before: str = ""
    problem: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    decided: Decided = Decided()
    can_undo: bool = False
    wrong: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCard:
    """A threshold that labels want.

    Attributes:
        token: The evaluator's reference, and the number of the move.
        flags: Of ``n`` scores of the last seven days, how many are flagged by the one in force, and would be.
        can_undo: Whether it is what moved last.
    """

    token: Token
    evaluator: str
    before: float
    threshold: float
    reason: str
    decided: Decided = Decided()
    flags: tuple[int, int] | None = None
    n: int = 0
    can_undo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Everything that waits; ``may_decide`` is whether the reader is an admin."""

    revisions: tuple[RevisionCard, ...] = ()
    thresholds: tuple[ThresholdCard, ...] = ()
    may_decide: bool = False


# --- a judge's criterion ---


def revision_message(card: RevisionCard, *, delivery_id: str) -> Message:
    """Both criteria side by side on labels that neither was shown, what would change, and the buttons that still apply."""
    first = _revision_line(card)
    return Message(
        text=first,
        blocks=(
            header(_title(card)),
            section(_summary(card)),
            _side_by_side(card.comparison),
            *_changes(card),
            context(_small_print(card)),
            *_decided(card.decided),
            *_buttons(_revision_buttons(card), f"proposal:{card.proposal_id}:{card.decided.standing}"),
        ),
        metadata=delivery(delivery_id),
    )


def _title(card: RevisionCard) -> str:
    return f"{_MARKS[card.decided.standing]} A clearer criterion for {words(card.evaluator)}"


_MARKS: Final = {"proposed": "📐", "approved": "✅", "rejected": "✖️", "undone": "↩️", "overtaken": "✖️"}


def _revision_line(card: RevisionCard) -> str:
    found = card.comparison
    return (
        f"{_MARKS[card.decided.standing]} A clearer criterion for {escape(words(card.evaluator), _NAME)}: right on "
        f"{found.proposed.right} instead of {found.current.right} of {found.current.n} held-out labels"
    )


def _summary(card: RevisionCard) -> str:
    found = card.comparison
    problem = f"\n_What the judge gets wrong:_ {escape(card.problem, _PROBLEM)}" if card.problem.strip() else ""
    return (
        f"*{escape(card.question, _QUESTION)}*\n"
        f"On {counted(found.current.n, 'conversation')} that people labelled, and that neither was shown, the proposed criterion "
        f"says what people say {found.proposed.right} times, the current one {found.current.right} times: "
        f"{count(found.mended)} mended, {count(found.spoilt)} spoilt.{problem}"
    )


def _side_by_side(found: Comparison) -> Block:
    now, then = found.current, found.proposed
    rows = [
        ("On held-out labels", "Now", "Proposed"),
        ("Finds what is so", _rate(now.tpr), _rate(then.tpr)),
        ("Leaves the rest alone", _rate(now.tnr), _rate(then.tnr)),
        ("Youden's J", _figure(now.informedness), _figure(then.informedness)),
        ("Agreement κ", _figure(now.kappa), _figure(then.kappa)),
        ("Right", _right(now), _right(then)),
    ]
    return table(rows)


def _rate(bounded: Bounded) -> str:
    return f"{percent(bounded.value)} ({interval(bounded.low, bounded.high)})"


def _figure(bounded: Bounded | None) -> str:
    return EMPTY if bounded is None else f"{bounded.value:.2f} ({bounded.low:.2f} to {bounded.high:.2f})"


def _right(side: Measured) -> str:
    return f"{count(side.right)} of {count(side.n)}"


def _changes(card: RevisionCard) -> Iterator[Block]:
    if card.guidance.strip() and card.guidance != card.before:
        yield section("*Told besides*" + (", in place of what is told now" if card.before.strip() else ""))
        yield rich_text(quote(card.guidance, _GUIDANCE))
        if card.before.strip():
            yield section("*Told now*")
            yield rich_text(quote(card.before, _BEFORE))
    if card.examples:
        left = len(card.examples) - EXAMPLES_SHOWN
        more = f", {count(left)} more not shown here" if left > 0 else ""
        yield section(f"*Shown besides*: {counted(len(card.examples), 'example')} that the judge got wrong{more}")
    for verdict, text in card.examples[:EXAMPLES_SHOWN]:
        yield context(f"Right answer: {escape(verdict, _NAME)}")
        yield rich_text(quote(text, _EXAMPLE))


def _small_print(card: RevisionCard) -> str:
    found = card.comparison
    cost = f" · the trial cost {money(card.cost_usd)}" if card.cost_usd else ""
    chance = f"{found.p:.3f}" if found.p >= 0.001 else "below 0.001"  # noqa: PLR2004 - the last digit shown
    return (
        f"Paired: J by {_figure(found.gain)}, κ by {_figure(found.kappa_gain)} · chance {chance}"
        f"{cost} · The question stays, so labels stay. A new criterion is a new version: its rates are wider until "
        "people have labelled some of its verdicts."
    )


def _revision_buttons(card: RevisionCard) -> Iterator[Block]:
    token = str(Token(card.proposal_id, card.decided.standing))
    if card.decided.standing == "proposed":
        yield button("Approve", APPROVE, token, style="primary")
        yield button("Reject", REJECT, token)
    if card.can_undo:
        yield button("Undo", UNDO, token)
    if card.wrong:
        yield button("Show held-out disagreements", DISAGREEMENTS, token)


def disagreements_modal(lines: Sequence[ConversationLine], total: int) -> View:
    """Held-out conversations on which people, the current and the proposed criterion are not of one opinion."""
    return conversations_modal("Disagreements", lines, total)


def said_text(*, truth: bool, current: float | None, proposed: float | None) -> str:
    """What each says of a conversation, for people."""
    return f"People: {_said(float(truth))} · now: {_said(current)} · proposed: {_said(proposed)}"


def _said(value: float | None) -> str:
    if value is None:
        return "does not apply"
    return "yes" if value >= 0.5 else "no"  # noqa: PLR2004 - the middle


# --- a threshold ---


def threshold_message(card: ThresholdCard, *, delivery_id: str) -> Message:
    """A threshold that labels want, what it would flag, and the buttons that still apply."""
    return Message(
        text=_threshold_line(card),
        blocks=(
            section(_threshold_text(card)),
            *_decided(card.decided),
            *_buttons(_threshold_buttons(card), f"threshold:{card.token.subject_id}:{card.token.rest}"),
        ),
        metadata=delivery(delivery_id),
    )


def _threshold_line(card: ThresholdCard) -> str:
    name = escape(words(card.evaluator), _NAME)
    return f"{_THRESHOLD_MARKS[card.decided.standing]} Threshold of {name}: {card.before:.3g} → {card.threshold:.3g}"


_THRESHOLD_MARKS: Final = {**_MARKS, "proposed": "🎚️"}


def _threshold_text(card: ThresholdCard) -> str:
    flags = ""
    if card.flags is not None and card.n:
        now, then = card.flags
        flags = f"\nOf {counted(card.n, 'score')} in 7 days it flags {count(then)} instead of {count(now)}."
    return f"*{_threshold_line(card)}*\n{escape(card.reason, _REASON)}.{flags}"


def _threshold_buttons(card: ThresholdCard) -> Iterator[Block]:
    if card.decided.standing == "proposed":
        yield button("Approve", THRESHOLD_APPROVE, str(card.token), style="primary")
        yield button("Reject", THRESHOLD_REJECT, str(card.token))
    if card.can_undo:
        yield button("Undo", THRESHOLD_UNDO, str(card.token))


# --- both ---


_SAID: Final = {
    "approved": "✅ Approved",
    "rejected": "✖️ Rejected",
    "undone": "↩️ Undone",
    "overtaken": "✖️ Overtaken by another proposal",
}


def _decided(decided: Decided) -> Iterator[Block]:
    if decided.standing == "proposed":
        return
    by = f" by {escape(decided.by, _NAME)}" if decided.by else ""
    when = f", {slack_date(decided.at)}" if decided.at is not None else ""
    yield context(f"{_SAID[decided.standing]}{by}{when}")


def _buttons(elements: Iterator[Block], block_id: str) -> Iterator[Block]:
    if row := list(elements):
        yield actions(row, block_id)


def state_lines(waits: Waiting, in_force: Decided | None, told: str) -> Iterator[Block]:
    """What is proposed for one evaluator, and what became of it; nothing where nothing ever was.

    Args:
        waits: What waits for approval.
        in_force: Who approved the revision of its criterion that is in force, and when.
        told: What the last look at its disagreements came to.
    """
    lines = []
    if in_force is not None:
        when = f", {slack_date(in_force.at)}" if in_force.at is not None else ""
        lines.append(f"📐 A revision of its criterion is in force, approved by {escape(in_force.by, _NAME)}{when}")
    lines += [f"{_revision_line(card)}: waits for approval" for card in waits.revisions]
    if told and not waits.revisions:
        lines.append(f"📐 {escape(told[:1].upper() + told[1:], _TOLD)}")
    lines += [f"{_threshold_line(card)}: waits for approval" for card in waits.thresholds]
    if lines:
        yield section("\n".join(lines))


def waiting_lines(waiting: Waiting) -> Iterator[Block]:
    """What waits, in a few lines each, as App Home shows it; nothing at all where nothing waits."""
    total = len(waiting.revisions) + len(waiting.thresholds)
    if not total:
        return
    who = "" if waiting.may_decide else ": an admin decides"
    yield section(f"*{counted(total, 'proposal')} {'waits' if total == 1 else 'wait'} for approval*{who}")
    for revision in waiting.revisions[:WAITING_SHOWN]:
        yield section(_revision_line(revision))
        if waiting.may_decide:
            yield from _buttons(_revision_buttons(revision), f"home:proposal:{revision.proposal_id}")
    for threshold in waiting.thresholds[:WAITING_SHOWN]:
        yield section(_threshold_text(threshold))
        if waiting.may_decide:
            place = f"home:threshold:{threshold.token.subject_id}:{threshold.token.rest}"
            yield from _buttons(_threshold_buttons(threshold), place)
    left = total - len(waiting.revisions[:WAITING_SHOWN]) - len(waiting.thresholds[:WAITING_SHOWN])
    if left:
        yield context(f"{counted(left, 'more proposal')}: `hark judges proposals`, `hark calibrate`")
