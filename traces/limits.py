"""The sizes beyond which Hark refuses or truncates, in one place."""

from __future__ import annotations

from typing import Final

WIRE_BYTES: Final = 4 * 1024 * 1024
"""A request body as it arrives, compressed or not."""

INFLATED_BYTES: Final = 20 * 1024 * 1024
"""A request body after decompression."""

JSON_DEPTH: Final = 64
"""Nesting of lists and objects."""

SPANS: Final = 10_000
"""Spans in one export."""

ATTRIBUTES: Final = 4_096
"""Attributes of one span, resource or event; more are dropped."""

TEXT_CHARACTERS: Final = 256 * 1024
"""Text of one message, tool argument or document; longer text is truncated and flagged."""

ID_CHARACTERS: Final = 255
"""A conversation id, user id, score name or reviewer."""

MESSAGES: Final = 10_000
"""Messages of one conversation."""

TRACES: Final = 1_000_000
"""Traces of one conversation, and scores that came with it: some applications have one session for ever."""
