"""OTLP trace exports in protobuf, walked without an intermediate dictionary."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from traces import limits
from traces.errors import BadInput
from traces.fields import clean
from traces.model import Span
from traces.otlp_density import check_density
from traces.otlp_span import Refused, check_count, fault_of, moment_of


def spans_of_protobuf(body: bytes, refused: Refused) -> list[Span]:
    """The spans of an ``ExportTraceServiceRequest``; those that are none are counted in ``refused``."""
    check_density(body, "traces")
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError:
        raise BadInput("the body is not an OTLP trace export in protobuf") from None
    check_count(sum(len(scoped.spans) for group in request.resource_spans for scoped in group.scope_spans))
    spans: list[Span] = []
    for group in request.resource_spans:
        resource = flatten(group.resource.attributes)
        for scoped in group.scope_spans:
            scope = clean(scoped.scope.name)
            for raw in scoped.spans:
                fault = fault_of(raw.trace_id, raw.span_id, raw.start_time_unix_nano)
                if fault:
                    refused.add(fault)
                else:
                    spans.append(_span(raw, resource, scope))
    return spans


def _span(raw: trace_pb2.Span, resource: dict[str, Any], scope: str) -> Span:
    started, ended = raw.start_time_unix_nano, raw.end_time_unix_nano
    parent = raw.parent_span_id
    return Span(
        trace_id=raw.trace_id.hex(),
        span_id=raw.span_id.hex(),
        parent_id=parent.hex() if any(parent) else None,
        name=clean(raw.name),
        started_at=moment_of(started),
        ended_at=moment_of(max(started, ended)),
        attributes=flatten(raw.attributes),
        resource=resource,
        scope=scope,
        status_code=raw.status.code,
        status_message=clean(raw.status.message),
        events=tuple((clean(e.name), moment_of(e.time_unix_nano), flatten(e.attributes)) for e in raw.events),
    )


def flatten(pairs: Sequence[KeyValue]) -> dict[str, Any]:
    """Attributes as a flat map of JSON values."""
    if len(pairs) > limits.ATTRIBUTES:
        pairs = pairs[: limits.ATTRIBUTES]
    flat: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        # Most values are text, and reading the field is three times as fast as asking which one is set.
        said = value.string_value
        flat[clean(pair.key)] = clean(said) if said else value_of(value)
    return flat


def value_of(value: AnyValue) -> Any:
    """An ``AnyValue`` as JSON; bytes as base64, numbers that JSON lacks as null."""
    kind = value.WhichOneof("value")
    return None if kind is None else _READ[kind](value)


_READ: Final[Mapping[str, Callable[[AnyValue], Any]]] = {
    "string_value": lambda value: clean(value.string_value),
    "int_value": lambda value: value.int_value,
    "double_value": lambda value: value.double_value if math.isfinite(value.double_value) else None,
    "bool_value": lambda value: value.bool_value,
    "array_value": lambda value: [value_of(item) for item in value.array_value.values],
    "kvlist_value": lambda value: {clean(pair.key): value_of(pair.value) for pair in value.kvlist_value.values},
    "bytes_value": lambda value: base64.b64encode(value.bytes_value).decode(),
}
