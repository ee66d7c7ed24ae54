"""Which alert goes where, and when: routes in order, the first that takes an alert decides, unless it lets others follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Final
from zoneinfo import ZoneInfo

from alerts.own import UNDELIVERABLE
from alerts.telling.severity import Severity, severity_of
from traces.model import Alert

_DAY: Final = timedelta(days=1)
_WEEK: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Times of the week: from ``start`` to before ``end`` on ``days`` (Monday is 0), over midnight where the end is earlier.

    Where both are the same it is the whole day. A time over midnight belongs to the day on which it begins.
    """

    start: time
    end: time
    zone: str
    days: frozenset[int] = frozenset(range(_WEEK))

    def holds(self, at: datetime) -> bool:
        """Whether a moment is among them."""
        local = at.astimezone(ZoneInfo(self.zone))
        clock, today, yesterday = local.time(), local.weekday(), (local.weekday() - 1) % _WEEK
        if self.start == self.end:
            return today in self.days
        if self.start < self.end:
            return today in self.days and self.start <= clock < self.end
        return (today in self.days and clock >= self.start) or (yesterday in self.days and clock < self.end)

    def end_after(self, at: datetime) -> datetime:
        """When the time that holds at a moment is over, the days that follow without a break included."""
        for _ in range(_WEEK):
            at = self._next_end(at)
            if not self.holds(at):
                break
        return at

    def _next_end(self, at: datetime) -> datetime:
        local = at.astimezone(ZoneInfo(self.zone))
        day = local.date() if local.time() < self.end else local.date() + _DAY
        # Where clocks are set back, an hour comes twice: its end is the one that is still to come.
        ends = [datetime.combine(day, self.end.replace(fold=fold), local.tzinfo).astimezone(UTC) for fold in (0, 1)]
        return next((end for end in ends if end > at), ends[-1]).astimezone(at.tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way that alerts may take.

    Attributes:
        to: The channel of Slack; ``None`` leaves it to the next route, or to the default.
        receivers: Names of what is told besides Slack.
        signals: Patterns of signal names, such as ``refusal`` or ``*_leak``.
        where: Values that the alert's segment, or what explains it, has to have.
        at_least: The least severity.
        hours: When it holds; ``None`` always.
        goes_on: Whether later routes may add to it.
    """

    to: str | None = None
    receivers: tuple[str, ...] = ()
    signals: tuple[str, ...] = ("*",)
    where: Mapping[str, str] = field(default_factory=dict)
    at_least: Severity = Severity.LOW
    hours: Hours | None = None
    goes_on: bool = False

    def takes(self, alert: Alert, at: datetime) -> bool:
        """Whether an alert goes this way."""
        found = dict(alert.segment.pairs) | _explained(alert)
        return (
            any(fnmatchcase(alert.signal, pattern) for pattern in self.signals)
            and all(found.get(key) == value for key, value in self.where.items())
            and severity_of(alert).rank >= self.at_least.rank
            and (self.hours is None or self.hours.holds(at))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours in which people are not disturbed by what is less than ``urgent``: it is posted when they are over."""

    hours: Hours
    urgent: Severity = Severity.HIGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where an alert goes: the channel, who is told besides, and from when on."""

    channel: str
    receivers: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """The routes of a team.

    Attributes:
        default: The channel of what no route takes.
        routes: In order.
        quiet: The quiet hours, if there are any.
        receivers: All that there are: they are told of what Slack cannot show, whatever the routes say.
    """

    default: str
    routes: Sequence[Route] = ()
    quiet: Quiet | None = None
    receivers: tuple[str, ...] = ()

    def way_of(self, alert: Alert, at: datetime) -> Way:
        """Where an alert that opens at a time goes."""
        channel, receivers = None, dict[str, None]()
        for route in self.routes:
            if not route.takes(alert, at):
                continue
            channel = channel or route.to
            receivers |= dict.fromkeys(route.receivers)
            if not route.goes_on:
                break
        if alert.signal in UNDELIVERABLE:
            receivers |= dict.fromkeys(self.receivers)
        return Way(channel=channel or self.default, receivers=tuple(receivers), at=self.told_from(alert, at))

    def told_from(self, alert: Alert, at: datetime) -> datetime:
        """From when on people are told of an alert that has news: at once, or when the quiet hours are over."""
        quiet = self.quiet
        if quiet is None or severity_of(alert).rank >= quiet.urgent.rank or not quiet.hours.holds(at):
            return at
        return quiet.hours.end_after(at)


def _explained(alert: Alert) -> dict[str, str]:
    attribution = alert.detail.get("attribution")
    if not isinstance(attribution, Mapping):
        return {}
    return {str(attribution.get("key")): str(attribution.get("value"))}
