"""The answer to ``/hark labels``: what reviewers said, and what their labels taught."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from bot.slack.blocks.figures import count, counted, interval, percent, words
from bot.slack.blocks.parts import context, section, table
from bot.slack.blocks.surface import Message
from bot.slack.text import EMPTY, escape, one_line
from traces.model import Calibration

_SHOWN: Final = 40
_REVIEWERS_SHOWN: Final = 8
_NAME: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLine:
    """The labels of one name.

    ``calibration`` is what they say of the evaluator of that name, if there is one, and ``before`` what was the first thing
    that they said in the last seven days.
    """

    name: str
    labels: int
    this_week: int = 0
    calibration: Calibration | None = None
    before: Calibration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsReport:
    """What reviewers have said.

    Attributes:
        lines: By name, the most labelled first.
        reviewers: Display names and how many labels each gave in the last seven days, the busiest first.
        waiting: Conversations that wait for a reviewer.
    """

    lines: tuple[LabelLine, ...] = ()
    reviewers: tuple[tuple[str, int], ...] = field(default=())
    waiting: int = 0

    @property
    def total(self) -> int:
        return sum(line.labels for line in self.lines)

    @property
    def this_week(self) -> int:
        return sum(line.this_week for line in self.lines)


_HEAD: Final = ("Label", "In all", "7 days", "Agreement (κ)", "Threshold", "True rate now, 95 % interval")


_OF_NOW: Final = "True rates are those of what runs now: this evaluator on this prompt version. “→” leads from what was said a week ago."


def labels_message(report: LabelsReport) -> Message:
    """How much was labelled, then what each name's labels taught."""
    if not report.lines:
        text = "No labels yet"
        return Message(text=text, blocks=(section(f"*{text}*\n{_waiting(report)} `/hark review` begins."),))
    first_line = f"{counted(report.total, 'label')}, {count(report.this_week)} in the last 7 days"
    blocks = [section(f"*{first_line}*\n{_waiting(report)}")]
    blocks.append(table([list(_HEAD), *(_row(line) for line in report.lines[:_SHOWN])]))
    if len(report.lines) > _SHOWN:
        blocks.append(context(f"{counted(len(report.lines) - _SHOWN, 'more name')} not shown"))
    blocks.append(context(_OF_NOW))
    if report.reviewers:
        blocks.append(context(" · ".join(_reviewers(report))))
    return Message(text=first_line, blocks=tuple(blocks))


def _waiting(report: LabelsReport) -> str:
    return f"{counted(report.waiting, 'conversation')} {'waits' if report.waiting == 1 else 'wait'} for a reviewer."


def _reviewers(report: LabelsReport) -> Iterator[str]:
    for name, labels in report.reviewers[:_REVIEWERS_SHOWN]:
        yield f"{escape(name, _NAME)} {count(labels)}"
    if len(report.reviewers) > _REVIEWERS_SHOWN:
        yield f"{len(report.reviewers) - _REVIEWERS_SHOWN} more"


def _row(line: LabelLine) -> list[str]:
    row = [one_line(words(line.name), _NAME), count(line.labels), count(line.this_week)]
    found = line.calibration
    if found is None:
        return [*row, EMPTY, EMPTY, EMPTY]
    kappa = EMPTY if found.kappa is None else f"{found.kappa:.2f}"
    return [*row, kappa, _since(line.before, found, _threshold), _since(line.before, found, true_rate)]


def _since(before: Calibration | None, now: Calibration, said: Callable[[Calibration], str]) -> str:
    """What is said now, after what was said before where that is something else."""
    told = said(now)
    earlier = told if before is None else said(before)
    return told if earlier in (told, EMPTY) else f"{earlier} → {told}"


def _threshold(found: Calibration) -> str:
    return f"{found.threshold:.2f}"


def true_rate(found: Calibration) -> str:
    """The corrected rate with its interval: ``4.1 % (3.2–5.1 %)``; or why there is none."""
    if not found.usable:
        return "verdicts tell too little"
    if found.corrected_rate is None or found.ci_low is None or found.ci_high is None:
        return EMPTY
    return f"{percent(found.corrected_rate)} ({interval(found.ci_low, found.ci_high)})"
