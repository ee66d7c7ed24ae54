"""What a trace told is kept and read back whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
import orjson
import pytest
from hypothesis import given, settings
from made import NOW

from traces.model import Document, Message, Score, ToolCall
from traces.normalise.kept import Kept
from traces.normalise.telling import told_of
from traces.normalise.told import VERSION, Told, read_back, written
from traces.wire import read_export

CAPTURED = Path(__file__).parents[4] / "shared" / "data" / "captured"
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
MAYBE = st.none() | TEXT
NUMBER = st.none() | st.floats(0, 1e9)
COUNT = st.none() | st.integers(0, 2**53)
TIME = st.integers(0, 10**12).map(lambda us: NOW + timedelta(microseconds=us))
CALLS = st.lists(st.builds(ToolCall, name=TEXT, arguments=TEXT, tool_call_id=MAYBE), max_size=2).map(tuple)
ROLE = st.sampled_from(["system", "user", "assistant", "tool"])
HEARD = st.builds(Message, role=ROLE, content=TEXT, name=MAYBE, tool_calls=CALLS, tool_call_id=MAYBE)
MEASURED = st.builds(
    Message,
    role=ROLE,
    content=TEXT,
    name=MAYBE,
    tool_calls=CALLS,
    tool_call_id=MAYBE,
    at=TIME,
    model=MAYBE,
    latency_s=NUMBER,
    ttft_s=NUMBER,
    input_tokens=COUNT,
    output_tokens=COUNT,
    cost_usd=NUMBER,
    error=MAYBE,
    metadata=st.dictionaries(TEXT, TEXT, max_size=2),
)
DOCUMENTS = st.lists(st.builds(Document, content=TEXT, document_id=MAYBE, score=NUMBER), max_size=2).map(tuple)
STEP = st.one_of(
    st.tuples(st.just("hear"), st.lists(HEARD, max_size=3), TIME),
    st.tuples(st.just("say"), MEASURED, st.none()),
    st.tuples(st.just("run"), MEASURED, TEXT),
    st.tuples(st.just("retrieve"), DOCUMENTS, st.none()),
    st.just(("end", None, None)),
    st.tuples(st.just("fail"), TEXT, TIME),
)
TOLD = st.builds(
    Told,
    trace_id=st.just("t" * 32),
    began_at=TIME,
    started_at=TIME,
    ended_at=TIME,
    lived=st.booleans(),
    steps=st.lists(STEP, max_size=5),
    texts=st.dictionaries(TEXT, st.tuples(st.integers(0, 9), st.booleans(), TEXT), max_size=2),
    own=st.dictionaries(TEXT, st.tuples(st.booleans(), TEXT | st.booleans() | st.integers(0, 9)), max_size=2),
    scores=st.lists(
        st.builds(Score, name=TEXT, value=NUMBER, label=MAYBE, explanation=MAYBE, source=st.just("external")),
        max_size=2,
    ),
)


@settings(max_examples=60, deadline=None)
@given(TOLD)
def test_whatever_a_trace_told_is_read_back_the_same(told):
    assert read_back(told.trace_id, orjson.loads(orjson.dumps(written(told)))) == told
    assert Kept().unpack(told.trace_id, Kept().pack(told)) == told


@pytest.mark.skipif(not CAPTURED.exists(), reason="the captured payloads are not beside this checkout")
@pytest.mark.parametrize("folder", ["langfuse_sdk5", "openinference_agent", "litellm_otel"])
def test_what_real_clients_told_is_read_back_the_same(folder):
    spans = [s for file in sorted((CAPTURED / folder).glob("*.pb")) for s in read_export(file.read_bytes()).spans]
    for trace_id in {s.trace_id for s in spans}:
        told = told_of([s for s in spans if s.trace_id == trace_id])
        assert Kept().unpack(trace_id, Kept().pack(told)) == told


def test_what_an_older_version_kept_is_told_again():
    assert read_back("t", [VERSION - 1]) is None
    assert Kept().unpack("t", None) is None
