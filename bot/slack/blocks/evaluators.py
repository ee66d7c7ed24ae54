"""The answer to ``/hark evaluators``: everything that scores conversations, and how each is doing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from bot.slack.blocks.figures import count, counted, duration, money, percent, words
from bot.slack.blocks.parts import context, section, table
from bot.slack.blocks.surface import Message
from bot.slack.text import EMPTY, Block, escape, one_line
from traces.model import Direction

_SHOWN: Final = 60
_NAME: Final = 40
_IDLE: Final = 600
_OFF_SHOWN: Final = 16
_OFF_CHARS: Final = 120
_NOTES_SHOWN: Final = 8
_MINUTE_S, _EXACT_S = 60, 600
_LAYERS: Final = ("code", "classifier", "judge")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorCard:
    """One evaluator of the catalogue, and its last seven days.

    Attributes:
        layer: 0 code, 1 a classifier, 2 a judge.
        needs: What a conversation has to hold for it to say anything.
        cost: In words, for a conversation of twenty turns.
        why_off: Why it does not run; empty where it does.
        scored: Conversations that have a score of it.
        flagged: Share of these on its bad side of the threshold, from 0 to 1.
        failed: How often it failed.
        labels: Labels of its question; with ``agreement`` Cohen's kappa, from -1 to 1.
        usable: Whether labels show that its verdicts tell something; ``None`` without enough labels.
        learned: What there is of a classifier, in words; empty where nothing was learned.
        spent_usd: What it cost, for judges; ``budget_usd`` is what it may cost a day by itself.
        unjudged: Conversations that a judge was not asked about today, for its budget or the day's is spent.
    """

    name: str
    layer: Literal[0, 1, 2]
    version: str
    when: str
    needs: tuple[str, ...]
    cost: str
    summary: str
    bad: Direction
    why_off: str = ""
    threshold: float = 0.5
    scored: int = 0
    flagged: float | None = None
    failed: int = 0
    labels: int = 0
    agreement: float | None = None
    usable: bool | None = None
    learned: str = ""
    spent_usd: float | None = None
    budget_usd: float | None = None
    unjudged: int = 0

    @property
    def is_on(self) -> bool:
        return not self.why_off


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietLine:
    """After how many seconds an application's conversations count as gone quiet; learned from so many pauses."""

    application: str
    after_s: float
    pauses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueReport:
    """Every evaluator there is; and when conversations count as gone quiet, where that was learned."""

    cards: tuple[EvaluatorCard, ...]
    quiet_s: float
    quiet: tuple[QuietLine, ...] = field(default=())


def catalogue_message(report: CatalogueReport) -> Message:
    """Those that run as a table, the others with the reason, and what is worth a word besides."""
    running = [card for card in report.cards if card.is_on]
    off = [card for card in report.cards if not card.is_on]
    blocks = [section(f"*{counted(len(running), 'evaluator')} running*, last 7 days")]
    blocks.extend(_table(running))
    if notes := list(_notes(running))[:_NOTES_SHOWN]:
        blocks.append(section("\n".join(f"• {note}" for note in notes)))
    if off:
        blocks.append(section("\n".join(["*Off*", *_off_lines(off)])))
    blocks.append(context(quiet_text(report)))
    return Message(text=f"{counted(len(running), 'evaluator')} running, {len(off)} off", blocks=tuple(blocks))


def _table(running: Sequence[EvaluatorCard]) -> Iterator[Block]:
    """A row for each that did something, one line for all that had nothing to do."""
    busy = [card for card in running if card.scored or card.failed or card.labels or card.unjudged]
    idle = [words(card.name) for card in running if card not in busy]
    if busy:
        yield table([_HEAD, *(_row(card) for card in busy[:_SHOWN])], numeric_from=2)
    if len(busy) > _SHOWN:
        yield context(f"{counted(len(busy) - _SHOWN, 'more evaluator')} not shown")
    if idle:
        yield context(f"Nothing to score in these days: {escape(', '.join(idle), _IDLE)}")


_HEAD: Final = ("Evaluator", "Layer", "Scored", "Flagged", "Failed", "Labels", "κ", "Cost")


def _row(card: EvaluatorCard) -> list[str]:
    return [
        one_line(words(card.name), _NAME),
        _LAYERS[card.layer],
        count(card.scored),
        percent(card.flagged) if card.flagged is not None else EMPTY,
        count(card.failed),
        count(card.labels),
        EMPTY if card.agreement is None else f"{card.agreement:.2f}",
        EMPTY if card.spent_usd is None else money(card.spent_usd),
    ]


def _notes(running: Sequence[EvaluatorCard]) -> Iterator[str]:
    for card in running:
        name = escape(words(card.name), _NAME)
        if card.usable is False:
            yield f"*{name}*: by the labels its verdicts tell too little; its rate rests on the labels alone"
        if card.learned:
            yield f"*{name}*: {escape(card.learned, _OFF_CHARS)}"
        if card.budget_usd is not None:
            yield f"*{name}* may cost {money(card.budget_usd)} a day"
        if card.unjudged:
            yield f"*{name}*: {unjudged_text(card)}"


def unjudged_text(card: EvaluatorCard) -> str:
    """How many conversations a judge left out today, why, and until when."""
    own = (
        f"its own budget of {money(card.budget_usd)} or the daily budget"
        if card.budget_usd is not None
        else "the daily budget"
    )
    return f"{counted(card.unjudged, 'conversation')} not judged today, {own} is spent; it goes on at midnight (UTC)"


def _off_lines(off: Sequence[EvaluatorCard]) -> Iterator[str]:
    for card in off[:_OFF_SHOWN]:
        yield f"• {escape(words(card.name), _NAME)}: {escape(card.why_off, _OFF_CHARS)}"
    if len(off) > _OFF_SHOWN:
        yield f"and {counted(len(off) - _OFF_SHOWN, 'more')}"


def quiet_text(report: CatalogueReport) -> str:
    """After how long conversations count as gone quiet, by application, as mrkdwn."""
    learned = [
        f"{seconds_or_more(line.after_s)} in {escape(line.application, _NAME) or 'traffic without an application'}"
        f" (learned from {counted(line.pauses, 'pause')})"
        for line in report.quiet[:_NOTES_SHOWN]
    ]
    usual = f"{seconds_or_more(report.quiet_s)}{' elsewhere' if learned else ''}"
    return f"A conversation has gone quiet after {', '.join([*learned, usual])}."


def seconds_or_more(seconds: float) -> str:
    """A short time exactly, a longer one in its largest units: ``90 s``, ``15 min``."""
    return f"{seconds:.0f} s" if seconds < _EXACT_S and seconds % _MINUTE_S else duration(seconds)
