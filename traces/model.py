"""The values of Hark: frozen, typed, without I/O.

Words follow OpenTelemetry's GenAI conventions where they have one: a *score* has name, value, label and explanation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

Json: TypeAlias = Any
"""Whatever JSON can hold."""
JsonMap: TypeAlias = Mapping[str, Any]

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant", "tool")

_NOTHING: JsonMap = MappingProxyType({})


def _nothing() -> JsonMap:
    """One shared, read-only empty map; a factory because dataclasses refuse unhashable defaults."""
    return _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A retrieved passage that a model was given. ``score`` is the retriever's own, in its own unit."""

    content: str
    document_id: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model's request to run a tool. ``arguments`` is the JSON text as the model wrote it."""

    name: str
    arguments: str = ""
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn's message in OpenAI chat form, with what was measured about it.

    ``latency_s`` and ``ttft_s`` are seconds, ``cost_usd`` US dollars; ``None`` means unknown, never zero.
    ``error`` is the error's text when making this message (or running this tool) failed.
    """

    role: Role
    content: str = ""
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    at: datetime | None = None
    model: str | None = None
    latency_s: float | None = None
    ttft_s: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    error: str | None = None
    documents: tuple[Document, ...] = ()
    metadata: JsonMap = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What an end user said of a conversation: thumbs, stars, a comment."""

    name: str
    value: float | str | None = None
    comment: str | None = None
    user_id: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What an evaluator, a judge, a person or an environment said of a conversation.

    ``value`` is finite; by convention 0 to 1 with 1 = "what ``name`` says is the case". ``None`` when only a
    label is known. ``turn`` is the index into ``Conversation.messages`` where the evidence stands.
    ``inclusion_probability`` is the chance with which this conversation was picked to be scored.
    ``model`` is the judge's model where it was not its usual one; ``is_cached`` is true where a judge's earlier answer to
    the same content was taken, which costs nothing.
    """

    name: str
    value: float | None = None
    label: str | None = None
    explanation: str | None = None
    source: str = "evaluator"
    evaluator_version: str = ""
    turn: int | None = None
    evidence: str | None = None
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    inclusion_probability: float = 1.0
    model: str | None = None
    is_cached: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorFailure:
    """An evaluator could not tell. A value, not an exception, and never a score of 0.

    ``reason`` is a short name (``timeout``, ``judge_error``, ``bug``), ``message`` one line for a person.
    """

    name: str
    reason: str
    message: str
    evaluator_version: str = ""
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


GOLD: Final = "gold"
"""The reviewer under whose name known answers are kept: nobody's opinion, but what is so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A reviewer's verdict on one conversation. ``value`` is 1 / 0 for yes / no, or a word of the taxonomy.

    ``question_version`` names the question that was answered, with its version, such as ``refusal@3#1f2e3d4c``; ``None``
    where it is not known.
    """

    conversation_id: str
    name: str
    value: float | str
    reviewer: str
    note: str | None = None
    at: datetime | None = None
    inclusion_probability: float | None = None
    question_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Everything said under one conversation id.

    ``metadata`` holds application, environment, model, prompt_version, release, scenario, language and any
    other key. ``scores`` are those that came with it (from an environment or another product), not Hark's own.
    """

    conversation_id: str
    started_at: datetime
    ended_at: datetime
    user_id: str | None = None
    metadata: JsonMap = field(default_factory=_nothing)
    messages: tuple[Message, ...] = ()
    trace_ids: tuple[str, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    scores: tuple[Score, ...] = ()
    labels: tuple[Label, ...] = ()

    @property
    def errors(self) -> tuple[str, ...]:
        """The texts of the errors of model calls, in order; a failed tool is not one of them."""
        return tuple(m.error for m in self.messages if m.error is not None and m.role != "tool")

    @property
    def cost_usd(self) -> float | None:
        """Sum of the known costs; ``None`` when no message has one."""
        known = [m.cost_usd for m in self.messages if m.cost_usd is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One OpenTelemetry span, with the attributes of its resource and scope beside its own.

    ``events`` are ``(name, at, attributes)``. ``status_code`` is OTLP's: 0 unset, 1 ok, 2 error.
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    started_at: datetime
    ended_at: datetime
    attributes: JsonMap
    resource: JsonMap = field(default_factory=_nothing)
    scope: str = ""
    status_code: int = 0
    status_message: str = ""
    events: tuple[tuple[str, datetime, JsonMap], ...] = ()


# --- signals -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A cut of the traffic: no, one or two ``(key, value)`` pairs, in the order of their keys."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, **pairs: str) -> Segment:
        return cls(tuple(sorted(pairs.items())))

    def as_map(self) -> dict[str, str]:
        return dict(self.pairs)

    def __str__(self) -> str:
        return " · ".join(f"{key} {value}" for key, value in self.pairs) or "all traffic"


EVERYTHING = Segment()


class Kind(StrEnum):
    """How a signal's values behave, which decides how it is tested."""

    COUNT = "count"
    RATE = "rate"
    CONTINUOUS = "continuous"
    SCORE = "score"
    VALUE = "value"


class Direction(StrEnum):
    """Which way is bad."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A measured thing that may leave its baseline.

    ``min_relative`` and ``min_absolute`` are the smallest change worth a person's time: a change must pass both.
    ``unit`` is one of ``""``, ``"%"``, ``"s"``, ``"USD"``. ``evaluator`` is the score's name when the signal is
    an evaluator's rate; its threshold and correction then come from the evaluator's calibration.
    ``by_segment`` is false for a signal that is only watched over all traffic and by application and
    environment: a roll-out moves the volume of every model, and that is no anomaly. ``counts`` is what there is one
    value of: a conversation, or each answer in it. ``tail_of`` names the signal of whose values this is the share that lies
    above their usual 95 % quantile. ``patience`` is how many times more rarely than others it may raise a false alert.
    """

    name: str
    kind: Kind
    unit: str = ""
    bad: Direction = Direction.UP
    min_relative: float = 0.3
    min_absolute: float = 0.0
    evaluator: str | None = None
    by_segment: bool = True
    counts: str = "conversation"
    tail_of: str | None = None
    patience: float = 1.0
    summary: str = ""


class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One incident: a signal that left its baseline in a segment.

    ``started_at`` is when the change began as far as the evidence tells, ``detected_at`` when Hark said so.
    ``value``, ``expected``, ``expected_low`` and ``expected_high`` are in the signal's unit (rates 0 to 1);
    ``n`` conversations since ``started_at`` stand behind ``value``, ``k`` of them positive for a rate.
    ``detail`` holds what the message shows besides: attribution, chart points, nearest change, correction.
    ``version`` rises with each change, for compare-and-set.
    """

    alert_id: str
    signal: str
    segment: Segment
    state: AlertState
    direction: Direction
    started_at: datetime
    detected_at: datetime
    updated_at: datetime
    value: float
    expected: float
    expected_low: float
    expected_high: float
    n: int
    k: int | None = None
    evidence: float = 0.0
    users: int = 0
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    snoozed_by: str | None = None
    snoozed_until: datetime | None = None
    examples: tuple[str, ...] = ()
    detail: JsonMap = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What reviewers' labels say of one evaluator, at one moment.

    ``threshold``: a score at or above it is a positive verdict. ``tpr`` and ``tnr`` are ``None`` without labelled
    positives or negatives. ``raw_rate`` is the share of positive verdicts, ``corrected_rate`` the estimated true
    share with its 95 % interval ``ci_low`` to ``ci_high``. ``precision`` is P(true | positive verdict), ``miss_rate`` P(true |
    negative verdict): with them a raw rate ``q`` reads as ``q * precision + (1 - q) * miss_rate``.
    ``labelled_positive`` and ``labelled_negative`` are ``(true, all)`` among the labelled conversations of each verdict, as
    effective numbers: what labels leave open about another rate of the same evaluator follows from them.
    ``recent_positive`` is the same of the positive verdicts on conversations of the last days.
    ``usable`` is false when the labels show that the verdicts tell too little.
    ``verdicts`` are ``(positive, all)`` of the conversations that labels were drawn from. ``is_transported`` says that most
    labels are of another version of the evaluator or of the application: error rates may then differ by ``spread``, a
    standard deviation on the logit scale, and ``refresh`` labels of positive and of negative verdicts would mend it.
    ``detail`` is what a report shows besides: agreement, reliability, what was promised of the threshold.
    """

    evaluator: str
    evaluator_version: str
    n_labels: int
    n_scores: int
    threshold: float
    tpr: float | None
    tnr: float | None
    kappa: float | None
    raw_rate: float | None
    corrected_rate: float | None
    ci_low: float | None
    ci_high: float | None
    precision: float | None = None
    miss_rate: float | None = None
    labelled_positive: tuple[float, float] = (0.0, 0.0)
    labelled_negative: tuple[float, float] = (0.0, 0.0)
    recent_positive: tuple[float, float] = (0.0, 0.0)
    usable: bool = True
    computed_at: datetime | None = None
    verdicts: tuple[float, float] = (0.0, 0.0)
    is_transported: bool = False
    spread: float = 0.2
    refresh: tuple[int, int] = (0, 0)
    detail: JsonMap = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A marker of something that changed: a value of model, prompt version or release seen for the first time."""

    kind: str
    value: str
    at: datetime
    application: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who changed what, when; written once, never changed."""

    at: datetime
    actor: str
    action: str
    subject: str
    before: Json = None
    after: Json = None
    request_key: str | None = None
