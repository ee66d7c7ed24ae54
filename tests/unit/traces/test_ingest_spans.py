"""Spans come in any order, in pieces and twice, and make the same conversation."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from made import DAY, HOUR, NOW, fact, span

from traces.conversation_format import to_json
from traces.ingest import Receipt, take_spans
from traces.model import EVERYTHING, Score
from traces.otlp_span import moment_of
from traces.store.rollups import HOUR_S
from traces.store.state import ALL_SIGNALS
from traces.wire import read_export, read_logs

CAPTURED = Path(__file__).parents[4] / "shared" / "data" / "captured"
OLD_CONVENTIONS = CAPTURED / "otel_openai_v2_old"


def chat(trace, number, question, answer, at=NOW, **more):
    return span(
        trace,
        number,
        at,
        gen_ai__operation__name="chat",
        gen_ai__request__model="m1",
        gen_ai__input__messages=f'[{{"role":"user","parts":[{{"type":"text","content":"{question}"}}]}}]',
        gen_ai__output__messages=f'[{{"role":"assistant","parts":[{{"type":"text","content":"{answer}"}}]}}]',
        **more,
    )


MADE = [
    chat(1, 1, "Hello?", "Hello!", gen_ai__conversation__id="talk"),
    chat(1, 2, "Where is it?", "On its way.", NOW + HOUR / 60),
    chat(2, 1, "Thanks", "You are welcome.", NOW + HOUR / 30, gen_ai__conversation__id="talk"),
    chat(3, 1, "Alone?", "Alone.", NOW + HOUR),
]


def take(store, spans, at=NOW + DAY):
    with store.begin() as tx:
        return take_spans(tx, spans, at)


def all_in(store):
    with store.read() as tx:
        return [to_json(c) for batch in tx.conversations.in_order() for c in batch]


def same_whatever_the_order(new_store, spans):
    whole = new_store()
    take(whole, spans)
    expected = all_in(whole)

    @settings(max_examples=25, deadline=None)
    @given(
        order=st.permutations(range(len(spans))),
        again=st.lists(st.integers(0, len(spans) - 1), max_size=3),
        cuts=st.lists(st.integers(0, len(spans)), max_size=3),
    )
    def holds(order, again, cuts):
        store = new_store()
        sent = [spans[place] for place in (*order, *again)]
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(sent)], strict=True):
            take(store, sent[start:end])
        assert all_in(store) == expected

    holds()
    return expected


def test_spans_in_any_order_twice_and_in_several_requests_make_the_same_conversations(new_store):
    talk, alone = same_whatever_the_order(new_store, MADE)
    assert (talk["id"], alone["id"]) == ("talk", f"trace:{3:032x}")
    assert [m["content"] for m in talk["messages"]] == [
        "Hello?",
        "Hello!",
        "Where is it?",
        "On its way.",
        "Thanks",
        "You are welcome.",
    ]


@pytest.mark.skipif(not CAPTURED.exists(), reason="the captured payloads are not beside this checkout")
@pytest.mark.parametrize("folder", ["langfuse_sdk5", "openinference_agent", "litellm_otel"])
def test_what_real_clients_sent_makes_the_same_conversations_in_any_order(new_store, folder):
    spans = [s for file in sorted((CAPTURED / folder).glob("*.pb")) for s in read_export(file.read_bytes()).spans]
    assert same_whatever_the_order(new_store, spans)


@pytest.mark.skipif(not CAPTURED.exists(), reason="the captured payloads are not beside this checkout")
def test_an_evaluation_of_each_turn_is_kept(store):
    spans = [s for n in ("001", "003") for s in read_logs((OLD_CONVENTIONS / f"{n}.pb").read_bytes()).spans]
    take(store, spans + read_export((OLD_CONVENTIONS / "002.pb").read_bytes()).spans)
    with store.read() as tx:
        [scores] = tx.scores.current(["conv-v2-1"]).values()
    assert [(score.name, score.value, score.turn) for score in scores] == [("Relevance", 0.25, n) for n in (2, 6, 8)]


def test_the_same_export_twice_changes_nothing(store):
    assert take(store, MADE) == Receipt(new=2)
    assert take(store, MADE) == Receipt(unchanged=2)


def test_a_trace_whose_conversation_id_comes_late_moves_and_leaves_nothing_behind(store):
    early, late = MADE[1], MADE[0]
    before = f"trace:{1:032x}"
    take(store, [early])
    with store.begin() as tx:
        tx.scores.put({before: [Score(name="refusal", value=1.0)]}, NOW)
        tx.rollups.record([fact(before, refusal=1.0)])

    assert take(store, [late]) == Receipt(new=1)

    with store.begin() as tx:
        assert tx.conversations.get(before) is None
        assert tx.conversations.get("talk") is not None
        assert tx.rollups.series("refusal", EVERYTHING, since=NOW - DAY, until=NOW + DAY, resolution_s=HOUR_S) == []
        assert tx.scores.values("refusal") == {}
        assert tx.state.take_changed_signals() == {ALL_SIGNALS: NOW}


def test_a_span_that_comes_after_the_evaluation_has_the_conversation_evaluated_again(store):
    take(store, MADE[:1])
    with store.begin() as tx:
        tx.conversations.evaluated(tx.conversations.pending(NOW + DAY, 10))
    assert take(store, MADE[1:3]) == Receipt(updated=1)
    with store.read() as tx:
        assert [p.version for p in tx.conversations.pending(NOW + DAY, 10)] == [2]


def test_spans_that_end_at_the_latest_time_of_the_wire_are_stored(store):
    latest = moment_of(2**64 - 1)
    take(store, [chat(1, 1, "Hi", "Hi", at=latest.replace(microsecond=0))])
    with store.read() as tx:
        assert tx.conversations.count() == 1
        assert tx.conversations.pending(NOW, 10) == []
