"""The life of an alert, from a model that breaks to a label that changes what is said next."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from made import DAY, HOUR
from stream import BREAK, BROKEN_MODEL, LATE, Weather, broken_from

from alerts.telling.pipeline import ALERT, EXAMPLE, Reason
from bot.alerting import Alerting
from bot.jobs.calibrate import Calibrating
from bot.slack.access import Person
from traces.clock import FakeClock
from traces.model import AlertState, Direction, Label, Segment

REFUSAL = "refusal"
M2 = Segment.of(model="m2")


def person(stream):
    return Alerting(stream.store, FakeClock(stream.hour + LATE)), Person(user_id="U1", name="Ann", team_id="T1")


def test_a_broken_model_raises_one_alert_that_names_it_within_hours_and_none_before(after_weeks):
    stream = after_weeks(broken_from(BREAK + DAY))
    stream.run(24)
    assert stream.alerts == []

    stream.run(24)

    [alert] = stream.alerts
    assert (alert.signal, alert.state, alert.direction) == (REFUSAL, AlertState.OPEN, Direction.UP)
    assert alert.segment == M2
    assert alert.detected_at - (BREAK + DAY) <= 8 * HOUR
    assert abs(alert.started_at - (BREAK + DAY)) <= 3 * HOUR
    assert alert.value > 0.3
    assert alert.expected < 0.15
    assert alert.detail["change"]["value"] == "m2"


def test_an_alert_asks_for_its_message_and_for_examples_in_its_thread(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    stream.run(12)
    [alert] = stream.alerts
    with stream.store.read() as tx:
        root = tx.outbox.get(f"{ALERT}:{alert.alert_id}")
        facts = {f.conversation_id: f for f in tx.rollups.facts_between(BREAK - DAY, BREAK + DAY, 5_000)}
        items = tx.reviews.items_of(facts)
        threads = {tx.outbox.get(f"{EXAMPLE}:{item.item_id}").thread_of for item in items}
    assert root.channel == "#llm-alerts"
    assert threads == {root.delivery_id}
    assert 1 <= len(items) <= 3
    for item in items:
        assert facts[item.conversation_id].values[REFUSAL] == [1.0]


MENDED = Weather(new_model=0.5)


@pytest.mark.parametrize(
    "afterwards",
    [
        pytest.param(MENDED, id="the model is mended"),
        pytest.param(Weather(), id="the model is rolled back", marks=pytest.mark.slow),
    ],
)
def test_an_alert_resolves_when_the_change_ends(after_weeks, afterwards):
    stream = after_weeks(lambda hour: BROKEN_MODEL if hour < BREAK + DAY else afterwards)
    stream.run(24)
    [alert] = stream.alerts
    assert alert.state is AlertState.OPEN

    stream.run(48)

    [alert] = stream.alerts
    assert (alert.state, alert.resolved_by, alert.detail["outcome"]) == (AlertState.RESOLVED, None, "back to normal")
    assert alert.resolved_at > BREAK + DAY


@pytest.mark.slow
def test_a_change_that_stays_is_in_the_end_taken_for_normal_and_never_said_to_be_over(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    stream.run(5 * 24)

    [alert] = stream.alerts
    assert (alert.state, alert.resolved_by) == (AlertState.RESOLVED, None)
    assert alert.detail["outcome"] == "unchanged for 4 days: now taken for normal"


def told(stream):
    return [
        (a.alert_id, a.signal, a.segment, a.state, a.started_at, a.detected_at, a.resolved_at, round(a.value, 9), a.n)
        for a in stream.alerts
    ]


@pytest.mark.slow
def test_a_restart_at_any_hour_gives_the_same_alerts(after_weeks):
    forecast = broken_from(BREAK + 6 * HOUR, BREAK + 24 * HOUR)
    uninterrupted = after_weeks(forecast)
    uninterrupted.run(36)
    expected = told(uninterrupted)
    assert len(expected) == 1

    @settings(max_examples=3, deadline=None, derandomize=True)
    @given(st.lists(st.tuples(st.integers(1, 15), st.booleans()), min_size=1, max_size=4))
    def holds(restarts):
        stream, left = after_weeks(forecast), 36
        for hours, in_peace in restarts:
            stream.run(min(hours, left))
            left -= min(hours, left)
            if in_peace:
                stream.detection.save()
            stream.restart()
        stream.run(left)
        assert told(stream) == expected

    holds()


def test_an_hour_that_was_missed_is_caught_up(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    for _ in range(24):
        stream.flow()
    stream.detection.run(stream.hour + LATE)
    [alert] = stream.alerts
    assert alert.segment == M2


def test_what_a_reviewer_resolved_stays_resolved_while_the_same_change_lasts(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    stream.run(12)
    [alert] = stream.alerts
    alerting, ann = person(stream)
    assert alerting.resolve(alert.alert_id, ann, "click-1", "expected")

    later = stream.run(24)

    [alert] = stream.alerts
    assert (alert.state, alert.resolved_by, alert.detail["outcome"]) == (AlertState.RESOLVED, "U1", "expected")
    assert {d.reason for d in later} <= {Reason.RESOLVED_BY_REVIEWER}


def test_an_acknowledged_alert_stays_acknowledged_while_its_numbers_go_on(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    stream.run(12)
    [alert] = stream.alerts
    alerting, ann = person(stream)
    alerting.acknowledge(alert.alert_id, ann, "click-1")

    stream.run(6)

    [now] = stream.alerts
    assert (now.state, now.acknowledged_by) == (AlertState.ACKNOWLEDGED, "U1")
    assert now.n > alert.n


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(MENDED, id="the model was mended"),
        pytest.param(Weather(), id="the model was rolled back", marks=pytest.mark.slow),
    ],
)
def test_a_change_that_seemed_over_and_is_back_opens_the_same_alert_again(after_weeks, between):
    def twice(hour):
        since = hour - BREAK
        return BROKEN_MODEL if since < DAY or since >= timedelta(hours=60) else between

    stream = after_weeks(twice)
    stream.run(60)
    [first] = stream.alerts
    assert first.state is AlertState.RESOLVED

    decisions = stream.run(16)

    [again] = stream.alerts
    assert (again.alert_id, again.state, again.resolved_at) == (first.alert_id, AlertState.OPEN, None)
    assert Reason.BACK in {d.reason for d in decisions}
    assert "outcome" not in again.detail


@pytest.mark.slow
def test_a_model_that_comes_back_broken_after_a_week_does_not_stop_detection(after_weeks):
    def again(hour):
        since = hour - BREAK
        return BROKEN_MODEL if since < DAY or since >= 6 * DAY else Weather()

    stream = after_weeks(again)
    stream.run(5 * 24)
    [first] = stream.alerts
    assert first.state is AlertState.RESOLVED
    stream.run(40)
    assert stream.alerts[-1].state is AlertState.OPEN
    assert stream.alerts[-1].signal == REFUSAL


def test_two_unrelated_signals_are_two_alerts(after_weeks):
    both = Weather(refusal={"m2": 0.45}, new_model=0.5, slower=2.5)
    stream = after_weeks(broken_from(BREAK, weather=both))
    stream.run(24)
    assert sorted(a.signal for a in stream.alerts) == ["latency", REFUSAL]


def test_an_alert_on_latency_says_how_many_conversations_were_slow_beside_how_many_answers(after_weeks):
    stream = after_weeks(broken_from(BREAK, weather=Weather(slower=1.8)))
    stream.run(24)
    [alert] = stream.alerts
    assert 0 < alert.detail["conversations"] <= alert.n


def test_an_application_that_is_well_stays_quiet(after_weeks):
    stream = after_weeks(lambda _: Weather())
    stream.run(48)
    assert stream.alerts == []


def label_all(stream, truth) -> None:
    """Reviewers look at 120 conversations of the last days, at as many flagged ones as there are."""
    with stream.store.begin() as tx:
        values = tx.scores.values(REFUSAL)
        flagged = sorted(c for c, value in values.items() if value)[:60]
        others = sorted(c for c, value in values.items() if not value)[:60]
        for c in flagged + others:
            tx.reviews.put_label(
                Label(
                    conversation_id=c, name=REFUSAL, value=truth(values[c]), reviewer="U1", at=stream.hour,
                    inclusion_probability=0.5 if values[c] else 0.01,
                )
            )  # fmt: skip
    Calibrating(stream.store).run(stream.hour)


def test_labels_that_say_not_real_keep_the_same_change_from_raising_an_alert(after_weeks):
    """A label changes the next alert: the evaluator flags, reviewers say that it is nothing, Hark stays quiet."""
    stream = after_weeks(broken_from(BREAK))
    label_all(stream, lambda _: 0.0)
    stream.run(24)
    assert [a for a in stream.alerts if a.signal == REFUSAL] == []


def test_labels_that_agree_with_the_evaluator_let_the_alert_through_with_its_correction(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    label_all(stream, lambda value: value)
    stream.run(24)
    [alert] = [a for a in stream.alerts if a.signal == REFUSAL]
    assert alert.segment == M2
    assert alert.detail["correction"]["n_labels"] == 120


def test_labels_given_while_an_alert_is_open_end_it_when_they_say_that_it_is_not_real(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    stream.run(12)
    assert [a.state for a in stream.alerts] == [AlertState.OPEN]
    label_all(stream, lambda _: 0.0)
    stream.run(6)
    assert [a.state for a in stream.alerts] == [AlertState.RESOLVED]


def test_labels_show_in_an_open_alert_before_the_next_hour_is_due(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    stream.run(12)
    (before,) = stream.alerts
    label_all(stream, lambda value: value)
    stream.detection.run(stream.hour + LATE + timedelta(seconds=5))
    (after,) = stream.alerts
    assert "correction" not in before.detail
    assert after.detail["correction"]["n_labels"] == 120
    assert after.version > before.version


@pytest.mark.slow
def test_a_conversation_that_comes_days_late_does_not_stop_detection(after_weeks):
    stream = after_weeks(broken_from(BREAK, BREAK + DAY))
    stream.run(72)
    before = told(stream)
    stream.hour = BREAK - 5 * HOUR
    stream.flow()  # the same conversations again: the rollups of an old hour are written anew
    stream.hour = BREAK + timedelta(hours=72)
    stream.run(6)
    assert [row[:3] for row in told(stream)] == [row[:3] for row in before]
