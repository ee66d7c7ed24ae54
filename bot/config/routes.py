"""The settings of where alerts go: routes, quiet hours, and what is told besides Slack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, model_validator

from alerts.telling.routes import Hours, Quiet, Route, Routing
from alerts.telling.severity import Severity
from bot.config.section import Section
from bot.config.slack import Channel
from traces.errors import BadConfig

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALL_DAY: Final = "00:00-00:00"
_Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_Severity = Literal["low", "medium", "high"]
ReceiverName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,22}$")]
_Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")]


def _clock(said: str) -> str:
    found = _CLOCK.fullmatch(said)
    if found is None or found.group(1, 2) == found.group(3, 4):
        raise ValueError(f"{said[:40]!r} is no time of day; write it like 18:00-08:00")
    return said


_Clock = Annotated[str, AfterValidator(_clock)]


def _zone(name: str | None) -> str | None:
    try:
        return name if name is None else ZoneInfo(name).key
    except (LookupError, OSError, ValueError) as error:
        raise ValueError(f"{name!r} is not a time zone; write one like Europe/Berlin") from error


_Zone = Annotated[str | None, AfterValidator(_zone)]


class RouteSettings(Section):
    """A way that alerts may take; the first that takes an alert decides."""

    channel: Channel | None = Field(default=None, description="Channel of Slack.", examples=["#payments-oncall"])
    receivers: tuple[str, ...] = Field(
        default=(), description="Names of receivers that are told as well.", examples=[["pager"]]
    )
    signals: tuple[str, ...] = Field(default=("*",), description="Patterns of signal names.", examples=[["*_leak"]])
    where: dict[str, str] = Field(
        default={},
        description="Values that the alert's segment, or the segment that explains it, has to have.",
        examples=[{"application": "shop"}],
    )
    severity: _Severity = Field(
        default="low",
        description="Least severity. High: three times beyond the expected range, or a leak, an attack or an unsafe tool "
        "call; medium: one and a half times.",
    )
    hours: _Clock | None = Field(default=None, description="Time of day in which it holds.", examples=["08:00-18:00"])
    days: tuple[_Day, ...] = Field(default=_DAYS, description="Days on which it holds.")
    timezone: _Zone = Field(
        default=None, description="Time zone of the hours; default: that of [detect].", examples=["Europe/Berlin"]
    )
    go_on: bool = Field(
        default=False, description="Let later routes add receivers, and the channel if this names none."
    )

    @model_validator(mode="after")
    def _leads_somewhere(self) -> RouteSettings:
        if self.channel is None and not self.receivers:
            raise ValueError("a route needs a channel or receivers")
        return self


class QuietSettings(Section):
    """Hours in which only urgent alerts are posted; the others are when they are over."""

    hours: _Clock | None = Field(default=None, description="Time of day, over midnight too.", examples=["20:00-08:00"])
    days: tuple[_Day, ...] = Field(
        default=_DAYS, description="Days on which the quiet hours begin; without hours, whole days."
    )
    timezone: _Zone = Field(
        default=None, description="Time zone of the hours; default: that of [detect].", examples=["Europe/Berlin"]
    )
    urgent: _Severity = Field(default="high", description="Severity from which on an alert is posted at once.")


class ReceiverSettings(Section):
    """What is told of alerts besides Slack."""

    kind: Literal["webhook", "pagerduty", "opsgenie", "email"] = Field(
        description="What it is.", examples=["pagerduty"]
    )
    url: str | None = Field(
        default=None,
        description="Address of a webhook, or of the vendor's API in place of its usual one (Opsgenie in the EU: "
        "https://api.eu.opsgenie.com).",
        examples=["https://hooks.example.com/hark"],
    )
    key_env: _Variable | None = Field(
        default=None,
        description="Environment variable that holds PagerDuty's integration key, Opsgenie's API key, the secret that a "
        "webhook's body is signed with, or the mail server's password.",
        examples=["PAGERDUTY_KEY"],
    )
    allow_private: bool = Field(default=False, description="Allow an address that is not public, e.g. on loopback.")
    host: str | None = Field(default=None, description="Mail server.", examples=["smtp.example.com"])
    port: int = Field(default=587, ge=1, le=65_535, description="Port of the mail server.")
    tls: Literal["starttls", "tls", "none"] = Field(default="starttls", description="How mail is encrypted on its way.")
    user: str | None = Field(default=None, description="Who signs in at the mail server.", examples=["hark"])
    sender: str | None = Field(default=None, description="Who mail is from.", examples=["hark@example.com"])
    to: tuple[str, ...] = Field(default=(), description="Who mail goes to.", examples=[["oncall@example.com"]])

    @model_validator(mode="after")
    def _is_whole(self) -> ReceiverSettings:
        needs: Mapping[str, Sequence[str]] = {
            "webhook": ("url",),
            "pagerduty": ("key_env",),
            "opsgenie": ("key_env",),
            "email": ("host", "sender", "to"),
        }
        if missing := [name for name in needs[self.kind] if not getattr(self, name)]:
            raise ValueError(f"a receiver of kind {self.kind} needs {' and '.join(missing)}")
        return self


def unknown_receivers(routes: Iterable[RouteSettings], receivers: Iterable[str]) -> list[str]:
    """A line for each receiver that a route names and that is not there."""
    known = set(receivers)
    return [
        f"routes.{place}.receivers: there is no receiver {name!r}; add [receivers.{name}]"
        for place, route in enumerate(routes)
        for name in route.receivers
        if name not in known
    ]


def missing_keys(receivers: Mapping[str, ReceiverSettings], environment: Mapping[str, str]) -> list[str]:
    """A line for each variable that should hold a receiver's secret and is not set."""
    wanted = ((name, r.key_env) for name, r in receivers.items() if r.key_env is not None)
    return [f"receivers.{n}.key_env: {variable} is not set" for n, variable in wanted if not environment.get(variable)]


