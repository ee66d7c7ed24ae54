"""Hours that detection leaves out: holidays, load tests, an outage that nobody wants to learn from.

What is left out is neither tested nor learned, as if nobody had been watching.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from traces.errors import BadInput

_SEPARATOR = "/"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Excluded:
    """The moments in ``[start, end)``."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


def parse_excluded(text: str, zone: str) -> Excluded:
    """A day, or a range: ``2026-12-25``, ``2026-12-24/2026-12-27`` (both days included), ``2026-11-27T08:00/2026-11-27T20:00``.

    Times without an offset are in the team's time zone.

    Raises:
        BadInput: It is neither, or it ends before it begins.
    """
    first, slash, last = (part.strip() for part in text.partition(_SEPARATOR))
    try:
        start = _moment(first, zone, timedelta(0))
        end = _moment(last if slash else first, zone, timedelta(days=1))
    except (ValueError, OverflowError) as error:
        raise BadInput(
            f"{text[:60]!r} is no range; write 2026-12-25, or 2026-12-24/2026-12-27, or with times"
        ) from error
    if end <= start:
        raise BadInput(f"{text[:60]!r} ends before it begins; exchange its ends")
    return Excluded(start, end)


def _moment(text: str, zone: str, beyond: timedelta) -> datetime:
    """A moment; of a bare day its beginning, or that of the next where the day is included."""
    if _DATE.fullmatch(text):
        day = date.fromisoformat(text) + beyond
        return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def is_excluded(ranges: Iterable[Excluded], at: datetime) -> bool:
    """Whether a moment is left out."""
    return any(one.holds(at) for one in ranges)
