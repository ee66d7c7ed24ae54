"""Conversations that are due are claimed in batches, each of which becomes a job for whichever worker is free."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.jobs.evaluate import Evaluation
from traces.store import Store
from traces.store.base import chunks
from traces.store.claims import ClaimStage
from traces.store.job_queue import defer

_TERM: Final = timedelta(minutes=10)
"""What is claimed and not evaluated by then is claimed again: longer than any job takes, or waits to be taken up."""
_MOST: Final = 2_000
BATCHES: Final[Mapping[ClaimStage, int]] = {"evaluate": 50, "judge": 8}
"""Conversations in one job: enough that the job costs little, few enough that workers share them."""


class Allotting:
    """Hands out what awaits evaluation; one process does at a time.

    Args:
        store: Conversations, claims and jobs.
        evaluation: What has to be brought up to date before.
    """

    def __init__(self, store: Store, evaluation: Evaluation) -> None:
        self._store = store
        self._evaluation = evaluation

    def run(self, now: datetime) -> int:
        """Claim what is due as of ``now`` and that nobody has; returns how many jobs that makes."""
        self._evaluation.prepare(now)
        jobs = 0
        with self._store.begin() as tx:
            for stage, size in BATCHES.items():
                batches = list(chunks(tx.claims.take(stage, now, _MOST, _TERM), size))
                defer(tx, stage, self._store.workspace_id, batches)
                jobs += len(batches)
            tx.state.job_ran("evaluate", now)
        return jobs
