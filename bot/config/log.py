"""The settings of what Hark says of itself on standard error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field

from bot.config.section import Section

LogFormat = Literal["text", "json"]
_VARIABLE: Final = "HARK_LOG_FORMAT"


class LogSettings(Section):
    """What a running Hark says on standard error."""

    format: LogFormat = Field(
        default="text",
        description="How a line is written: text for people, json for what collects logs. HARK_LOG_FORMAT wins.",
    )


def log_in(environment: Mapping[str, str], settings: LogSettings, mistakes: list[str]) -> LogSettings:
    """The settings with what the environment says; what is wrong with it is added to ``mistakes``."""
    said = environment.get(_VARIABLE, "").strip().lower()
    if not said:
        return settings
    if said == "text" or said == "json":  # noqa: PLR1714 - so that the type is known
        return LogSettings(format=said)
    mistakes.append(f"{_VARIABLE}: {said[:40]!r} is neither text nor json")
    return settings
