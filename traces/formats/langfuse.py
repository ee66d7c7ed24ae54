"""Langfuse's exports: blob storage rows, tables downloaded from its pages, traces and sessions as JSON, pages of its API.

Rows are observations, traces or scores, in camelCase or, from blob storage, in snake_case (langfuse.com, "Blob storage
export field reference"). Each is read as the ingestion event that would have made it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from traces.errors import BadInput
from traces.fields import wrong_kind
from traces.formats.read import Read
from traces.sources.langfuse_ingestion import read_batch

_LISTS = ("observations", "traces", "scores", "data")
_SHAPES = (
    {"traceId", "startTime"},
    {"traceId", "start_time"},
    {"trace_id", "start_time", "type"},
    {"name", "value", "dataType"},
    {"name", "value", "data_type"},
)
_OF_TRACE = {"userId": "userId", "sessionId": "sessionId", "traceName": "name", "release": "release"}


def recognises(value: Any) -> bool:
    if type(value) is not dict or "run_type" in value:
        return False
    if any(shape <= value.keys() for shape in _SHAPES) or (type(value.get("batch")) is list):
        return True
    if (
        "timestamp" in value
        and "id" in value
        and value.keys() & {"sessionId", "session_id", "observations", "projectId"}
    ):
        return True
    return any(type(value.get(key)) is list and value[key] and recognises(value[key][0]) for key in _LISTS)


def read(value: Any, received_at: datetime) -> Read:
    """One row, a trace or session with what it holds, a page of the API, or a batch as SDKs send it.

    Raises:
        BadInput: None of it can be read.
    """
    if type(value) is not dict:
        wrong_kind(value, "an object")
    events = value["batch"] if type(value.get("batch")) is list else list(_events(value))
    batch = read_batch({"batch": events}, received_at)
    reason = next(iter(batch.refused.values()), "")
    if batch.refused and not batch.taken:
        raise BadInput(reason)
    return Read(parts=batch.parts, rejected=len(batch.refused), reason=reason)


def _events(value: Mapping[str, Any], trace_id: str | None = None) -> Iterator[dict[str, Any]]:
    row = {_camel(key): item for key, item in value.items()}
    held = [(key, row.pop(key)) for key in _LISTS if type(row.get(key)) is list]
    here = str(row.get("id")) if row.get("timestamp") and not _is_score(row) else trace_id
    if _is_row(row):
        yield from _of_row(row, trace_id)
    elif not held:
        raise BadInput("is no observation, trace or score of Langfuse")
    for _, rows in held:
        for inner in rows:
            if type(inner) is dict:
                yield from _events(inner, here)


def _is_row(row: Mapping[str, Any]) -> bool:
    return "id" in row and ("startTime" in row or "timestamp" in row)


def _is_score(row: Mapping[str, Any]) -> bool:
    return "name" in row and "value" in row


def _of_row(row: dict[str, Any], trace_id: str | None) -> Iterator[dict[str, Any]]:
    if "startTime" in row:
        row.setdefault("traceId", trace_id)
        if context := _context(row):
            yield _event("trace-create", row, {"id": row.get("traceId"), **context})
        yield _event("observation-create", row, _observation(row))
    elif _is_score(row):
        if row.get("traceId") is None and trace_id is not None:
            row["traceId"] = trace_id
        yield _event("score-create", row, _score(row))
    else:
        yield _event("trace-create", row, row)


def _event(kind: str, row: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    at = row.get("startTime") or row.get("timestamp")
    return {"id": f"{kind}:{row['id']}", "type": kind, "timestamp": at, "body": body}


def _context(row: Mapping[str, Any]) -> dict[str, Any]:
    """What enriched observations say of their trace."""
    return {ours: row[theirs] for theirs, ours in _OF_TRACE.items() if row.get(theirs)}


def _observation(row: dict[str, Any]) -> dict[str, Any]:
    body = {**row, "model": row.get("providedModelName") or row.get("model")}
    total = next((row[key] for key in ("totalCost", "calculatedTotalCost") if row.get(key)), None)
    if not row.get("costDetails") and total is not None:
        body["costDetails"] = {"total": total}
    return body


def _score(row: dict[str, Any]) -> dict[str, Any]:
    """Exports have words and yes or no as a number with the word beside it."""
    said = row.get("stringValue")
    kept = ("id", "traceId", "sessionId", "observationId", "name", "value", "comment", "dataType", "configId")
    body = {key: row[key] for key in kept if row.get(key) is not None}
    return {**body, "value": said} if said else body


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)
