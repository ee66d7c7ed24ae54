"""The table in an alert's thread: within Slack's limits whatever values are called, and its rows add up to the last."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given
from made import DAY, HOUR, NOW, alert

from bot.answers.breakdown import breakdown_of
from bot.slack.blocks.breakdown import SHOWN, Breakdown, Part, breakdown_message
from bot.slack.check import check
from traces.model import EVERYTHING, Kind, Segment, Signal
from traces.store import open_store
from traces.store.rollups import Fact

REFUSAL = Signal(name="refusal", kind=Kind.RATE, unit="%", evaluator="refusal")
LATENCY = Signal(name="latency", kind=Kind.CONTINUOUS, unit="s")
VOLUME = Signal(name="volume", kind=Kind.COUNT)
ALERT = alert(segment=EVERYTHING, detail={"attribution": {"key": "model", "value": "m0", "share": 0.9}})


@pytest.fixture
def store():
    opened = open_store("sqlite://")
    yield opened
    opened.close()


def measured(store, at, *values):
    """Conversations of one time: each the value of its model, or none, and whether it was refused."""
    facts = [
        Fact(
            conversation_id=f"{at:%d%H}-{n}",
            at=at,
            segments=(EVERYTHING, *([Segment.of(model=model)] if model else [])),
            values={"refusal": [refused], "volume": [1.0], "latency": [1.0 + n]},
        )
        for n, (model, refused) in enumerate(values)
    ]
    with store.begin() as tx:
        tx.rollups.record(facts)


def divided(store, signal=REFUSAL, of=ALERT):
    with store.read() as tx:
        return breakdown_of(tx, of, signal)


def test_the_parts_add_up_and_what_has_no_row_is_other(store):
    many = [(f"m{n}", float(n == 0)) for n in range(SHOWN + 5) for _ in range(4)]
    measured(store, NOW - HOUR, *many, ("", 1.0))
    measured(store, NOW - DAY, ("m0", 0.0), ("m1", 1.0))
    found = divided(store)
    assert len(found.parts) == SHOWN + 1
    assert found.parts[0] == Part(value="m0", n=4, k=4, level=1.0, usual=0.0)
    assert found.parts[-1].value is None
    assert sum(part.n for part in found.parts) == found.whole.n == 4 * (SHOWN + 5) + 1
    assert sum(part.k for part in found.parts) == found.whole.k == 5
    assert found.whole.usual == 0.5


@pytest.mark.parametrize("signal", [VOLUME, LATENCY])
def test_counts_and_seconds_are_divided_as_well(store, signal):
    measured(store, NOW - HOUR, ("m0", 0.0), ("m0", 0.0), ("m1", 0.0), ("", 0.0))
    found = divided(store, signal)
    assert [(part.value, part.n) for part in found.parts] == [("m0", 2), ("m1", 1), (None, 1)]
    assert check(breakdown_message(found, delivery_id="breakdown:a-1").payload(), "message") == []


def test_an_alert_that_nothing_explains_has_no_breakdown(store):
    assert divided(store, of=alert(segment=EVERYTHING, detail={})) is None
    assert divided(store, of=alert(segment=EVERYTHING, detail={"attribution": "torn"})) is None


def test_where_nothing_was_measured_it_says_so(store):
    said = breakdown_message(divided(store), delivery_id="breakdown:a-1").payload()
    assert check(said, "message") == []
    assert "Nothing was measured" in str(said["blocks"])


NUMBERS = st.none() | st.floats(0, 1e12)
PARTS = st.builds(
    Part, value=st.none() | st.text(max_size=300), n=st.integers(0, 10**9), k=st.integers(0, 10**9), level=NUMBERS,
    usual=NUMBERS,
)  # fmt: skip


@given(
    parts=st.lists(PARTS, max_size=SHOWN + 1),
    key=st.text(min_size=1, max_size=200),
    signal=st.sampled_from([REFUSAL, LATENCY, VOLUME]),
    n=st.integers(0, 10**9),
)
def test_whatever_values_are_called_slack_takes_the_table_and_nobody_is_mentioned(parts, key, signal, n):
    whole = Part(value=None, n=n, k=0, level=0.5, usual=None)
    found = Breakdown(signal=signal, key=key, since=NOW - HOUR, until=NOW, parts=parts, whole=whole)
    hostile = Breakdown(
        signal=signal,
        key=f"<!channel>{key}",
        since=NOW,
        until=NOW,
        parts=[*parts, Part(value="<@U1>", n=1)],
        whole=whole,
    )
    for one in (found, hostile):
        payload = breakdown_message(one, delivery_id="breakdown:a-1").payload()
        assert check(payload, "message") == []
        assert "<!channel>" not in payload["text"] + str(payload["blocks"][0])
