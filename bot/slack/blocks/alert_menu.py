"""The menu of an alert: of all that may be done with it, what serves most in the state that it is in."""

from __future__ import annotations

from typing import Final

from alerts.own import is_own
from bot.slack.blocks import detail
from bot.slack.blocks.parts import option
from bot.slack.blocks.tokens import Token
from bot.slack.limits import OVERFLOW_OPTIONS
from bot.slack.text import Block
from bot.trace_pages import TracePage
from traces.model import Alert, AlertState, Signal

MORE: Final = "alert_more"
SNOOZE: Final = "snooze"
WHY: Final = "why"
RUNBOOK: Final = "runbook"
TRACE: Final = "trace"
TUNE: Final = "tune"
LINKS: Final = frozenset({RUNBOOK, TRACE})
"""The entries that lead elsewhere: Slack tells of the click, and nothing is to be done."""

_TEXTS: Final = {
    SNOOZE: "Snooze…",
    "expected": "Expected",
    "noise": "Noise",
    RUNBOOK: "Runbook",
    TRACE: "Open in the trace store",
    TUNE: "Tune…",
    WHY: "Why am I told?",
}
_LINK: Final = 3_000
_AT_FIRST: Final = ("expected", "noise", SNOOZE, RUNBOOK, TRACE, WHY, TUNE)
_LOOKED_INTO: Final = ("expected", "noise", TUNE, RUNBOOK, TRACE, WHY, SNOOZE)
_SERVES: Final = {
    AlertState.OPEN: _AT_FIRST,
    AlertState.ACKNOWLEDGED: _LOOKED_INTO,
    AlertState.SNOOZED: _LOOKED_INTO,
}
"""What serves most comes first: there is room for five. What is left out is in App Home and on the command line."""


def alert_menu(alert: Alert, signal: Signal, runbook: str | None = None, trace_page: TracePage | None = None) -> Block:
    """The ``…`` menu of an alert that is not over.

    Args:
        alert: The incident.
        signal: What left its baseline.
        runbook: Where to read what to do about it, from the settings.
        trace_page: One of its conversations in a trace store.
    """
    links = {RUNBOOK: runbook, TRACE: None if trace_page is None or is_own(signal) else trace_page.url}
    fitting = [word for word in _SERVES.get(alert.state, _AT_FIRST) if _is_there(word, alert, links)]
    chosen = set(fitting[:OVERFLOW_OPTIONS])
    entries = [_entry(alert, word, links.get(word)) for word in _TEXTS if word in chosen]
    return {"type": "overflow", "action_id": MORE, "options": entries}


def _is_there(word: str, alert: Alert, links: dict[str, str | None]) -> bool:
    if word in links:
        return 0 < len(links[word] or "") <= _LINK
    # A fault of Hark itself has no size from which on it is told.
    return word != TUNE or detail.fault(alert) is None


def _entry(alert: Alert, word: str, url: str | None) -> Block:
    entry = option(_TEXTS[word], str(Token(alert.alert_id, word)))
    return entry if url is None else {**entry, "url": url}
