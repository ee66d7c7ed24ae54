"""Time as a dependency: aware UTC, from a clock that is handed in."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, as aware UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FakeClock:
    """A clock that stands still until it is moved; safe to share between threads."""

    def __init__(self, at: datetime) -> None:
        self._at = as_utc(at)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._at

    def set(self, at: datetime) -> None:
        with self._lock:
            self._at = as_utc(at)

    def advance(self, by: timedelta) -> datetime:
        with self._lock:
            self._at += by
            return self._at


class ScaledClock:
    """Runs ``speed`` times as fast as the machine's clock from ``start`` until it has caught up, then with it.

    It never shows a time in the future, so what it stamps stays believable on a page.
    """

    def __init__(self, start: datetime, speed: float) -> None:
        self._start = as_utc(start)
        self._speed = speed
        self._began_at = time.monotonic()

    def now(self) -> datetime:
        scaled = self._start + timedelta(seconds=(time.monotonic() - self._began_at) * self._speed)
        return min(scaled, datetime.now(UTC))


def as_utc(at: datetime) -> datetime:
    """The same instant in UTC; a time without a zone is taken as UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def parse_time(text: str) -> datetime:
    """An ISO 8601 time as aware UTC.

    Raises:
        ValueError: When the text is no ISO 8601 time.
    """
    return as_utc(datetime.fromisoformat(text))


def format_time(at: datetime) -> str:
    """ISO 8601 in UTC with a trailing ``Z``; microseconds only where there are some."""
    return as_utc(at).isoformat().replace("+00:00", "Z")
