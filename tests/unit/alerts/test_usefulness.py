"""What people say of alerts makes a signal more careful, never less, and never against what a team has set."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, alert

from alerts.telling.usefulness import Usefulness, as_found, usefulness_of
from traces.model import AlertState, Kind, Signal

REFUSAL = Signal(name="refusal", kind=Kind.RATE)
LATENCY = Signal(name="latency", kind=Kind.CONTINUOUS)


def closed(outcome, signal="refusal", number=0):
    return alert(
        f"{signal}-{outcome}-{number}",
        signal=signal,
        state=AlertState.RESOLVED,
        resolved_at=NOW,
        detail={"outcome": outcome},
    )


def test_verdicts_are_counted_by_signal_and_what_ended_by_itself_says_nothing():
    alerts = [closed("noise"), closed("expected"), closed("resolved"), closed("back to what is usual")]
    still_open = replace(closed("noise", "latency"), state=AlertState.OPEN, resolved_at=None)
    assert usefulness_of([*alerts, still_open]) == {"refusal": Usefulness(real=1, expected=1, noise=1)}


def test_precision_is_the_share_that_told_of_a_true_change():
    assert Usefulness(real=2, expected=1, noise=1).precision == pytest.approx(0.75)
    assert Usefulness().precision is None


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        (Usefulness(), 1.0, 1.0),
        (Usefulness(real=5), 1.0, 1.0),
        (Usefulness(real=8, noise=1), 1.0, 1.0),
        (Usefulness(noise=1), 1.0, 2.0),
        (Usefulness(noise=5), 3.0, 5.0),
        (Usefulness(real=5, noise=5), 1.2, 2.5),
    ],
)
def test_one_click_does_little_and_five_in_a_row_do_a_lot(said, least, most):
    assert least <= said.patience <= most


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_no_signal_may_spend_what_another_leaves(real, expected, noise):
    said = Usefulness(real=real, expected=expected, noise=noise)
    assert 1 <= said.patience <= 5
    assert replace(said, noise=noise + 1).patience >= said.patience
    assert replace(said, real=real + 1).patience <= said.patience


def test_signals_become_as_patient_as_people_ask():
    found = as_found({"refusal": REFUSAL, "latency": LATENCY}, {"refusal": Usefulness(noise=5)})
    assert found["refusal"].patience == Usefulness(noise=5).patience
    assert found["latency"] is LATENCY


def test_a_sensitivity_that_a_team_has_set_stays():
    eager = replace(REFUSAL, patience=0.1)
    assert as_found({"refusal": eager}, {"refusal": Usefulness(noise=5)}) == {"refusal": eager}
