"""The windows on routes and quiet hours: where alerts go, and when."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.config.routes import QuietSettings, RouteSettings
from bot.slack.blocks.figures import counted
from bot.slack.blocks.inputs import form, labelled, picked, several, text_input, typed
from bot.slack.blocks.parts import actions, button, context, option, overflow, section
from bot.slack.blocks.settings.fields import (
    DAYS,
    SEVERITIES,
    boxes,
    channels,
    checked,
    choice,
    chosen_channel,
    hinted,
)
from bot.slack.blocks.settings.ids import (
    ALL,
    CHANGE,
    EARLIER,
    LATER,
    NEW,
    QUIET_FORM,
    REMOVE,
    ROUTE,
    ROUTE_ADD,
    ROUTE_FORM,
)
from bot.slack.blocks.settings.previewing import channel_text, preview_button
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token
from bot.slack.limits import OPTIONS
from bot.slack.text import Block, code, escape, plain
from traces.errors import BadInput

_NAME: Final = 60
_TEXT: Final = 500
_CLOCK: Final = 11
_ZONE: Final = 60
_FEW: Final = 8
_GOES_ON: Final = {"yes": "Later routes may add to it"}
_APART: Final = re.compile(r"[\s,;]+")
_SAID: Final = {"low": "", "medium": "medium and worse", "high": "high only"}


def routes_view(routes: Sequence[RouteSettings], default: str, *, version: int, made: str | None) -> View:
    """The routes in their order, each with a menu; the first that takes an alert decides.

    Args:
        routes: As they hold.
        default: The channel of what no route takes.
        version: How often they were changed in Slack: what is pressed is of that version.
        made: Who set them in Slack and when, as mrkdwn.
    """
    top = context(
        f"{counted(len(routes), 'route')}; the first that takes an alert decides.", *((made,) if made else ())
    )
    add = button("Add a route…", ROUTE_ADD, str(Token(NEW, str(version))), style="primary")
    blocks = [top, actions([add], f"settings:routes:{version}")]
    for place, route in enumerate(routes):
        verbs = [("Change…", CHANGE)]
        verbs += [("Earlier", EARLIER)] if place else []
        verbs += [("Later", LATER)] if place < len(routes) - 1 else []
        verbs.append(("Remove", REMOVE))
        menu = overflow(ROUTE, [(text, str(Token(str(place), f"{version}.{verb}"))) for text, verb in verbs])
        blocks.append(section(f"{place + 1}. {route_text(route)}", accessory=menu))
    blocks.append(section(f"Everything else → {channel_text(default)}"))
    return View(title="Routes", blocks=tuple(blocks), private_metadata=str(Token("routes", str(version))))


def route_text(route: RouteSettings) -> str:
    """A route in a line: what it takes → where it leads."""
    taken = [_few([code(pattern, _NAME) for pattern in route.signals], ", ")]
    taken.append(_few([f"{escape(key, _NAME)} {code(value, _NAME)}" for key, value in route.where.items()], " · "))
    taken += [_SAID[route.severity], _when(route.hours, route.days, route.timezone)]
    to = [channel_text(route.channel)] if route.channel else []
    to += [escape(name, _NAME) for name in route.receivers]
    more = " …and on" if route.go_on else ""
    return f"{' · '.join(part for part in taken if part)} → *{_few(to, ', ')}*{more}"


def _few(parts: Sequence[str], between: str) -> str:
    """As many as a line holds, and how many more there are."""
    left = len(parts) - _FEW
    return between.join([*parts[:_FEW], *([f"and {left} more"] if left > 0 else [])])


def quiet_text(quiet: QuietSettings) -> str:
    """The quiet hours in a few words."""
    when = _when(quiet.hours, quiet.days, quiet.timezone)
    return f"{when}, but for {_SAID[quiet.urgent] or 'everything'}" if when else "none"


def _when(hours: str | None, days: Sequence[str], zone: str | None) -> str:
    on = "" if len(days) == len(DAYS) else ", ".join(day.capitalize() for day in DAYS if day in days)
    said = " ".join(part for part in (on, escape((hours or "").replace("-", "–"), _ZONE)) if part)
    return f"{said} {escape(zone, _ZONE)}" if said and zone else said


def route_form(
    route: RouteSettings | None, receivers: Sequence[str], token: Token, shown: Sequence[Block] = ()
) -> View:
    """What a route takes and where it leads.

    Args:
        route: As it stands, or as typed so far; ``None`` for a new one.
        receivers: Names of what may be told besides Slack.
        token: Its place among the routes, or ``NEW``, and the version that it is of; comes back when it is sent.
        shown: What a preview says.
    """
    signals, where = ("*",) if route is None else route.signals, {} if route is None else route.where
    patterns = text_input(_TEXT, " ".join(signals))
    values = text_input(_TEXT, "\n".join(f"{key}={value}" for key, value in where.items()), multiline=True)
    blocks = [
        *shown,
        hinted(labelled("signals", "Signals", patterns, optional=True), "Names or patterns, such as refusal *_leak"),
        hinted(labelled("where", "Only where", values, optional=True), "One a line, such as application=shop"),
        choice("severity", "Severity", SEVERITIES, "low" if route is None else route.severity),
        *_hours(None if route is None else route.hours, tuple(DAYS) if route is None else route.days),
        _zone(None if route is None else route.timezone),
        channels("channel", "To the channel", None if route is None else route.channel),
        *_receivers(receivers, () if route is None else route.receivers),
        boxes("go_on", "And then", _GOES_ON, ("yes",) if route is not None and route.go_on else ()),
        preview_button(token),
    ]
    title = "Add a route" if token.subject_id == NEW else "Route"
    return form(title, ROUTE_FORM, token, blocks)


def parse_route(view: Mapping[str, Any], known: Sequence[str]) -> RouteSettings:
    """What was put into ``route_form``; ``known`` are the receivers that there are.

    Raises:
        BadInput: Something in it cannot be; the field says what.
    """
    receivers = [known[int(place)] for place in several(view, "receivers") if _is_place(place, known)]
    patterns = [pattern for pattern in _APART.split(typed(view, "signals", _TEXT) or "*") if pattern]
    said = {
        "channel": chosen_channel(view, "channel"),
        "receivers": receivers,
        "signals": patterns or ["*"],
        "where": _pairs(typed(view, "where", _TEXT) or ""),
        "severity": picked(view, "severity"),
        "go_on": "yes" in several(view, "go_on"),
        **_times(view),
    }
    return checked(RouteSettings, said, "channel")


def quiet_form(quiet: QuietSettings, *, version: int, made: str | None, shown: Sequence[Block] = ()) -> View:
    """The hours in which only urgent alerts are posted; the arguments are those of ``signal_form``."""
    token = Token(ALL, str(version))
    none = "Without a time and with all days ticked, there are no quiet hours."
    blocks: list[Block] = [
        *((context(made),) if made else ()),
        *shown,
        *_hours(quiet.hours, quiet.days),
        _zone(quiet.timezone),
        choice("urgent", "Posted at once all the same", SEVERITIES, quiet.urgent),
        preview_button(token),
        context(f"What is less urgent is posted when they are over. {none}"),
    ]
    return form("Quiet hours", QUIET_FORM, token, blocks)


def parse_quiet(view: Mapping[str, Any]) -> QuietSettings:
    """What was put into ``quiet_form``.

    Raises:
        BadInput: Something in it cannot be; the field says what.
    """
    said = {**_times(view), "urgent": picked(view, "urgent")}
    return checked(QuietSettings, said, "hours")


def _hours(hours: str | None, days: Sequence[str]) -> tuple[Block, Block]:
    at = labelled("hours", "Time of day", text_input(_CLOCK, hours), optional=True)
    return hinted(at, "Such as 18:00-08:00; empty is the whole day"), boxes("days", "Days", DAYS, days)


def _zone(zone: str | None) -> Block:
    field = labelled("timezone", "Time zone", text_input(_ZONE, zone), optional=True)
    return hinted(field, "Such as Europe/Berlin; empty is that of the settings file")


def _times(view: Mapping[str, Any]) -> dict[str, Any]:
    days = several(view, "days")
    if not days:
        raise BadInput("tick at least one day", "days")
    return {
        "hours": (typed(view, "hours", _CLOCK) or "").replace(" ", "").replace("–", "-") or None,
        "days": [day for day in DAYS if day in days],
        "timezone": typed(view, "timezone", _ZONE),
    }


def _receivers(known: Sequence[str], chosen: Sequence[str]) -> list[Block]:
    """A menu of the receivers, by their place among them; none where there are none."""
    offered = [option(name, str(place)) for place, name in enumerate(known[:OPTIONS])]
    if not offered:
        return []
    element: Block = {"type": "multi_static_select", "options": offered, "placeholder": plain("Nothing else", 75)}
    if first := [one for one, name in zip(offered, known, strict=False) if name in chosen]:
        element["initial_options"] = first
    return [labelled("receivers", "Tell as well", element, optional=True)]


def _is_place(text: str, known: Sequence[str]) -> bool:
    if text.isascii() and text.isdigit() and int(text) < len(known):
        return True
    raise BadInput("there is no such receiver any more", "receivers")


def _pairs(text: str) -> dict[str, str]:
    found = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        key, equals, value = line.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise BadInput("write each line like application=shop", "where")
        found[key.strip()] = value.strip()
    return found
