"""Something off, whoever noticed it: a detector, a rule of the team, a topic that nobody watches yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from alerts.explaining.incident import Incident, Known, Numbers
from traces.model import Direction, Kind, Segment, Signal
from traces.store import Tx
from traces.store.rollups import segment_key

Look: TypeAlias = Callable[[Tx, int, Known | None], Incident]
"""Looks at a sighting from all sides: with so many examples, given what the alert says already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A signal that is off in a segment.

    ``origin`` names what noticed it, where that is not detection: ``slo:checkout``, ``threshold:latency``.
    ``value`` and the expected range are in the signal's unit. ``started_at`` is when it began, ``detected_at`` the start of the hour in which it was noticed. ``evidence`` of 1 opens an
    alert; ``weeks`` is how often chance brings about as much, where that is known.
    """

    signal: Signal
    segment: Segment
    direction: Direction
    started_at: datetime
    detected_at: datetime
    look: Look
    value: float
    expected_low: float
    expected_high: float
    evidence: float = 1.0
    weeks: float | None = None
    origin: str = ""

    @property
    def key(self) -> str:
        """The same for the same series, direction and origin at any time."""
        return f"{self.origin or self.signal.name}|{self.direction}|{segment_key(self.segment)}"

    @property
    def is_count(self) -> bool:
        """Whether this is detection on a volume."""
        return self.signal.kind is Kind.COUNT and not self.origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an alert shows besides its numbers."""

    detail: Mapping[str, Any]
    examples: tuple[str, ...] = ()
    users: int = 0


def exceeding(
    signal: Signal,
    numbers: Numbers,
    origin: str,
    *,
    since: datetime,
    detected_at: datetime | None = None,
    show: Callable[[Tx, int], Shown],
) -> Sighting:
    """A value above its bound, whose numbers are known before anybody looks.

    Args:
        signal: What is too high.
        numbers: By how much, and where.
        origin: What noticed it.
        since: When it began.
        detected_at: When it was noticed, if not at once.
        show: What else there is to show, with so many examples; read from the store only where an alert is told.
    """

    def look(tx: Tx, examples: int, _known: Known | None) -> Incident:
        shown = show(tx, examples)
        return Incident(
            started_at=since, numbers=numbers, detail=shown.detail, examples=shown.examples, users=shown.users
        )

    return Sighting(
        signal=signal,
        segment=numbers.segment,
        direction=Direction.UP,
        started_at=since,
        detected_at=since if detected_at is None else detected_at,
        look=look,
        value=numbers.value,
        expected_low=numbers.expected_low,
        expected_high=numbers.expected_high,
        origin=origin,
    )
