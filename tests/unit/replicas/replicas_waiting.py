"""Waiting for what another thread does, and what evaluation still has before it."""

from __future__ import annotations

import threading


def awaiting(store):
    with store.read() as tx:
        return tx.conversations.awaiting()


def eventually(is_so, within_s=60.0):
    waiting = threading.Event()
    for _ in range(round(within_s / 0.1)):
        if is_so():
            return True
        waiting.wait(0.1)
    return False
