"""Before and after: what an alert said when it was first told, and what labels make of it now."""

from __future__ import annotations

from typing import Final

from bot.slack.blocks import detail
from bot.slack.blocks.detail import AsTold
from bot.slack.blocks.figures import count, counted, interval, percent, title
from bot.slack.blocks.parts import section, table
from bot.slack.blocks.surface import Message, delivery
from bot.slack.text import EMPTY, escape
from traces.model import Alert, AlertState, Signal

_NAME: Final = 150


def taught_message(alert: Alert, signal: Signal, *, delivery_id: str | None = None) -> Message | None:
    """A table with two columns, first told and now; ``None`` where labels have changed nothing."""
    told = detail.as_told(alert)
    if told is None or told[0].labels == told[1].labels:
        return None
    first, now = told
    more = now.labels - first.labels
    changed = f"{counted(more, 'label')} since" if more > 0 else f"{counted(-more, 'label')} withdrawn since"
    headline = f"🏷️ {changed}: {title(signal)} {_rate(first)} → {_rate(now)}"
    rows = [
        ["Figure", "First told", "Now"],
        ["Labels", count(first.labels), count(now.labels)],
        ["True rate", _rate(first), _rate(now)],
        ["95 % interval", _interval(first), _interval(now)],
        ["Threshold", f"{first.threshold:.2f}", f"{now.threshold:.2f}"],
    ]
    return Message(
        text=escape(headline, _NAME),
        blocks=(section(f"*{escape(headline, _NAME)}*\n{_meaning(alert)}"), table(rows)),
        metadata=None if delivery_id is None else delivery(delivery_id),
    )


def _rate(told: AsTold) -> str:
    return percent(told.rate) if told.is_corrected else f"{percent(told.rate)} flagged"


def _interval(told: AsTold) -> str:
    return EMPTY if told.low is None or told.high is None else interval(told.low, told.high)


def _meaning(alert: Alert) -> str:
    usual = f"{percent(alert.expected_low)} to {percent(alert.expected_high)}"
    if alert.state is AlertState.RESOLVED:
        return f"The alert is over; usual is {usual}."
    if alert.expected_low <= alert.value <= alert.expected_high:
        return f"Corrected, it is within what is usual: {usual}."
    return f"Still outside of what is usual: {usual}."
