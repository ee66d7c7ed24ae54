"""How bad an alert is, in three words that routes can ask for."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from alerts.own import CLOCK_JUMP, FAULTS, JUDGE_BUDGET
from traces.model import Alert, Direction

GRAVE: Final = frozenset({"secret_leak", "pii_leak", "unsafe_tool_use", "prompt_injection", "indirect_injection"})
"""Signals whose every rise is grave, however small."""
OWN_FAULTS: Final = frozenset(signal.name for signal in FAULTS)
LESSER: Final = frozenset({JUDGE_BUDGET.name, CLOCK_JUMP.name})
"""Faults of Hark that can wait for the morning."""
_FAR: Final = 3.0
_CLEAR: Final = 1.5
_TINY: Final = 1e-9


class Severity(StrEnum):
    """From the least to the worst."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


def severity_of(alert: Alert) -> Severity:
    """By how many times the value has left the edge of its expected range; three times is high, one and a half medium.

    A share that should be high, such as task success, is judged by what is missing from it: from 98 to 90 % successes,
    failures have become five times as many.
    """
    if alert.signal in GRAVE and alert.direction is Direction.UP:
        return Severity.HIGH
    if alert.signal in OWN_FAULTS:
        # How far a figure is off says little where the watcher itself is blind or mute.
        return Severity.MEDIUM if alert.signal in LESSER else Severity.HIGH
    times = _times(alert)
    return Severity.HIGH if times >= _FAR else Severity.MEDIUM if times >= _CLEAR else Severity.LOW


def _times(alert: Alert) -> float:
    if alert.direction is Direction.UP:
        return alert.value / max(alert.expected_high, alert.expected, _TINY)
    if alert.k is not None and 0 <= alert.value <= 1:
        return (1 - alert.value) / max(1 - min(alert.expected_low, alert.expected), _TINY)
    return max(min(alert.expected_low, alert.expected), _TINY) / max(alert.value, _TINY)
