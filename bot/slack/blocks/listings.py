"""The answer to ``/hark alerts``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.slack.blocks.alert import segment_text
from bot.slack.blocks.figures import counted, figure, span, title
from bot.slack.blocks.parts import context, section
from bot.slack.blocks.surface import Message
from bot.slack.text import escape, link, slack_date
from traces.model import Alert, AlertState, Signal

ALERTS_SHOWN: Final = 12
_NAME: Final = 60
_MARKS: Final = {
    AlertState.OPEN: "🔴",
    AlertState.ACKNOWLEDGED: "👀",
    AlertState.SNOOZED: "💤",
    AlertState.RESOLVED: "✅",
}


def alerts_message(alerts: Sequence[tuple[Alert, Signal]], total: int) -> Message:
    """Alerts that are not resolved, in the order handed over; ``total`` is how many there are."""
    if not alerts:
        return Message(text="✅ No open alerts", blocks=(section("✅ No open alerts"),))
    blocks = [section(alert_text(alert, signal)) for alert, signal in alerts[:ALERTS_SHOWN]]
    left = max(total, len(alerts)) - len(blocks)
    if left > 0:
        blocks.append(context(f"{counted(left, 'more alert')} not shown"))
    return Message(text=counted(max(total, len(alerts)), "open alert"), blocks=tuple(blocks))


def alert_text(alert: Alert, signal: Signal, url: str | None = None) -> str:
    """An alert in two lines: what is how far off, where, and since when; ``url`` is where its message stands."""
    value, usually = figure(alert.value, signal), span(alert.expected_low, alert.expected_high, signal)
    first = f"{_MARKS[alert.state]} *{escape(title(signal), _NAME)} {value}*, usually {usually}"
    message = f" · {link(url, 'Open in Slack')}" if url else ""
    return f"{first}\n{segment_text(alert.segment)} · since {slack_date(alert.started_at)}{message}"
