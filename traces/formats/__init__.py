"""The formats of files that ``hark ingest`` reads, each by one small module: a JSON value in, what it holds out.

A format recognises its values by their keys, so that a file need not be told apart by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple

from traces.errors import BadInput
from traces.formats import conversations, langfuse, langsmith, openai, otlp, samples
from traces.formats.read import Read

AUTO: Final = "auto"


class Format(NamedTuple):
    """``recognises`` a JSON value of the format; ``read`` raises ``BadInput`` for one that is not of it."""

    recognises: Callable[[Any], bool]
    read: Callable[[Any, datetime], Read]


FORMATS: Final = {
    "conversations": Format(conversations.recognises, conversations.read),
    "otlp": Format(otlp.recognises, otlp.read),
    "langfuse": Format(langfuse.recognises, langfuse.read),
    "langsmith": Format(langsmith.recognises, langsmith.read),
    "openai": Format(openai.recognises, openai.read),
    "samples": Format(samples.recognises, samples.read),
}
"""By name, in the order in which values are held against them."""


def read(value: Any, name: str, received_at: datetime) -> Read:
    """What a JSON value of a file holds.

    Raises:
        BadInput: It is not of the format, or with ``auto`` of none.
    """
    if name != AUTO:
        return FORMATS[name].read(value, received_at)
    for each in FORMATS.values():
        if each.recognises(value):
            return each.read(value, received_at)
    # Most files are conversations, and what is wrong with one is best said in its own words.
    if type(value) is dict and ("id" in value or "messages" in value):
        return conversations.read(value, received_at)
    raise BadInput(f"no format is recognised; say which with --format: {', '.join(FORMATS)}")


__all__ = ["AUTO", "FORMATS", "Format", "Read", "read"]
