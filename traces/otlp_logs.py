"""OTLP log records that belong to spans: instrumentations that record messages and evaluations as log events.

The records of one span in one export become a span of their own beneath it, named ``LOGGED``, with one event each. Its id
is a digest of what it holds. So records may come before or after their span, and twice, and are kept like any span.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, TypeAlias, TypeGuard

import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from traces.errors import BadInput
from traces.fields import clean
from traces.model import JsonMap, Span
from traces.otlp_density import check_density
from traces.otlp_json import attributes_of, get, id_of, integer, object_in, objects_in, text_in, value_of_json
from traces.otlp_protobuf import flatten, value_of
from traces.otlp_span import SPAN_ID_BYTES, TRACE_ID_BYTES, Refused, check_count, fault_of, moment_of

LOGGED: Final = "hark.logged"
"""The name of a span that holds log records."""

_PREFIX: Final = "gen_ai."
Event: TypeAlias = tuple[str, datetime, JsonMap]


def spans_of_protobuf_logs(body: bytes, refused: Refused) -> list[Span]:
    """The GenAI records of an ``ExportLogsServiceRequest``; other records are left out."""
    check_density(body, "logs")
    request = ExportLogsServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError:
        raise BadInput("the body is not an OTLP logs export in protobuf") from None
    check_count(sum(len(scoped.log_records) for group in request.resource_logs for scoped in group.scope_logs))
    spans: list[Span] = []
    for group in request.resource_logs:
        records = _Records(refused)
        for scoped in group.scope_logs:
            for raw in scoped.log_records:
                attributes = flatten(raw.attributes)
                name = raw.event_name or attributes.get("event.name")
                at_ns = raw.time_unix_nano or raw.observed_time_unix_nano
                if _is_ours(name) and records.belong(raw.trace_id, raw.span_id, at_ns):
                    records.keep((raw.trace_id, raw.span_id), at_ns, name, attributes, value_of(raw.body))
        spans += records.as_spans(flatten(group.resource.attributes))
    return spans


def spans_of_json_logs(export: dict[str, Any], refused: Refused) -> list[Span]:
    """The same of a ``{"resourceLogs": [...]}`` object."""
    spans: list[Span] = []
    for group in objects_in(export, "resourceLogs"):
        records = _Records(refused)
        for scoped in objects_in(group, "scopeLogs"):
            raw_records = objects_in(scoped, "logRecords")
            check_count(len(raw_records))
            for raw in raw_records:
                attributes = attributes_of(raw)
                name = text_in(raw, "eventName") or attributes.get("event.name")
                at_ns = integer(get(raw, "timeUnixNano")) or integer(get(raw, "observedTimeUnixNano"))
                ids = id_of(get(raw, "traceId"), TRACE_ID_BYTES), id_of(get(raw, "spanId"), SPAN_ID_BYTES)
                if _is_ours(name) and records.belong(*ids, at_ns):
                    records.keep(ids, at_ns, name, attributes, value_of_json(object_in(raw, "body")))
        spans += records.as_spans(attributes_of(object_in(group, "resource")))
    return spans


def _is_ours(name: Any) -> TypeGuard[str]:
    """Records of ordinary logging are no fault, they are just not ours."""
    return type(name) is str and name.startswith(_PREFIX)


class _Records:
    """The records of one resource, held by the span that they belong to."""

    def __init__(self, refused: Refused) -> None:
        self._refused = refused
        self._held: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)

    def belong(self, trace_id: bytes, span_id: bytes, at_ns: int) -> bool:
        fault = fault_of(trace_id, span_id, at_ns)
        if fault:
            self._refused.add(fault)
        return not fault

    def keep(self, ids: tuple[bytes, bytes], at_ns: int, name: str, attributes: dict[str, Any], body: Any) -> None:
        inside = body if type(body) is dict else {} if body is None else {"content": body}
        self._held[ids[0].hex(), ids[1].hex()].append((clean(name), moment_of(at_ns), attributes | inside))

    def as_spans(self, resource: dict[str, Any]) -> list[Span]:
        return [
            Span(
                trace_id=trace_id,
                span_id=_digest(trace_id, span_id, events),
                parent_id=span_id,
                name=LOGGED,
                started_at=min(at for _, at, _ in events),
                ended_at=max(at for _, at, _ in events),
                attributes={},
                resource=resource,
                events=tuple(events),
            )
            for (trace_id, span_id), events in self._held.items()
        ]


def _digest(trace_id: str, span_id: str, events: list[Event]) -> str:
    return blake2b(orjson.dumps([trace_id, span_id, events]), digest_size=SPAN_ID_BYTES).hexdigest()
