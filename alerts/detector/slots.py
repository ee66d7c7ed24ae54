"""Where in the local week a bucket lies."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from traces.errors import BadInput

HOURS_OF_DAY = 24
HOURS_OF_WEEK = 168
LIKE_DAYS = 2
"""Working days, weekend."""
_SATURDAY = 5


def zone_named(name: str) -> ZoneInfo:
    """The IANA time zone of that name.

    Raises:
        BadInput: When there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(f"unknown time zone {name!r}; use an IANA name such as Europe/Berlin", "zone") from error


def slot_of(epoch_s: int, zone: ZoneInfo) -> tuple[int, int]:
    """Hour of the local week (0 is Monday, 0 h) and hour of like days (0-23 working days, 24-47 weekend)."""
    local = datetime.fromtimestamp(epoch_s, UTC).astimezone(zone)
    weekday, hour = local.weekday(), local.hour
    return weekday * HOURS_OF_DAY + hour, (weekday >= _SATURDAY) * HOURS_OF_DAY + hour


def hours_beside(like: int) -> tuple[int, int]:
    """The hours before and after, on like days."""
    first = like - like % HOURS_OF_DAY
    return first + (like - 1) % HOURS_OF_DAY, first + (like + 1) % HOURS_OF_DAY
