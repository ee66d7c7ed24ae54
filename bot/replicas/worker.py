"""Takes up jobs: procrastinate's worker in a thread, the only place where Hark runs an event loop of its own.

One for each process, however many workspaces that serves: each would take connections of its own. A worker that is killed
stops showing signs of life; its jobs are then done by another. A job may so be done twice: what has been evaluated already
is left alone.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from procrastinate import App, JobContext, RetryStrategy

from bot.jobs.evaluate import Evaluation
from traces.clock import Clock
from traces.errors import HarkError
from traces.store import Store
from traces.store.claims import ClaimStage
from traces.store.job_queue import AWAY, connector_of, prepare, queue_of, workspace_in
from traces.store.patience import DUTY_S, patience

_LOG = logging.getLogger(__name__)

_SIGN_OF_LIFE_S: Final = 2.0
_DEAD_AFTER_S: Final = 8.0
_LOOK_S: Final = 2.0
_LOOKS_TO_TIDY: Final = 300
_ATTEMPTS: Final = 5
_PATIENCE_S: Final = 10.0
_JUDGE_JOBS: Final = 2
"""While what judges said of one batch is stored, they are asked about the next."""
_KEPT_HOURS: Final = 24
_AGAIN_S: Final = 2.0
_TOGETHER_S: Final = 0.2
"""Workspaces that come or go within this time are one change."""
_STAGES: Final[Sequence[ClaimStage]] = ("evaluate", "judge")


class NotServed(HarkError):
    """A job is of a workspace for which this process does not work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    """What is done for one workspace. ``is_over`` is set once it is left."""

    store: Store
    evaluation: Evaluation
    is_in_charge: Callable[[], bool]
    is_over: threading.Event = field(default_factory=threading.Event)


