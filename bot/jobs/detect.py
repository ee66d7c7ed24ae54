"""Hour by hour: take in what has become complete, and bring the alerts in line with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.health.faults import Check, Faults
from alerts.health.source_lag import Lagging
from alerts.health.vitals import is_settling
from alerts.rules import Rules
from alerts.rules.watching import Rule
from alerts.signals import SignalOverride, all_signals
from alerts.telling import pipeline
from alerts.telling.pipeline import Decision, Posting
from alerts.telling.usefulness import ALERTS_READ, as_found, usefulness_of
from alerts.watching.fold import TOLD, Fold, Left
from alerts.watching.terrain import Terrain, WatchSettings
from bot.clock_steps import ClockSteps
from bot.jobs.anchors import JudgesMoved
from bot.jobs.calibrate import reviewed
from bot.jobs.drift import NewTopics
from bot.settings.chosen import Chosen
from traces import crash_points
from traces.model import Alert, Direction
from traces.store import Store, Tx
from traces.store.alerts import LIVE

_CHANGES_BACK = timedelta(days=60)


class Detection:
    """Runs detection over the store."""

    def __init__(
        self,
        store: Store,
        settings: WatchSettings,
        posting: Posting,
        bad: Mapping[str, Direction],
        overrides: Mapping[str, SignalOverride],
        sources: Sequence[str] = (),
        rules: Sequence[Rule] = (),
        checks: Sequence[Check] = (),
        chosen: Chosen | None = None,
        clock_steps: ClockSteps | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._posting = posting
        self._bad = bad
        self._overrides = overrides
        self._polled = tuple(sources)
        self._sources = Lagging(self._polled)
        self._set = tuple(rules)
        self._rules = Rules(self._set, settings.grace)
        self._topics, self._judges = NewTopics(), JudgesMoved()
        self._checks = tuple(checks)
        self._faults = Faults(self._checks)
        self._fold = Fold(settings)
        self._calibrated: dict[str, datetime | None] | None = None
        self._chosen = chosen
        self._clock_steps = clock_steps
        self._taken_up: Mapping[str, int] | None = None

    def go_on(self, now: datetime, is_enough: Callable[[], bool]) -> Left:
        """Do a slice of what has to be folded before a run, until ``is_enough``; returns what is left to do."""
        fold, self._fold = self._fold, Fold(self._settings)
        left = fold.go_on(self._store, now, lambda tx: self._ahead(tx, now, fold), is_enough)
        self._fold = fold
        return left

    def keep(self) -> None:
        """Store how far ``go_on`` has come, where that is worth it; nobody else need wait meanwhile."""
        fold, self._fold = self._fold, Fold(self._settings)
        fold.keep(self._store)
        self._fold = fold

    def run(self, now: datetime, is_enough: Callable[[], bool] | None = None) -> list[Decision]:
        """Detect as of ``now``; returns what became of every finding of the hours that were news.

        With ``is_enough`` the hours end once it says so, and what ``go_on`` has left to do is not done here: nothing is told
        while hours are missing, and no hour is news while something is folded again.
        """
        while is_enough is None and self.go_on(now, lambda: False) is not Left.NOTHING:
            pass
        decisions: list[Decision] = []
        fold, self._fold = self._fold, Fold(self._settings)
        sources, self._sources = self._sources, Lagging(self._polled)
        rules, self._rules = self._rules, Rules(self._set, self._settings.grace)
        topics, self._topics = self._topics, NewTopics()
        judges, self._judges = self._judges, JudgesMoved()
        faults, self._faults = self._faults, Faults(self._checks)
        with self._store.begin() as tx:
            if is_enough is not None and not fold.is_ready:
                tx.state.job_ran("detect", now, {"series": fold.watch.series})
                self._fold = fold
                return []
            is_set_anew = self._take_up(tx, fold)
            terrain = self._terrain(tx, now)
            if self._clock_steps is not None:
                self._clock_steps.look(tx)
            # A clock that was just set may be set right again: until then nobody is silent and no hour is over.
            is_settling_down = is_settling(tx, now)
            behind = sources.look(tx, terrain.signals, now, is_blind=is_settling_down)
            wrong = faults.look(tx, terrain.signals, now)
            told = rules.look(tx, terrain, now)
            new, moved = topics.look(tx, terrain.signals), judges.look(tx, terrain.signals)
            looks = (behind, told, new, moved, wrong)
            others = [sighting for look in looks for sighting in look.sightings]
            is_news = any(look.is_news for look in looks)
            for through in () if is_settling_down else fold.hours(tx, now, terrain, is_enough):
                decisions += pipeline.run(tx, fold.watch, terrain, self._posting, now, others)
                tx.state.job_ran(TOLD, through)
            # Labels show in the alerts that are open at once, not with the next hour; so do sources that fall behind
            # and rules that are broken.
            is_recalibrated = self._is_recalibrated(tx, terrain)
            is_news = is_news or is_set_anew
            watch = fold.watch
            if not decisions and (is_recalibrated or is_news) and (watch.reconsider(terrain) or is_news):
                decisions += pipeline.run(tx, watch, terrain, self._posting, now, others)
            decisions += pipeline.wake(tx, self._posting, now, watch, terrain)
            if is_enough is None:
                fold.save(tx)
            tx.state.job_ran("detect", now, {"series": watch.series})
            crash_points.passing("detect.found")
        crash_points.passing("detect.stored")
        # Only now: what could not be stored has not happened, and the next run begins with what was stored.
        self._fold, self._sources, self._rules, self._topics = fold, sources, rules, topics
        self._judges, self._faults = judges, faults
        return decisions

    def _ahead(self, tx: Tx, now: datetime, fold: Fold) -> Terrain | None:
        """What is taken as given while hours are taken in ahead of a run; ``None`` while no hour is over."""
        if is_settling(tx, now):
            return None
        if self._chosen is not None:
            weeks = self._chosen.refresh(tx).detect.weeks_between_false_alerts
            fold.accept_false_alerts(weeks)
        return self._terrain(tx, now)

    def _take_up(self, tx: Tx, fold: Fold) -> bool:
        """Heed what admins set in Slack; whether it has changed since the last run."""
        if self._chosen is None:
            return False
        fold.accept_false_alerts(self._chosen.refresh(tx).detect.weeks_between_false_alerts)
        self._posting = replace(self._posting, routing=self._chosen.routing(tx))
        known, self._taken_up = self._taken_up, self._chosen.versions(tx)
        return known is not None and known != self._taken_up

    def forget(self) -> None:
        """Begin with what is stored: another process has detected meanwhile."""
        self._fold, self._sources = Fold(self._settings), Lagging(self._polled)
        self._rules, self._topics = Rules(self._set, self._settings.grace), NewTopics()
        self._judges, self._faults = JudgesMoved(), Faults(self._checks)
        self._calibrated = None

    def _is_recalibrated(self, tx: Tx, terrain: Terrain) -> bool:
        """Whether an evaluator with an open alert has been calibrated since alerts were last brought in line."""
        known = self._calibrated
        self._calibrated = {name: c.computed_at for name, c in terrain.calibrations.items()}
        if known is None:
            return False
        renewed = {name for name, at in self._calibrated.items() if known.get(name) != at}
        return bool(renewed) and any(a.signal in renewed for a in tx.alerts.in_state(*LIVE))

    def save(self) -> None:
        """Store how far detection has come, so that the next start need not fold the hours again."""
        with self._store.begin() as tx:
            self._fold.save(tx, always=True)

    def _terrain(self, tx: Tx, now: datetime) -> Terrain:
        seen = tx.rollups.signals(since=now - self._settings.history, until=now + timedelta(days=1))
        told = tx.alerts.all(ALERTS_READ)
        return Terrain(
            signals=as_found(all_signals(sorted(seen), self._bad, self._overrides), usefulness_of(told)),
            calibrations=tx.calibrations.current(),
            changes=tx.state.changes_between(now - _CHANGES_BACK, now + timedelta(days=1)),
            accepted=_accepted(told),
            reviewed=reviewed,
        )


def _accepted(alerts: Iterable[Alert]) -> list[tuple[str, datetime]]:
    """The signals whose changed level people lately called expected, and when."""
    return [
        (alert.signal, alert.resolved_at)
        for alert in alerts
        if alert.resolved_at is not None and alert.detail.get("outcome") == "expected"
    ]
