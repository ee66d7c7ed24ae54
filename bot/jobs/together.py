"""The jobs of a Hark, all in one hand: run once, as of any time, for cron, tests and backfill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from alerts.telling.pipeline import Decision, Reason
from bot.jobs.align import Aligning
from bot.jobs.anchors import Anchoring
from bot.jobs.calibrate import Calibrating
from bot.jobs.deliver import Delivering, Report
from bot.jobs.detect import Detection
from bot.jobs.digest import Digesting
from bot.jobs.drift import Drifting
from bot.jobs.evaluate import Evaluation
from bot.jobs.hide import Hiding
from bot.jobs.notify import Notifying
from bot.jobs.outcomes import Outcomes
from bot.jobs.pick import Picker
from bot.jobs.poll import Polling
from bot.jobs.quiet import LearningQuiet
from bot.jobs.retain import Retaining
from bot.jobs.train import Training
from bot.jobs.write_back import WritingBack, WrittenBack
from bot.vitals import Heartbeat
from traces.store.turns import Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one run of everything did."""

    at: datetime
    polled: int = 0
    evaluated: int = 0
    judged: int = 0
    calibrated: int = 0
    decisions: tuple[Decision, ...] = ()
    delivery: Report = field(default_factory=Report)
    labels: WrittenBack = field(default_factory=WrittenBack)

    @property
    def opened(self) -> int:
        """How many alerts are new."""
        return sum(d.reason is Reason.NEW for d in self.decisions)


class Nudge:
    """Asks a running schedule to deliver at once, so that a click shows without waiting for the next pass."""

    def __init__(self) -> None:
        self._deliver_now: Callable[[], object] | None = None

    def reaches(self, deliver_now: Callable[[], object] | None) -> None:
        """From now on a nudge calls this; ``None`` while nothing is running."""
        self._deliver_now = deliver_now

    def __call__(self) -> None:
        if self._deliver_now is not None:
            self._deliver_now()


class Beat(Protocol):
    """What tells somebody outside of this Hark, at an interval of its own."""

    @property
    def name(self) -> str: ...

    @property
    def every_s(self) -> float: ...

    def run(self) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The jobs, the lock that lets one of those that write run at a time, and the nudge to deliver at once."""

    poll: Polling
    write_back: WritingBack
    quiet: LearningQuiet
    evaluate: Evaluation
    detect: Detection
    calibrate: Calibrating
    train: Training
    drift: Drifting
    anchors: Anchoring
    deliver: Delivering | None
    nudge: Nudge
    picker: Picker
    retain: Retaining
    hide: Hiding
    notify: Notifying | None = None
    heartbeat: Heartbeat | None = None
    digest: Digesting | None = None
    beats: tuple[Beat, ...] = ()
    outcomes: Outcomes | None = None
    align: Aligning | None = None
    lock: Turns = field(default_factory=Turns)

    def tick(self, now: datetime) -> Tick:
        """Run everything that is due once, as of ``now``."""
        with self.lock:
            polled = self.poll.run(now)
            self.quiet.run(now)
            evaluated = self.evaluate.run(now)
            judged = self.evaluate.judge(now)
            self.train.run(now)
            self.drift.run(now)
            self.anchors.run(now)
            if self.align is not None:
                self.align.run(now)
            calibrated = self.calibrate.run(now)
            decisions = self.detect.run(now)
            self.hide.run(now)
            self.retain.run(now)
            if self.digest is not None:
                self.digest.run(now)
        delivery = Report() if self.deliver is None else self.deliver.run()
        if self.notify is not None:
            self.notify.run()
        return Tick(
            at=now,
            polled=polled,
            evaluated=evaluated,
            judged=judged,
            calibrated=len(calibrated),
            decisions=tuple(decisions),
            delivery=delivery,
            labels=self.write_back.run(now),
        )

    def close(self) -> None:
        """Store what is kept in memory."""
        with self.lock:
            self.detect.save()
