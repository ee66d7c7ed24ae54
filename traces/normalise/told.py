"""What one trace adds to its conversation: made once from its spans, kept beside them, merged as often as needed.

Reading a trace's spans costs far more than merging what they said, and a conversation changes with each of its turns: so
only the traces that changed are read again. ``written`` and ``read_back`` are the form in which it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from traces.clock import parse_time
from traces.model import Document, Message, Role, Score, ToolCall

VERSION: Final = 5
"""Rises when spans come to be read differently: what was told by an older version is told again."""

StepKind = Literal["hear", "say", "run", "retrieve", "end", "fail"]
Step: TypeAlias = tuple[StepKind, Any, Any]
"""What happened: ``hear`` (messages, at), ``say`` (message), ``run`` (message, arguments), ``retrieve`` (documents),
``end`` of what models and tools did, ``fail`` (error, at)."""

Said: TypeAlias = tuple[int, bool, str]
"""How little a text is preferred: the place of its name among the names, whether only the resource says it, the text."""


@dataclass(slots=True, kw_only=True)
class Told:
    """What a trace adds.

    Attributes:
        began_at: When its first span began; traces are merged in this order.
        started_at: When people or models first acted in it, and ``ended_at`` when they last did.
        lived: False when it holds nothing but log records.
        texts: The most preferred text of each field, such as the user's id.
        own: What the application itself set, and whether as JSON, in the order in which it was first set.
        scores: Evaluations that came with it; their ``turn`` is set when merging.
    """

    trace_id: str
    began_at: datetime
    started_at: datetime
    ended_at: datetime
    lived: bool
    steps: list[Step]
    texts: dict[str, Said] = field(default_factory=dict)
    own: dict[str, tuple[bool, Any]] = field(default_factory=dict)
    scores: list[Score] = field(default_factory=list)


def written(told: Told) -> list[Any]:
    """As JSON; times stay ``datetime``, which the store's JSON writes."""
    return [
        VERSION,
        told.began_at,
        told.started_at,
        told.ended_at,
        told.lived,
        [_WRITE_STEP[step[0]](step) for step in told.steps],
        told.texts,
        told.own,
        [[s.name, s.value, s.label, s.explanation] for s in told.scores],
    ]


def read_back(trace_id: str, kept: Any) -> Told | None:
    """What ``written`` wrote; ``None`` when an older version wrote it."""
    if kept[0] != VERSION:
        return None
    _, began_at, started_at, ended_at, lived, steps, texts, own, scores = kept
    return Told(
        trace_id=trace_id,
        began_at=parse_time(began_at),
        started_at=parse_time(started_at),
        ended_at=parse_time(ended_at),
        lived=lived,
        steps=[_READ_STEP[step[0]](step) for step in steps],
        texts={name: tuple(said) for name, said in texts.items()},
        own={key: tuple(said) for key, said in own.items()},
        scores=[score_of(*score) for score in scores],
    )


def score_of(name: str, value: float | None, label: str | None, explanation: str | None) -> Score:
    return Score(name=name, value=value, label=label, explanation=explanation, source="external")


_WRITE_STEP: Final[Mapping[str, Callable[[Step], list[Any]]]] = {
    "hear": lambda step: ["hear", [_message_row(m) for m in step[1]], step[2]],
    "say": lambda step: ["say", _message_row(step[1])],
    "run": lambda step: ["run", _message_row(step[1]), step[2]],
    "retrieve": lambda step: ["retrieve", [[d.content, d.document_id, d.score] for d in step[1]]],
    "end": lambda _: ["end"],
    "fail": list,
}
_READ_STEP: Final[Mapping[str, Callable[[list[Any]], Step]]] = {
    "hear": lambda kept: ("hear", [_message(row) for row in kept[1]], parse_time(kept[2])),
    "say": lambda kept: ("say", _message(kept[1]), None),
    "run": lambda kept: ("run", _message(kept[1]), kept[2]),
    "retrieve": lambda kept: ("retrieve", _documents(kept[1]), None),
    "end": lambda _: ("end", None, None),
    "fail": lambda kept: ("fail", kept[1], parse_time(kept[2])),
}


def _message_row(m: Message) -> list[Any]:
    """A message by position, cut after its last field that says something; most say three."""
    calls = [[call.name, call.arguments, call.tool_call_id] for call in m.tool_calls]
    row: list[Any] = [m.role, m.content, calls, m.name, m.tool_call_id, m.at, dict(m.metadata) or None]
    if m.at is not None:
        row = [*row, m.model, m.latency_s, m.ttft_s, m.input_tokens, m.output_tokens, m.cost_usd, m.error]
    return row


def _message(row: list[Any]) -> Message:
    role: Role = row[0]
    calls = tuple([ToolCall(name=n, arguments=a, tool_call_id=i) for n, a, i in row[2]]) if row[2] else ()
    if row[5] is None:
        return Message(
            role=role, content=row[1], tool_calls=calls, name=row[3], tool_call_id=row[4], metadata=row[6] or {}
        )
    return Message(
        role=role,
        content=row[1],
        tool_calls=calls,
        name=row[3],
        tool_call_id=row[4],
        at=parse_time(row[5]),
        metadata=row[6] or {},
        model=row[7],
        latency_s=row[8],
        ttft_s=row[9],
        input_tokens=row[10],
        output_tokens=row[11],
        cost_usd=row[12],
        error=row[13],
    )


def _documents(rows: list[Any]) -> tuple[Document, ...]:
    return tuple(Document(content=c, document_id=i, score=s) for c, i, s in rows)


def preferred(all_told: Sequence[Told], name: str) -> str | None:
    """The most preferred text of a field over all traces, the earlier trace's among equals."""
    best: Said | None = None
    for said in _texts(all_told, name):
        if best is None or said[:2] < best[:2]:
            best = said
    return None if best is None else best[2]


def _texts(all_told: Sequence[Told], name: str) -> Iterator[Said]:
    return (told.texts[name] for told in all_told if name in told.texts)
