"""A number that another system measures is watched by its own course, and what opens on it lives as any alert does."""

from __future__ import annotations

import math
import random
from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import HOUR

from alerts.defined import measured, parse_measure, signal_defined
from alerts.signals import SignalOverride, all_signals
from alerts.telling.pipeline import Posting
from alerts.trying.backtest import Question, rehearse
from alerts.watching.values import Values
from alerts.watching.watch import Terrain, WatchSettings
from bot.answers.signals import signal_lines
from bot.jobs.detect import Detection
from bot.slack.blocks.saying import explanation
from traces.clock import parse_time
from traces.histogram import Rollup
from traces.model import EVERYTHING, AlertState, Conversation, Direction, Kind, Segment
from traces.store import open_store
from traces.store.rollups import Fact

START = parse_time("2026-10-05T00:00:00Z")
BREAK = START + timedelta(days=8)
FIVE = timedelta(minutes=5)
QUEUE = parse_measure("metadata.queue", kind=Kind.VALUE)
SIGNAL = signal_defined("queue", QUEUE)
OVERRIDES = {
    **{name: SignalOverride(enabled=False) for name in all_signals([], {}, {})},
    "queue": SignalOverride(definition=QUEUE, bad=Direction.UP, min_absolute=5.0),
}
SERIES = "queue", EVERYTHING


def length(at, more=0.0):
    """Some fifty waiting by day and ten at night, a few more or less."""
    hour = (at - START) / HOUR
    return 30 + 20 * math.sin(2 * math.pi * hour / 24) + random.Random(at.isoformat()).gauss(0, 1.5) + more


def send(store, start, end, more=0.0):
    facts, at = [], start
    while at < end:
        values = {"volume": [1.0], "queue": [length(at, more)]}
        facts.append(Fact(conversation_id=f"{at:%m%d%H%M}", at=at, segments=(EVERYTHING,), values=values))
        at += FIVE
    with store.begin() as tx:
        tx.rollups.record(facts)
        for hour in {fact.at.replace(minute=0) for fact in facts}:
            tx.state.beat(hour)


def detection_of(store):
    return Detection(store, WatchSettings(), Posting(channel="#alerts", examples=2), {}, OVERRIDES)


@pytest.fixture
def quiet(tmp_path):
    """A queue of eight days, detection that knows it, and no alert."""
    with closing(open_store(f"sqlite:///{tmp_path / 'hark.db'}")) as store:
        send(store, START, BREAK)
        detection = detection_of(store)
        detection.run(BREAK + HOUR / 4)
        detection.save()
        yield store


def go_on(store, hours, more, *, begin=BREAK, restarts=False):
    detection = detection_of(store)
    for n in range(hours):
        send(store, begin + n * HOUR, begin + (n + 1) * HOUR, more(n))
        detection.run(begin + (n + 1) * HOUR + HOUR / 4)
        if restarts:
            detection.save()
            detection = detection_of(store)
    with store.read() as tx:
        return tx.alerts.all()


def test_a_queue_that_grows_raises_an_alert_within_two_hours_and_is_over_when_it_is_short_again(quiet):
    [alert] = go_on(quiet, 2, lambda _: 25.0)
    assert (alert.signal, alert.segment, alert.direction) == ("queue", EVERYTHING, Direction.UP)
    assert abs(alert.started_at - BREAK) <= 6 * FIVE
    assert alert.value - alert.expected == pytest.approx(25, abs=6)
    assert alert.expected_low < alert.expected < alert.expected_high < alert.value
    assert alert.detail["chart"]["points"]
    assert alert.examples
    assert "Queue " in explanation(alert, SIGNAL)

    [still] = go_on(quiet, 4, lambda _: 25.0, begin=BREAK + 2 * HOUR)
    assert still.state is AlertState.OPEN
    assert still.value - still.expected == pytest.approx(25, abs=6)

    [over] = go_on(quiet, 3, lambda _: 0.0, begin=BREAK + 6 * HOUR)
    assert over.state is AlertState.RESOLVED
    assert over.detail["outcome"] == "back to normal"


