"""A few conversations that are much slower than usual are told of, though the typical one is as fast as ever."""

from __future__ import annotations

import math
import random
from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import DAY, HOUR
from pydantic import ValidationError

from alerts.signals import LATENCY, LATENCY_TAIL, SignalOverride, all_signals
from alerts.telling.pipeline import Posting
from alerts.trying.backtest import Question, rehearse
from alerts.watching.tails import Tails, above
from alerts.watching.watch import Terrain, WatchSettings
from bot.answers.metrics import answer
from bot.answers.signals import signal_lines
from bot.config.rules import BoundSettings
from bot.jobs.detect import Detection
from bot.slack.blocks.saying import explanation
from bot.slack.grammar import MetricsQuery
from traces.clock import parse_time
from traces.errors import BadInput
from traces.histogram import Rollup, bin_of
from traces.model import EVERYTHING, Segment
from traces.store import open_store
from traces.store.rollups import Fact

START = parse_time("2026-10-05T00:00:00Z")
LEARNED = timedelta(days=12)
PER_HOUR = 80
SHOP = Segment.of(application="shop")
ONLY_LATENCY = {
    name: SignalOverride(enabled=False) for name in all_signals([], {}, {}) if name not in ("latency", "latency_tail")
} | {"latency": SignalOverride(min_relative=0.4)}


def flow(store, hour, *, slow_share=0.0, slower=1.0):
    """An hour of answers of about a second, some of them slow."""
    rng = random.Random(hour.isoformat())
    facts = []
    for n in range(PER_HOUR):
        seconds = rng.lognormvariate(0.0, 0.6) * slower
        seconds *= 6.0 if rng.random() < slow_share else 1.0
        at = hour + timedelta(seconds=rng.uniform(0, 3599))
        name = f"{hour:%m%d%H}-{n}"
        facts.append(
            Fact(
                conversation_id=name, at=at, segments=(EVERYTHING, SHOP), values={"volume": [1.0], "latency": [seconds]}
            )
        )
    with store.begin() as tx:
        tx.rollups.record(facts)
        tx.state.beat(hour)


def detection_of(store):
    return Detection(store, WatchSettings(), Posting(channel="#alerts", examples=3), {}, ONLY_LATENCY)


def broken(path, hours, **how):
    """The store of an application that was well for twelve days and then was not, with a restart on the way."""
    store = open_store(f"sqlite:///{path / 'hark.db'}")
    for hour in range(int(LEARNED / HOUR)):
        flow(store, START + hour * HOUR)
    detection = detection_of(store)
    detection.run(START + LEARNED + HOUR / 4)
    for hour in range(hours):
        flow(store, START + LEARNED + hour * HOUR, **how)
        if hour == 2:
            detection.save()
            detection = detection_of(store)
        detection.run(START + LEARNED + (hour + 1) * HOUR + HOUR / 4)
    return store


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """One answer in sixteen is six times slower."""
    with closing(broken(tmp_path_factory.mktemp("tail"), 30, slow_share=0.065)) as store:
        yield store


def alerts(store):
    with store.read() as tx:
        return tx.alerts.all()


def test_a_few_slow_answers_raise_an_alert_within_a_day_though_the_typical_one_is_as_fast_as_ever(told):
    [alert] = alerts(told)
    assert alert.signal == "latency_tail"
    assert timedelta(0) <= alert.detected_at - (START + LEARNED) <= timedelta(hours=24)


def test_answers_that_are_all_slower_raise_one_alert_for_the_typical_latency_and_its_tail(tmp_path):
    with closing(broken(tmp_path, 12, slower=1.7)) as store:
        [alert] = alerts(store)
    also = {other["signal"] for other in alert.detail.get("also", ())}
    assert {alert.signal, *also} == {"latency", "latency_tail"}


def test_the_sentence_says_how_many_took_longer_than_what_is_usual(told):
    [alert] = alerts(told)
    said = explanation(alert, LATENCY_TAIL)
    assert "of answers took longer than" in said
    assert " s since " in said
    longest = alert.detail["plain"]["value"]
    assert longest == pytest.approx(math.exp(0.6 * 1.645), rel=0.1)
    assert alert.value > 0.07
    assert alert.expected == pytest.approx(0.05, abs=0.02)


def test_the_examples_are_slow_answers(told):
    [alert] = alerts(told)
    with told.read() as tx:
        facts = {fact.conversation_id: fact for fact in tx.rollups.facts_of(alert.examples)}
    assert facts
    assert min(max(fact.values["latency"]) for fact in facts.values()) > 2.0


