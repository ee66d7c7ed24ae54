"""What people call expected is usual from then on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import MINUTE
from stream import BREAK, LEARNED, Stream, Weather, broken_from

from traces.model import EVERYTHING, AlertState

LEARNED_H = int(LEARNED.total_seconds() // 3600)
CALLED_EXPECTED_H = 12
WORSE = Weather(refusal={"m1": 0.35, "m2": 0.35})
REFUSAL = "refusal"


@pytest.fixture
def changed(store):
    """A stream in which refusals rose twelve hours ago, which was then called expected."""
    stream = Stream(store, broken_from(BREAK, weather=WORSE))
    stream.run(LEARNED_H + CALLED_EXPECTED_H)
    (alert,) = stream.alerts
    assert alert.signal == REFUSAL
    with store.begin() as tx:
        over = replace(
            alert,
            state=AlertState.RESOLVED,
            resolved_by="U1",
            resolved_at=stream.hour + 5 * MINUTE,
            detail={**alert.detail, "outcome": "expected"},
            version=alert.version + 1,
        )
        assert tx.alerts.replace(over, expecting=alert.version)
    return stream


def usual(stream: Stream) -> float:
    watch = stream.detection._fold.watch
    signal = next(s for s in stream.detection._fold.watch._tracks.values() if (REFUSAL, EVERYTHING) in s.places)
    verdict = signal.detector.verdict(signal.places[REFUSAL, EVERYTHING], next(iter(watch._terms.values())))
    assert verdict.anomaly is None
    expected = verdict.points[-1].expected
    assert expected is not None
    return expected


def test_a_level_that_was_called_expected_is_the_usual_one_from_the_next_hour_on(changed):
    changed.run(4)
    assert 0.25 < usual(changed) < 0.45
    changed.run(40)
    assert [alert.state for alert in changed.alerts] == [AlertState.RESOLVED]


@pytest.mark.slow
def test_history_that_is_folded_again_knows_what_was_called_expected(changed):
    changed.run(4)
    before = usual(changed)
    changed.restart()
    changed.run(1)
    after_restart = usual(changed)
    assert after_restart == pytest.approx(before, rel=0.1)
