"""Something off, whoever noticed it: a detector, a rule of the team, a topic that nobody watches yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from alerts.incident import Incident, Known
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
