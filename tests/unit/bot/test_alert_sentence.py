"""The sentence that explains an alert, with honest numbers in the unit that people know the signal by."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import given
from made import NOW, alert

from bot.slack.blocks.alert import alert_message
from bot.slack.blocks.saying import explanation, others, storm_text
from bot.slack.check import check
from traces.model import EVERYTHING, AlertState, Direction, Kind, Signal

REFUSAL = Signal(name="refusal", kind=Kind.RATE, unit="%")
LATENCY = Signal(name="latency", kind=Kind.CONTINUOUS, unit="s", counts="answer")
COST = Signal(name="cost", kind=Kind.CONTINUOUS, unit="USD")
VOLUME = Signal(name="volume", kind=Kind.COUNT, bad=Direction.BOTH)
DISCOUNT = Signal(name="discount", kind=Kind.CONTINUOUS)


def said(signal: Signal, *, value: float, low: float, high: float, n: int, k: int | None = None, **detail: Any) -> str:
    one = alert(
        value=value, expected=low, expected_low=low, expected_high=high, n=n, k=k, segment=EVERYTHING,
        detail={"series": [""], **detail},
    )  # fmt: skip
    text = explanation(one, signal)
    before, _, after = text.partition("<!date")
    return before + after.partition(">")[2]


def test_a_rate_names_how_many_of_how_many_what_is_usual_then_and_how_rare_it_is():
    sentence = said(
        REFUSAL, value=0.061, low=0.02, high=0.034, n=1000, k=61, hours="Tuesday 11–14 h", chance_weeks=50.0
    )
    assert sentence == (
        "Refusal rate *6.1 % (61 of 1,000)* since ; usually 2.0–3.4 % for Tuesday 11–14 h; "
        "a swing this large happens by chance about once in 50 weeks."
    )


def test_a_latency_is_told_by_its_p95_beside_what_is_tested():
    plain = {"figure": "p95", "value": 7.2, "usual": 3.1}
    sentence = said(LATENCY, value=2.9, low=1.2, high=1.4, n=1000, plain=plain)
    assert sentence == (
        "Latency *p95 7.20 s* (typically 2.90 s over 1,000 answers) since ; usually p95 3.10 s (typically 1.20–1.40 s)."
    )


def test_a_cost_is_told_in_money_each_and_in_all():
    plain = {"figure": "mean", "value": 0.041, "usual": 0.028, "total": 41.2}
    sentence = said(COST, value=0.031, low=0.021, high=0.025, n=1004, plain=plain)
    assert sentence == (
        "Cost *$0.0410* a conversation (typically $0.0310 over 1,004 conversations, $41.20 in all) since ; "
        "usually $0.0280 (typically $0.0210–$0.0250)."
    )


def test_a_volume_is_told_by_the_hour_and_other_numbers_on_average():
    assert said(VOLUME, value=312, low=480, high=640, n=936) == "Volume *312* an hour since ; usually 480–640 an hour."
    plain = {"figure": "mean", "value": 12.5}
    assert said(DISCOUNT, value=9.1, low=3.0, high=5.0, n=80, plain=plain) == (
        "Discount *on average 12.5* (typically 9.10 over 80 conversations) since ; typically 3–5 until then."
    )


def test_a_rule_says_which_rule_and_by_how_much():
    text = "40 of 200 conversations missed the objective answers of 0.99 within 1 h, 20.0 times what it allows"
    sentence = said(REFUSAL, value=0.2, low=0.0, high=0.01, n=200, k=40, rule={"text": text})
    assert sentence == f"Refusal rate *20.0 % (40 of 200)* since : {text}."


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["hours", "chance_weeks", "plain", "rule", "storm", "also", "told"]), JSON),
    st.sampled_from([REFUSAL, LATENCY, COST, VOLUME, DISCOUNT]),
    st.sampled_from(list(AlertState)),
)
def test_whatever_an_older_hark_wrote_the_message_is_one_that_slack_takes(detail, signal, state):
    one = alert(detail={"series": [""], **detail}, state=state, snoozed_until=NOW, resolved_at=NOW, acknowledged_at=NOW)
    listed = [(other, signal) for other in others(one)]
    assert check(alert_message(one, signal, delivery_id="d", others=listed).payload(), "message") == []
    assert storm_text(one) is None or "volumes" in storm_text(one)
