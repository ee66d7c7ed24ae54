"""What cards are built from: plain values, filled by the caller from the store. Times are aware UTC.

Texts of conversations come redacted. Names of people are display names, not Slack ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.slack.blocks.tokens import Token
from traces.model import EVERYTHING, Score, Segment, Signal

Verdict = Literal["yes", "no", "unsure"]
Severity = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a reviewer is asked of a conversation, e.g. "Did the agent refuse?" for the evaluator ``refusal``.

    ``yes_label`` and ``no_label`` are the buttons' words; ``yes_is_bad`` decides which of them gets 👎.
    """

    evaluator: str
    question: str
    yes_label: str = "Yes"
    no_label: str = "No"
    yes_is_bad: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn as it may be shown: redacted already."""

    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One reviewer's verdict. ``labels`` are further words of the taxonomy that came with it.

    ``reviewer`` is a display name, or the Slack id where only that is known; ``reviewer_id`` is always that.
    """

    reviewer: str
    reviewer_id: str = ""
    evaluator: str
    verdict: Verdict
    at: datetime
    labels: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenWord:
    """A further label, given by a reviewer who has not answered the question itself; who it is as for a vote."""

    reviewer: str
    reviewer_id: str = ""
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedConversation:
    """A conversation that is put before people.

    Attributes:
        item_id: Opaque short id of ours, never the conversation's own.
        why: Why it was picked, one sentence.
        turns: The excerpt around the evidence, oldest first; ``turns_total`` counts the whole conversation.
        scores: What evaluators said of it.
        votes: What reviewers said so far, oldest first.
        wants_votes: Whether more reviewers are asked although there is a vote.
        can_undo: Whether the last vote may still be taken back.
        hidden_votes: How many votes are there besides that may not be seen yet; they show when there are ``shown_from``.
        words: Further labels of those who have not answered.
        likely: Names of further labels that evaluators say are the case, the likeliest first.
        titles: By a label's name, what the team calls it where that is something else.
        assigned_to: Display name of the reviewer whose it is; where only the Slack id is known, that is ``assigned_id``.
        is_kept: Whether it is in the dataset.
        teaches: By how much an answer is expected to narrow the rate of the question's evaluator, from 0 to 1.
        context: Where and when: application, model, user segment. Any words.
    """

    item_id: str
    why: str
    question: Question
    turns: tuple[Turn, ...] = ()
    turns_total: int = 0
    at: datetime | None = None
    context: Segment = EVERYTHING
    scores: tuple[Score, ...] = ()
    votes: tuple[Vote, ...] = ()
    wants_votes: bool = False
    can_undo: bool = True
    hidden_votes: int = 0
    shown_from: int = 0
    words: tuple[GivenWord, ...] = ()
    likely: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    assigned_to: str | None = None
    assigned_id: str | None = None
    is_kept: bool = False
    telling: int | None = None
    teaches: float | None = None

    @property
    def answers(self) -> int:
        """How many reviewers have answered, whether or not it may be seen what."""
        return len(self.votes) + self.hidden_votes


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAnswer:
    """What a person answered a moment ago, and may still want to take back."""

    item_id: str
    question: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueProgress:
    """How far a reviewer is: questions that wait, answers of the day, and how many a day asks for (0 is without end)."""

    waiting: int
    taps: int
    taps_per_day: int = 0
    last: LastAnswer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationLine:
    """One conversation in a list: when, why it is there, a few of its words, and the value of what opens it whole."""

    why: str
    excerpt: str
    at: datetime | None = None
    token: Token | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxonomyOption:
    """A word that reviewers may add; ``value`` is stored, ``label`` shown."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSubmission:
    """What a reviewer sent with the modal. ``labels`` are taxonomy values, still to be checked against it.

    ``is_kept``: the conversation goes into the dataset, or stands there; ``expected`` is what should have been answered.
    ``is_known``: the verdict is the known answer, by which reviewers are measured; ``None`` where that was not asked, which
    only admins are. Sent windows have a verdict; what stands in one from the start may have none.
    """

    item_id: str
    verdict: Verdict | None
    labels: tuple[str, ...] = ()
    severity: Severity | None = None
    note: str | None = None
    expected: str | None = None
    is_kept: bool = False
    is_known: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedRate:
    """A true rate estimated with reviewers' labels, all shares from 0 to 1, with its 95 % interval.

    ``basis`` is what it rests on: ``transported`` from other conversations, ``here`` where ``n_here`` of the labels are of
    these, ``history``, or ``raw`` where labels say that the verdicts tell too little to be corrected.
    """

    rate: float
    ci_low: float
    ci_high: float
    n_labels: int
    basis: str = "history"
    n_here: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPoint:
    """A signal's value in one bucket, in the signal's unit; ``None`` where there was nothing to measure.

    From ``low`` to ``high`` is usual at that time of the week, where the weeks before tell.
    """

    at: datetime
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricGroup:
    """One value of the segment key that an answer is grouped by. ``n`` conversations stand behind ``value``."""

    name: str
    value: float | None
    n: int
    previous: float | None = None
    points: tuple[MetricPoint, ...] = ()
    corrected: CorrectedRate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAnswer:
    """The answer to ``/hark metrics``.

    Attributes:
        signal: What was measured; values are in its unit, rates from 0 to 1.
        since: Start of the period, inclusive; ``until`` its end, exclusive.
        value: Over the whole period; ``None`` when there was nothing to measure.
        n: Conversations behind ``value``.
        previous: The value of the period compared with, which ``compared_with`` names ("the 7 days before").
        segment: The cut that was asked for.
        group_by: The segment key that ``groups`` are values of; largest first.
        groups_total: How many groups there are, of which ``groups`` are the ones handed over.
        last_day: Where nothing was measured in the period, the start of the newest day in which something was.
        counted: Where no sums of the cut are kept, how many conversations of it were counted one by one.
    """

    signal: Signal
    since: datetime
    until: datetime
    value: float | None
    n: int
    previous: float | None = None
    compared_with: str = "the period before"
    segment: Segment = EVERYTHING
    points: tuple[MetricPoint, ...] = ()
    corrected: CorrectedRate | None = None
    group_by: str | None = None
    groups: tuple[MetricGroup, ...] = ()
    groups_total: int = 0
    last_day: datetime | None = None
    counted: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorHealth:
    """One evaluator over the last 24 hours; ``agreement`` is Cohen's kappa with reviewers, from -1 to 1."""

    name: str
    version: str
    scored: int
    failed: int = 0
    n_labels: int = 0
    agreement: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How a polled trace store is, or a client that sends.

    Attributes:
        last_trace_at: When the newest trace began that it has told of; ``None`` before the first.
        traces_24h: Its traces in the last 24 hours; ``traces_1h`` in the last hour.
        errors_24h: Polls that failed and requests that were refused; ``rejected_24h`` things that could not be read.
        is_failing: Whether the last poll failed.
        labels_waiting: Labels that wait to be written back to it.
    """

    name: str
    last_trace_at: datetime | None
    traces_24h: int = 0
    traces_1h: int = 0
    errors_24h: int = 0
    rejected_24h: int = 0
    is_failing: bool = False
    labels_waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """How Hark itself is.

    Attributes:
        at: When the report was made.
        last_ingest_at: When the newest conversation arrived; ``None`` before the first.
        last_detection_at: When detection last ran through.
        conversations_24h: Conversations that arrived in the last 24 hours.
        queued: Conversations that wait to be evaluated.
        to_review: Conversations that wait for a reviewer.
        outbox_backlog: Messages that wait to be delivered; the oldest for ``outbox_oldest_s`` seconds.
        dead_letters: Messages that were given up.
        judge_spend_usd: Spent on the judge today, of ``judge_budget_usd``; ``None`` without a judge or a budget.
        sources: The trace stores that are polled, and the clients that send.
        problems: What is wrong, one sentence each; empty when all is well.
        faults: The faults of Hark itself that are told: the signal, and the part of Hark.
    """

    at: datetime
    last_ingest_at: datetime | None
    last_detection_at: datetime | None
    open_alerts: int
    acknowledged_alerts: int = 0
    conversations_24h: int = 0
    queued: int = 0
    to_review: int = 0
    outbox_backlog: int = 0
    outbox_oldest_s: float | None = None
    dead_letters: int = 0
    judge_spend_usd: float | None = None
    judge_budget_usd: float | None = None
    evaluators: tuple[EvaluatorHealth, ...] = ()
    sources: tuple[SourceStatus, ...] = ()
    problems: tuple[str, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()
