"""The sizes beyond which Hark refuses or truncates, in one place."""

from __future__ import annotations

from typing import Final

WIRE_BYTES: Final = 20 * 1024 * 1024
"""A request body as it arrives, compressed or not."""

INFLATED_BYTES: Final = 20 * 1024 * 1024
"""A request body after decompression."""

JSON_DEPTH: Final = 64
"""Nesting of lists and objects."""

JSON_CONTAINERS: Final = 500_000
"""Objects and lists in one JSON body: empty ones take thirty times the memory of their text."""

JSON_VALUES: Final = 2_000_000
"""Values in one JSON body."""

SPARSE_BYTES: Final = 2 * 1024 * 1024
"""Up to this size a protobuf body is parsed without counting what it holds."""

PROTOBUF_MESSAGES: Final = 1_000_000
"""Spans, attributes, values and the like in one protobuf body."""

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
