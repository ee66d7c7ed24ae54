"""Signals that a team defines in its settings: a number of the metadata, a tool's outcome, a score, a part of the traffic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast, get_args

from traces.model import Conversation, Direction, EvaluatorFailure, Json, Kind, Message, Score, Signal

ToolOutcome: TypeAlias = Literal["failed", "called"]

_USUAL_EFFECTS = {
    Kind.COUNT: (0.3, 0.0),
    Kind.RATE: (0.3, 0.01),
    Kind.CONTINUOUS: (0.15, 0.0),
    Kind.SCORE: (0.0, 0.03),
    Kind.VALUE: (0.0, 0.0),
}
_OF_NUMBERS = (Kind.CONTINUOUS, Kind.SCORE, Kind.VALUE)
_WHOLE = (Kind.COUNT, Kind.VALUE)
_LARGEST = 1e15


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """How a team's own signal is measured.

    At most one of ``field`` (a key of the metadata, dots lead into nested maps), ``tool`` and ``score`` is given; with none
    the conversations themselves are counted. ``where`` are ``(key, value)`` pairs that a conversation must have to be
    measured at all. ``at_least`` makes a rate of numbers: the share of conversations at or above it. ``outcome`` says which
    outcome of a tool counts: ``failed``, among the conversations that called it, or ``called``, among all.
    """

    field: str | None = None
    tool: str | None = None
    outcome: ToolOutcome = "failed"
    score: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    at_least: float | None = None
    kind: Kind | None = None
    unit: str = ""
    by_segment: bool = True
    summary: str = ""

    @property
    def measured_as(self) -> Kind:
        """The kind that was asked for, or the one that goes with what is measured."""
        if self.kind is not None:
            return self.kind
        if self.tool is not None or self.score is not None or self.at_least is not None:
            return Kind.RATE
        return Kind.COUNT if self.field is None else Kind.CONTINUOUS

    @property
    def mistake(self) -> str | None:
        """Why this cannot be measured, in one line."""
        numbers = self.field is not None or self.score is not None
        if self.at_least is not None and not numbers:
            return "at_least compares metadata or a score; remove it"
        if self.kind is Kind.COUNT and (numbers or self.tool is not None):
            return "a count counts conversations; remove kind"
        if self.kind in _OF_NUMBERS and not numbers:
            return f"only metadata and scores are of kind {self.kind}; remove kind"
        if self.kind in _OF_NUMBERS and self.at_least is not None:
            return "at_least makes a share of conversations; remove kind, or remove at_least"
        return None


_METADATA, _TOOL, _SCORE, _CONVERSATIONS = "metadata.", "tool.", "score.", "conversations"


def parse_measure(measure: str, **more: Any) -> Definition:
    """A definition from what it measures: ``metadata.KEY``, ``tool.NAME.failed``, ``score.NAME``, ``conversations``.

    Args:
        measure: What is measured.
        more: The other fields of the definition.

    Raises:
        ValueError: It is none of these.
    """
    measure = measure.strip()
    tool, _, outcome = measure.removeprefix(_TOOL).rpartition(".")
    if measure == _CONVERSATIONS:
        return Definition(**more)
    if measure.startswith(_METADATA) and measure != _METADATA:
        return Definition(field=measure.removeprefix(_METADATA), **more)
    if measure.startswith(_SCORE) and measure != _SCORE:
        return Definition(score=measure.removeprefix(_SCORE), **more)
    if measure.startswith(_TOOL) and tool and outcome in get_args(ToolOutcome):
        return Definition(tool=tool, outcome=cast("ToolOutcome", outcome), **more)
    raise ValueError(
        "not understood; write metadata.KEY, tool.NAME.failed, tool.NAME.called, score.NAME or conversations"
    )


def signal_defined(name: str, definition: Definition) -> Signal:
    """The signal of a definition, with the effects and the bad direction that are usual for its kind."""
    kind = definition.measured_as
    relative, absolute = _USUAL_EFFECTS[kind]
    threshold_is_calibrated = kind is Kind.RATE and definition.at_least is None
    return Signal(
        name=name,
        kind=kind,
        unit="%" if kind is Kind.RATE else definition.unit,
        bad=Direction.UP if definition.tool is not None and definition.outcome == "failed" else Direction.BOTH,
        min_relative=relative,
        min_absolute=absolute,
        evaluator=definition.score if threshold_is_calibrated else None,
        by_segment=definition.by_segment and kind not in _WHOLE,
        summary=definition.summary or _summary(definition),
    )


def _summary(definition: Definition) -> str:
    kind = definition.measured_as
    if definition.field is not None:
        at_least = "" if definition.at_least is None else f" of at least {definition.at_least:g}"
        what = f"Conversations with a {definition.field}{at_least}" if kind is Kind.RATE else definition.field
    elif definition.tool is not None:
        what = (
            f"Conversations in which {definition.tool} {'failed' if definition.outcome == 'failed' else 'was called'}"
        )
    elif definition.score is not None:
        what = f"Conversations scored {definition.score}" if kind is Kind.RATE else f"The score {definition.score}"
    else:
        what = "Conversations"
    where = " and ".join(f"{key} is {value}" for key, value in definition.where)
    return f"{what}, where {where}." if where else f"{what}."


def measured(
    definition: Definition, conversation: Conversation, outcomes: Sequence[Score | EvaluatorFailure]
) -> list[float]:
    """What a conversation contributes to a team's signal; nothing where it is not concerned.

    Sizes are tested by their logarithm: of a continuous signal zero and negative numbers contribute nothing.
    """
    if not all(_said(conversation.metadata, key) == value for key, value in definition.where):
        return []
    number = _number(definition, conversation, outcomes)
    if number is None:
        return []
    if definition.at_least is not None:
        return [float(number >= definition.at_least)]
    if definition.measured_as is Kind.CONTINUOUS and number <= 0:
        return []
    return [number]


def _number(
    definition: Definition, conversation: Conversation, outcomes: Sequence[Score | EvaluatorFailure]
) -> float | None:
    if definition.field is not None:
        return _numeric(_value_at(conversation.metadata, definition.field))
    if definition.tool is not None:
        return _of_tool(conversation, definition.tool, definition.outcome)
    if definition.score is not None:
        scores = [o for o in outcomes if isinstance(o, Score) and o.name == definition.score and o.value is not None]
        return scores[-1].value if scores else None
    return 1.0


def _of_tool(conversation: Conversation, tool: str, outcome: ToolOutcome) -> float | None:
    called = {call.tool_call_id for m in conversation.messages for call in m.tool_calls if call.name == tool}
    answers = list(_answers(conversation.messages, tool, called))
    if outcome == "called":
        return float(bool(called or answers))
    if not called and not answers:
        return None
    return float(any(answer.error is not None for answer in answers))


def _answers(messages: Iterable[Message], tool: str, called: set[str | None]) -> Iterable[Message]:
    for m in messages:
        if m.role == "tool" and (m.name == tool or (m.tool_call_id is not None and m.tool_call_id in called)):
            yield m


def _value_at(metadata: Mapping[str, Json], path: str) -> Json:
    """The value of a key, or where a dotted key is not there itself, of the maps that it leads into."""
    if path in metadata:
        return metadata[path]
    head, dot, rest = path.partition(".")
    inner = metadata.get(head)
    return _value_at(inner, rest) if dot and isinstance(inner, Mapping) else None


def _said(metadata: Mapping[str, Json], key: str) -> str | None:
    value = _value_at(metadata, key)
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None or isinstance(value, dict | list) else str(value)


def _numeric(value: Json) -> float | None:
    """A finite number, also one that was sent as text; truth is 1 and 0."""
    if not isinstance(value, bool | int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and abs(number) < _LARGEST else None