class Worker:
    """Evaluates what was allotted, to whichever process that was. Safe to share between threads.

    Args:
        store: Where the jobs are.
        clock: Tells the time.
        judges_at_once: The most that judges are asked at once by this process.
        monotonic: Seconds that only rise.
    """

    def __init__(
        self, store: Store, clock: Clock, judges_at_once: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._clock = clock
        self._judges_at_once = judges_at_once
        self._served: dict[str, _Served] = {}
        self._running: Counter[str] = Counter()
        self._turn = threading.Condition()
        self._is_stopping = threading.Event()
        self._pool: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._working: asyncio.Task[None] | None = None
        self._changed: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._monotonic = monotonic
        self._well_at = monotonic()

    def serve(self, store: Store, evaluation: Evaluation, is_in_charge: Callable[[], bool] = lambda: True) -> None:
        """Take up the jobs of a workspace.

        Args:
            store: Of the workspace.
            evaluation: Does the work.
            is_in_charge: Whether this process is the one that gives the jobs of dead workers to others.
        """
        served = _Served(store=store, evaluation=evaluation, is_in_charge=is_in_charge)
        with self._turn:
            self._served = {**self._served, store.workspace_id: served}
        self._listen_anew()

    def leave(self, workspace_id: str) -> None:
        """Finish the jobs of a workspace that run, and take up no more of them."""
        with self._turn:
            gone = self._served.get(workspace_id)
            self._served = {w: served for w, served in self._served.items() if w != workspace_id}
        if gone is None:
            return
        gone.is_over.set()
        self._listen_anew()
        with self._turn:
            self._turn.wait_for(lambda: not self._running[workspace_id])

    @property
    def idle_s(self) -> float:
        """Seconds since it was last seen that jobs can be taken up."""
        return self._monotonic() - self._well_at

    def start(self) -> None:
        """Take up jobs in a thread of its own until ``stop``.

        Raises:
            StoreUnavailable: The database cannot hold jobs.
        """
        prepare(self._store)
        # A job's arguments name conversations, which whoever sends them may choose: they do not belong in a log.
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        self._pool = ThreadPoolExecutor(self._judges_at_once, thread_name_prefix="judge")
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the jobs that run, and take up no more."""
        self._is_stopping.set()
        for served in self._served.values():
            served.is_over.set()
        loop, working = self._loop, self._working
        if loop is not None and working is not None:
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(working.cancel)
        if self._thread is not None:
            self._thread.join()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            try:
                with patience(_PATIENCE_S):
                    asyncio.run(self._work())
            except AWAY as error:
                _LOG.warning("jobs cannot be taken up now: %s", type(error.__cause__ or error).__name__)
                self._is_stopping.wait(_AGAIN_S)
            except Exception:  # noqa: BLE001 - nothing must leave a process without its worker
                _LOG.exception("the worker failed; it begins anew")
                self._is_stopping.wait(_AGAIN_S)

    def _listen_anew(self) -> None:
        loop, changed = self._loop, self._changed
        if loop is not None and changed is not None:
            with suppress(RuntimeError):  # it has ended, and looks itself when it begins anew
                loop.call_soon_threadsafe(changed.set)

    async def _work(self) -> None:
        asyncio.get_running_loop().set_exception_handler(_tell_of)
        self._changed = asyncio.Event()
        self._loop, self._working = asyncio.get_running_loop(), asyncio.current_task()
        app = self._app_of()
        if self._is_stopping.is_set():
            return
        with suppress(asyncio.CancelledError):
            async with app.open_async():
                await _first_to_end(self._revive(app), self._take_up_all(app, self._changed))

    def _app_of(self) -> App:
        app = App(connector=connector_of(self._store))
        retry = RetryStrategy(max_attempts=_ATTEMPTS, wait=1)
        for stage, work in (("evaluate", self._evaluate), ("judge", self._judge)):
            app.task(name=stage, retry=retry, pass_context=True)(_told(stage, work))
        return app

    async def _take_up_all(self, app: App, changed: asyncio.Event) -> None:
        """Take up jobs of the workspaces that are served, whichever these are at the time."""
        ending: list[asyncio.Task[None]] = []
        try:
            while True:
                changed.clear()
                taking = [asyncio.ensure_future(self._take_up(app, stage, list(self._served))) for stage in _STAGES]
                ending = [task for task in ending if not task.done()] + taking
                await _until(changed, taking)
                await asyncio.sleep(_TOGETHER_S)
                # Who is cancelled finishes the jobs that it has; the next ones are taken up meanwhile.
                for task in taking:
                    task.cancel()
        finally:
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)

    async def _take_up(self, app: App, stage: ClaimStage, workspace_ids: Sequence[str]) -> None:
        if not workspace_ids:
            await asyncio.get_running_loop().create_future()
        await app.run_worker_async(
            queues=[queue_of(stage, workspace_id) for workspace_id in workspace_ids],
            name=stage,
            concurrency=1 if stage == "evaluate" else _JUDGE_JOBS,
            install_signal_handlers=False,
            delete_jobs="successful",
            fetch_job_polling_interval=_LOOK_S,
            update_heartbeat_interval=_SIGN_OF_LIFE_S,
            stalled_worker_timeout=_DEAD_AFTER_S,
        )

    async def _revive(self, app: App) -> None:
        """Give the jobs of workers that are gone to others."""
        jobs = app.job_manager
        for looked in itertools.count():
            for workspace_id, served in self._served.items():
                for stage in _STAGES if served.is_in_charge() else ():
                    queue = queue_of(stage, workspace_id)
                    for job in await jobs.get_stalled_jobs(queue=queue, seconds_since_heartbeat=_DEAD_AFTER_S):
                        await jobs.retry_job(job)
                    if looked % _LOOKS_TO_TIDY == 0:
                        await jobs.delete_old_jobs(_KEPT_HOURS, queue=queue, include_failed=True)
            self._well_at = self._monotonic()
            await asyncio.sleep(_LOOK_S)

    def _evaluate(self, workspace_id: str, conversation_ids: Sequence[str]) -> None:
        with self._working_for(workspace_id) as served:
            served.evaluation.evaluate_these(conversation_ids, self._clock.now())
            _give_back(served.store, "evaluate", conversation_ids)

    def _judge(self, workspace_id: str, conversation_ids: Sequence[str]) -> None:
        assert self._pool is not None
        with self._working_for(workspace_id) as served:
            is_over = served.is_over.is_set
            served.evaluation.judge_these(conversation_ids, self._clock.now(), self._pool, is_over)
            _give_back(served.store, "judge", conversation_ids)

    @contextmanager
    def _working_for(self, workspace_id: str) -> Iterator[_Served]:
        """Says that a job of a workspace runs, so that whoever leaves it waits.

        Raises:
            NotServed: The workspace has been left; the job is somebody else's.
        """
        with self._turn:
            served = self._served.get(workspace_id)
            if served is None:
                raise NotServed("this process has left the workspace")
            self._running[workspace_id] += 1
        try:
            with patience(DUTY_S):
                yield served
        finally:
            with self._turn:
                self._running[workspace_id] -= 1
                self._turn.notify_all()


def _tell_of(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say in one line that a database that is away could not be told how a job ended: the job is done again."""
    if isinstance(error := context.get("exception"), AWAY):
        _LOG.warning("how a job ended could not be noted: %s", type(error.__cause__ or error).__name__)
    else:
        loop.default_exception_handler(context)


def _give_back(store: Store, stage: ClaimStage, conversation_ids: Sequence[str]) -> None:
    with store.begin() as tx:
        tx.claims.give_back(stage, conversation_ids)


async def _until(changed: asyncio.Event, taking: Sequence[asyncio.Task[None]]) -> None:
    """Wait for a change; should one of those that take up jobs end before, fail as it did."""
    waiting = asyncio.ensure_future(changed.wait())
    try:
        ended, _ = await asyncio.wait([waiting, *taking], return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        waiting.cancel()


def _told(stage: str, work: Callable[[str, Sequence[str]], None]) -> Callable[..., None]:
    """The work, saying in one line why it failed before it is tried again."""

    def run(context: JobContext, conversation_ids: list[str]) -> None:
        try:
            work(workspace_in(context.job.queue), conversation_ids)
        except HarkError as error:
            _LOG.error("%s: %s; it is tried again", stage, error.message)
            raise
        except Exception:  # noqa: BLE001, RUF100 - whatever it was, it is told here, without the job that names conversations
            _LOG.exception("%s failed; it is tried again", stage)
            raise

    return run


async def _first_to_end(*each: Coroutine[Any, Any, None]) -> None:
    """Run until one of them fails or this is cancelled; then let the others finish."""
    tasks = [asyncio.ensure_future(one) for one in each]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [error for error in ended if isinstance(error, Exception)]
    if failed:
        raise failed[0]
