"""The digest: what it says of a day, that it is quiet when nothing moved, and that it comes once for each period."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import DAY, HOUR, alert, calibration, ingest, label, talk
from made import fact as plain_fact

from alerts.signals import all_signals
from bot.answers.digest import DIGEST, Digests, Period, latest_due
from bot.jobs.digest import Digesting, DigestPlan
from bot.slack.blocks.digest import digest_message
from bot.slack.check import check
from traces.model import AlertState, Direction, Segment
from traces.store.outbox import DeliveryState

NAMES = ["refusal", "task_success", "latency", "cost", "volume"]
SIGNALS = all_signals(NAMES, {"refusal": Direction.UP, "task_success": Direction.DOWN}, {})
UNTIL = datetime(2026, 11, 20, 9, tzinfo=UTC)
DIGESTS = Digests(lambda _tx, _at: SIGNALS, ("scenario", "model"))


def fact(name, at, *, scenario="billing", **values):
    return plain_fact(name, at, segments=[Segment.of(scenario=scenario)], **values)


def traffic(start, hours, *, refusing=0.05, success=0.9, scenario="billing", every=6):
    """Six conversations an hour, with steady shares."""
    for hour in range(hours):
        for n in range(every):
            place = hour * every + n
            yield fact(
                f"{scenario}-{start:%d%H}-{hour}-{n}",
                start + hour * HOUR + n * timedelta(minutes=7),
                scenario=scenario,
                refusal=float(place % 20 < 20 * refusing),
                task_success=float(place % 20 < 20 * success),
                latency=1.0 + place % 5 / 10,
                cost=0.01,
                volume=1.0,
            )


@pytest.fixture
def usual(store):
    """Two weeks as they usually are, up to the day that digests are of."""
    with store.begin() as tx:
        tx.rollups.record(list(traffic(UNTIL - 15 * DAY, 14 * 24)))
    return store


def day(store, **changes):
    with store.begin() as tx:
        tx.rollups.record(list(traffic(UNTIL - DAY, 24, **changes)))
    return report(store)


def report(store, rhythm="daily"):
    with store.read() as tx:
        found = DIGESTS.report(tx, Period(rhythm=rhythm, until=UNTIL))
    message = digest_message(found)
    assert check(message.payload(), "message") == []
    return found


def test_a_day_like_the_others_is_told_in_one_line(usual):
    found = day(usual)
    assert found.is_quiet
    assert found.conversations == 144
    message = digest_message(found)
    assert message.text == "Daily digest: nothing moved over 144 conversations"
    assert [block["type"] for block in message.blocks] == ["section", "actions"]


def test_a_rate_that_rose_is_what_moved_with_its_true_share(usual):
    with usual.begin() as tx:
        tx.calibrations.put(calibration(raw_rate=0.05, labelled_positive=(18.0, 20.0), labelled_negative=(1.0, 40.0)))
    found = day(usual, refusing=0.4)
    assert [mover.signal.name for mover in found.movers] == ["refusal"]
    assert found.movers[0].value == pytest.approx(0.4, abs=0.02)
    assert found.movers[0].usual == pytest.approx(0.05, abs=0.01)
    assert found.movers[0].corrected is not None
    assert "1 signal moved" in digest_message(found).text


def test_half_the_traffic_is_told_of_as_such_and_not_as_a_signal(usual):
    found = day(usual, every=3)
    assert (found.conversations, found.movers) == (72, ())
    assert found.usually == pytest.approx(144, rel=0.1)


def test_without_a_history_nothing_is_said_to_have_moved(store):
    found = day(store, refusing=0.9)
    assert (found.movers, found.watched) == ((), 0)


def test_a_topic_whose_users_were_not_helped_is_told_with_a_question_and_an_example(usual):
    day(usual)
    ingest(
        usual,
        *[
            talk(f"roaming-{n}", "Does my plan work in Norway? Mail ada@example.com", "I do not know.")
            for n in range(20)
        ],
    )
    with usual.begin() as tx:
        tx.rollups.record(
            [
                fact(f"roaming-{n}", UNTIL - 2 * HOUR, scenario="roaming", task_success=0.0, volume=1.0)
                for n in range(20)
            ]
        )
    found = report(usual)
    [topic] = found.unanswered
    assert (topic.segment, topic.failed, topic.n) == (Segment.of(scenario="roaming"), 20, 20)
    assert topic.question == "Does my plan work in Norway? Mail [email]"
    assert "ada@example.com" not in str(digest_message(found).payload())
    assert len(found.examples) >= 1


def test_alerts_are_told_with_the_share_that_was_worth_it(usual):
    day(usual)
    with usual.begin() as tx:
        tx.alerts.add(alert("open", detected_at=UNTIL - HOUR))
        for n, outcome in enumerate(["resolved", "noise", "resolved", "expected"]):
            tx.alerts.add(
                alert(
                    f"closed-{n}",
                    state=AlertState.RESOLVED,
                    detected_at=UNTIL - 3 * DAY,
                    resolved_at=UNTIL - (n + 1) * 10 * HOUR,
                    detail={"outcome": outcome},
                )
            )
    found = report(usual)
    assert [a.alert_id for a, _ in found.opened] == ["open"]
    assert sorted(a.alert_id for a, _ in found.closed) == ["closed-0", "closed-1"]
    assert (found.useful, found.judged, found.open_now) == (2, 4, 1)


def test_what_labels_changed_is_the_threshold_and_the_true_rate(usual):
    day(usual)
    with usual.begin() as tx:
        tx.calibrations.put(calibration(threshold=0.5, computed_at=UNTIL - 3 * DAY))
        tx.reviews.put_label(label(name="refusal", at=UNTIL - 5 * HOUR))
        tx.calibrations.put(calibration(threshold=0.7, computed_at=UNTIL - 4 * HOUR))
    found = report(usual)
    [taught] = found.taught
    assert (taught.before, taught.after) == (0.5, 0.7)
    assert found.labels == 1
    assert "threshold 0.50 → 0.70" in str(digest_message(found).payload())


def test_the_weekly_one_is_of_seven_days(usual):
    day(usual)
    found = report(usual, "weekly")
    assert found.conversations == pytest.approx(7 * 144, rel=0.02)


# --- when it is posted ---------------------------------------------------------------------------------------


def due(now, **plan):
    return latest_due(now, **{"hour": 9, "weekday": 0, "zone": ZoneInfo("UTC"), "daily": True, **plan})


def test_a_digest_ends_at_its_hour_in_the_teams_time_zone():
    berlin = ZoneInfo("Europe/Berlin")
    assert due(datetime(2026, 11, 20, 8, 30, tzinfo=UTC), zone=berlin).until == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert due(datetime(2026, 7, 20, 7, 30, tzinfo=UTC), zone=berlin).until == datetime(2026, 7, 20, 7, tzinfo=UTC)


def test_on_mondays_the_weekly_one_takes_the_place_of_the_daily_one():
    monday = datetime(2026, 11, 16, 9, 5, tzinfo=UTC)
    assert due(monday).rhythm == "weekly"
    assert due(monday, weekday=None).rhythm == "daily"
    assert due(monday + DAY).rhythm == "daily"
    assert due(monday + DAY, daily=False) is None


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - the zone follows
    st.integers(0, 23),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
)
def test_what_is_due_ended_within_the_last_day_and_is_found_again(at, hour, zone):
    now = at.replace(tzinfo=UTC)
    period = due(now, hour=hour, zone=ZoneInfo(zone))
    assert timedelta(0) <= now - period.until <= timedelta(hours=25)
    assert Period.of(period.subject_id) == period


def rows(store):
    with store.read() as tx:
        return tx.outbox.undelivered(tuple(DeliveryState))


def test_it_is_asked_for_once_for_each_period_also_after_a_restart(usual):
    plan = DigestPlan(channel="#llm-alerts")
    for minutes in (0, 1, 90):
        Digesting(usual, plan).run(UNTIL + timedelta(minutes=minutes))
    assert [(row.kind, row.channel, row.revision) for row in rows(usual)] == [(DIGEST, "#llm-alerts", 1)]
    Digesting(usual, plan).run(UNTIL + DAY)
    assert len(rows(usual)) == 2


def test_a_hark_that_was_down_all_morning_does_not_bring_old_news(usual):
    assert Digesting(usual, DigestPlan(channel="#c")).run(UNTIL + timedelta(hours=3)) is False
    assert rows(usual) == []


def test_before_the_first_conversation_there_is_no_digest(store):
    assert Digesting(store, DigestPlan(channel="#c")).run(UNTIL) is False
