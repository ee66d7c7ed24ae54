"""What became of something off, and why: every reason has a name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from traces.model import Segment


class Reason(StrEnum):
    """Why an alert is as it is; the words are shown to people."""

    NEW = "new"
    STILL_OPEN = "still open"
    GREW = "grew"
    NARROWED = "narrowed"
    WIDENED = "widened"
    MERGED = "merged with another alert"
    SAME_CHANGE = "part of an alert that is open"
    SAME_CAUSE = "same cause as an alert that is open"
    STORM = "part of a storm"
    CARRIED = "explained by a wider alert"
    MUTED = "muted"
    BACK = "a change that seemed over is back"
    RESOLVED_BY_REVIEWER = "a reviewer has resolved this change"
    SNOOZED = "snoozed"
    SNOOZE_OVER = "the snooze is over"
    OVER = "over"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved by a person"
    REOPENED = "re-opened by a person"


TOLD = frozenset(
    {Reason.GREW, Reason.NARROWED, Reason.WIDENED, Reason.MERGED, Reason.SAME_CAUSE, Reason.BACK, Reason.SNOOZE_OVER}
)
"""What is said in the alert's thread besides its message; everything else only changes the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of something off, why, in a sentence, and which alert it is about."""

    reason: Reason
    signal: str
    segment: Segment
    alert_id: str
    text: str = ""
