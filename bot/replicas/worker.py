"""Takes up jobs: procrastinate's worker in a thread, the only place where Hark runs an event loop of its own.

A worker that is killed stops showing signs of life; its jobs are then done by another. A job may so be done twice: what has
been evaluated already is left alone.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from procrastinate import App, RetryStrategy

from bot.jobs.evaluate import Evaluation
from traces.clock import Clock
from traces.errors import HarkError
from traces.store import Store
from traces.store.claims import ClaimStage
from traces.store.job_queue import connector_of, prepare, queue_of

_LOG = logging.getLogger(__name__)

_SIGN_OF_LIFE_S: Final = 2.0
_DEAD_AFTER_S: Final = 8.0
_LOOK_S: Final = 2.0
_LOOKS_TO_TIDY: Final = 300
_ATTEMPTS: Final = 5
_JUDGE_JOBS: Final = 2
"""While what judges said of one batch is stored, they are asked about the next."""
_KEPT_HOURS: Final = 24
_AGAIN_S: Final = 5.0


class Worker:
    """Evaluates what was allotted, to whichever process that was.

    Args:
        store: Where jobs and conversations are.
        evaluation: Does the work.
        clock: Tells the time.
        judges_at_once: The most that judges are asked at once by this process.
        is_in_charge: Whether this process is the one that gives the jobs of dead workers to others.
    """

    def __init__(
        self,
        store: Store,
        evaluation: Evaluation,
        clock: Clock,
        judges_at_once: int,
        is_in_charge: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._evaluation = evaluation
        self._clock = clock
        self._judges_at_once = judges_at_once
        self._is_in_charge = is_in_charge
        self._is_stopping = threading.Event()
        self._pool: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._working: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None

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
                asyncio.run(self._work())
            except Exception:  # noqa: BLE001 - a database that was away must not leave a process without its worker
                _LOG.exception("the worker failed; it begins anew")
                self._is_stopping.wait(_AGAIN_S)

    async def _work(self) -> None:
        self._loop, self._working = asyncio.get_running_loop(), asyncio.current_task()
        app = self._app_of()
        if self._is_stopping.is_set():
            return
        with suppress(asyncio.CancelledError):
            async with app.open_async():
                await _first_to_end(
                    self._revive(app), self._take_up(app, "evaluate", 1), self._take_up(app, "judge", _JUDGE_JOBS)
                )

    def _app_of(self) -> App:
        app = App(connector=connector_of(self._store))
        retry = RetryStrategy(max_attempts=_ATTEMPTS, wait=1)
        for stage, work in (("evaluate", self._evaluate), ("judge", self._judge)):
            app.task(name=stage, retry=retry)(_told(stage, work))
        return app

    async def _take_up(self, app: App, stage: ClaimStage, at_once: int) -> None:
        await app.run_worker_async(
            queues=[queue_of(stage, self._store.workspace_id)],
            name=stage,
            concurrency=at_once,
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
            for stage in ("evaluate", "judge") if self._is_in_charge() else ():
                queue = queue_of(stage, self._store.workspace_id)
                for job in await jobs.get_stalled_jobs(queue=queue, seconds_since_heartbeat=_DEAD_AFTER_S):
                    await jobs.retry_job(job)
                if looked % _LOOKS_TO_TIDY == 0:
                    await jobs.delete_old_jobs(_KEPT_HOURS, queue=queue, include_failed=True)
            await asyncio.sleep(_LOOK_S)

    def _evaluate(self, conversation_ids: Sequence[str]) -> None:
        self._evaluation.evaluate_these(conversation_ids, self._clock.now())
        self._give_back("evaluate", conversation_ids)

    def _judge(self, conversation_ids: Sequence[str]) -> None:
        assert self._pool is not None
        self._evaluation.judge_these(conversation_ids, self._clock.now(), self._pool, self._is_stopping.is_set)
        self._give_back("judge", conversation_ids)

    def _give_back(self, stage: ClaimStage, conversation_ids: Sequence[str]) -> None:
        with self._store.begin() as tx:
            tx.claims.give_back(stage, conversation_ids)


def _told(stage: str, work: Callable[[Sequence[str]], None]) -> Callable[..., None]:
    """The work, saying in one line why it failed before it is tried again."""

    def run(conversation_ids: list[str]) -> None:
        try:
            work(conversation_ids)
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
