"""What the tables are made of."""

from __future__ import annotations

from typing import Literal, TypeAlias

Names: TypeAlias = tuple[str, ...]
"""Attribute names in order of preference."""
SpanKind = Literal["llm", "tool", "retriever", "embedding", "agent", "other"]
