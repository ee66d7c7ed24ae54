"""Scores as Langfuse's SDK posts them to ``/api/public/scores``: an object, or, since SDK 5, a list.

Each becomes an evaluation event beneath its trace, like one in a log record. One that names only a session stands beneath a
trace of its own that carries the session.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from traces.errors import BadInput
from traces.fields import Table, identifier, json_value, moment, optional, read, text, under, wrong_kind
from traces.model import Span
from traces.otlp_logs import LOGGED
from traces.otlp_span import TRACE_ID_BYTES, check_count
from traces.parts import digest, trace_id_of
from traces.wire import Export

_SCORE: Final[Table] = {
    "id": ("score_id", optional(text)),
    "name": ("name", identifier),
    "value": ("value", json_value),
    "comment": ("comment", optional(text)),
    "traceId": ("trace_id", optional(text)),
    "sessionId": ("session_id", optional(text)),
    "observationId": ("observation_id", optional(text)),
    "timestamp": ("at", optional(moment)),
}


def spans_of_scores(sent: Any, received_at: datetime) -> Export:
    """The scores of one body, as spans beneath the traces that they judge; one with the same id replaces the other.

    Raises:
        BadInput: When there is no score, one is none, or names neither a trace nor a session; the error names it by its place.
    """
    scores = [sent] if type(sent) is dict else sent
    if type(scores) is not list:
        wrong_kind(sent, "an object or a list of them")
    if not scores:
        raise BadInput("the list holds no score")
    check_count(len(scores))
    spans: list[Span] = []
    for place, score in enumerate(scores):
        try:
            spans.append(_span(score, received_at))
        except BadInput as wrong:
            raise under(f"[{place}]", wrong) from None
    return Export(spans)


def _span(score: Any, received_at: datetime) -> Span:
    known, _ = read(_SCORE, score, ("name", "value"))
    key = known.get("score_id") or "\n".join(
        str(known.get(part)) for part in ("trace_id", "session_id", "observation_id", "name", "at")
    )
    trace_id = _trace_id(known, key)
    at = known.get("at") or received_at
    session_id = known.get("session_id")
    return Span(
        trace_id=trace_id,
        span_id=digest(key),
        parent_id=None,
        name=LOGGED,
        started_at=at,
        ended_at=at,
        attributes={"langfuse.session.id": session_id} if session_id else {},
        events=(("gen_ai.evaluation.result", at, _evaluation(known)),),
    )


def _trace_id(known: dict[str, Any], key: str) -> str:
    """The trace that is judged."""
    named = known.get("trace_id")
    if named:
        return trace_id_of(named)
    if not known.get("session_id"):
        raise BadInput("names neither a traceId nor a sessionId")
    return digest(key, TRACE_ID_BYTES)


def _evaluation(known: dict[str, Any]) -> dict[str, Any]:
    value = known["value"]
    said = {"gen_ai.evaluation.name": known["name"], "gen_ai.evaluation.score.value": value}
    if type(value) is str:
        said["gen_ai.evaluation.score.label"] = value
    if known.get("comment"):
        said["gen_ai.evaluation.explanation"] = known["comment"]
    return said
