"""The answer to ``/hark evaluators NAME``: one evaluator against its reviewers, and which label would teach most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bot.slack.blocks.evaluators import EvaluatorCard, unjudged_text
from bot.slack.blocks.figures import count, counted, money, percent, words
from bot.slack.blocks.labels import true_rate
from bot.slack.blocks.parts import facts, section, table
from bot.slack.blocks.surface import Message
from bot.slack.text import EMPTY, escape
from evaluators.calibration.lessons import Lesson, lessons_in
from evaluators.report import Bounds, EvaluatorReport, report_of
from traces.model import Calibration

_NAME: Final = 60
_SUMMARY: Final = 600
_WHY: Final = 200
_SHOWN: Final = 8
_LAYERS: Final = ("code", "classifier", "judge")
_HEAD: Final = ("Scores", "Conversations", "Labels", "One more label narrows the rate by")
_LEAST_POINTS: Final = 0.01


def evaluator_message(card: EvaluatorCard, found: Calibration | None) -> Message:
    """All that is known of one evaluator; ``found`` is what labels say of it."""
    name = escape(words(card.name), _NAME)
    first = f"{name}: {_standing(card)}"
    blocks = [section(f"*{name}* · {_standing(card)}\n{escape(card.summary, _SUMMARY)}"), facts(list(_week(card)))]
    if found is None or not found.n_labels:
        blocks.append(section("No labels yet: nobody knows how often it is right. `/hark review` begins."))
        return Message(text=first, blocks=tuple(blocks))
    blocks.append(section("\n".join(_against(found, report_of(found)))))
    if lessons := lessons_in(found.detail):
        blocks.append(section(_best(card.name, lessons[0])))
        rows = [list(_HEAD), *(_row(lesson) for lesson in lessons[:_SHOWN])]
        blocks.append(table(rows, numeric_from=1))
    return Message(text=first, blocks=tuple(blocks))


def points(gain: float) -> str:
    """A share from 0 to 1 as points: ``0.4 points``."""
    said = gain * 100
    if said < _LEAST_POINTS:
        return "less than 0.01 points"
    return f"{said:.2f} points" if said < 0.1 else f"{said:.1f} points"  # noqa: PLR2004 - one digit that tells


def scores_text(low: float | None, high: float | None) -> str:
    """A stratum of scores: ``0.30 to 0.62``."""
    if low is None:
        return "all" if high is None else f"below {high:.3g}"
    return f"from {low:.3g}" if high is None else f"{low:.3g} to {high:.3g}"


def _standing(card: EvaluatorCard) -> str:
    state = f"off, {escape(card.why_off, _WHY)}" if card.why_off else f"runs on {escape(card.when, _WHY)}"
    return f"{_LAYERS[card.layer]}, {state}"


def _week(card: EvaluatorCard) -> Iterator[tuple[str, str]]:
    flagged = EMPTY if card.flagged is None else percent(card.flagged)
    yield "Last 7 days", f"{count(card.scored)} scored, {flagged} flagged"
    yield "Failed", count(card.failed)
    yield "Labels", count(card.labels)
    yield "Threshold", f"{card.threshold:.3g}"
    if card.learned:
        yield "Classifier", escape(card.learned, _WHY)
    if card.spent_usd is not None:
        yield "Spent in 7 days", money(card.spent_usd)
    if card.unjudged:
        yield "Not judged", unjudged_text(card)


def _against(found: Calibration, report: EvaluatorReport) -> Iterator[str]:
    yield f"*Against reviewers*, {counted(found.n_labels, 'labelled conversation')}"
    yield f"• true rate {true_rate(found)}{_carried(found)}"
    named = {
        "of what is flagged, so much is true": report.precision,
        "of what is true, so much is found": report.tpr,
        "of what is not, so much is left alone": report.tnr,
    }
    yield from (f"• {said}: {_shares(bounds)}" for said, bounds in named.items() if bounds is not None)
    figures = {"κ": report.kappa, "AC1": report.ac1_bounds, "Youden's J": report.informedness}
    told = [f"{name} {_figures(bounds)}" for name, bounds in figures.items() if bounds is not None]
    if told:
        yield f"• beyond chance: {', '.join(told)}"
    if report.more_labels:
        yield f"• about {counted(report.more_labels, 'more label')} for an interval of ten points"
    yield from _question(found.detail.get("question") or {})


def _carried(found: Calibration) -> str:
    if not found.is_transported:
        return ""
    positive, negative = found.refresh
    return (
        "; most labels are of an earlier version: "
        f"{count(positive)} of flagged and {count(negative)} of other conversations would refresh it"
    )


def _question(told: Mapping[str, Any]) -> Iterator[str]:
    if told.get("alpha") is None:
        return
    said = f"reviewers agree on {percent(told['agreement'])} of {counted(told['n_double'], 'conversation')}"
    yield f"• {said} that several answered: α {_figures(tuple(told['alpha']))}"
    if told.get("is_vague"):
        yield "• ⚠️ the question is too vague: reviewers agree hardly more than chance"


def _best(name: str, lesson: Lesson) -> str:
    where = "any conversation" if lesson.low is None and lesson.high is None else "a conversation scored"
    scored = "" if where == "any conversation" else f" {scores_text(lesson.low, lesson.high)}"
    rate = f"the rate of {escape(name.replace('_', ' '), _NAME)}"
    return (
        f"🎯 *Which label would teach most?* That of {where}{scored}: it narrows {rate} by about {points(lesson.gain)}."
    )


def _row(lesson: Lesson) -> Sequence[str]:
    gain = points(lesson.gain)
    return [scores_text(lesson.low, lesson.high), count(lesson.size), count(lesson.labels), gain]


def _shares(bounds: Bounds) -> str:
    assert bounds is not None
    return f"{percent(bounds[0])} ({percent(bounds[1])} to {percent(bounds[2])})"


def _figures(bounds: Bounds) -> str:
    assert bounds is not None
    return f"{bounds[0]:.2f} ({bounds[1]:.2f} to {bounds[2]:.2f})"
