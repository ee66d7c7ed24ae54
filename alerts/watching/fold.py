"""Keeps what detection knows in line with the stored hours, in slices that leave time to others.

It is kept in memory, saved from time to time, and folded again from the stored hours whenever they changed behind it, so that a
restart, a late conversation, a backfill or a new threshold gives the same alerts as if it had always been known. A fold of
weeks is done slice by slice; how far it has come is kept, so that a crash costs a part of it. Until it is whole, what was
known before stands, and no hour is news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial
from typing import Final, Protocol

from alerts.watching import kept
from alerts.watching.hours import HOUR, fine, stored
from alerts.watching.refold import Refold, can_be_folded_alone
from alerts.watching.terrain import Terrain, WatchSettings
from alerts.watching.watch import Watch
from traces.store import Tx
from traces.store.rollups import HOUR_S, bucket_start
from traces.store.state import ALL_SIGNALS, DetectorCheckpoint

__all__ = ["TOLD", "Fold", "Left"]

TOLD = "detected_through"
"""The job under which it is noted how far alerts have been brought in line."""
_SAVE_EVERY: Final = timedelta(hours=24)
_FOLDED_ANEW: Final = timedelta(weeks=4)
"""What was known from hours so much older than the history is not built upon: segments that are gone are left behind."""
_Enough = Callable[[], bool]


def _never() -> bool:
    return False


class Left(Enum):
    """What a slice has left to do.

    Attributes:
        NOTHING: Everything is in line.
        BESIDE: Something is folded again; what was known before stands until then.
        BEHIND: Hours are missing, and nothing can be said.
    """

    NOTHING = auto()
    BESIDE = auto()
    BEHIND = auto()


class _Transactions(Protocol):
    """Where transactions come from: a store, or one transaction for all."""

    def read(self) -> AbstractContextManager[Tx]: ...

    def begin(self) -> AbstractContextManager[Tx]: ...


@dataclass(frozen=True, slots=True)
class _Within:
    """One transaction for all."""

    tx: Tx

    def read(self) -> AbstractContextManager[Tx]:
        return nullcontext(self.tx)

    begin = read


class Fold:
    """What detection knows of one store. Not safe to share between threads: whoever runs it holds the schedule's lock.

    Args:
        settings: How detection runs.
        new_watch: Makes a watch that has taken nothing in, given these settings and maybe who tells of other series.
    """

    def __init__(self, settings: WatchSettings, new_watch: Callable[..., Watch] = Watch) -> None:
        self.watch = new_watch(settings)
        self._settings = settings
        self._new_watch = new_watch
        self._beside: Watch | None = None
        self._refold: Refold | None = None
        self._amended: set[datetime] = set()
        self._stale: dict[str, datetime] = {}
        self._terrain: Terrain | None = None
        self._looked: datetime | None = None
        self._goes_back = False
        self._to_keep: Watch | None = None
        self._saved: datetime | None = None
        self._told: datetime | None = None

    @property
    def is_ready(self) -> bool:
        """Whether what is known is of all hours that alerts were told of."""
        return self._looked is not None and not self._goes_back and not self._is_behind(self.watch)

    def accept_false_alerts(self, weeks_between: float) -> bool:
        """From now on accept one false alert in so many weeks, over all series; whether that is news."""
        is_news = weeks_between != self._settings.weeks_between_false_alerts
        self._settings = replace(self._settings, weeks_between_false_alerts=weeks_between)
        for watch in (self.watch, self._beside):
            if watch is not None:
                watch.accept_false_alerts(weeks_between)
        return is_news

    def hours(self, tx: Tx, now: datetime, terrain: Terrain, is_enough: _Enough | None = None) -> Iterator[datetime]:
        """Take in the hours that have become complete, one by one; yields the end of each that is news.

        History that is folded for the first time, or again, is no news: only its last hour is yielded.

        Args:
            tx: A transaction that writes.
            now: As of when.
            terrain: What detection takes as given.
            is_enough: With it, what is left to ``go_on`` is not done here, and no hour is taken in once it says so.
        """
        until = self._until(now)
        if is_enough is None:
            self._look(tx, until, terrain)
            self._finish(tx, until)
        else:
            self._look_at_thresholds(tx, terrain)
        self._take_over(tx, until, terrain)
        if is_enough is None:
            self._finish(tx, until)
        if self._looked != until or self._beside is not None or self._stale or self._goes_back:
            return
        if self.watch.through is None:
            return
        news = self._told if self._told is not None else until - HOUR
        for hour, cut in stored(tx, self.watch.through, until):
            self.watch.take(hour, cut, terrain, partial(fine, tx))
            if hour + HOUR > news:
                self._told = hour + HOUR
                yield hour + HOUR
            if is_enough is not None and is_enough():
                return

    def go_on(
        self, store: _Transactions, now: datetime, terrain_of: Callable[[Tx], Terrain | None], is_enough: _Enough
    ) -> Left:
        """Do a slice of what is to be done before a run, in small transactions: others can write; returns what is left.

        Args:
            store: The store.
            now: As of when.
            terrain_of: Tells what detection takes as given; ``None`` when it is no time to detect.
            is_enough: Ends the slice after an hour of history.
        """
        until = self._until(now)
        if self._looked != until:
            with store.begin() as tx:
                if (terrain := terrain_of(tx)) is None:
                    return Left.NOTHING
                self._look(tx, until, terrain)
            if self._goes_back:
                return Left.BEHIND
        left = self._slice(store, until, is_enough)
        if left is Left.NOTHING and self._is_to_be_saved(always=False):
            self._to_keep = self.watch
        return left

    def keep(self, store: _Transactions) -> None:
        """Store how far the last slice has come, where that is worth it: takes longer than a slice, and little of Python's time."""
        watch, self._to_keep = self._to_keep, None
        if watch is None or watch.through is None:
            return
        checkpoint = self._checkpoint(kept.LATEST, watch)
        with store.begin() as tx:
            if self._looked is not None and kept.is_due(tx, watch.through, self._looked):
                tx.state.put_checkpoint(replace(checkpoint, panel=kept.place(tx, watch.through)))
            else:
                self._put_latest(tx, checkpoint)

    def save(self, tx: Tx, *, always: bool = False) -> None:
        """Store how far detection has come, once for a day's worth of hours or when asked."""
        if self._is_to_be_saved(always=always):
            self._put_latest(tx, self._checkpoint(kept.LATEST, self.watch))

    def _is_to_be_saved(self, *, always: bool) -> bool:
        through = self.watch.through
        if through is None or through == self._saved or self._beside is not None or self._goes_back:
            return False
        return always or self._saved is None or through - self._saved >= _SAVE_EVERY

    def _put_latest(self, tx: Tx, checkpoint: DetectorCheckpoint) -> None:
        tx.state.put_checkpoint(checkpoint)
        self._saved = checkpoint.through_at

    def _until(self, now: datetime) -> datetime:
        return bucket_start(now - self._settings.grace, HOUR_S)

    def _stop(self, until: datetime) -> datetime:
        """The end of what is no news."""
        return until - HOUR if self._told is None else min(self._told, until - HOUR)

    def _is_behind(self, watch: Watch) -> bool:
        return self._looked is not None and watch.through is not None and watch.through < self._stop(self._looked)

    def _look(self, tx: Tx, until: datetime, terrain: Terrain) -> None:
        """See what there is to take in, and what has changed of what was taken in."""
        tx.rollups.one_at_a_time()
        if self._looked is None:
            self._recall(tx)
        ahead = self.watch if self._beside is None else self._beside
        self._told = tx.state.job_ran_at(TOLD) or self._told
        if ahead.through is None or ahead.through < until:
            if ahead.through is not None:
                self._heed(tx, tx.state.take_changed_signals(), until, terrain)
            if self.watch.through is None and (first := self._first(tx, until)) is not None:
                # What changed until now is read with all the rest.
                tx.state.take_changed_signals()
                self.watch.begin(terrain, first)
        self._looked, self._terrain = until, terrain
        if self._beside is not None:
            self._beside.adopt({n: at for n, at in terrain.thresholds.items() if n not in self._beside.thresholds})
        self._look_at_thresholds(tx, terrain)

    def _recall(self, tx: Tx) -> None:
        self._stale = kept.stale(tx)
        if (known := kept.newest(tx, self._settings.excluded)) is not None:
            self.watch.recall(known)
            self._saved = known.through

    def _first(self, tx: Tx, until: datetime) -> datetime | None:
        """The first hour to fold; ``None`` where there is none that is over."""
        first = tx.rollups.first_bucket(HOUR_S)
        return None if first is None or first >= until else max(first, self._oldest(until))

    def _oldest(self, until: datetime) -> datetime:
        return bucket_start(until - self._settings.history, HOUR_S)

    # --- what has changed -----------------------------------------------------------------------------------

    def _heed(self, tx: Tx, changed: Mapping[str, datetime], until: datetime, terrain: Terrain) -> None:
        """Go back to before hours that were taken in and have changed since."""
        ahead = self.watch if self._beside is None else self._beside
        behind = {
            name: at
            for name, at in changed.items()
            if ahead.through is not None and at < ahead.through and self._matters(name, terrain)
        }
        if not behind:
            return
        oldest, self._to_keep = min(behind.values()), None
        if self._beside is not None:
            kept.void(tx, oldest)
            self._fold_anew(tx, until, terrain)
            return
        first = min(kept.times(tx).values(), default=until)
        deep = {name: at for name, at in behind.items() if at < first}
        near = [at for name, at in behind.items() if name not in deep]
        if deep and (self.watch.began is None or not can_be_folded_alone(deep, terrain, self.watch)):
            kept.void(tx, oldest)
            self._fold_anew(tx, until, terrain)
            return
        if self._refold is not None:
            self._refold.go_back(oldest)
            self._amended = {at for at in self._amended if at <= oldest}
        if deep:
            self._stale = deep | self._stale
            kept.put_stale(tx, self._stale)
        if near:
            kept.void(tx, min(near))
            self._goes_back = True

    def _matters(self, name: str, terrain: Terrain) -> bool:
        return name in {ALL_SIGNALS, *terrain.signals} or bool(self.watch.born({name}))

    def _go_back(self, store: _Transactions, until: datetime) -> None:
        assert self._terrain is not None
        with store.read() as tx:
            known = kept.newest(tx, self._settings.excluded)
        if known is not None and known.began is not None and known.began >= self._oldest(until) - _FOLDED_ANEW:
            self.watch.recall(known)
        else:
            with store.begin() as tx:
                kept.void_all_but(tx, ())
                self._fold_anew(tx, until, self._terrain)
        self._goes_back = False

    def _fold_anew(self, tx: Tx, until: datetime, terrain: Terrain) -> None:
        """Begin a fold of everything beside what is known, or go on with what is kept of one."""
        self._refold, self._saved, self._to_keep, self._goes_back = None, None, None, False
        if self._stale:
            self._stale = {}
            kept.put_stale(tx, {})
        self._beside = self._new_watch(self._settings)
        known = kept.newest(tx, self._settings.excluded)
        first = self._first(tx, until)
        if known is not None:
            self._beside.recall(known)
        elif first is not None:
            self._beside.begin(terrain, first)
        else:
            self.watch, self._beside = self._beside, None

    def _look_at_thresholds(self, tx: Tx, terrain: Terrain) -> None:
        """Have folded again what is judged by another threshold now, and what has changed far back."""
        watch, thresholds = self.watch, terrain.thresholds
        moved = {name for name, at in thresholds.items() if watch.thresholds.get(name, at) != at}
        watch.adopt({name: at for name, at in thresholds.items() if name not in moved})
        names = moved | self._stale.keys()
        if not names or watch.through is None or self._beside is not None:
            self._refold = None
            return
        refold = self._refold
        wanted = {name: thresholds[name] for name in names if name in thresholds}
        if refold is None or refold.names != names or refold.thresholds != wanted:
            self._begin_refold(tx, terrain, names, watch.through)

    def _begin_refold(self, tx: Tx, terrain: Terrain, names: set[str], through: datetime) -> None:
        began = self.watch.began
        if not self._stale:
            began = max(began or self._oldest(through), self._oldest(through))
        elif began is None or not can_be_folded_alone(self._stale, terrain, self.watch):
            kept.void_all_but(tx, ())
            self._fold_anew(tx, through + HOUR, terrain)
            return
        beside = self._new_watch(self._settings, self.watch.counting())
        self._refold, self._amended = Refold(beside, terrain, names, began, kept.settled(tx)), set()

    def _take_over(self, tx: Tx, until: datetime, terrain: Terrain) -> None:
        """Know of what was folded again what is known there, once it has come as far."""
        refold, through = self._refold, self.watch.through
        is_back = not self._goes_back and not self._is_behind(self.watch)
        if refold is None or through is None or refold.through != through or not is_back:
            return
        if self._stale and refold.watch.born(self._stale) != self.watch.born(self._stale):
            # With more or fewer series than there were, all others would have been judged by another measure.
            kept.void_all_but(tx, ())
            self._fold_anew(tx, until, terrain)
            return
        self.watch.replace(refold.names, refold.watch.tracks, refold.thresholds)
        kept.void_all_but(tx, self._amended)
        if self._stale:
            self._stale = {}
            kept.put_stale(tx, {})
        self._refold, self._saved = None, None
        self.watch.reconsider(terrain)

    def _finish(self, tx: Tx, until: datetime) -> None:
        while self._slice(_Within(tx), until, _never) is not Left.NOTHING:
            pass

    # --- slices ---------------------------------------------------------------------------------------------

    def _slice(self, store: _Transactions, until: datetime, is_enough: _Enough) -> Left:
        self.keep(store)
        if self._goes_back:
            self._go_back(store, until)
            return Left.BEHIND
        stop, beside = self._stop(until), self._beside
        if beside is not None:
            self._take_in(store, beside, until, is_enough)
            if beside.through is not None and beside.through >= stop:
                self.watch, self._beside = beside, None
            return Left.BESIDE
        if self._is_behind(self.watch):
            self._take_in(store, self.watch, until, is_enough)
            return Left.BEHIND if self._is_behind(self.watch) else Left.BESIDE
        if self._refold is not None and self.watch.through is not None and self._refold.through < self.watch.through:
            self._fold_again(store, self._refold, self.watch.through, is_enough)
            return Left.BESIDE
        return Left.NOTHING

    def _take_in(self, store: _Transactions, watch: Watch, until: datetime, is_enough: _Enough) -> None:
        assert self._terrain is not None
        assert watch.through is not None
        with store.read() as tx:
            for hour, cut in stored(tx, watch.through, self._stop(until)):
                watch.take(hour, cut, self._terrain, partial(fine, tx))
                if is_enough() or kept.may_be_due(hour + HOUR, until):
                    break
            if kept.is_due(tx, watch.through, until):
                self._to_keep = watch

    def _fold_again(self, store: _Transactions, refold: Refold, until: datetime, is_enough: _Enough) -> None:
        with store.read() as tx:
            refold.go_on(tx, until, is_enough)
            amended = kept.amended(tx, refold.through, refold, self._settings.excluded)
        if amended:
            with store.begin() as tx:
                for checkpoint in amended:
                    tx.state.put_checkpoint(checkpoint)
            self._amended.add(refold.through)

    def _checkpoint(self, panel: str, watch: Watch) -> DetectorCheckpoint:
        known = watch.known()
        return DetectorCheckpoint(
            panel=panel, through_at=known.through, body=known.to_bytes(self._settings.excluded)
        )  # fmt: skip
