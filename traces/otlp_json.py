"""OTLP trace exports in JSON, in camelCase or snake_case, with or without explicit nulls."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from traces import limits
from traces.errors import BadInput
from traces.fields import clean, kind_of
from traces.model import Span
from traces.otlp_span import SPAN_ID_BYTES, TRACE_ID_BYTES, Refused, check_count, fault_of, moment_of

_DIGITS: Final = len(str(-(2**63)))
_STATUS: Final = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2, 0: 0, 1: 1, 2: 2}
_SNAKE: Final = {
    "resourceSpans": "resource_spans",
    "scopeSpans": "scope_spans",
    "traceId": "trace_id",
    "spanId": "span_id",
    "parentSpanId": "parent_span_id",
    "startTimeUnixNano": "start_time_unix_nano",
    "endTimeUnixNano": "end_time_unix_nano",
    "timeUnixNano": "time_unix_nano",
    "resourceLogs": "resource_logs",
    "scopeLogs": "scope_logs",
    "logRecords": "log_records",
    "observedTimeUnixNano": "observed_time_unix_nano",
    "eventName": "event_name",
}


def spans_of_json(export: dict[str, Any], refused: Refused) -> list[Span]:
    """The spans of an ``{"resourceSpans": [...]}`` object; those that are none are counted in ``refused``."""
    spans: list[Span] = []
    for group in objects_in(export, "resourceSpans"):
        resource = attributes_of(object_in(group, "resource"))
        for scoped in objects_in(group, "scopeSpans"):
            scope = _text(object_in(scoped, "scope").get("name"))
            raw_spans = objects_in(scoped, "spans")
            check_count(len(spans) + refused.count + len(raw_spans))
            for raw in raw_spans:
                span = span_of_json(raw, refused, resource, scope)
                if span is not None:
                    spans.append(span)
    return spans


def span_of_json(raw: dict[str, Any], refused: Refused, resource: dict[str, Any], scope: str = "") -> Span | None:
    """One span, or ``None`` when it is none."""
    trace_id = id_of(get(raw, "traceId"), TRACE_ID_BYTES)
    span_id = id_of(get(raw, "spanId"), SPAN_ID_BYTES)
    started, ended = integer(get(raw, "startTimeUnixNano")), integer(get(raw, "endTimeUnixNano"))
    if fault := fault_of(trace_id, span_id, started):
        refused.add(fault)
        return None
    status = object_in(raw, "status")
    parent = id_of(get(raw, "parentSpanId"), SPAN_ID_BYTES)
    code = status.get("code")
    return Span(
        trace_id=trace_id.hex(),
        span_id=span_id.hex(),
        parent_id=parent.hex() if any(parent) else None,
        name=_text(raw.get("name")),
        started_at=moment_of(started),
        ended_at=moment_of(_moment(ended, started)),
        attributes=attributes_of(raw),
        resource=resource,
        scope=scope,
        status_code=_STATUS.get(code, 0) if isinstance(code, str | int) else 0,
        status_message=_text(status.get("message")),
        events=tuple(
            (
                _text(event.get("name")),
                moment_of(_moment(integer(get(event, "timeUnixNano")), started)),
                attributes_of(event),
            )
            for event in objects_in(raw, "events")
        ),
    )


def attributes_of(holder: dict[str, Any]) -> dict[str, Any]:
    """The ``attributes`` of a span, event, resource or log record as a flat map."""
    flat: dict[str, Any] = {}
    for pair in objects_in(holder, "attributes")[: limits.ATTRIBUTES]:
        value = pair.get("value")
        key = pair.get("key")
        if type(key) is str:
            flat[clean(key)] = value_of_json(value) if type(value) is dict else None
    return flat


def value_of_json(value: dict[str, Any]) -> Any:
    """An ``AnyValue`` as plain JSON. The nesting was bounded when the body was read."""
    for kind, said in value.items():
        if said is not None:
            read = _READ.get(kind)
            return None if read is None else read(said)
    return None


def get(holder: dict[str, Any], name: str) -> Any:
    """A field under its camelCase or its snake_case name."""
    value = holder.get(name)
    return holder.get(_SNAKE[name]) if value is None and name in _SNAKE else value


def object_in(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = get(holder, name)
    if value is None:
        return {}
    if type(value) is not dict:
        raise BadInput(f"must be an object, not {kind_of(value)}", name)
    return value


def objects_in(holder: dict[str, Any], name: str, inner: str = "") -> list[dict[str, Any]]:
    """A list of objects, possibly one object further in; null is an empty list."""
    value = get(holder, name)
    if inner and type(value) is dict:
        value = value.get(inner)
    if value is None:
        return []
    if type(value) is not list:
        raise BadInput(f"must be a list, not {kind_of(value)}", name)
    for item in value:
        if type(item) is not dict:
            raise BadInput(f"must hold objects, not {kind_of(item)}", name)
    return value


def text_in(holder: dict[str, Any], name: str) -> str:
    return _text(get(holder, name))


def _text(value: Any) -> str:
    return clean(value) if type(value) is str else ""


def id_of(value: Any, size: int) -> bytes:
    """An id from hex, as OTLP JSON has it, or base64, as protobuf's own JSON has it."""
    if type(value) is not str:
        return b""
    try:
        return bytes.fromhex(value) if len(value) == 2 * size else base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        return b""


def integer(value: Any) -> int:
    """A 64-bit integer in any of the forms in which JSON has it; what is none, or too large for one, is 0."""
    is_written = type(value) is str and len(value) <= _DIGITS and value.removeprefix("-").isdecimal()
    if is_written or (type(value) is float and math.isfinite(value)):
        value = int(value)
    return value if type(value) is int and -(2**63) <= value < 2**64 else 0


def _double(value: Any) -> float | None:
    if type(value) is int or type(value) is float:
        return float(value) if math.isfinite(value) else None
    return None


def _moment(nanoseconds: int, at_least: int) -> int:
    """Nanoseconds within what OTLP can say; before the span's start they count as its start."""
    return min(max(nanoseconds, at_least), 2**64 - 1)


def _list(said: Any) -> list[Any]:
    return [value_of_json(item) for item in objects_in({"values": said}, "values", "values")]


def _map(said: Any) -> dict[str, Any]:
    return attributes_of({"attributes": objects_in({"values": said}, "values", "values")})


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "stringValue": _text,
    "string_value": _text,
    "bytesValue": _text,
    "bytes_value": _text,
    "boolValue": lambda said: said is True,
    "bool_value": lambda said: said is True,
    "intValue": integer,
    "int_value": integer,
    "doubleValue": _double,
    "double_value": _double,
    "arrayValue": _list,
    "array_value": _list,
    "kvlistValue": _map,
    "kvlist_value": _map,
}
