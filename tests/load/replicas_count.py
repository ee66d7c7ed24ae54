"""What several Harks that were killed in turn have to show for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from crash_count import Count, counted_in, settle
from crash_slack import CruelSlack
from crash_world import Told
from replicas_fleet import Fleet

from traces.store import open_store

_LONG_S = 240.0


@dataclass(frozen=True)
class ReplicaCount(Count):
    """The same count, over all replicas."""

    unevaluated: int
    """Conversations that still await evaluation."""


def drain(fleet: Fleet, database: str) -> None:
    """Let the fleet go on until nothing waits any more."""
    settle(database, _LONG_S)
    assert all(fleet.is_alive(name) for name in fleet.replicas)


def count(fleet: Fleet, slack: CruelSlack, told: Told, database: str) -> ReplicaCount:
    """Compare what was answered with what is stored and what stands in Slack."""
    store = open_store(database)
    with store.read() as tx:
        counted = counted_in(tx, slack, told, lives=fleet.lives, tracebacks=fleet.tracebacks())
        found = ReplicaCount(**asdict(counted), unevaluated=tx.conversations.awaiting())
    store.close()
    return found
