"""What admins set in Slack, laid over the settings file: where both speak of a thing, Slack wins until it is undone.

A setting is whole: roles made in Slack take the place of all three lists of the file, routes of all its routes. What cannot be
read any more is left out, with a line that says so, and the file holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from bot.config.mistakes import mistake_of
from bot.config.routes import QuietSettings, RouteSettings
from bot.config.settings import DetectSettings, FileSettings, RoleSettings, Settings
from bot.config.signals import SignalSettings
from traces.errors import BadConfig
from traces.model import Json
from traces.store.choices import Choice

DETECT: Final = "detect"
ROLES: Final = "roles"
ROUTES: Final = "routes"
QUIET: Final = "quiet"
SIGNAL: Final = "signals."
ROUTES_AT_MOST: Final = 30
_WEEKS: Final = "weeks_between_false_alerts"
_ROLES: Final = ("admins", "reviewers", "viewers")
_TUNED: Final = ("enabled", "bad", "min_relative", "min_absolute", "sensitivity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaid:
    """The settings as they hold, and a line for each thing set in Slack that could not be taken."""

    settings: Settings
    problems: tuple[str, ...] = ()


def overlaid(file: Settings, choices: Mapping[str, Choice]) -> Overlaid:
    """Lay what was set in Slack over the file."""
    settings, problems = file, list[str]()
    for name, choice in sorted(choices.items()):
        if choice.body is None:
            continue
        try:
            settings = with_choice(settings, name, choice.body)
        except BadConfig as error:
            problems += [f"set in Slack, {mistake}; hark settings undo {name}" for mistake in error.mistakes]
    settings, gone = _with_known_receivers(settings)
    return Overlaid(settings=settings, problems=(*problems, *gone))


def with_choice(settings: Settings, name: str, body: Json) -> Settings:
    """The settings with one thing set.

    Raises:
        BadConfig: It cannot be taken; each mistake begins with its key.
    """
    lay = _LAYERS.get(name, _signal if name.startswith(SIGNAL) else None)
    if lay is None or not isinstance(body, Mapping):
        raise BadConfig([f"{name[:80]}: this cannot be set in Slack"])
    try:
        return settings.model_copy(update=lay(settings, name, body))
    except ValidationError as error:
        raise BadConfig([mistake_of(e, FileSettings) for e in error.errors()]) from error


def standing(settings: Settings, name: str) -> dict[str, Any]:
    """What holds of one thing, in the form in which it is set in Slack; JSON throughout.

    Raises:
        KeyError: It cannot be set in Slack.
    """
    if name == DETECT:
        return {_WEEKS: settings.detect.weeks_between_false_alerts}
    if name == ROLES:
        return {role: sorted(getattr(settings.roles, role)) for role in _ROLES}
    if name == ROUTES:
        return {"routes": [route.model_dump(mode="json", exclude_defaults=True) for route in settings.routes]}
    if name == QUIET:
        return settings.quiet.model_dump(mode="json", exclude_defaults=True)
    if name.startswith(SIGNAL):
        tuned = settings.signals.get(name.removeprefix(SIGNAL), SignalSettings())
        return tuned.model_dump(mode="json", exclude_none=True, include=set(_TUNED))
    raise KeyError(name)


# --- one layer for each thing that can be set ---


def _detect(settings: Settings, _name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    taken = FileSettings.model_validate({"detect": {_WEEKS: _only(body, (_WEEKS,)).get(_WEEKS)}}).detect
    weeks = {_WEEKS: taken.weeks_between_false_alerts}
    return {"detect": DetectSettings.model_validate({**settings.detect.model_dump(), **weeks})}


def _roles(settings: Settings, _name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    roles: RoleSettings = FileSettings.model_validate({"roles": dict(_only(body, _ROLES))}).roles
    if not roles.admins:
        raise BadConfig(["roles.admins: somebody has to be an admin"])
    return {"roles": roles.model_copy(update={"reveal": settings.roles.reveal})}


def _routes(_settings: Settings, _name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    routes = FileSettings.model_validate({"routes": _only(body, ("routes",)).get("routes")}).routes
    if len(routes) > ROUTES_AT_MOST:
        raise BadConfig([f"routes: at most {ROUTES_AT_MOST} can be set in Slack"])
    return {"routes": routes}


def _quiet(_settings: Settings, _name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"quiet": FileSettings.model_validate({"quiet": dict(_only(body, tuple(QuietSettings.model_fields)))}).quiet}


def _signal(settings: Settings, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    signal = name.removeprefix(SIGNAL)
    base = settings.signals.get(signal, SignalSettings())
    said = {**base.model_dump(mode="json", exclude_unset=True), **_only(body, _TUNED)}
    taken = FileSettings.model_validate({"signals": {signal: said}}).signals
    return {"signals": {**settings.signals, **taken}}


def _only(body: Mapping[str, Any], known: tuple[str, ...]) -> Mapping[str, Any]:
    if unknown := sorted(str(key)[:40] for key in body if key not in known):
        raise BadConfig([f"{unknown[0]!r}: this cannot be set in Slack"])
    return body


_LAYERS: Final[Mapping[str, Callable[[Settings, str, Mapping[str, Any]], dict[str, Any]]]] = {
    DETECT: _detect,
    ROLES: _roles,
    ROUTES: _routes,
    QUIET: _quiet,
}


def _with_known_receivers(settings: Settings) -> tuple[Settings, list[str]]:
    """Without what routes say of receivers that the file has not got any more."""
    known = settings.receivers.keys()
    gone = sorted({name for route in settings.routes for name in route.receivers if name not in known})
    if not gone:
        return settings, []
    routes = tuple(_left_of(settings.routes, known))
    said = [f"routes, set in Slack: there is no receiver {name!r} any more, nobody is told over it" for name in gone]
    return settings.model_copy(update={"routes": routes}), said


def _left_of(routes: tuple[RouteSettings, ...], known: Any) -> Iterator[RouteSettings]:
    for route in routes:
        receivers = tuple(name for name in route.receivers if name in known)
        if receivers or route.channel is not None:
            yield route.model_copy(update={"receivers": receivers})


# --- brought home ---


def as_toml(bodies: Mapping[str, Mapping[str, Any]]) -> str:
    """What was set in Slack, by name, as the tables of a settings file."""
    tables = []
    for name, body in sorted(bodies.items()):
        if name == ROUTES:
            tables += [_table("[[routes]]", route) for route in body.get("routes", ())]
        elif name.startswith(SIGNAL):
            tables.append(_table(f"[signals.{_text(name.removeprefix(SIGNAL))}]", body))
        else:
            tables.append(_table(f"[{name}]", body))
    return "\n".join(tables)


def _table(head: str, values: Mapping[str, Any]) -> str:
    lines = [f"{_key(key)} = {_toml(value)}" for key, value in values.items() if value is not None]
    return "\n".join([head, *lines, ""])


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(one)}" for key, one in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return _text(value) if isinstance(value, str) else repr(value)


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").isalnum() else _text(key)


def _text(text: str) -> str:
    """A basic string of TOML: that of JSON, but that the delete character is escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