def test_a_restart_after_every_hour_gives_the_same_alert(quiet):
    send(quiet, BREAK, BREAK + 4 * HOUR, 25.0)
    with quiet.read() as tx:
        state = detection_of(quiet)
        assert tx.alerts.all() == []
    for n in range(4):
        state.run(BREAK + (n + 1) * HOUR + HOUR / 4)
        state.save()
        state = detection_of(quiet)
    with quiet.read() as tx:
        [alert] = tx.alerts.all()
        saved = tx.state.checkpoint("hourly").body
    assert abs(alert.started_at - BREAK) <= 6 * FIVE
    assert len(saved) < 12_000


@pytest.mark.parametrize("more", [-8.0, 3.0], ids=["the good way", "less than is worth an alert"])
def test_what_is_no_matter_raises_nothing(quiet, more):
    assert go_on(quiet, 4, lambda _: more) == []


def test_a_backtest_finds_in_the_stored_history_what_detection_would_have_told(quiet):
    send(quiet, BREAK, BREAK + 5 * HOUR, 25.0)
    signals = all_signals([], {}, OVERRIDES)
    question = Question(signal=signals["queue"], since=BREAK - timedelta(days=1), until=BREAK + 5 * HOUR)
    with quiet.read() as tx:
        terrain = Terrain(signals=signals, calibrations={}, changes=())
        found = rehearse(tx, question, terrain, WatchSettings())
    [alert] = found.alerts
    assert abs(alert.anomaly.started_at - BREAK) <= 6 * FIVE
    assert found.points


def test_the_listing_shows_its_mean_and_claims_nothing_of_what_can_be_detected(quiet):
    with quiet.read() as tx:
        lines = signal_lines(tx, BREAK, names=[], bad={}, overrides=OVERRIDES, weeks_between_false_alerts=1.0)
    [line] = [line for line in lines if line.signal.name == "queue"]
    assert line.usual == pytest.approx(30, abs=2)
    assert (line.detectable, line.state, line.signal.kind) == (None, "watched", Kind.VALUE)


def test_zero_and_negative_numbers_are_values_too():
    for number in (0, -3.5, "12"):
        conversation = Conversation(conversation_id="c", started_at=START, ended_at=START, metadata={"queue": number})
        assert measured(QUEUE, conversation, ()) == [float(number)]


def test_only_numbers_have_values():
    assert parse_measure("conversations", kind=Kind.VALUE).mistake is not None
    assert parse_measure("metadata.queue", kind=Kind.VALUE, at_least=3.0).mistake is not None
    assert SIGNAL.by_segment is False


rows = st.lists(
    st.tuples(st.integers(0, 400), st.lists(st.floats(-1e9, 1e9), min_size=0, max_size=3)), max_size=60
).map(lambda rows: [(START + n * FIVE, Rollup.of(values)) for n, values in rows])


@settings(max_examples=40)
@given(before=rows, after=rows, patience=st.floats(0.1, 1e6))
def test_a_series_that_was_saved_and_read_goes_on_as_if_nothing_had_happened(before, after, patience):
    one = Values()
    one.take(SERIES, START, before, patience=patience)
    bodies = one.bodies()
    assert len(bodies[0]) <= 10_000
    other = Values.from_bodies(one.series, bodies)
    for values in (one, other):
        values.take(SERIES, START + 40 * HOUR, after, patience=patience)
    assert other.bodies() == one.bodies()
    assert other.verdict(SIGNAL, SERIES) == one.verdict(SIGNAL, SERIES)


def test_a_series_of_another_segment_is_another_series():
    values = Values()
    values.take(SERIES, START, [(START, Rollup.of([1.0]))], patience=1.0)
    assert values.verdict(SIGNAL, ("queue", Segment.of(application="shop"))) is None
