"""How readily a signal raises an alert, in three words."""

from __future__ import annotations

from enum import StrEnum


class Sensitivity(StrEnum):
    """How often a false alert is accepted: a tenth, as set, ten times as often as set."""

    LOW = "low"
    USUAL = "usual"
    HIGH = "high"

    @property
    def patience(self) -> float:
        """By what the weeks between false alerts are multiplied."""
        return {Sensitivity.LOW: 10.0, Sensitivity.USUAL: 1.0, Sensitivity.HIGH: 0.1}[self]
