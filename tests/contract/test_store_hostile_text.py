"""Whatever text reaches the store is a value: found or not found, never part of a statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import workspace_in
from sqlalchemy.exc import IntegrityError
from store_calls import CALLS, fill, rows_of

from traces.errors import HarkError
from traces.store import open_store

INJECTIONS = [
    "'", '"', "''", "`", "\\", ";", "--", "/*", "%", "_", "%%", ":x", ":1", "?", "$1", "\x00", "\u02bc", "(", "1=1",
    "' OR '1'='1", "'; DROP TABLE audit; --", "x' UNION SELECT digest FROM keys --", "') OR 1=1 --", "NULL", "\n", "%(x)s",
    "{0}", "[", "a" * 2_000, "refusal' AND (SELECT COUNT(*) FROM spans) > 0 --", "\U0001f600", "\u202e", "c-1\x00",
]  # fmt: skip
TEXTS = st.sampled_from(INJECTIONS) | st.text(st.characters(codec="utf-8"), max_size=40)
ASKED = sorted(
    name
    for name, (args, more) in CALLS.items()
    if any(type(one) is str or (isinstance(one, list | tuple) and one and type(one[0]) is str) for one in args)
)


@pytest.fixture(scope="module")
def filled():
    opened = open_store("sqlite://")
    store = workspace_in(opened)
    fill(store)
    yield store
    opened.close()


def with_text(value, text):
    if type(value) is str:
        return text
    if isinstance(value, list | tuple) and value and all(type(one) is str for one in value):
        return type(value)([text] * len(value))
    return value


def asked(store, name, text):
    """Asks, and leaves nothing of it."""
    part, method = name.split(".")
    args, more = CALLS[name]
    with store.begin() as tx, tx._connection.begin_nested() as attempt:
        found = getattr(getattr(tx, part), method)(*(with_text(one, text) for one in args), **more)
        if isinstance(found, Iterator):
            list(found)
        attempt.rollback()


def test_most_of_what_can_be_asked_is_asked_with_text():
    assert len(ASKED) > 60


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_any_text_in_any_parameter_is_a_value(filled, text):
    before = {table: len(rows) for table, rows in rows_of(filled).items()}
    for name in ASKED:
        # An id that is taken is refused by its key, one that is not there is missed; anything else that the database says is a statement gone wrong.
        with suppress(HarkError, IntegrityError, LookupError):
            asked(filled, name, text)
    assert {table: len(rows) for table, rows in rows_of(filled).items()} == before
