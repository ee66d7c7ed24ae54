"""How this process asks for memory, and gives it back."""

from __future__ import annotations

import ctypes
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_COLLECT_AFTER: Final = 10_000
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE_BYTES, _ARENAS = 1024 * 1024, 2
_EVERY_S: Final = 30.0


def spare_the_collector() -> None:
    """What was built at the start stays: looking through it again and again costs a tenth of receiving."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)


@contextmanager
def memory_given_back() -> Iterator[None]:
    """Within it, what was freed goes back to the system twice a minute; where the C library is not glibc, nothing changes.

    Bodies of many megabytes come and go in many threads, and between small blocks that stay lies room for pages that
    nobody uses: left to itself, glibc keeps both, and the process grows for hours.
    """
    try:
        libc = ctypes.CDLL(None)
        trim = libc.malloc_trim
    except (OSError, AttributeError):
        yield
        return
    libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
    libc.mallopt(_M_ARENA_MAX, _ARENAS)
    is_over = threading.Event()

    def give_back() -> None:
        while not is_over.wait(_EVERY_S):
            trim(0)

    thread = threading.Thread(target=give_back, name="memory", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
