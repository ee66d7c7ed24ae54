"""When the jobs of a running Hark run: by apscheduler, each at its interval, until it is stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from bot.duties import DELIVER, DETECT, Duties, Duty
from bot.jobs.together import Jobs, Nudge, Tick
from bot.replicas.roles import EVERY_ROLE, Role
from bot.replicas.several import Several
from traces.clock import Clock, SystemClock
from traces.errors import HarkError, LeaseLost
from traces.store.fence import Fence, fenced
from traces.store.patience import DUTY_S, PROMPT_S, patience

__all__ = ["Jobs", "Nudge", "Schedule", "Tick", "moments"]

_LOG = logging.getLogger(__name__)

_THREADS = 10


class Schedule:
    """Runs the jobs of a running Hark until it is stopped.

    Args:
        jobs: What there is to do.
        clock: Tells the time.
        is_pressed: Whether most of this process's time goes into receiving.
        roles: What of it this process does.
        several: What it takes where several Harks share a database; without, this one is alone and does everything.
    """

    def __init__(
        self,
        jobs: Jobs,
        clock: Clock,
        is_pressed: Callable[[], bool] = lambda: False,
        roles: frozenset[Role] = EVERY_ROLE,
        several: Several | None = None,
    ) -> None:
        self._jobs = jobs
        self._several = several
        self._is_stopping = threading.Event()
        allotting = None if several is None else several.allotting
        every = Duties(jobs, clock, self._is_stopping, is_pressed, allotting)
        self._duties = [duty for duty in every if duty.role in roles]
        self._tokens: dict[str, int] = {}
        # A thread for each source: one that does not answer keeps nothing else waiting.
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(_THREADS + len(jobs.poll.names))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )

    @property
    def names(self) -> list[str]:
        """The duties of this process, by name."""
        return [duty.name for duty in self._duties]

    def problems(self) -> list[str]:
        """What keeps this process from its part of several, as others cannot see it; empty while nothing does."""
        return [] if self._several is None else self._several.problems()

    def start(self) -> None:
        """Begin.

        Raises:
            StoreUnavailable: Several Harks cannot share this database now.
        """
        if self._several is not None:
            self._several.start(self.names)
        # A pass that takes longer than its interval is passed over by design; that is no news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        for duty in self._duties:
            self._scheduler.add_job(lambda duty=duty: self._run(duty), "interval", seconds=duty.every_s, id=duty.name)
        if DELIVER in self.names:
            self._jobs.nudge.reaches(self._deliver_now)
        self._scheduler.start()

    def stop(self) -> None:
        """Let what runs finish, and start nothing more."""
        self._is_stopping.set()
        self._jobs.nudge.reaches(None)
        self._scheduler.shutdown(wait=True)
        if self._several is None:
            self._jobs.close()
            return
        self._several.finish()
        fence = self._several.fence(DETECT)
        if fence is not None and self._tokens.get(DETECT) == fence.token:
            with suppress(HarkError), fenced(fence):  # another begins where this one saved last
                self._jobs.close()
        self._several.stop()

    def _run(self, duty: Duty) -> None:
        """One pass of a duty, if it is this process's to do."""
        fence = None
        if self._several is not None:
            fence = self._several.fence(duty.name)
            if fence is None:
                return
        try:
            with self._jobs.lock if duty.is_alone else nullcontext(), fenced(fence), patience(_patience_of(duty)):
                self._take_over(duty, fence)
                duty.run()
        except LeaseLost as error:
            _LOG.warning("%s: %s", duty.name, error.message)
        except HarkError as error:
            _LOG.error("%s: %s", duty.name, error.message)
            self._ended(duty, error)
        except Exception as error:  # noqa: BLE001 - the schedule must outlive any one job
            _LOG.exception("%s failed; it is tried again", duty.name)
            self._ended(duty, error)
        else:
            self._ended(duty, None)

    def _ended(self, duty: Duty, error: Exception | None) -> None:
        """Tell how a pass ended to whoever watches that."""
        outcomes = self._jobs.outcomes
        if outcomes is not None and error is None:
            outcomes.went_well(duty.name)
        elif outcomes is not None and error is not None:
            outcomes.failed(duty.name, error)

    def _take_over(self, duty: Duty, fence: Fence | None) -> None:
        """What a process remembers of a duty is of no use after another has done it."""
        if fence is not None and self._tokens.get(duty.name) != fence.token:
            duty.taken_over()
            self._tokens[duty.name] = fence.token

    def _deliver_now(self) -> None:
        if self._jobs.deliver is not None:
            self._jobs.deliver.wake()
        try:
            self._scheduler.modify_job(DELIVER, next_run_time=SystemClock().now())
        except JobLookupError:
            _LOG.debug("nothing delivers any more")


def _patience_of(duty: Duty) -> float:
    """For how many seconds a pass waits for a database that says nothing: what Slack shows is a matter of moments."""
    return PROMPT_S if duty.role == "slack" else DUTY_S


def moments(start: datetime, end: datetime, every: timedelta) -> Iterator[datetime]:
    """The times from ``start`` to ``end``, both included where they are hit."""
    at = start
    while at <= end:
        yield at
        at += every
