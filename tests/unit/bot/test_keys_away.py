"""Keys while the database that holds them is away."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from made import NOW

from bot.keys import Keyring, make_key
from traces.clock import FakeClock
from traces.errors import StoreUnavailable

PEPPER = b"a pepper for tests, which is no secret"
LATER = timedelta(seconds=6)


class Away:
    """A store that can be read no more, or says nothing, once it is told so; how often that was tried."""

    def __init__(self, store) -> None:
        self._store = store
        self.workspace_id = store.workspace_id
        self.says_nothing = self.is_away = False
        self.tries = 0
        self.is_asked, self.goes_on = threading.Event(), threading.Event()

    def of(self, workspace_id):
        return self._store.of(workspace_id)

    @contextmanager
    def read(self):
        self.tries += 1
        if self.says_nothing:
            self.is_asked.set()
            self.goes_on.wait(30)
        if self.is_away or self.says_nothing:
            raise StoreUnavailable("the database cannot be used now")
        with self._store.read() as tx:
            yield tx


@pytest.fixture
def held(store):
    away, clock = Away(store), FakeClock(NOW)
    _, text = make_key(store, PEPPER, NOW, name="shop")
    _, key_id, secret = text.split("_", 2)
    ring = Keyring(away, PEPPER, clock)
    assert ring.find(key_id, secret) is not None
    return away, clock, lambda: ring.find(key_id, secret)


def test_a_database_that_is_away_is_asked_for_keys_every_few_seconds_and_not_by_every_request(held):
    away, clock, find = held
    away.is_away = True
    clock.advance(LATER)
    tries = away.tries
    assert all(find() is not None for _ in range(20))
    assert away.tries == tries + 1


def test_requests_do_not_wait_for_keys_that_somebody_else_is_reading(held):
    away, clock, find = held
    away.says_nothing = True
    clock.advance(LATER)
    reading = threading.Thread(target=find)
    reading.start()
    assert away.is_asked.wait(30)
    assert find() is not None
    assert not away.goes_on.is_set()
    away.goes_on.set()
    reading.join()


def test_a_request_waits_no_longer_than_a_moment_for_keys_that_it_has_read_itself(held):
    away, clock, find = held
    away.says_nothing = True
    clock.advance(LATER)
    assert find() is not None
    away.goes_on.set()
