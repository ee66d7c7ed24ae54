"""An application that has been well for two and a half weeks, learned once for all tests of what happens then."""

from __future__ import annotations

import shutil
from contextlib import closing

import pytest
from made import HOUR
from stream import BREAK, LATE, START, Stream

from traces.store import open_store

LEARNED_H = int((BREAK - START) / HOUR)


@pytest.fixture(scope="session")
def learned(tmp_path_factory):
    """The database of an application that has been well for two and a half weeks, and the alerts that it has."""
    path = tmp_path_factory.mktemp("learned") / "hark.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        stream = Stream(store)
        for _ in range(LEARNED_H):
            stream.flow()
        stream.detection.run(stream.hour + LATE)
        stream.detection.save()
        assert stream.alerts == []
    return path


@pytest.fixture
def after_weeks(learned, tmp_path):
    """Makes a stream that goes on from there."""
    stores = []

    def make(forecast):
        path = tmp_path / f"{len(stores)}.db"
        shutil.copy(learned, path)
        stores.append(open_store(f"sqlite:///{path}"))
        return Stream(stores[-1], forecast).at(BREAK)

    yield make
    for store in stores:
        store.close()
