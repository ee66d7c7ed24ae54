"""How long people may choose not to be told of an alert."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

Snooze: TypeAlias = Literal["1h", "4h", "morning", "1w"]
_MORNING: Final = time(9)
_PERIODS: Final[Mapping[Snooze, timedelta]] = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1w": timedelta(weeks=1),
}


def period_of(snooze: Snooze, now: datetime, zone: str) -> timedelta:
    """How long that is from now; the morning is nine o'clock of the next day in the team's zone."""
    if snooze != "morning":
        return _PERIODS[snooze]
    local = ZoneInfo(zone)
    tomorrow = now.astimezone(local).date() + timedelta(days=1)
    return datetime.combine(tomorrow, _MORNING, local).astimezone(UTC) - now
