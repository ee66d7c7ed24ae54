"""Values that tests make up: complete, plain, and different only where a test says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from traces.clock import format_time
from traces.conversation_format import parse_conversation
from traces.ingest import offer, take_conversations
from traces.model import (
    EVERYTHING,
    Alert,
    AlertState,
    Calibration,
    Conversation,
    Direction,
    Label,
    Segment,
    Span,
)
from traces.store import Store
from traces.store.conversations import Arrival
from traces.store.rollups import Fact

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def talk(conversation_id: str = "c-1", *said: str, at: datetime | None = NOW, **more: Any) -> dict[str, Any]:
    """A conversation as a client sends it: ``said`` are turns of the user and the assistant, a minute apart."""
    roles = ("user", "assistant")
    messages: list[dict[str, Any]] = [
        {"role": roles[place % 2], "content": text} for place, text in enumerate(said or ("Hello?", "Hello!"))
    ]
    if at is None:
        return {"id": conversation_id, "messages": messages, **more}
    for place, message in enumerate(messages):
        message["timestamp"] = format_time(at + place * MINUTE)
    return {"id": conversation_id, "started_at": format_time(at), "messages": messages, **more}


def conversation(conversation_id: str = "c-1", *said: str, at: datetime = NOW, **more: Any) -> Conversation:
    return parse_conversation(talk(conversation_id, *said, at=at, **more), received_at=at)


def arrival(conversation_id: str = "c-1", *said: str, at: datetime = NOW, version: int = 1, **more: Any) -> Arrival:
    c = conversation(conversation_id, *said, at=at, **more)
    return Arrival(conversation=c, version=version, digest=f"digest {version}", settle_at=c.ended_at + 5 * MINUTE)


def ingest(store: Store, *sent: Mapping[str, Any], at: datetime = NOW) -> Any:
    with store.begin() as tx:
        return take_conversations(tx, [offer(one, at) for one in sent], at)


def fact(conversation_id: str = "c-1", at: datetime = NOW, *, segments: Any = (), **values: float) -> Fact:
    return Fact(
        conversation_id=conversation_id,
        at=at,
        segments=(EVERYTHING, *segments),
        values={name: [value] for name, value in values.items()} or {"volume": [1.0]},
    )


def alert(alert_id: str = "a-1", **changed: Any) -> Alert:
    values: dict[str, Any] = {
        "alert_id": alert_id,
        "signal": "refusal",
        "segment": Segment.of(model="m & 1"),
        "state": AlertState.OPEN,
        "direction": Direction.UP,
        "started_at": NOW - 2 * HOUR,
        "detected_at": NOW,
        "updated_at": NOW,
        "value": 0.25,
        "expected": 0.05,
        "expected_low": 0.02,
        "expected_high": 0.09,
        "n": 80,
        "k": 20,
        "evidence": 12.5,
        "users": 7,
        "examples": ("c-1", "c-2"),
        "detail": {"series": [""], "chart": {"points": []}},
    }
    return Alert(**(values | changed))


def label(conversation_id: str = "c-1", value: float | str = 1.0, **changed: Any) -> Label:
    values: dict[str, Any] = {"name": "refusal", "reviewer": "U1", "at": NOW} | changed
    return Label(conversation_id=conversation_id, value=value, **values)


def calibration(evaluator: str = "refusal", **changed: Any) -> Calibration:
    values: dict[str, Any] = {
        "evaluator": evaluator,
        "evaluator_version": "1",
        "n_labels": 40,
        "n_scores": 900,
        "threshold": 0.5,
        "tpr": 0.9,
        "tnr": 0.8,
        "kappa": 0.7,
        "raw_rate": 0.2,
        "corrected_rate": 0.15,
        "ci_low": 0.1,
        "ci_high": 0.2,
        "precision": 0.6,
        "miss_rate": 0.05,
        "computed_at": NOW,
    }
    return Calibration(**(values | changed))


def span(trace: int = 1, number: int = 1, at: datetime = NOW, **attributes: Any) -> Span:
    """One span; attribute names are written with two underscores for a dot."""
    return Span(
        trace_id=f"{trace:032x}",
        span_id=f"{number:016x}",
        parent_id=None,
        name="chat",
        started_at=at,
        ended_at=at + timedelta(seconds=2),
        attributes={name.replace("__", "."): value for name, value in attributes.items()},
    )


def workspace_in(store: Store) -> Store:
    """A workspace that nobody has used, in the same database."""
    return Store(store._engine, uuid4().hex)
