"""OTLP exports in JSON, as the OpenTelemetry Collector's file exporter writes them, one export a line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from traces import wire
from traces.errors import BadInput
from traces.fields import wrong_kind
from traces.formats.read import Read

_TRACES = ("resourceSpans", "resource_spans")
_LOGS = ("resourceLogs", "resource_logs")


def recognises(value: Any) -> bool:
    return type(value) is dict and any(key in value for key in (*_TRACES, *_LOGS))


def read(value: Any, _received_at: datetime) -> Read:
    """One export of traces or logs.

    Raises:
        BadInput: It is none.
    """
    if type(value) is not dict:
        wrong_kind(value, "an object")
    if any(key in value for key in _LOGS):
        return _taken(wire.logs_of(value))
    if not any(key in value for key in _TRACES):
        raise BadInput("is missing; this is no OTLP export", _TRACES[0])
    return _taken(wire.export_of(value))


def read_protobuf(body: bytes) -> Read:
    """One export of traces in protobuf.

    Raises:
        BadInput: It is none.
    """
    return _taken(wire.read_export(body))


def _taken(export: wire.Export) -> Read:
    return Read(spans=export.spans, rejected=export.rejected, reason=export.reason)
