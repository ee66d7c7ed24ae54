"""OpenTelemetry's protocol: figures as metrics, what became of alerts as log events, both in protobuf."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Gauge,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from alerts.telling.severity import Severity, severity_of
from bot.telemetry.points import Point, segment_name
from traces.model import Alert, AlertState

MEDIA_TYPE: Final = "application/x-protobuf"
EVENT: Final = "hark.alert"
"""Name of the log event that says what became of an alert."""
_SCOPE: Final = InstrumentationScope(name="hark")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SEVERITIES: Final = {
    Severity.LOW: SeverityNumber.SEVERITY_NUMBER_INFO,
    Severity.MEDIUM: SeverityNumber.SEVERITY_NUMBER_WARN,
    Severity.HIGH: SeverityNumber.SEVERITY_NUMBER_ERROR,
}


def metrics_of(points: Iterable[Point], resource: Mapping[str, str], *, began_at: datetime, now: datetime) -> bytes:
    """An ``ExportMetricsServiceRequest``: one gauge a name, but for what only grows, which is a sum since ``began_at``."""
    by_name: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        if math.isfinite(point.value):
            by_name[point.name].append(point)
    metrics = [_metric(of, began_at, now) for of in by_name.values()]
    scoped = ScopeMetrics(scope=_SCOPE, metrics=metrics)
    request = ExportMetricsServiceRequest(
        resource_metrics=[ResourceMetrics(resource=_resource(resource), scope_metrics=[scoped])]
    )
    return request.SerializeToString()


def _metric(points: Sequence[Point], began_at: datetime, now: datetime) -> Metric:
    first = points[0]
    data = [
        NumberDataPoint(
            time_unix_nano=nanoseconds(now),
            start_time_unix_nano=nanoseconds(began_at) if first.is_total else 0,
            as_double=point.value,
            attributes=_attributes(point.about),
        )
        for point in points
    ]
    if not first.is_total:
        return Metric(name=first.name, unit=first.unit, description=first.text, gauge=Gauge(data_points=data))
    total = Sum(
        data_points=data,
        is_monotonic=True,
        aggregation_temporality=AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE,
    )
    return Metric(name=first.name, unit=first.unit, description=first.text, sum=total)


def logs_of(told: Iterable[tuple[Alert, str]], resource: Mapping[str, str], now: datetime) -> bytes:
    """An ``ExportLogsServiceRequest``: for each alert with the line that tells of it an event as it is now."""
    records = [_record(alert, line, now) for alert, line in told]
    scoped = ScopeLogs(scope=_SCOPE, log_records=records)
    request = ExportLogsServiceRequest(resource_logs=[ResourceLogs(resource=_resource(resource), scope_logs=[scoped])])
    return request.SerializeToString()


def _record(alert: Alert, line: str, now: datetime) -> LogRecord:
    severity = Severity.LOW if alert.state is AlertState.RESOLVED else severity_of(alert)
    about = {
        "hark.alert.id": alert.alert_id,
        "hark.alert.state": alert.state.value,
        "hark.alert.severity": severity_of(alert).value,
        "signal": alert.signal,
        "segment": segment_name(alert.segment),
    }
    figures = {
        "hark.alert.value": alert.value,
        "hark.alert.expected_low": alert.expected_low,
        "hark.alert.expected_high": alert.expected_high,
    }
    return LogRecord(
        time_unix_nano=nanoseconds(alert.updated_at),
        observed_time_unix_nano=nanoseconds(now),
        severity_number=_SEVERITIES[severity],
        severity_text=severity.value,
        event_name=EVENT,
        body=AnyValue(string_value=line),
        attributes=[
            *_attributes(about),
            *(KeyValue(key=k, value=AnyValue(double_value=v)) for k, v in figures.items() if math.isfinite(v)),
        ],
    )


def nanoseconds(at: datetime) -> int:
    """A time as OTLP has it; what is before 1970 is 1970."""
    return max(0, (at - _EPOCH) // _MICROSECOND * 1_000)


def _resource(about: Mapping[str, str]) -> Resource:
    return Resource(attributes=_attributes(about))


def _attributes(about: Mapping[str, str]) -> list[KeyValue]:
    return [KeyValue(key=key, value=AnyValue(string_value=_whole(value))) for key, value in about.items()]


def _whole(text: str) -> str:
    """Without lone surrogates, for which protobuf has no text."""
    return text.encode("utf-8", "replace").decode()
