"""The fence: what is written under a lease is refused once the lease is somebody else's.

Jobs know nothing of it. Whoever runs one says under which lease it runs, and every transaction that the job then opens for
writing begins by looking whether the lease still stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy import Connection

from traces.errors import LeaseLost
from traces.store.leases import Leases


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A lease by its workspace, name and token."""

    workspace_id: str
    name: str
    token: int


_STANDING: ContextVar[Fence | None] = ContextVar("hark_fence", default=None)


@contextmanager
def fenced(fence: Fence | None) -> Iterator[None]:
    """Whatever this thread writes in the block stands under a lease; with ``None`` under none."""
    before = _STANDING.set(fence)
    try:
        yield
    finally:
        _STANDING.reset(before)


def look(connection: Connection) -> None:
    """Begin a transaction that writes.

    Raises:
        LeaseLost: The lease that it stands under has become somebody else's.
    """
    fence = _STANDING.get()
    if fence is not None and not Leases(connection, fence.workspace_id).stands(fence.name, fence.token):
        raise LeaseLost(f"another Hark does {fence.name} now; nothing was written")
