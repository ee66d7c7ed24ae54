"""What it takes that several Harks share a database: leases, batches of what is due, and a worker that takes them up."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from bot.jobs.evaluate import Evaluation
from bot.replicas.allotting import Allotting
from bot.replicas.roles import Role
from bot.replicas.tenure import Tenure
from bot.replicas.worker import Worker
from traces.clock import Clock
from traces.store import Store
from traces.store.fence import Fence

ALLOT: Final = "allot"
SOCKET_MODE: Final = "socket mode"
"""The one process that Slack's events come to."""
_IDLE_S: Final = 30.0


class Several:
    """This process as one of several.

    Args:
        store: The database that they share.
        evaluation: Evaluates what falls to this one.
        clock: Tells the time.
        judges_at_once: The most that judges are asked at once by this process.
        roles: What this one does.
        shared: What takes up jobs for every workspace of this process, where it serves several.
    """

    def __init__(
        self,
        store: Store,
        evaluation: Evaluation,
        clock: Clock,
        judges_at_once: int,
        roles: frozenset[Role],
        shared: Worker | None = None,
    ) -> None:
        self._store = store
        self._evaluation = evaluation
        self._roles = roles
        self.allotting = Allotting(store, evaluation)
        self._tenure: Tenure | None = None
        self._shared = shared
        self._own = Worker(store, clock, judges_at_once) if "work" in roles and shared is None else None

    def start(self, duties: Collection[str]) -> None:
        """Take the leases of these duties that are free, go on trying for the others, and take up jobs.

        Raises:
            StoreUnavailable: The database cannot hold jobs.
        """
        listens = [SOCKET_MODE] if "slack" in self._roles else []
        if self._own is not None:
            self._own.start()
        if (worker := self._own or self._shared) is not None and "work" in self._roles:
            worker.serve(self._store, self._evaluation, lambda: self.fence(ALLOT) is not None)
        self._tenure = Tenure(self._store, [*duties, *listens])
        self._tenure.start()

    def fence(self, name: str) -> Fence | None:
        """What to write under while a duty is this process's; ``None`` while it is another's."""
        return None if self._tenure is None else self._tenure.fence(name)

    def problems(self) -> list[str]:
        """What keeps this process from its part, as others cannot see it; empty while nothing does."""
        found = []
        if self._tenure is not None and self._tenure.lapsed_s:
            found.append(
                f"leases can be neither kept nor taken for {self._tenure.lapsed_s:.0f} s longer than they last"
            )
        if (worker := self._own or self._shared) is not None and worker.idle_s > _IDLE_S:
            found.append(f"no jobs could be taken up for {worker.idle_s:.0f} s")
        return found

    def finish(self) -> None:
        """Finish the jobs that were taken up, and take up no more."""
        if self._shared is not None:
            self._shared.leave(self._store.workspace_id)
        if self._own is not None:
            self._own.stop()

    def stop(self) -> None:
        """Let go of the leases."""
        if self._tenure is not None:
            self._tenure.stop()
