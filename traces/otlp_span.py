"""What both encodings of OTLP share: the rules by which a span is taken or refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from traces import limits
from traces.errors import TooLarge

TRACE_ID_BYTES: Final = 16
SPAN_ID_BYTES: Final = 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_NS: Final = 2**64


@dataclass(slots=True)
class Refused:
    """Counts the spans that were not taken and keeps the first reason."""

    count: int = 0
    reason: str = ""

    def add(self, reason: str) -> None:
        self.count += 1
        self.reason = self.reason or reason


def fault_of(trace_id: bytes, span_id: bytes, started_ns: int) -> str:
    """Why a span is not one; empty when it is."""
    if len(trace_id) != TRACE_ID_BYTES or not any(trace_id):
        return f"trace id must be {TRACE_ID_BYTES} bytes, not all zero"
    if len(span_id) != SPAN_ID_BYTES or not any(span_id):
        return f"span id must be {SPAN_ID_BYTES} bytes, not all zero"
    if not 0 < started_ns < _LATEST_NS:
        return "start time is missing"
    return ""


def moment_of(nanoseconds: int) -> datetime:
    """Unix nanoseconds, below 2^64, as aware UTC; what is finer than a microsecond is dropped."""
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def check_count(spans: int) -> None:
    if spans > limits.SPANS:
        raise TooLarge(f"the export holds more than {limits.SPANS} spans; send smaller batches")
