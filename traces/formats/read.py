"""What one value of a file holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from traces.ingest import Offer
from traces.model import Span
from traces.parts import Parts


@dataclass(frozen=True, slots=True)
class Read:
    """Whole conversations, whole spans, or parts of spans. ``rejected`` of them were not taken, the first for ``reason``."""

    offers: list[Offer] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    parts: Parts = field(default_factory=Parts)
    rejected: int = 0
    reason: str = ""

    def __len__(self) -> int:
        return len(self.offers) + len(self.spans) + len(self.parts.spans)


def has(value: Any, *keys: str) -> bool:
    """Whether a value is an object with all these keys."""
    return type(value) is dict and all(key in value for key in keys)
