"""Turns at the database: first come, first served, and before them those for whom a person waits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

from traces.store.turns import Turns, somebody_waits

PATIENCE_S = 30


class Waiting:
    """Threads that wait for a turn, in a known order."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.served: list[str] = []
        self.threads: list[threading.Thread] = []

    def join(self, name: str, *, again: bool = False, for_a_person: bool = False) -> None:
        before = self.count()

        def wait() -> None:
            with somebody_waits() if for_a_person else nullcontext(), self.turns:
                self.served.append(name)
                if again:
                    with self.turns:
                        self.served.append(f"{name} again")

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        self.threads.append(thread)
        until = threading.Event()
        while self.count() == before:
            until.wait(0.001)

    def count(self) -> int:
        return len(self.turns._waiting) + len(self.turns._waited_for)

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


def test_who_is_waited_for_by_a_person_goes_ahead_of_others():
    turns = Turns()
    waiting = Waiting(turns)
    turns.acquire()
    waiting.join("measuring")
    waiting.join("a click", for_a_person=True)
    waiting.join("another click", for_a_person=True)
    turns.release()
    waiting.end()
    assert waiting.served == ["a click", "another click", "measuring"]


def test_others_have_their_part_while_people_never_rest():
    turns = Turns()
    waiting = Waiting(turns)
    turns.acquire()
    for n in range(10):
        waiting.join(f"click {n}", for_a_person=True)
    waiting.join("receiving")
    waiting.join("measuring")
    turns.release()
    waiting.end()
    assert [n for n, name in enumerate(waiting.served) if not name.startswith("click")] == [4, 9]


def test_a_person_who_no_longer_waits_is_passed_over():
    turns = Turns()
    turns.acquire()

    def impatient() -> bool:
        with somebody_waits():
            return turns.acquire(0.01)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(impatient).result(PATIENCE_S) is False
    turns.release()
    assert turns.acquire(timeout=0)
