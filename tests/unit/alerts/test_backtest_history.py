"""A signal is rehearsed over stored history: what would have been told, and nothing is changed by asking."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import DAY, HOUR, workspace_in
from stream import BREAK, LEARNED, SHOP, Stream, Weather, broken_from

from alerts.signals import all_signals
from alerts.trying.backtest import Opinion, Question, Sensitivity, rehearse
from alerts.watching.watch import Terrain, WatchSettings
from bot.cli.backtest import rehearsal_json, rehearsal_text
from bot.settings.rehearsal import preview
from traces.errors import BadInput
from traces.model import EVERYTHING, Direction, Segment

LEARNED_H = int(LEARNED / HOUR)
WORSE = Weather(refusal={"m1": 0.35, "m2": 0.35})


def terrain(store):
    with store.read() as tx:
        seen = tx.rollups.signals(since=BREAK - 60 * DAY, until=BREAK + 60 * DAY)
    return Terrain(signals=all_signals(sorted(seen), {"refusal": Direction.UP}, {}), calibrations={}, changes=[])


def rehearsed(stream, signal="refusal", *, since=BREAK - 2 * DAY, settings=None, **asked):
    known = terrain(stream.store)
    question = Question(signal=known.signals[signal], since=since, until=stream.hour, **asked)
    with stream.store.read() as tx:
        return rehearse(tx, question, known, settings or WatchSettings())


@pytest.fixture(scope="module")
def flowed(_memory):
    """Two and a half good weeks, two broken days, then good ones again; nobody watched."""
    stream = Stream(workspace_in(_memory), broken_from(BREAK, BREAK + 2 * DAY, WORSE))
    for _ in range(LEARNED_H + 72):
        stream.flow()
    return stream


@pytest.fixture(scope="module")
def watched(_memory):
    """The same weeks, the last day of which somebody watched while it broke."""
    stream = Stream(workspace_in(_memory), broken_from(BREAK, BREAK + 2 * DAY, WORSE))
    for _ in range(LEARNED_H):
        stream.flow()
    stream.run(20)
    return stream


def test_what_would_have_been_told_is_told_with_its_times(flowed):
    found = rehearsed(flowed)
    [alert] = found.alerts
    assert alert.segment == EVERYTHING
    assert BREAK <= alert.anomaly.started_at <= alert.anomaly.detected_at < BREAK + 12 * HOUR
    assert BREAK + DAY < alert.until <= flowed.hour
    assert alert.anomaly.value > alert.anomaly.expected_high
    assert found.sentence == "would have fired once"


def test_asking_stores_nothing(flowed):
    with flowed.store.read() as tx:
        before = tx.state.job_runs()
    rehearsed(flowed)
    with flowed.store.read() as tx:
        assert (tx.alerts.all(), tx.state.checkpoint("hourly"), tx.state.job_runs()) == ([], None, before)


def test_a_rehearsal_finds_what_was_found(watched):
    told = [alert for alert in watched.alerts if alert.signal == "refusal"]
    [found] = rehearsed(watched).alerts
    assert [found.alert.alert_id] == [told[0].alert_id]
    assert found.anomaly.started_at == told[0].started_at


def test_what_people_said_of_the_alert_is_counted(watched):
    [alert] = [alert for alert in watched.alerts if alert.signal == "refusal"]
    for detail, acknowledged_by, opinion, sentence in (
        ({}, "U1", Opinion.REAL, "would have fired once, 1 of them labelled Real"),
        ({"outcome": "noise"}, "U1", Opinion.NOISE, "would have fired once, 1 of them Noise"),
        ({"outcome": "expected"}, None, Opinion.EXPECTED, "would have fired once, 1 of them Expected"),
    ):
        found = rehearsed(_Said(watched, alert, detail, acknowledged_by))
        assert [one.opinion for one in found.alerts] == [opinion]
        assert found.sentence == sentence


class _Said:
    """A stream whose alert people have said something of."""

    def __init__(self, stream, alert, detail, acknowledged_by) -> None:
        self.store, self.hour = stream.store, stream.hour
        with stream.store.begin() as tx:
            now = tx.alerts.get(alert.alert_id)
            said = replace(now, detail=detail, acknowledged_by=acknowledged_by, version=now.version + 1)
            assert tx.alerts.replace(said, expecting=now.version)


def test_by_a_segment_each_of_its_values_is_watched(store):
    stream = Stream(store, broken_from(BREAK, BREAK + 2 * DAY))
    for _ in range(LEARNED_H + 48):
        stream.flow()
    found = rehearsed(stream, by="model")
    assert {alert.segment for alert in found.alerts} == {Segment.of(model="m2")}
    assert found.series == 2
    assert found.charted == Segment.of(model="m2")


def test_an_application_that_is_all_of_the_traffic_adds_no_alert_of_its_own(flowed):
    assert SHOP not in {alert.segment for alert in rehearsed(flowed).alerts}


def test_quiet_history_would_not_have_fired(flowed):
    for sensitivity in (Sensitivity.LOW, Sensitivity.USUAL):
        found = rehearsed(flowed, signal="latency", sensitivity=sensitivity)
        assert found.alerts == ()
        assert found.sentence == "would not have fired"


def test_what_is_more_sensitive_fires_no_later(flowed):
    at = [rehearsed(flowed, sensitivity=s).alerts[0].anomaly.detected_at for s in Sensitivity]
    assert at == sorted(at, reverse=True)


def test_alerts_from_before_the_time_asked_for_are_not_counted(flowed):
    assert rehearsed(flowed, since=flowed.hour - 6 * HOUR).alerts == ()


def test_the_chart_covers_the_time_asked_for(flowed):
    found = rehearsed(flowed)
    starts = [point.start for point in found.points]
    assert starts == sorted(starts)
    assert (starts[0], starts[-1]) == (BREAK - 2 * DAY, flowed.hour - HOUR)


def test_an_empty_store_would_not_have_fired(store):
    known = all_signals(["refusal"], {}, {})
    question = Question(signal=known["refusal"], since=BREAK, until=BREAK + DAY)
    with store.read() as tx:
        found = rehearse(tx, question, Terrain(signals=known, calibrations={}, changes=[]), WatchSettings())
    assert (found.alerts, found.points, found.series) == ((), (), 0)


def test_a_span_that_ends_before_it_begins_is_refused(flowed):
    with pytest.raises(BadInput, match="since"):
        rehearsed(flowed, since=flowed.hour + HOUR)


def test_it_is_printed_as_a_sentence_a_line_for_each_alert_and_a_chart(flowed):
    lines = rehearsal_text(rehearsed(flowed)).splitlines()
    assert lines[0].startswith("refusal: would have fired once (2 series, 2026-10-20 to 2026-10-25 UTC")
    assert "all traffic: 3" in lines[1]
    assert "usually" in lines[1]
    assert "all traffic, by the hour:" in lines
    assert "1 alert (^)" in lines[-1]
    assert max(map(len, lines)) <= 160


def test_as_json_every_alert_has_its_times_and_numbers(watched):
    told = rehearsal_json(rehearsed(watched))
    assert told["summary"].startswith("would have fired once")
    [alert] = told["alerts"]
    assert alert["segment"] == {}
    assert alert["expected_low"] <= alert["expected"] <= alert["expected_high"] < alert["value"]
    assert alert["alert_id"] in {stored.alert_id for stored in watched.alerts}


@pytest.mark.parametrize(("name", "by", "told"), [("nothing", None, "no signal"), ("refusal", "colour", "no segment")])
def test_what_is_not_known_is_refused_in_one_line(flowed, name, by, told):
    known = all_signals(["refusal"], {}, {})
    with flowed.store.read() as tx, pytest.raises(BadInput, match=told):
        preview(tx, name, known, WatchSettings(), flowed.hour, keys=("model",), back=5 * DAY, by=by)


def test_a_preview_says_what_a_rehearsal_says(flowed):
    known = terrain(flowed.store).signals
    with flowed.store.read() as tx:
        found = preview(tx, "refusal", known, WatchSettings(), flowed.hour, keys=("model",), back=5 * DAY)
    assert found.sentence == "would have fired once"
