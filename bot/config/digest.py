"""The settings of the digest: where, when, and whether there is one."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from pydantic import Field

from bot.config.section import Section
from bot.config.slack import Channel

Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[tuple[Weekday, ...]] = (
    *("monday", "tuesday", "wednesday", "thursday"),
    *("friday", "saturday", "sunday"),
)


class DigestSettings(Section):
    """What moved, as one message a day and a longer one a week; a single line where nothing did."""

    daily: bool = Field(default=True, description="Post one every day.")
    weekly: bool = Field(default=True, description="Post one every week, in place of that day's.")
    channel: Channel | None = Field(
        default=None, description="Channel for it; default: the one for alerts.", examples=["#llm-digest"]
    )
    hour: int = Field(
        default=9, ge=0, le=23, description="Hour of the day at which it is posted, in the time zone of [detect]."
    )
    weekday: Weekday = Field(default="monday", description="Day of the weekly one.")

    @property
    def weekly_on(self) -> int | None:
        """The day of the weekly one, from 0 for Monday; ``None`` is without."""
        return WEEKDAYS.index(self.weekday) if self.weekly else None
