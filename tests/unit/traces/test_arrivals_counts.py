"""What arrives is counted by who sent it, in the same transaction, and adds up over processes."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import DAY, HOUR, MINUTE, NOW, span, talk, workspace_in

from traces.arriving import Roll, Sending, arrivals_of, sendings_of_offers, sendings_of_spans, source_name
from traces.clock import FakeClock
from traces.errors import BadInput
from traces.ingest import Receipt, offer
from traces.store import open_store
from traces.store.arrivals import Arrival
from traces.writer import Writer

SOON_S = 20


@pytest.fixture(scope="module")
def database():
    with closing(open_store("sqlite://")) as opened:
        yield opened


@pytest.fixture
def store(database):
    return workspace_in(database)


def arrival(at=NOW, **changed):
    return Arrival(**{"kind": "push", "source": "otlp", "at": at, "seen_at": at, "trace_at": at, "traces": 1} | changed)


def note(store, *arrivals):
    with store.begin() as tx:
        tx.arrivals.note(arrivals)


def hours(store, since=NOW - DAY):
    with store.read() as tx:
        return tx.arrivals.hours(since)


def test_what_comes_within_an_hour_adds_up_whoever_counts_it(store):
    note(store, arrival(NOW + MINUTE, spans=3))
    note(store, arrival(NOW + 40 * MINUTE, spans=4, rejected=1, reason="bad id"))
    note(store, arrival(NOW + 10 * MINUTE, spans=5))
    (hour,) = hours(store)
    assert (hour.traces, hour.spans, hour.rejected, hour.reason) == (3, 12, 1, "bad id")
    assert (hour.first_at, hour.seen_at) == (NOW + MINUTE, NOW + 40 * MINUTE)
    assert hour.longest == 39 * MINUTE


def test_a_refusal_says_nothing_of_when_a_client_was_seen(store):
    note(store, arrival(NOW, traces=0, seen_at=None, trace_at=None, failures=2, reason="not JSON"))
    (hour,) = hours(store)
    assert (hour.first_at, hour.seen_at, hour.failures, hour.reason_at) == (None, None, 2, NOW)
    note(store, arrival(NOW + MINUTE))
    (hour,) = hours(store)
    assert (hour.first_at, hour.seen_at, hour.traces, hour.failures) == (NOW + MINUTE, NOW + MINUTE, 1, 2)


def test_of_a_client_that_fell_silent_the_last_hour_stays_known(store):
    for day in range(5):
        note(store, arrival(NOW - day * DAY), arrival(NOW - day * DAY, source="a.json", kind="file"))
    with store.begin() as tx:
        tx.arrivals.trim(NOW + DAY)
    (last,) = hours(store, NOW + 9 * DAY)
    assert (last.source, last.seen_at) == ("otlp", NOW)


def test_without_a_key_spans_are_told_apart_by_the_service_they_name():
    shop, cart = {"service.name": "shop"}, {"service.name": "cart\x1b[0m"}
    spans = [span(1), span(2), span(3)]
    named = [type(s)(**{**_fields(s), "resource": r}) for s, r in zip(spans, (shop, cart, shop), strict=True)]
    found = sendings_of_spans(named, "otlp", None, rejected=2, reason="short id")
    assert [(s.source, s.spans, s.rejected) for s in found] == [("otlp · shop", 2, 2), ("otlp · cart[0m", 1, 0)]
    (keyed,) = sendings_of_spans(named, "otlp", "prod")
    assert (keyed.source, len(keyed.ids)) == ("otlp · key prod", 3)


def _fields(value):
    return {name: getattr(value, name) for name in value.__slots__}


def test_conversations_are_told_apart_by_their_application():
    offers = [offer(talk(f"c-{n}", metadata={"application": app}), NOW) for n, app in enumerate(("shop", "cart"))]
    assert {s.source for s in sendings_of_offers(offers, "conversations", None)} == {
        "conversations · shop",
        "conversations · cart",
    }


def test_a_trace_that_comes_in_two_requests_is_one():
    both = [Sending(source=name, ids=frozenset({"t-1"}), spans=1) for name in ("a", "b")]
    first, second = arrivals_of(both, Receipt(new=1, fresh=frozenset({"t-1"})), NOW)
    assert (first.traces, second.traces) == (1, 0)


def test_no_more_names_are_kept_than_can_be_shown(store):
    roll = Roll()
    with store.begin() as tx:
        roll.note(tx, [arrival(source=f"otlp · shop {n}") for n in range(500)])
    names = {hour.source for hour in hours(store)}
    assert len(names) == 201
    assert sum(hour.traces for hour in hours(store)) == 500
    assert "otlp · other" in names


def test_the_writer_counts_what_it_stores_and_a_resend_adds_no_trace(store):
    writer = Writer(store, FakeClock(NOW))
    spans = [span(1, 1), span(1, 2), span(2, 1)]
    sendings = sendings_of_spans(spans, "otlp", "prod")
    for _ in range(2):
        writer.spans(spans, sendings).result(SOON_S)
    offers = [offer(talk("c-1"), NOW)]
    writer.conversations(offers, sendings_of_offers(offers, "conversations", None)).result(SOON_S)
    writer.refused("otlp · key prod", "not protobuf")
    writer.close()
    told = {hour.source: hour for hour in hours(store)}
    assert (told["otlp · key prod"].traces, told["otlp · key prod"].spans) == (2, 6)
    assert (told["otlp · key prod"].failures, told["otlp · key prod"].reason) == (1, "not protobuf")
    assert told["conversations"].traces == 1


def test_what_could_not_be_stored_is_not_counted(store):
    writer = Writer(store, FakeClock(NOW))

    def broken(_tx):
        raise BadInput("no")

    spans = [span(1)]
    assert isinstance(writer.do(broken, sendings_of_spans(spans, "otlp", None)).exception(SOON_S), BadInput)
    writer.close()
    assert hours(store) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.booleans(), st.integers(0, 3)).map(
            lambda t: arrival(
                NOW + t[0] * MINUTE, failures=t[2], **({} if t[1] else {"seen_at": None, "trace_at": None})
            )
        ),
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_whatever_the_order_counts_and_bounds_are_the_same(database, arrivals, order):
    one, other = workspace_in(database), workspace_in(database)
    note(one, *arrivals)
    shuffled = list(arrivals)
    order.shuffle(shuffled)
    for each in shuffled:
        note(other, each)

    def shape(store):
        return [
            (h.bucket_at, h.first_at, h.seen_at, h.trace_at, h.traces, h.failures) for h in hours(store, NOW - HOUR)
        ]

    assert shape(one) == shape(other)
    assert sum(h.traces for h in hours(one, NOW - HOUR)) == len(arrivals)


@given(st.text(max_size=400), st.text(max_size=400))
def test_a_source_has_a_name_that_can_be_stored(key, application):
    assert len(source_name("otlp", key)) <= 120
    assert len(source_name("otlp", None, application)) <= 120
