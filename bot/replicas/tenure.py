"""The leases of one process: renewed while it lives, free for others soon after it is gone."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from traces.errors import HarkError
from traces.store import Store
from traces.store.fence import Fence
from traces.store.patience import patience

_LOG = logging.getLogger(__name__)

TERM: Final = timedelta(seconds=10)
"""A lease whose holder is gone is free after this."""
_EVERY_S: Final = 2.0
_PATIENCE_S: Final = 3.0
_MARGIN_S: Final = 2.0
"""A holder stops this long before its time is over: its clock and the database's do not run alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    token: int
    until_s: float


class Tenure:
    """Keeps leases. Safe to share between threads.

    Args:
        store: Whose leases.
        names: Those to keep, or to take as soon as they are free.
        term: For how long they are taken.
        monotonic: Seconds that only rise; tells when what was not renewed is over.
        holder: By which name this process is known; it must be nobody else's.
    """

    def __init__(
        self,
        store: Store,
        names: Collection[str],
        *,
        term: timedelta = TERM,
        monotonic: Callable[[], float] = time.monotonic,
        holder: str | None = None,
    ) -> None:
        self._store = store
        self._names = tuple(sorted(names))
        self._term = term
        self._monotonic = monotonic
        self.holder = holder if holder is not None else _own_name()
        self._held: dict[str, _Held] = {}
        self._kept_at = monotonic()
        self._is_stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def keep(self) -> None:
        """Renew what is held and take what is free, once."""
        began = self._monotonic()
        try:
            with patience(_PATIENCE_S), self._store.begin() as tx:
                tokens = tx.leases.keep(self._names, self.holder, self._term)
        except HarkError as error:
            # What is held stays so until its time is over: the database may be back before that.
            _LOG.warning("leases cannot be kept: %s", error.message)
            return
        self._kept_at = began
        until_s = began + self._term.total_seconds() - _MARGIN_S
        self._held = {name: _Held(token=token, until_s=until_s) for name, token in tokens.items()}

    def fence(self, name: str) -> Fence | None:
        """What to write under, if a lease is held now."""
        held = self._held.get(name)
        if held is None or self._monotonic() >= held.until_s:
            return None
        return Fence(workspace_id=self._store.workspace_id, name=name, token=held.token)

    @property
    def lapsed_s(self) -> float:
        """For how many seconds longer than their term leases could neither be kept nor taken; 0 while all is well."""
        return max(0.0, self._monotonic() - self._kept_at - self._term.total_seconds()) if self._names else 0.0

    @property
    def held(self) -> list[str]:
        """The leases that are held now, by name."""
        return [name for name in self._names if self.fence(name) is not None]

    def start(self) -> None:
        """Keep the leases in a thread of its own until ``stop``; where there are none to keep, nothing is to be done."""
        if not self._names:
            return
        self.keep()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_stopping.wait(_EVERY_S):
            try:
                self.keep()
            except Exception:  # noqa: BLE001 - whatever it was, a process without its leases does nothing for ever
                _LOG.exception("leases cannot be kept; it is tried again")

    def stop(self) -> None:
        """Let go of everything, so that others take over at once."""
        self._is_stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._held = {}
        try:
            with patience(_PATIENCE_S), self._store.begin() as tx:
                tx.leases.release(self.holder)
        except HarkError as error:
            _LOG.warning("leases end by themselves: %s", error.message)


def _own_name() -> str:
    return f"{socket.gethostname()[:100]}:{os.getpid()}:{secrets.token_hex(4)}"
