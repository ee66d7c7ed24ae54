"""What a button carries back: ``v1:<subject id>:<rest>``. Ids of ours only, never words of a conversation."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from traces.errors import BadInput

_FORM = re.compile(r"v1:([A-Za-z0-9_.\-]{1,64})(?::([A-Za-z0-9_.\-]{1,64}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    """``subject_id`` is an alert's or a review item's id; ``rest`` an alert's version or verdict, or an evaluator."""

    subject_id: str
    rest: str = ""

    def __str__(self) -> str:
        return f"v1:{self.subject_id}:{self.rest}" if self.rest else f"v1:{self.subject_id}"


def ref_of(name: str) -> str:
    """How a name that may hold anything, such as a conversation's id, is written in a token."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def parse_token(text: str) -> Token:
    """Reads a button's value, an option's value or a view's private metadata.

    Raises:
        BadInput: It is not one that Hark writes.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise BadInput("not a value that Hark writes", "value")
    return Token(found[1], found[2] or "")
