"""The windows on settings, drawn from what holds; and what an admin typed into them, as a draft of what is to hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from bot.answers.signals import SignalLine
from bot.config.routes import RouteSettings
from bot.config.settings import RoleSettings, Settings
from bot.config.signals import overrides_of
from bot.settings.desk import Drafted, Made, SettingsDesk
from bot.settings.overlay import DETECT, QUIET, ROLES, ROUTES, SIGNAL, standing
from bot.slack.ask import Desk
from bot.slack.blocks.settings import ids
from bot.slack.blocks.settings.roles import parse_roles, roles_form
from bot.slack.blocks.settings.routes import parse_quiet, parse_route, quiet_form, route_form, routes_view
from bot.slack.blocks.settings.signals import (
    parse_sensitivity,
    parse_signal,
    sensitivity_form,
    signal_form,
    signals_view,
)
from bot.slack.blocks.settings.words import made_text
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token, parse_token, ref_of
from bot.slack.text import Block
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import Signal
from traces.store import Store, Tx

_BACK: Final = timedelta(days=90)
_ALIKE: Final = 1e-9
OF_FORM: Final[Mapping[str, str]] = {
    ids.SENSITIVITY_FORM: DETECT,
    ids.ROUTE_FORM: ROUTES,
    ids.ROLES_FORM: ROLES,
    ids.QUIET_FORM: QUIET,
}


class SettingsPages:
    """Draws and reads the windows. Nothing here changes anything."""

    def __init__(self, store: Store, clock: Clock, settings: SettingsDesk, desk: Desk) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._desk = desk

    # --- windows ---

    def signals(self, page: int = 1) -> View:
        """The list of signals."""
        with self._store.read() as tx:
            made = {m.name.removeprefix(SIGNAL): made_text(m) for m in self._settings.made(tx)}
            return signals_view(self._lines(tx), made, page)

    def routes(self) -> View:
        """The list of routes."""
        with self._store.read() as tx:
            settings = self._settings.chosen.refresh(tx)
            return routes_view(settings.routes, settings.slack.alerts_channel, **self._of(tx, ROUTES))

    def sensitivity(self, weeks: float | None = None, shown: Sequence[Block] = ()) -> View:
        """How many false alerts are accepted; or so many ``weeks`` between them, as typed."""
        with self._store.read() as tx:
            holds = self._settings.chosen.refresh(tx).detect.weeks_between_false_alerts
            signals = [line.signal for line in self._lines(tx)]
            return sensitivity_form(
                holds if weeks is None else weeks,
                [s for s in signals if s.patience != 1],
                [s.name for s in signals],
                shown=shown,
                **self._of(tx, DETECT),
            )

    def signal(self, token: Token, body: Mapping[str, Any] | None = None, shown: Sequence[Block] = ()) -> View:
        """One signal as it is set, or as an admin would set it; ``token`` names it, and where the form is opened from."""
        with self._store.read() as tx:
            signal = self._named(tx, token.subject_id)
            name = f"{SIGNAL}{signal.name}"
            settings = self._settings.chosen.refresh(tx)
            if body is not None:
                settings = self._settings.chosen.drafted(tx, name, body)
            shown_as, is_on = self._as_set(tx, settings, signal.name)
            return signal_form(shown_as, is_on=is_on, origin=_origin(token), shown=shown, **self._of(tx, name))

    def signal_of(self, alert_id: str) -> View:
        """The signal of an alert as it is set."""
        with self._store.read() as tx:
            alert = tx.alerts.get(alert_id)
        if alert is None:
            raise BadInput("this alert is no longer known")
        return self.signal(Token(ref_of(alert.signal)))

    def route(self, token: Token, route: RouteSettings | None = None, shown: Sequence[Block] = ()) -> View:
        """One route as it holds, or as typed; ``token`` says which, and of which version."""
        with self._store.read() as tx:
            settings = self._settings.chosen.refresh(tx)
            if route is None and token.subject_id != ids.NEW:
                route = settings.routes[_place(token, len(settings.routes))]
            return route_form(route, sorted(settings.receivers), Token(token.subject_id, str(_version(token))), shown)

    def roles(self, roles: Mapping[str, Any] | None = None, *, is_warned: bool = False) -> View:
        """Who has which role, or would have."""
        with self._store.read() as tx:
            holds = self._settings.chosen.refresh(tx).roles
            shown = holds if roles is None else RoleSettings.model_validate(roles)
            return roles_form(shown, is_warned=is_warned, **self._of(tx, ROLES))

    def quiet(self, body: Mapping[str, Any] | None = None, shown: Sequence[Block] = ()) -> View:
        """The quiet hours, or as typed."""
        with self._store.read() as tx:
            chosen = self._settings.chosen
            settings = chosen.refresh(tx) if body is None else chosen.drafted(tx, QUIET, body)
            return quiet_form(settings.quiet, shown=shown, **self._of(tx, QUIET))

    # --- what was typed ---

    def drafted(self, view: Mapping[str, Any]) -> Drafted:
        """What a form that is sent, or previewed, would set.

        Raises:
            BadInput: Something in it cannot be; the field says what.
        """
        callback, token = str(view.get("callback_id")), _token(view)
        if callback == ids.SIGNAL_FORM:
            return self._signal_drafted(view, token)
        if callback == ids.ROUTE_FORM:
            return self._routes_with(token, lambda known: parse_route(view, known))
        parse = _PARSERS.get(callback)
        if parse is None:
            raise BadInput("not a window on settings", "view")
        return Drafted(name=OF_FORM[callback], body=parse(view), version=_version(token))

    def routes_after(self, token: Token) -> Drafted:
        """The routes after what a menu entry says: one removed, or moved by a place."""
        verb = token.rest.partition(".")[2]
        with self._store.read() as tx:
            routes = [*self._settings.chosen.refresh(tx).routes]
        place = _place(token, len(routes))
        route = routes.pop(place)
        if verb != ids.REMOVE:
            steps = {ids.EARLIER: -1, ids.LATER: 1}
            if verb not in steps:
                raise BadInput("this menu entry is not known")
            routes.insert(max(0, place + steps[verb]), route)
        return _routes_drafted(routes, _version(token))

    def form(self, view: Mapping[str, Any], draft: Drafted, shown: Sequence[Block]) -> View:
        """A form as it was filled in, with what a preview says."""
        token, body = _token(view), draft.body or {}
        callback = view.get("callback_id")
        if callback == ids.SIGNAL_FORM:
            return _as_of(self.signal(token, body, shown), view)
        if callback == ids.ROUTE_FORM:
            routes = body["routes"]
            place = len(routes) - 1 if token.subject_id == ids.NEW else _place(token, len(routes))
            return self.route(token, RouteSettings.model_validate(routes[place]), shown)
        drawn = self.quiet(body, shown) if callback == ids.QUIET_FORM else self.sensitivity(_weeks(body), shown)
        return _as_of(drawn, view)

    def _signal_drafted(self, view: Mapping[str, Any], token: Token) -> Drafted:
        """Only what is otherwise than the file has it: the rest goes on following the file."""
        with self._store.read() as tx:
            signal = self._named(tx, token.subject_id)
            said = parse_signal(view, signal)
            file = self._settings.chosen.file
            plain, is_on = self._as_set(tx, file, signal.name)
        name = f"{SIGNAL}{signal.name}"
        level = standing(file, name).get("sensitivity", "usual")
        usual = {"enabled": is_on, "sensitivity": level, "bad": plain.bad.value}
        body = {key: value for key, value in said.items() if key in usual and value != usual[key]}
        sizes = {"min_relative": plain.min_relative, "min_absolute": plain.min_absolute}
        body |= {key: said[key] for key, size in sizes.items() if abs(said[key] - size) > _ALIKE}
        return Drafted(name=name, body=body or None, version=_version(token))

    def _routes_with(self, token: Token, parse: Callable[[Sequence[str]], RouteSettings]) -> Drafted:
        with self._store.read() as tx:
            settings = self._settings.chosen.refresh(tx)
        routes, route = [*settings.routes], parse(sorted(settings.receivers))
        if token.subject_id == ids.NEW:
            routes.append(route)
        else:
            routes[_place(token, len(routes))] = route
        return _routes_drafted(routes, _version(token))

    # --- what holds ---

    def _of(self, tx: Tx, name: str) -> dict[str, Any]:
        made = next((m for m in self._settings.made(tx) if m.name == name), None)
        return {"version": self._settings.version(tx, name), "made": _made(made)}

    def _lines(self, tx: Tx) -> list[SignalLine]:
        return self._desk.signal_lines(tx, self._clock.now())

    def _named(self, tx: Tx, ref: str) -> Signal:
        found = next((line.signal for line in self._lines(tx) if ref_of(line.signal.name) == ref), None)
        if found is None:
            raise BadInput("there is no such signal any more")
        return found

    def _as_set(self, tx: Tx, settings: Settings, name: str) -> tuple[Signal, bool]:
        """A signal as settings have it, and whether it raises alerts."""
        overrides = overrides_of(settings.signals)
        is_on = name not in overrides or overrides[name].enabled
        seen = {n: replace(o, enabled=True) for n, o in overrides.items()}
        now = self._clock.now()
        return self._desk.signals(tx, now, now - _BACK, seen)[name], is_on


def _made(made: Made | None) -> str | None:
    return None if made is None else made_text(made)


def _routes_drafted(routes: Sequence[RouteSettings], version: int) -> Drafted:
    dumped = [route.model_dump(mode="json", exclude_defaults=True) for route in routes]
    return Drafted(name=ROUTES, body={"routes": dumped}, version=version)


def _weeks(body: Mapping[str, Any]) -> float | None:
    return body.get("weeks_between_false_alerts")


def _as_of(drawn: View, view: Mapping[str, Any]) -> View:
    """A form stays of the version that it was opened on, whatever has been saved meanwhile."""
    return replace(drawn, private_metadata=str(view.get("private_metadata")))


def _token(view: Mapping[str, Any]) -> Token:
    return parse_token(str(view.get("private_metadata") or ""))


def _version(token: Token) -> int:
    number = token.rest.partition(".")[0]
    if not number.isascii() or not number.isdigit():
        raise BadInput("not a version of a setting", "value")
    return int(number)


def _origin(token: Token) -> str:
    """Where a signal's form was opened from: ``p`` and a page of the list, or ``s``, the window on sensitivity."""
    return token.rest.rpartition(".")[2] or "p1"


def _place(token: Token, many: int) -> int:
    if not token.subject_id.isascii() or not token.subject_id.isdigit() or int(token.subject_id) >= many:
        raise BadInput("there is no such route any more; look at the list again")
    return int(token.subject_id)


_PARSERS: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    ids.SENSITIVITY_FORM: parse_sensitivity,
    ids.ROLES_FORM: lambda view: dict(parse_roles(view)),
    ids.QUIET_FORM: lambda view: parse_quiet(view).model_dump(mode="json", exclude_defaults=True),
}
