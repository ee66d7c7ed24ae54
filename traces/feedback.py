"""Hark's own formats for what comes apart from conversations: users' feedback, and markers of changes.

::

    {"conversation_id": "c-1", "name": "thumbs", "value": 1, "comment": "thanks", "user_id": "u-1"}
    {"kind": "deploy", "value": "2026.11.3", "application": "shop", "at": "2026-11-20T10:00:00Z"}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

from traces.conversation_format import feedback_of_json
from traces.errors import BadInput, TooLarge
from traces.fields import Table, identifier, json_value, moment, no_others, optional, read, text, under, wrong_kind
from traces.model import Change
from traces.otlp_span import TRACE_ID_BYTES
from traces.parts import digest, trace_id_of
from traces.store.feedback import Given

T = TypeVar("T")
_MOST: Final = 1_000
_FEEDBACK: Final[Table] = {
    "id": ("feedback_id", optional(identifier)),
    "conversation_id": ("conversation_id", optional(identifier)),
    "trace_id": ("trace_id", optional(identifier)),
    "name": ("name", identifier),
    "value": ("value", json_value),
    "comment": ("comment", optional(text)),
    "user_id": ("user_id", optional(text)),
    "at": ("at", optional(moment)),
}
_CHANGE: Final[Table] = {
    "kind": ("kind", identifier),
    "value": ("value", identifier),
    "application": ("application", optional(identifier)),
    "at": ("at", optional(moment)),
}
_KINDS: Final[Mapping[str, str]] = {"prompt": "prompt_version"}
"""What people call a change, and the metadata key whose values it tells apart."""


def read_feedback(sent: Any) -> list[Given]:
    """Feedback from one JSON object or a list of them.

    One user's feedback of one name on one thing replaces what they said before; with ``at`` or ``id`` it stands by itself.

    Raises:
        BadInput: When a field is missing, wrong or unknown; the error names it, and its place in the list.
    """
    return _each(sent, _given)


def _given(sent: Any) -> Given:
    known, rest = read(_FEEDBACK, sent, ("name",))
    no_others(rest, _FEEDBACK)
    conversation_id, trace_id = known.get("conversation_id"), known.get("trace_id")
    if (conversation_id is None) == (trace_id is None):
        raise BadInput("give either conversation_id or trace_id")
    if known.get("value") is None and not known.get("comment"):
        raise BadInput("is missing, and there is no comment either", "value")
    feedback = feedback_of_json(
        {key: sent[key] for key in ("name", "value", "comment", "user_id", "at") if key in sent}
    )
    about = trace_id_of(trace_id) if trace_id is not None else None
    at = "" if feedback.at is None else feedback.at.isoformat()
    key = known.get("feedback_id") or "\n".join(
        (conversation_id or "", about or "", feedback.name, feedback.user_id or "", at)
    )
    return Given(
        feedback_id=digest(key, TRACE_ID_BYTES), feedback=feedback, conversation_id=conversation_id, trace_id=about
    )


def of_application(given: Given, application: str) -> Given:
    """Feedback that only counts for conversations of one application, and replaces no other's."""
    key = digest(f"{application}\n{given.feedback_id}", TRACE_ID_BYTES)
    return replace(given, feedback_id=key, application=application)


def read_changes(sent: Any, received_at: datetime) -> list[Change]:
    """Change markers from one JSON object or a list of them; without ``at`` as of ``received_at``.

    Raises:
        BadInput: When a field is missing, wrong or unknown; the error names it, and its place in the list.
    """
    return _each(sent, lambda one: _change(one, received_at))


def _change(sent: Any, received_at: datetime) -> Change:
    known, rest = read(_CHANGE, sent, ("kind", "value"))
    no_others(rest, _CHANGE)
    return Change(
        kind=_KINDS.get(known["kind"], known["kind"]),
        value=known["value"],
        application=known.get("application"),
        at=known.get("at") or received_at,
    )


def _each(sent: Any, parse: Callable[[Any], T]) -> list[T]:
    if type(sent) is dict:
        return [parse(sent)]
    if type(sent) is not list:
        wrong_kind(sent, "an object or a list of them")
    if len(sent) > _MOST:
        raise TooLarge(f"{len(sent)} in one request, at most {_MOST}; send several")
    parsed: list[T] = []
    for place, one in enumerate(sent):
        try:
            parsed.append(parse(one))
        except BadInput as wrong:
            raise under(f"[{place}]", wrong) from None
    return parsed
