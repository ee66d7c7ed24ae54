"""Every kind of trace store, polled at the HTTP edge into a real store."""

from __future__ import annotations

from datetime import timedelta

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import MINUTE, NOW
from poll_clouds import STORES, WITH_CURSORS, source_at
from poll_stores import Turn

from traces.errors import BadInput, Busy, HarkError
from traces.ingest import take_spans
from traces.sources.registry import KINDS, SourceSetup, source_of

ALL = tuple(STORES)
SECOND = timedelta(seconds=1)


def fake_of(kind, turns=(), **fields):
    return STORES[kind](kind=kind, turns=list(turns), **fields)


def read_into(hark, source, cursor, now):
    """Poll until there is nothing more; returns the cursor and what could be read, with targets."""
    targets = {}
    for _ in range(2_000):
        page = source.poll(cursor, now)
        assert page.refused == 0, page.reason
        with hark.begin() as tx:
            take_spans(tx, page.spans, now)
        targets |= page.targets
        cursor = page.cursor
        if not page.more:
            return cursor, targets
    raise AssertionError("the store was read in circles")


def told(hark, turns):
    with hark.read() as tx:
        found = tx.conversations.many({turn.session for turn in turns})
    return {c.conversation_id: [m.content for m in c.messages] for c in found.values()}


def expected(turns):
    talks = {}
    for turn in sorted(turns, key=lambda t: (t.at, t.number)):
        talks.setdefault(turn.session, []).extend([turn.asked, turn.answered])
    return talks


@pytest.mark.parametrize("kind", ALL)
def test_a_stores_traces_become_the_conversations_they_are(store, kind):
    turns = [Turn(n, NOW - (10 - n) * MINUTE) for n in range(4)]
    _, targets = read_into(store, source_at(fake_of(kind, turns), kind, NOW), None, NOW)
    assert told(store, turns) == expected(turns)
    with store.read() as tx:
        talk = tx.conversations.many(["s0"])["s0"]
    answer = talk.messages[1]
    assert (answer.model, answer.input_tokens, answer.output_tokens) == ("gpt-5-mini", 10, 5)
    assert answer.latency_s == 2.0
    assert talk.user_id in ({None, "u1"} if kind in ("langsmith", "opik", "mlflow") else {"u1"})
    assert answer.cost_usd == pytest.approx(0.001) if kind not in ("datadog", "mlflow", "phoenix") else True
    assert (len(targets) == 4) is (kind != "datadog")


@pytest.mark.parametrize("kind", ALL)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(st.integers(0, 600), max_size=9), page_size=st.integers(1, 4), gaps=st.booleans())
def test_whatever_the_sizes_of_pages_everything_is_read_once(new_store, kind, minutes, page_size, gaps):
    hark, turns = new_store(), [Turn(n, NOW - minute * MINUTE - MINUTE) for n, minute in enumerate(minutes)]
    fake = fake_of(kind, turns, page_size=page_size, gaps=gaps and kind in WITH_CURSORS)
    source = source_at(fake, kind, NOW)
    cursor, _ = read_into(hark, source, None, NOW)
    read_into(hark, source, cursor, NOW + SECOND)
    assert told(hark, turns) == expected(turns)


@pytest.mark.parametrize("kind", WITH_CURSORS)
def test_an_empty_page_with_a_cursor_is_not_the_end(store, kind):
    turns = [Turn(0, NOW - MINUTE)]
    fake = fake_of(kind, turns, gaps=True)
    first = source_at(fake, kind, NOW).poll(None, NOW)
    assert first.spans == ()
    assert first.more
    read_into(store, source_at(fake, kind, NOW), first.cursor, NOW)
    assert told(store, turns) == expected(turns)


@pytest.mark.parametrize("kind", ALL)
def test_what_shows_ten_minutes_late_is_found(store, kind):
    fake = fake_of(kind, [Turn(0, NOW - 20 * MINUTE)])
    source = source_at(fake, kind, NOW)
    cursor, _ = read_into(store, source, None, NOW)
    fake.turns += [Turn(2, NOW - 10 * MINUTE), Turn(4, NOW + 10 * SECOND)]
    read_into(store, source, cursor, NOW + 30 * SECOND)
    assert told(store, fake.turns) == expected(fake.turns)


@pytest.mark.parametrize("kind", ALL)
def test_a_poll_that_was_interrupted_goes_on_where_it_was(store, kind):
    turns = [Turn(n, NOW - (n + 1) * MINUTE) for n in range(4)]
    fake = fake_of(kind, turns, page_size=1)
    page = source_at(fake, kind, NOW).poll(None, NOW)
    with store.begin() as tx:
        take_spans(tx, page.spans, NOW)
    read_into(store, source_at(fake, kind, NOW), page.cursor, NOW + 300 * MINUTE)
    assert told(store, turns) == expected(turns)


