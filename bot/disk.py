"""How full the disk with the database is."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from alerts.health.faults import Check, Fault, Standing
from alerts.own import DISK_SPACE
from traces.store import Tx

FULL: Final = 0.95
"""A disk is nearly full when so much of it is in use, and less than ``ENOUGH`` free; it has to fall to ``OVER`` to be over."""
OVER: Final = 0.92
ENOUGH: Final = 5 * 1024**3
_GIB: Final = 1024**3


class Disk(NamedTuple):
    """Bytes in use, and bytes that Hark may still use."""

    used: int
    free: int

    @property
    def share(self) -> float:
        """What part of it is in use, from 0 to 1."""
        return self.used / max(1, self.used + self.free)


def disk_of(file: Path | None) -> Disk | None:
    """The disk on which a file lies; ``None`` without one, or where it cannot be told."""
    if file is None:
        return None
    try:
        found = shutil.disk_usage(file.parent)
    except OSError:
        return None
    return Disk(found.used, found.free)


def full_disk(usage: Callable[[], Disk | None]) -> Check:
    """A check for a disk that is nearly full."""

    def check(_tx: Tx, now: datetime, stands: Standing) -> Iterator[Fault]:
        found, is_told = usage(), stands(f"{DISK_SPACE.name}:disk")
        if found is None or found.share < (OVER if is_told else FULL) or found.free >= ENOUGH * (2 if is_told else 1):
            return
        yield Fault(
            signal=DISK_SPACE,
            part="disk",
            since=now,
            value=found.share,
            limit=FULL,
            line=f"The disk with the database is nearly full: {found.free / _GIB:.1f} GiB are free",
            way_out="When it is full nothing more is taken in. Make room, or set [retention] days and run hark db purge.",
        )

    return check
