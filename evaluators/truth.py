"""From reviewers' labels to what is true."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from traces.model import Label

_YES: Final = frozenset(
    {
        "1",
        "1.0",
        "yes",
        "y",
        "true",
        "t",
        "correct",
        "right",
        "agree",
        "agreed",
        "confirmed",
        "ja",
        "oui",
        "sí",
        "si",
        "sim",
    }
)
_NO: Final = frozenset(
    {
        "0",
        "0.0",
        "no",
        "n",
        "false",
        "f",
        "incorrect",
        "wrong",
        "disagree",
        "disagreed",
        "rejected",
        "nein",
        "non",
        "não",
    }
)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def truth_of(value: float | str | None) -> bool | None:
    """Whether a label says yes; ``None`` for anything that is neither yes nor no, such as "unsure"."""
    if isinstance(value, str):
        word = value.strip().casefold()
        return True if word in _YES else False if word in _NO else None
    return None if value is None or value not in (0, 1) else bool(value)


def majority(truths: Iterable[bool | None]) -> bool | None:
    """What most of those who decided say; ``None`` for a tie, and when nobody decided."""
    balance = sum(0 if truth is None else 1 if truth else -1 for truth in truths)
    return None if balance == 0 else balance > 0


def truth_among(labels: Iterable[Label]) -> bool | None:
    """What the reviewers of one conversation say to one question; of each reviewer the last label counts."""
    ordered = sorted(labels, key=lambda label: label.at or _EARLIEST)
    return majority(truth_of(value) for value in {label.reviewer: label.value for label in ordered}.values())
