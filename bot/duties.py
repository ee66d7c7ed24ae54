"""What a running Hark does again and again: which job, how often, in which role, and whether one process does it for all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from bot.jobs.in_slices import RUN_S, detect_in_slices
from bot.jobs.together import Jobs
from bot.replicas.allotting import Allotting
from bot.replicas.roles import Role
from bot.replicas.several import ALLOT
from traces.clock import Clock

DELIVER: Final = "deliver"
DETECT: Final = "detect"
RETAIN: Final = "retain"
_SOON_S: Final = 1.0
_CALIBRATE_S: Final = 2.0
_LEARN_S: Final = 10.0
_SELDOM_S: Final = 60.0
_DIGEST_S: Final = 30.0
_WRITE_BACK_S: Final = 5.0
_RETAIN_EVERY_S: Final = 10.0
_RETAIN_S: Final = 1.0
"""A tenth of the time goes into deleting, where there is much to delete: what waits for it waits no longer than a second."""
_MOST_PASSED_OVER: Final = 4
_EVALUATE_S: Final = 0.4
"""While most of the time goes into receiving, evaluation leaves out so many passes in a row, then runs for so long."""
_HIDE_S: Final = 0.2
_HIDE_AT_MOST_S: Final = 10.0
"""So long a pass takes that replaces personal data: while most of the time goes into receiving, a 25th of all; else no matter."""
_BURST: Final = 4
"""Messages to one channel in one second's pass: Slack allows short bursts above one a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One job as it is done while Hark runs.

    Attributes:
        name: Its name, which is also that of its lease where several Harks share a database.
        role: The processes that do it.
        every_s: Seconds between the beginnings of two passes; one that takes longer is not joined by another.
        run: One pass.
        is_alone: Whether it waits for the other jobs of this process that are alone, and they for it.
        taken_over: Told when this process begins to do it for all.
    """

    name: str
    role: Role
    every_s: float
    run: Callable[[], Any]
    is_alone: bool = False
    taken_over: Callable[[], None] = lambda: None


class _Waits:
    """Whether a duty leaves out a pass: while most of the time goes into receiving, but never many in a row."""

    def __init__(self, is_pressed: Callable[[], bool]) -> None:
        self._is_pressed = is_pressed
        self._left_out = 0

    def this_time(self) -> bool:
        """Asked once for each pass."""
        waits = self._is_pressed() and self._left_out < _MOST_PASSED_OVER
        self._left_out = self._left_out + 1 if waits else 0
        return waits


class Duties:
    """The duties of one Hark.

    Args:
        jobs: What is done.
        clock: Tells as of when.
        is_stopping: Set when long passes are to end early.
        is_pressed: Whether most of this process's time goes into receiving.
        allotting: With several Harks, hands out what is to be evaluated; without, this process evaluates all of it.
    """

    def __init__(
        self,
        jobs: Jobs,
        clock: Clock,
        is_stopping: threading.Event,
        is_pressed: Callable[[], bool] = lambda: False,
        allotting: Allotting | None = None,
    ) -> None:
        self._jobs = jobs
        self._clock = clock
        self._is_stopping = is_stopping
        self._is_pressed = is_pressed
        self._allotting = allotting
        self._evaluating_waits, self._hiding_waits = _Waits(is_pressed), _Waits(is_pressed)

    def __iter__(self) -> Iterator[Duty]:
        yield from self._receiving()
        yield from self._evaluating()
        yield from self._learning()
        yield from self._telling()

    def _receiving(self) -> Iterator[Duty]:
        jobs, now = self._jobs, self._clock.now
        for name in jobs.poll.names:
            yield Duty(name=f"poll {name}", role="work", every_s=_SOON_S, run=partial(self._poll, name))
        yield Duty(name="write back", role="work", every_s=_WRITE_BACK_S, run=lambda: jobs.write_back.run(now()))
        yield Duty(name="quiet times", role="work", every_s=_SELDOM_S, run=lambda: jobs.quiet.run(now()))
        yield Duty(name=RETAIN, role="work", every_s=_RETAIN_EVERY_S, run=self._retain, is_alone=True)
        yield Duty(name="hide words", role="work", every_s=_SOON_S, run=self._hide)

    def _evaluating(self) -> Iterator[Duty]:
        if (allotting := self._allotting) is not None:
            yield Duty(name=ALLOT, role="work", every_s=_SOON_S, run=lambda: allotting.run(self._clock.now()))
            return
        yield Duty(name="evaluate", role="work", every_s=_SOON_S, run=self._evaluate, is_alone=True)
        # Models take seconds and may hang, and what else there is to do does not wait for them.
        yield Duty(name="judge", role="work", every_s=_SOON_S, run=self._judge)

    def _learning(self) -> Iterator[Duty]:
        jobs, now, is_stopping = self._jobs, self._clock.now, self._is_stopping.is_set
        yield Duty(
            name="calibrate", role="work", every_s=_CALIBRATE_S, run=lambda: jobs.calibrate.run(now()), is_alone=True
        )
        # Learning takes seconds, and nothing waits for it.
        yield Duty(name="train", role="work", every_s=_LEARN_S, run=lambda: jobs.train.run(now(), is_stopping))
        yield Duty(name="drift", role="work", every_s=_LEARN_S, run=lambda: jobs.drift.run(now()))
        yield Duty(name="anchors", role="work", every_s=_SELDOM_S, run=lambda: jobs.anchors.run(now(), is_stopping))
        if (align := jobs.align) is not None:
            yield Duty(name="align", role="work", every_s=_LEARN_S, run=lambda: align.run(now(), is_stopping))
        yield Duty(
            name=DETECT,
            role="work",
            every_s=RUN_S,
            run=self._detect,
            taken_over=jobs.detect.forget,
        )

    def _telling(self) -> Iterator[Duty]:
        jobs = self._jobs
        if (digest := jobs.digest) is not None:
            yield Duty(name="digest", role="work", every_s=_DIGEST_S, run=lambda: digest.run(self._clock.now()))
        if (notify := jobs.notify) is not None:
            yield Duty(name="notify", role="slack", every_s=_SOON_S, run=notify.run)
        if (heartbeat := jobs.heartbeat) is not None:
            yield Duty(name="heartbeat", role="work", every_s=heartbeat.every_s, run=heartbeat.run)
        for beat in jobs.beats:
            yield Duty(name=beat.name, role="work", every_s=beat.every_s, run=beat.run)
        if (deliver := jobs.deliver) is not None:
            yield Duty(name=DELIVER, role="slack", every_s=_SOON_S, run=lambda: deliver.run(per_channel=_BURST))

    def _detect(self) -> None:
        # Alone in each slice only.
        jobs = self._jobs
        detect_in_slices(jobs.detect, jobs.lock, self._clock, self._is_stopping.wait, self._is_pressed)

    def _poll(self, name: str) -> None:
        self._jobs.poll.run_one(name, self._clock.now())

    def _retain(self) -> None:
        until = time.monotonic() + _RETAIN_S
        self._jobs.retain.run(self._clock.now(), lambda: self._is_stopping.is_set() or time.monotonic() > until)

    def _evaluate(self) -> None:
        # What is being received goes first: a conversation that still changes would only be evaluated again. Even so
        # evaluation gets a part of the time.
        if self._evaluating_waits.this_time():
            return
        until = time.monotonic() + _EVALUATE_S
        self._jobs.evaluate.run(self._clock.now(), lambda: self._is_pressed() and time.monotonic() > until)

    def _hide(self) -> None:
        # Nobody waits for this, but it must not stay behind for ever either.
        if self._hiding_waits.this_time():
            return
        until = time.monotonic() + (_HIDE_S if self._is_pressed() else _HIDE_AT_MOST_S)
        self._jobs.hide.run(self._clock.now(), lambda: self._is_stopping.is_set() or time.monotonic() > until)

    def _judge(self) -> None:
        self._jobs.evaluate.judge(self._clock.now(), self._is_stopping.is_set)
