"""What a person's App Home is built from: plain values, filled by the caller. Names of people are display names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.settings.desk import Made
from bot.slack.blocks.proposals import Waiting
from bot.slack.blocks.setup import Places
from bot.slack.blocks.values import FlaggedConversation, QueueProgress, StatusReport
from evaluators.calibration.record import Record
from traces.model import Alert, Signal
from traces.store.mutes import Mute


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeQueue:
    """A reviewer's questions.

    Attributes:
        items: Up to ten, the best first.
        page: How many tens were passed over to get here; ``has_more`` whether there are further ones.
    """

    progress: QueueProgress
    items: tuple[FlaggedConversation, ...] = ()
    page: int = 0
    has_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCard:
    """How one evaluator does against reviewers.

    Attributes:
        agreement: Cohen's kappa, from -1 to 1; ``None`` before it can be told.
        rate: The estimated true share, from 0 to 1, with its 95 % interval.
        labels: All labels of its question; ``labels_week`` those of the last seven days.
        spent_usd: What a judge cost in the last seven days; ``None`` for what costs nothing.
    """

    name: str
    labels: int
    labels_week: int
    agreement: float | None = None
    rate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    is_usable: bool = True
    spent_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRecord:
    """What one person has labelled, in taps, and how that compares with others."""

    today: int
    week: int
    ever: int
    compared: Record = field(default_factory=Record)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that was given up, and why."""

    kind: str
    channel: str
    problem: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminPart:
    """Settings that admins see: where alerts and reviews go, sentences of ours, and what was set in Slack.

    ``signals_off`` are those that nobody is told of until they are switched on.
    """

    lines: tuple[str, ...]
    alerts_channel: str = ""
    review_channel: str = ""
    signals_off: tuple[str, ...] = ()
    made: tuple[Made, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeReport:
    """A person's App Home.

    Attributes:
        may_act: Whether the person is a reviewer; a viewer is shown no buttons.
        queue: ``None`` for who is not asked.
        mutes: Each with who muted; ``dead_total`` and ``alerts_total`` count those that are not handed over too.
        waiting: What waits for an admin's word.
        links: By alert id, where its message stands.
        record: ``None`` for who may not label.
        admin: ``None`` for who is no admin.
        places: Where Hark posts, where the workspace chooses it.
    """

    at: datetime
    status: StatusReport
    may_act: bool
    queue: HomeQueue | None = None
    alerts: tuple[tuple[Alert, Signal], ...] = ()
    alerts_total: int = 0
    links: Mapping[str, str] = field(default_factory=dict)
    mutes: tuple[tuple[Mute, str], ...] = ()
    cards: tuple[ReportCard, ...] = ()
    waiting: Waiting | None = None
    record: LabelRecord | None = None
    dead: tuple[DeadLetter, ...] = ()
    dead_total: int = 0
    admin: AdminPart | None = None
    places: Places | None = None