def test_a_query_counts_what_is_above_the_p95_of_the_weeks_before(told):
    now = START + LEARNED + 30 * HOUR
    with told.read() as tx:
        query = MetricsQuery(signal="latency_tail", period=DAY)
        found = answer(tx, query, all_signals([], {}, {}), now)
    assert found.value > 0.07
    assert found.previous == pytest.approx(0.07, abs=0.05)


def test_a_backtest_of_the_tail_finds_what_was_told_and_only_that(told):
    signals = all_signals([], {}, ONLY_LATENCY)
    now = START + LEARNED + 30 * HOUR
    question = Question(signal=signals["latency_tail"], since=START + LEARNED - 2 * DAY, until=now)
    with told.read() as tx:
        terrain = Terrain(signals=signals, calibrations={}, changes=())
        found = rehearse(tx, question, terrain, WatchSettings())
    [alert] = found.alerts
    assert alert.alert == alerts(told)[0]
    assert all(point.value is None or 0 <= point.value <= 1 for point in found.points)


def test_the_listing_shows_the_tail_with_its_usual_share(told):
    with told.read() as tx:
        lines = signal_lines(
            tx, START + LEARNED + 30 * HOUR, names=[], bad={}, overrides={}, weeks_between_false_alerts=1.0
        )
    [line] = [line for line in lines if line.signal.name == "latency_tail"]
    assert (line.usual, line.a_day, line.origin) == (0.05, 24 * PER_HOUR, "built in")
    assert line.detectable.to > 0.05


def test_switching_a_size_off_switches_its_tail_off():
    assert "latency_tail" not in all_signals([], {}, {"latency": SignalOverride(enabled=False)})
    assert "latency" in all_signals([], {}, {"latency_tail": SignalOverride(enabled=False)})


SERIES = LATENCY.name, EVERYTHING


def learned(values, expected=0.0):
    tails = Tails()
    tails.learn(SERIES, expected, Rollup.of(values))
    return tails


def test_the_distance_to_the_quantile_is_that_of_the_values_that_were_seen():
    rng = random.Random(1)
    tails = learned([rng.lognormvariate(0.0, 0.8) for _ in range(20_000)])
    assert tails.edge(SERIES, 0.0) == pytest.approx(math.exp(1.645 * 0.8), rel=0.05)
    assert tails.edge(SERIES, math.log(4)) == pytest.approx(4 * math.exp(1.645 * 0.8), rel=0.05)


def test_few_values_say_nothing_of_a_quantile():
    assert learned([1.0] * 100).edge(SERIES, 0.0) is None
    assert Tails().edge(SERIES, 0.0) is None


def test_an_hour_with_little_of_the_dear_model_does_not_make_its_conversations_strange():
    tails = learned([0.02] * 300 + [0.001] * 700, math.log(0.005))
    edge = tails.edge(SERIES, math.log(0.0015))
    assert above(Rollup.of([0.001] * 90 + [0.02] * 10), edge).at_least(0.5) == 0
    assert above(Rollup.of([0.001] * 90 + [0.06] * 10), edge).at_least(0.5) == 10


def test_values_that_are_all_alike_never_lie_above_their_own_quantile():
    edge = learned([2.0] * 1000, math.log(2.0)).edge(SERIES, math.log(2.0))
    assert above(Rollup.of([2.0] * 50), edge).at_least(0.5) == 0


sizes = st.lists(st.one_of(st.floats(1e-12, 1e12), st.just(0.0), st.floats(-1e6, 0)), max_size=50)


@given(values=sizes, expected=st.one_of(st.floats(), st.floats(-10, 10)), edge=st.floats(1e-6, 1e6))
def test_whatever_the_sizes_are_a_share_is_between_none_and_all_and_tails_can_be_saved(values, expected, edge):
    rollup = Rollup.of(values)
    share = above(rollup, edge)
    assert share.n == rollup.n
    assert share.at_least(0.5) == sum(bin_of(value) > bin_of(edge) for value in values)
    tails = learned(values, expected)
    tails.pass_hour()
    again = Tails.from_bytes(tails.to_bytes(), tails.series)
    assert again.to_bytes() == tails.to_bytes()
    assert again.edge(SERIES, 0.5) == tails.edge(SERIES, 0.5)


def test_saved_tails_of_other_series_are_not_believed():
    with pytest.raises(BadInput):
        Tails.from_bytes(b"123", [SERIES])


def test_a_rule_on_a_tail_is_refused_with_the_size_that_can_be_bounded():
    with pytest.raises(ValidationError, match="give one to latency"):
        BoundSettings(signal="latency_tail", above=0.1)
    assert BoundSettings(signal="latency", above=8.0).signal == "latency"