@pytest.mark.parametrize("kind", ALL)
def test_a_store_that_asks_for_patience_says_for_how_long(kind):
    fake = fake_of(kind, faults=[httpx.Response(429, headers={"retry-after": "17"})])
    with pytest.raises(Busy) as busy:
        source_at(fake, kind, NOW).poll(None, NOW)
    assert busy.value.retry_after_s == 17


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (httpx.Response(503), Busy, "answered 503"),
        (httpx.ConnectError("refused"), Busy, "cannot be reached"),
        (httpx.Response(401), BadInput, "refused the API key"),
        (httpx.Response(200, content=b'{"data": ['), BadInput, "not valid JSON"),
        (httpx.Response(200, json=[]), BadInput, "."),
        (httpx.Response(302, headers={"location": "https://elsewhere.example.com"}), BadInput, "redirects"),
    ],
)
def test_a_fault_is_one_clear_error_and_the_next_poll_reads_everything(store, kind, fault, error, said):
    turns = [Turn(0, NOW - MINUTE)]
    fake = fake_of(kind, turns, faults=[fault])
    source = source_at(fake, kind, NOW)
    with pytest.raises(error, match=said):
        source.poll(None, NOW)
    read_into(store, source, None, NOW)
    assert told(store, turns) == expected(turns)


@pytest.mark.parametrize("kind", ALL)
def test_an_answer_that_is_too_large_is_asked_for_in_smaller_pieces(store, kind):
    turns = [Turn(n, NOW - (n + 1) * MINUTE) for n in range(3)]
    fake = fake_of(kind, turns)
    source = source_at(fake, kind, NOW)
    source.poll(None, NOW)  # what is looked up once is known from here on
    fake.faults = [httpx.Response(200, content=b"[" + b" " * 21 * 1024 * 1024 + b"]")]
    cursor, _ = read_into(store, source, None, NOW)
    assert told(store, turns) == expected(turns)
    assert orjson.loads(cursor).get("shrunk") is None


@pytest.mark.parametrize("kind", ALL)
def test_one_trace_that_cannot_be_read_does_not_hold_up_the_others(kind):
    turns = [Turn(0, NOW - MINUTE)]
    fake = fake_of(kind, turns)
    source, refused, spans = source_at(fake, kind, NOW), 0, []
    cursor = None
    damaged = {
        b'"' + key + b'":' for key in (b"startTime", b"start_time", b"start_time_unix_nano", b"start_ns", b"started_at")
    }
    damaged |= {b'"request_created_at":', b'"created":', b'"timestamp":'}
    asked = fake.__call__

    def damaging(request):
        answer = asked(request)
        content = answer.content
        for key in damaged:
            content = content.replace(key, b'"gone":', 1)
        return httpx.Response(
            answer.status_code, content=content, headers=dict(answer.headers) | {"content-length": str(len(content))}
        )

    source = source_at(damaging, kind, NOW)
    for _ in range(10):
        page = source.poll(cursor, NOW)
        refused, cursor = refused + page.refused, page.cursor
        spans += page.spans
        if not page.more:
            break
    assert refused >= 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def mutated(draw_at, value):
    """The answer with one value inside replaced."""
    spots = []

    def walk(node):
        for key in list(node) if type(node) is dict else range(len(node)) if type(node) is list else ():
            spots.append((node, key))
            walk(node[key])

    walk(value)
    if spots:
        node, key = spots[draw_at % len(spots)]
        return node, key
    return None, None


@pytest.mark.parametrize("kind", ALL)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_a_store_answers_it_is_stored_or_refused(new_store, kind, data):
    hark = new_store()
    fake = fake_of(kind, [Turn(0, NOW - MINUTE)])

    def strange(request):
        answer = fake(request)
        if answer.status_code != 200 or not answer.content:
            return answer
        body = orjson.loads(answer.content)
        node, key = mutated(data.draw(st.integers(0, 10**6)), body)
        if node is not None:
            node[key] = data.draw(JSON)
        return httpx.Response(200, json=body)

    source, cursor = source_at(strange, kind, NOW), None
    for _ in range(4):
        try:
            page = source.poll(cursor, NOW)
        except HarkError:
            return
        with hark.begin() as tx:
            take_spans(tx, page.spans, NOW)
        cursor = page.cursor


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "opik"])
def test_a_source_that_is_told_too_little_says_what_is_missing(kind):
    setting = "url: is missing" if kind in ("mlflow", "phoenix") else "api_key_env: is missing"
    with pytest.raises(BadInput, match=setting):
        source_of(SourceSetup(name="a", kind=kind), None)


@pytest.mark.parametrize("kind", ["datadog", "langfuse"])
def test_half_a_pair_of_keys_is_told_so(kind):
    with pytest.raises(BadInput, match="holds two keys"):
        source_of(SourceSetup(name="a", kind=kind, api_key="only-one"), None)


@pytest.mark.parametrize("kind", ALL)
def test_a_key_is_never_shown(kind):
    assert "secret-key" not in repr(source_at(fake_of(kind), kind, NOW))
