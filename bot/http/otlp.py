"""OpenTelemetry's endpoints: traces, logs, and metrics that are answered and dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.http.gate import decoded, dropped_body, inflated_body, media_type, routes
from bot.http.storing import Storing
from traces import wire
from traces.wire import Export

_ExportAnswer: TypeAlias = ExportTraceServiceResponse | ExportLogsServiceResponse
_Reader: TypeAlias = Callable[[bytes, str], Export]
# OpenTelemetry's own paths, and those that SDKs of other products add to a base URL.
_BASES = ("/v1", "/api/public/otel/v1", "/otel/v1")


class OtlpEndpoints:
    """Takes what OpenTelemetry exporters send."""

    def __init__(self, storing: Storing) -> None:
        self._storing = storing

    def routes(self) -> list[Route]:
        return [
            *routes([f"{base}/traces" for base in _BASES], self._traces),
            *routes([f"{base}/logs" for base in _BASES], self._logs),
            *routes([f"{base}/metrics" for base in _BASES], self._metrics),
        ]

    async def _traces(self, request: Request) -> Response:
        return await self._export(request, wire.read_export, ExportTraceServiceResponse())

    async def _logs(self, request: Request) -> Response:
        # Older instrumentations send what was said only as log records, before or after the spans.
        return await self._export(request, wire.read_logs, ExportLogsServiceResponse())

    async def _metrics(self, request: Request) -> Response:
        # Not read, but answered: clients log an error for ever when nobody takes their metrics.
        await dropped_body(request)
        kind = media_type(request) or wire.PROTOBUF
        return Response(b"{}" if kind == wire.JSON else b"", media_type=kind)

    async def _export(self, request: Request, read: _Reader, answer: _ExportAnswer) -> Response:
        kind = media_type(request)
        wire.check_kind(kind)
        export = await decoded(read, await inflated_body(request), kind)
        await self._storing.spans(export.spans, export.rejected, export.reason)
        return _export_answer(export, kind, answer)


def _export_answer(export: Export, kind: str, answer: _ExportAnswer) -> Response:
    """OTLP's answer in the encoding of the request; what was not taken is told as a partial success."""
    records = "rejected_spans" if isinstance(answer, ExportTraceServiceResponse) else "rejected_log_records"
    if kind == wire.JSON:
        name = "rejectedSpans" if records == "rejected_spans" else "rejectedLogRecords"
        partial = {"partialSuccess": {name: str(export.rejected), "errorMessage": export.reason}}
        return JSONResponse(partial if export.rejected else {})
    if export.rejected:
        setattr(answer.partial_success, records, export.rejected)
        answer.partial_success.error_message = export.reason
    return Response(answer.SerializeToString(), media_type=wire.PROTOBUF)
