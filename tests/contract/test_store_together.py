"""What several threads write at about the same time goes into one transaction, and each stands or falls by itself."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from made import NOW

from traces.errors import BadInput
from traces.store.together import Together

PATIENCE_S = 30


def asks_for(number: int):
    """Work that writes a message into the outbox; every third is refused after it wrote."""

    def work(tx) -> str:
        delivery_id = tx.outbox.request(kind="alert", subject_id=f"a-{number}", channel="#c", at=NOW)
        if number % 3 == 2:
            raise BadInput(f"{number} is not taken")
        return delivery_id

    return work


def tried(together: Together, number: int) -> str:
    try:
        return together.do(asks_for(number))
    except BadInput as error:
        return error.message


def test_each_gets_what_its_own_work_gave_and_what_was_refused_leaves_nothing_behind(store):
    together = Together(store)
    gate = threading.Barrier(30)

    def at_once(number: int) -> str:
        gate.wait(PATIENCE_S)
        return tried(together, number)

    with ThreadPoolExecutor(30) as pool:
        said = list(pool.map(at_once, range(30)))
    assert said == [f"{n} is not taken" if n % 3 == 2 else f"alert:a-{n}" for n in range(30)]
    with store.read() as tx:
        written = {d.subject_id for d in tx.outbox.due(NOW)}
    assert written == {f"a-{n}" for n in range(30) if n % 3 != 2}


def test_what_was_done_is_stored_when_its_caller_hears_of_it(store):
    together = Together(store)
    delivery_id = together.do(asks_for(0))
    with store.read() as tx:
        assert tx.outbox.get(delivery_id) is not None


def test_a_fault_of_the_database_is_told_to_everybody_who_waits_and_those_who_come_later_are_served(store):
    together = Together(store)

    def fails(_tx) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        together.do(fails)
    assert together.do(asks_for(0)) == "alert:a-0"
