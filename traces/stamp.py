"""Marking what was sent as of one application or environment, whatever it says itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from traces.ingest import Offer
from traces.model import Span

APPLICATION = "hark.application"
ENVIRONMENT = "hark.environment"
"""Span attributes that count before all others; see ``traces.normalise.mapping``."""


def stamped_spans(spans: Sequence[Span], marks: Mapping[str, str]) -> list[Span]:
    """The spans with these marks (``application``, ``environment``) on each."""
    named = {f"hark.{key}": value for key, value in marks.items()}
    return [replace(span, attributes={**span.attributes, **named}) for span in spans] if named else list(spans)


def stamped_offers(offers: Sequence[Offer], marks: Mapping[str, str]) -> list[Offer]:
    """The conversations with these marks in their metadata."""
    if not marks:
        return list(offers)
    text = "".join(f"\n{key}={value}" for key, value in sorted(marks.items()))
    return [
        replace(
            o,
            conversation=replace(o.conversation, metadata={**o.conversation.metadata, **marks}),
            digest=_mixed(o.digest, text),
        )
        for o in offers
    ]


def _mixed(digest: str, text: str) -> str:
    return blake2b((digest + text).encode(), digest_size=16).hexdigest()
