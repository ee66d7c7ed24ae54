"""Turns at the database: first come, first served."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from traces.store.turns import Turns

PATIENCE_S = 30


class Waiting:
    """Threads that wait for a turn, in a known order."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.served: list[str] = []
        self.threads: list[threading.Thread] = []

    def join(self, name: str, *, again: bool = False) -> None:
        before = len(self.turns._waiting)

        def wait() -> None:
            with self.turns:
                self.served.append(name)
                if again:
                    with self.turns:
                        self.served.append(f"{name} again")

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        self.threads.append(thread)
        until = threading.Event()
        while len(self.turns._waiting) == before:
            until.wait(0.001)

    def end(self) -> None:
        for thread in self.threads:
            thread.join(PATIENCE_S)


def test_who_waits_longest_is_next_even_when_the_holder_comes_back_at_once():
    turns = Turns()
    waiting = Waiting(turns)
    turns.acquire()
    for name in ("first", "second", "third"):
        waiting.join(name)
    turns.release()
    with turns:
        waiting.served.append("the one that was there before")
    waiting.end()
    assert waiting.served == ["first", "second", "third", "the one that was there before"]


def test_who_has_the_turn_may_take_it_again_and_nobody_comes_between():
    turns = Turns()
    waiting = Waiting(turns)
    turns.acquire()
    waiting.join("nested", again=True)
    waiting.join("later")
    assert turns.acquire(timeout=0)
    turns.release()
    assert waiting.served == []
    turns.release()
    waiting.end()
    assert waiting.served == ["nested", "nested again", "later"]


def test_who_does_not_wait_any_longer_is_passed_over():
    turns = Turns()
    turns.acquire()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(turns.acquire, 0.01).result(PATIENCE_S) is False
    waiting = Waiting(turns)
    waiting.join("patient")
    turns.release()
    waiting.end()
    assert waiting.served == ["patient"]
    assert turns.acquire(timeout=0)


def test_two_never_have_the_turn_at_once_and_nobody_is_forgotten():
    turns, counted = Turns(), [0]

    def count(_: int) -> bool:
        has_turn = turns.acquire(timeout=PATIENCE_S)
        seen = counted[0]
        counted[0] = seen + 1
        turns.release()
        return has_turn

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(count, range(2_000)))
    assert counted == [2_000]
