"""When the jobs run: by apscheduler inside a running Hark, or once, as of any time, for cron, tests and backfill."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from alerts.pipeline import Decision, Reason
from bot.jobs.align import Aligning
from bot.jobs.anchors import Anchoring
from bot.jobs.calibrate import Calibrating
from bot.jobs.deliver import Delivering, Report
from bot.jobs.detect import Detection
from bot.jobs.digest import Digesting
from bot.jobs.drift import Drifting
from bot.jobs.evaluate import Evaluation
from bot.jobs.notify import Notifying
from bot.jobs.outcomes import Outcomes
from bot.jobs.pick import Picker
from bot.jobs.poll import Polling
from bot.jobs.quiet import LearningQuiet
from bot.jobs.retain import Retaining
from bot.jobs.train import Training
from bot.jobs.write_back import WritingBack, WrittenBack
from bot.vitals import Heartbeat
from traces.clock import Clock, SystemClock
from traces.errors import HarkError

_LOG = logging.getLogger(__name__)

_WORK_EVERY_S = 1.0
_DETECT_EVERY_S = 5.0
_JUDGE_EVERY_S = 1.0
_CALIBRATE_EVERY_S = 2.0
_TRAIN_EVERY_S = 10.0
_QUIET_EVERY_S = 60.0
_POLL_EVERY_S = 1.0
_DIGEST_EVERY_S = 30.0
_WRITE_BACK_EVERY_S = 5.0
_RETAIN_EVERY_S = 60.0
_THREADS = 10
_MOST_PASSED_OVER = 4
_EVALUATE_S = 0.4
"""While most of the time goes into receiving, evaluation leaves out so many passes in a row, then runs for so long."""
_DELIVER = "deliver"
_BURST = 4
"""Messages to one channel in one second's pass: Slack allows short bursts above one a second."""


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
    notify: Notifying | None = None
    heartbeat: Heartbeat | None = None
    digest: Digesting | None = None
    align: Aligning | None = None
    beats: tuple[Beat, ...] = ()
    outcomes: Outcomes | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

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


class Schedule:
    """Runs the jobs of a running Hark until it is stopped."""

    def __init__(self, jobs: Jobs, clock: Clock, is_pressed: Callable[[], bool] = lambda: False) -> None:
        self._jobs = jobs
        self._clock = clock
        self._is_pressed = is_pressed
        self._passed_over = 0
        self._is_stopping = threading.Event()
        # A thread for each source: one that does not answer keeps nothing else waiting.
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(_THREADS + len(jobs.poll.names))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )

    def start(self) -> None:
        jobs = self._jobs
        # A pass that takes longer than its interval is passed over by design; that is no news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        for name in jobs.poll.names:
            self._every(_POLL_EVERY_S, f"poll {name}", partial(self._poll, name), alone=False)
        self._every(_WRITE_BACK_EVERY_S, "write back", lambda: jobs.write_back.run(self._clock.now()), alone=False)
        self._every(_QUIET_EVERY_S, "quiet times", lambda: jobs.quiet.run(self._clock.now()), alone=False)
        self._every(_WORK_EVERY_S, "evaluate", self._evaluate)
        # Models take seconds and may hang, and what else there is to do does not wait for them.
        self._every(_JUDGE_EVERY_S, "judge", self._judge, alone=False)
        self._every(_CALIBRATE_EVERY_S, "calibrate", lambda: jobs.calibrate.run(self._clock.now()))
        # Learning takes seconds, and nothing waits for it.
        self._every(_TRAIN_EVERY_S, "train", self._train, alone=False)
        self._every(_TRAIN_EVERY_S, "drift", lambda: jobs.drift.run(self._clock.now()), alone=False)
        self._every(_QUIET_EVERY_S, "anchors", self._watch_judges, alone=False)
        if (align := jobs.align) is not None:
            teach = partial(align.run, is_enough=self._is_stopping.is_set)
            self._every(_TRAIN_EVERY_S, "align", lambda: teach(self._clock.now()), alone=False)
        self._every(_DETECT_EVERY_S, "detect", lambda: jobs.detect.run(self._clock.now()))
        self._every(_RETAIN_EVERY_S, "retain", lambda: jobs.retain.run(self._clock.now()))
        if (digest := jobs.digest) is not None:
            self._every(_DIGEST_EVERY_S, "digest", lambda: digest.run(self._clock.now()), alone=False)
        if (notify := jobs.notify) is not None:
            self._every(_WORK_EVERY_S, "notify", notify.run, alone=False)
        if (heartbeat := jobs.heartbeat) is not None:
            self._every(heartbeat.every_s, "heartbeat", heartbeat.run, alone=False)
        for beat in jobs.beats:
            self._every(beat.every_s, beat.name, beat.run, alone=False)
        if (deliver := jobs.deliver) is not None:
            self._every(_WORK_EVERY_S, _DELIVER, lambda: deliver.run(per_channel=_BURST), alone=False)
            jobs.nudge.reaches(self._deliver_now)
        self._scheduler.start()

    def stop(self) -> None:
        """Let what runs finish, and start nothing more."""
        self._is_stopping.set()
        self._jobs.nudge.reaches(None)
        self._scheduler.shutdown(wait=True)
        self._jobs.close()

    def _poll(self, name: str) -> None:
        self._jobs.poll.run_one(name, self._clock.now())

    def _evaluate(self) -> None:
        # What is being received goes first: a conversation that still changes would only be evaluated again. Even so
        # evaluation gets a part of the time.
        if self._is_pressed() and self._passed_over < _MOST_PASSED_OVER:
            self._passed_over += 1
            return
        self._passed_over = 0
        until = time.monotonic() + _EVALUATE_S
        self._jobs.evaluate.run(self._clock.now(), lambda: self._is_pressed() and time.monotonic() > until)

    def _judge(self) -> None:
        self._jobs.evaluate.judge(self._clock.now(), self._is_stopping.is_set)

    def _watch_judges(self) -> None:
        self._jobs.anchors.run(self._clock.now(), self._is_stopping.is_set)

    def _train(self) -> None:
        self._jobs.train.run(self._clock.now(), self._is_stopping.is_set)

    def _deliver_now(self) -> None:
        if self._jobs.deliver is not None:
            self._jobs.deliver.wake()
        try:
            self._scheduler.modify_job(_DELIVER, next_run_time=SystemClock().now())
        except JobLookupError:
            _LOG.debug("nothing delivers any more")

    def _every(self, seconds: float, name: str, job: Callable[[], Any], *, alone: bool = True) -> None:
        def run() -> None:
            try:
                with self._jobs.lock if alone else nullcontext():
                    job()
            except HarkError as error:
                _LOG.error("%s: %s", name, error.message)
                self._ended(name, error)
            except Exception as error:  # noqa: BLE001 - the schedule must outlive any one job
                _LOG.exception("%s failed; it is tried again", name)
                self._ended(name, error)
            else:
                self._ended(name, None)

        self._scheduler.add_job(run, "interval", seconds=seconds, id=name)

    def _ended(self, name: str, error: Exception | None) -> None:
        """Tell how a pass ended to whoever watches that."""
        outcomes = self._jobs.outcomes
        if outcomes is not None and error is None:
            outcomes.went_well(name)
        elif outcomes is not None and error is not None:
            outcomes.failed(name, error)


def moments(start: datetime, end: datetime, every: timedelta) -> Iterator[datetime]:
    """The times from ``start`` to ``end``, both included where they are hit."""
    at = start
    while at <= end:
        yield at
        at += every
