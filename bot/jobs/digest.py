"""Asks for the digest once its time has come: once for each period, however often and wherever it is run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.answers.digest import DIGEST, latest_due
from traces.store import Store
from traces.store.rollups import DAY_S

_LATE = timedelta(hours=3)
"""A Hark that was down for longer begins with the next digest: yesterday's news at noon helps nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPlan:
    """When and where digests are posted; ``weekday`` is the day of the weekly one from 0 for Monday."""

    channel: str
    hour: int = 9
    weekday: int | None = 0
    daily: bool = True
    zone: str = "UTC"


class Digesting:
    """Posts digests by a plan."""

    def __init__(self, store: Store, plan: DigestPlan) -> None:
        self._store = store
        self._plan = plan
        self._zone = ZoneInfo(plan.zone)

    def run(self, now: datetime) -> bool:
        """Ask for the digest that is due as of ``now``; whether there was one."""
        plan = self._plan
        period = latest_due(now, plan.hour, plan.weekday, self._zone, daily=plan.daily)
        if period is None or now - period.until >= _LATE:
            return False
        with self._store.read() as tx:
            if tx.outbox.get(f"{DIGEST}:{period.subject_id}") is not None:
                return False
            first = tx.rollups.first_bucket(DAY_S)
        if first is None or first >= period.until:
            return False
        with self._store.begin() as tx:
            # The row may have come in between: asking again must not draw the message a second time.
            if tx.outbox.get(f"{DIGEST}:{period.subject_id}") is None:
                tx.outbox.request(kind=DIGEST, subject_id=period.subject_id, channel=plan.channel, at=now)
        return True
