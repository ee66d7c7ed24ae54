"""A corrected rate in words: what reviewers' labels make of it, and how far they carry."""

from __future__ import annotations

from bot.slack.blocks.figures import counted, interval, percent
from bot.slack.blocks.values import CorrectedRate


def correction_title(corrected: CorrectedRate) -> str:
    """What the figure is: ``Corrected by 40 labels``."""
    if corrected.basis == "raw":
        return "Not corrected"
    return f"Corrected by {counted(corrected.n_labels, 'label')}"


def correction_text(corrected: CorrectedRate) -> str:
    """The figure with its interval, and what it rests on where that is not these very conversations."""
    if corrected.basis == "raw":
        labels = counted(corrected.n_labels, "label")
        return f"{labels} say that the evaluator's verdicts tell too little; this is the share that it flagged"
    figure = f"{percent(corrected.rate)} (95 % interval {interval(corrected.ci_low, corrected.ci_high)})"
    return " · ".join(part for part in (figure, _ground(corrected)) if part)


def _ground(corrected: CorrectedRate) -> str:
    if corrected.n_here:
        return f"{corrected.n_here:,} of the labels are of these conversations"
    if corrected.basis == "transported":
        return "transported: the labels are of other conversations, labels of these would sharpen it"
    return ""
