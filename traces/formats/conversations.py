"""Hark's own conversation format, see ``traces.conversation_format``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from traces.formats.read import Read, has
from traces.ingest import offer


def recognises(value: Any) -> bool:
    return has(value, "id", "messages") and "object" not in value


def read(value: Any, received_at: datetime) -> Read:
    """One conversation.

    Raises:
        BadInput: A field is missing or wrong.
    """
    return Read(offers=[offer(value, received_at)])
