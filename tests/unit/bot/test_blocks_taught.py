"""Before and after in an alert's thread: what it said when it was first told, and what labels make of it now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import alert, calibration

from alerts.telling.taught import has_been_taught, marked
from bot.slack.blocks.taught import taught_message
from bot.slack.check import check
from traces.model import AlertState, Direction, Kind, Segment, Signal

REFUSALS = Signal(name="refusal", kind=Kind.RATE, bad=Direction.UP, evaluator="refusal")
LATENCY = Signal(name="latency", kind=Kind.CONTINUOUS, bad=Direction.UP)


def correction(rate, n):
    return {
        "rate": rate,
        "ci_low": rate / 2,
        "ci_high": min(1.0, rate * 2),
        "n_labels": n,
        "basis": "here",
        "n_here": n,
    }


def first_told(**detail):
    return alert(
        segment=Segment.of(model="gpt"), value=0.1, expected=0.03, expected_low=0.02, expected_high=0.04, detail=detail
    )


def calibrated(threshold):
    return {"refusal": calibration(threshold=threshold)}


def learned(before, after, threshold=0.4):
    """An alert that was first told with one correction and has another one now."""
    first = marked(first_told(**({"correction": before} if before else {})), REFUSALS, calibrated(0.5))
    now = replace(first, value=after["rate"], detail={**first.detail, "correction": after})
    return marked(now, REFUSALS, calibrated(threshold))


def rows(message):
    [table] = [block for block in message.blocks if block["type"] == "table"]
    return {cells[0]["text"]: [cell["text"] for cell in cells[1:]] for cells in table["rows"]}


def test_labels_rate_interval_and_threshold_stand_side_by_side():
    message = taught_message(learned(correction(0.1, 20), correction(0.06, 40)), REFUSALS)
    assert rows(message) == {
        "Figure": ["First told", "Now"],
        "Labels": ["20", "40"],
        "True rate": ["10.0 %", "6.0 %"],
        "95 % interval": ["5.0–20.0 %", "3.0–12.0 %"],
        "Threshold": ["0.50", "0.40"],
    }
    assert message.text.startswith("🏷️ 20 labels since")


def test_a_rate_that_nobody_had_labelled_is_told_as_what_was_flagged():
    message = taught_message(learned(None, correction(0.06, 12)), REFUSALS)
    assert rows(message)["True rate"] == ["10.0 % flagged", "6.0 %"]
    assert rows(message)["95 % interval"][0] == "—"


@pytest.mark.parametrize(
    ("rate", "state", "said"),
    [
        (0.06, AlertState.OPEN, "Still outside of what is usual"),
        (0.03, AlertState.OPEN, "within what is usual"),
        (0.03, AlertState.RESOLVED, "The alert is over"),
    ],
)
def test_it_says_what_that_means(rate, state, said):
    message = taught_message(replace(learned(correction(0.1, 20), correction(rate, 40)), state=state), REFUSALS)
    assert said in str(message.blocks[0])


def test_without_new_labels_there_is_nothing_to_say():
    same = learned(correction(0.1, 20), correction(0.1, 20))
    assert not has_been_taught(same)
    assert taught_message(same, REFUSALS) is None


def test_an_alert_that_has_come_to_speak_of_another_segment_is_compared_with_what_it_said_of_that():
    first = learned(correction(0.1, 20), correction(0.08, 40))
    narrowed = replace(first, segment=Segment.of(model="gpt", topic="refunds"))
    assert not has_been_taught(marked(narrowed, REFUSALS, calibrated(0.4)))


def test_what_no_evaluator_says_is_left_alone():
    found = first_told()
    assert marked(found, LATENCY, {}) is found
    assert marked(found, None, {}) is found
    assert taught_message(found, LATENCY) is None


_CORRECTIONS = st.builds(correction, st.floats(0, 1), st.integers(0, 10**7))


@given(_CORRECTIONS, _CORRECTIONS, st.text(), st.floats(0, 1))
def test_slack_takes_it_whatever_the_figures_and_the_name(before, after, name, threshold):
    signal = replace(REFUSALS, name=name)
    message = taught_message(learned(before, after, threshold), signal, delivery_id="d")
    assert message is None or check(message.payload(), "message") == []
