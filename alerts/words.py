"""Times and chances as people say them, in the team's time zone."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from traces.model import Kind, Signal

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEK = timedelta(weeks=1)
_WEEKS_A_YEAR = 52
_LONGEST_IN_WEEKS = 104
_NEVER_YEARS = 20


def until_text(until: datetime, now: datetime, zone: str) -> str:
    """A moment to come: ``18:00``, ``Tue 18:00``, ``3 Nov 18:00``."""
    local, today = until.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if abs(until - now) < _WEEK:
        return f"{_DAYS[local.weekday()][:3]} {local:%H:%M}"
    return f"{local.day} {local:%b %H:%M}"


def hours_text(start: datetime, end: datetime, zone: str) -> str:
    """The hours of the week in ``[start, end)``: ``Tuesday 11–14 h``; empty where they are more than a week's.

    A span that reaches over midnight names both days: ``Tue 22 h to Wed 4 h``.
    """
    first, last = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    if end <= start or end - start > _WEEK:
        return ""
    if first.date() == last.date():
        return f"{_DAYS[first.weekday()]} {first.hour}–{last.hour} h"
    if last.hour == 0 and last.date() - first.date() == timedelta(days=1):
        return f"{_DAYS[first.weekday()]} {first.hour}–24 h"
    return f"{_DAYS[first.weekday()][:3]} {first.hour} h to {_DAYS[last.weekday()][:3]} {last.hour} h"


def chance_text(weeks: float) -> str:
    """How often chance brings about so much evidence, in weeks: ``about once in 50 weeks``."""
    if not math.isfinite(weeks) or weeks > _NEVER_YEARS * _WEEKS_A_YEAR:
        return f"less than once in {_NEVER_YEARS} years"
    if weeks > _LONGEST_IN_WEEKS:
        return f"about once in {round(weeks / _WEEKS_A_YEAR)} years"
    whole = max(1, round(weeks))
    return "about once a week" if whole == 1 else f"about once in {whole} weeks"


def figure_text(value: float, signal: Signal) -> str:
    """A value in the signal's unit, short: ``6.1 %``, ``2.4 s``, ``$0.031``, ``312 an hour``."""
    if not math.isfinite(value):
        return "–"
    if signal.kind is Kind.RATE:
        return f"{value * 100:.1f} %"
    if signal.kind is Kind.COUNT:
        return f"{value:,.0f} an hour"
    return f"${value:.3g}" if signal.unit == "USD" else f"{value:.3g} {signal.unit}".rstrip()
