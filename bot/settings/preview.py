"""What a change of settings would have told over the last four weeks, before it is saved. Nothing is stored or posted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

from alerts.telling.routes import Way
from alerts.trying.comparing import Comparison, Side, compare
from alerts.watching.watch import Terrain, WatchSettings
from bot.config.settings import Settings
from bot.config.signals import overrides_of
from bot.jobs.calibrate import reviewed
from bot.settings.chosen import Chosen, routing_in
from bot.settings.desk import Drafted
from bot.settings.overlay import DETECT, QUIET, ROUTES, SIGNAL
from bot.slack.ask import Desk
from traces.clock import Clock
from traces.errors import BadConfig, BadInput
from traces.model import Alert, Signal
from traces.store import Store, Tx

BACK: Final = timedelta(days=28)
BUDGET_S: Final = 6.0
_DAY: Final = timedelta(days=1)
_ALERTS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerouted:
    """An alert that was told, where it went by the settings of now, and where it would have gone."""

    alert: Alert
    now: Way
    then: Way

    @property
    def is_moved(self) -> bool:
        return (self.now.channel, self.now.receivers) != (self.then.channel, self.then.receivers)

    @property
    def is_later(self) -> bool:
        return self.now.at != self.then.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The alerts that were told in the last four weeks, by the routes and quiet hours of now and by others."""

    alerts: tuple[Rerouted, ...]
    days: int


Preview: TypeAlias = Comparison | Ways


class Previews:
    """Works previews out, one at a time, each in a few seconds at most."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        chosen: Chosen,
        desk: Desk,
        watch: WatchSettings,
        *,
        seconds: Callable[[], float] = time.monotonic,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._store = store
        self._clock = clock
        self._chosen = chosen
        self._desk = desk
        self._watch = watch
        self._seconds = seconds
        self._budget_s = budget_s

    def of(self, draft: Drafted) -> Preview:
        """What a draft would have told.

        Raises:
            BadInput: The draft cannot be taken, or nothing can be told of it beforehand.
        """
        with self._store.read() as tx:
            settings = self._chosen.refresh(tx)
            try:
                after = self._chosen.drafted(tx, draft.name, None if draft.body is None else dict(draft.body))
            except BadConfig as error:
                raise BadInput(error.mistakes[0]) from error
            if draft.name in {ROUTES, QUIET}:
                return self._ways(tx, settings, after)
            if draft.name == DETECT or draft.name.startswith(SIGNAL):
                return self._alerts(tx, settings, after, draft.name)
            raise BadInput("nothing can be told of this beforehand")

    def _alerts(self, tx: Tx, before: Settings, after: Settings, name: str) -> Comparison:
        now, start = self._clock.now(), self._seconds()
        sides = [self._side(tx, settings, name) for settings in (before, after)]
        terrain = Terrain(
            signals={},
            calibrations=tx.calibrations.current(),
            changes=tx.state.changes_between(now - BACK - self._watch.history, now + _DAY),
            reviewed=reviewed,
        )
        return compare(
            tx,
            *sides,
            terrain=terrain,
            settings=self._watch,
            since=now - BACK,
            until=now - self._watch.grace,
            series=_series(tx),
            left=lambda: 1.0 - (self._seconds() - start) / self._budget_s,
        )

    def _side(self, tx: Tx, settings: Settings, name: str) -> Side:
        overrides = overrides_of(settings.signals)
        signals = self._desk.signals(tx, self._clock.now(), self._clock.now() - BACK, overrides)
        if name.startswith(SIGNAL):
            signals = _about(name.removeprefix(SIGNAL), signals)
        return Side(signals=signals, weeks=settings.detect.weeks_between_false_alerts)

    def _ways(self, tx: Tx, before: Settings, after: Settings) -> Ways:
        since = self._clock.now() - BACK
        now, then = routing_in(before), routing_in(after)
        told = [alert for alert in tx.alerts.all(_ALERTS) if alert.detected_at >= since]
        return Ways(
            alerts=tuple(
                Rerouted(alert=a, now=now.way_of(a, a.detected_at), then=then.way_of(a, a.detected_at)) for a in told
            ),
            days=BACK.days,
        )


def _about(name: str, signals: Mapping[str, Signal]) -> dict[str, Signal]:
    """A signal with its tail, which goes off with it; a tail beside the size that it is of."""
    of = signals[name].tail_of if name in signals else None
    return {n: s for n, s in signals.items() if name in {n, s.tail_of} or n == of}


def _series(tx: Tx) -> int:
    """How many series are watched, as detection noted it when it last ran."""
    outcome = tx.state.job_outcome("detect")
    return int(outcome.get("series", 1)) if isinstance(outcome, Mapping) else 1
