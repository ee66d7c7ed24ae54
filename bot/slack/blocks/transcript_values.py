"""What the window on a conversation is made from. Everything in it may be shown: it is redacted, or read by one who may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.trace_pages import TracePage
from traces.model import Conversation, EvaluatorFailure, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLabel:
    """What somebody said of a conversation: ``said`` is "yes", "no", "not sure" or a word.

    ``reviewer`` is a display name, or the Slack id where only that is known; ``reviewer_id`` is always that.
    """

    reviewer: str
    reviewer_id: str = ""
    name: str
    said: str
    at: datetime | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One conversation with all that is known of it.

    Attributes:
        conversation: As it may be shown.
        scores: What evaluators said, in the order in which they matter.
        failures: Evaluators that could not tell.
        labels: What reviewers said, oldest first.
        labels_kept_back: How many labels are hidden until the reader has given one.
        pages: Where the trace stores show it.
        hidden: How many passages are redacted in it, whether or not they are hidden now.
        is_raw: Whether it is shown without redaction.
        are_words_kept: Whether it is kept word by word; without, personal data and secrets are gone for good.
        can_reveal: Whether the reader may see it without redaction.
        item_id: The review item through which the reader may label it.
    """

    conversation: Conversation
    scores: tuple[Score, ...] = ()
    failures: tuple[EvaluatorFailure, ...] = ()
    labels: tuple[GivenLabel, ...] = ()
    labels_kept_back: int = 0
    pages: tuple[TracePage, ...] = ()
    hidden: int = 0
    is_raw: bool = False
    can_reveal: bool = False
    are_words_kept: bool = True
    item_id: str | None = None