def routing_of(
    routes: Iterable[RouteSettings], quiet: QuietSettings, default: str, zone: str, receivers: Iterable[str]
) -> Routing:
    """The routes that the settings describe.

    Raises:
        BadConfig: A route names a receiver that is not there.
    """
    routes, receivers = tuple(routes), tuple(receivers)
    if unknown := unknown_receivers(routes, receivers):
        raise BadConfig(unknown)
    return Routing(
        default=default,
        routes=tuple(
            Route(
                to=route.channel,
                receivers=route.receivers,
                signals=route.signals,
                where=route.where,
                at_least=Severity(route.severity),
                hours=_hours(route.hours, route.days, route.timezone or zone),
                goes_on=route.go_on,
            )
            for route in routes
        ),
        quiet=None
        if (hours := _hours(quiet.hours, quiet.days, quiet.timezone or zone)) is None
        else Quiet(hours=hours, urgent=Severity(quiet.urgent)),
        receivers=receivers,
    )


def keys_in(receivers: Mapping[str, ReceiverSettings], environment: Mapping[str, str]) -> dict[str, SecretStr]:
    """The receivers' secrets.

    Raises:
        BadConfig: A variable that is named is not set.
    """
    if missing := missing_keys(receivers, environment):
        raise BadConfig(missing)
    wanted = {name: r.key_env for name, r in receivers.items() if r.key_env is not None}
    return {name: SecretStr(environment[variable]) for name, variable in wanted.items()}


def _hours(said: str | None, days: Iterable[str], zone: str) -> Hours | None:
    days = frozenset(days)
    if said is None and days == frozenset(_DAYS):
        return None
    start, _, end = (said or _ALL_DAY).partition("-")
    return Hours(
        start=time.fromisoformat(start),
        end=time.fromisoformat(end),
        zone=zone,
        days=frozenset(_DAYS.index(day) for day in days),
    )
