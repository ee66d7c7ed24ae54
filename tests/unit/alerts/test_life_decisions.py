"""Why one is told, or not: mutes, snoozes, growth, one cause, storms; each with a reason that is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import hypothesis.strategies as st
import pytest
from click.testing import CliRunner
from hypothesis import given
from made import DAY, HOUR, NOW, alert
from stream import BREAK, BROKEN_MODEL, LATE, Weather, broken_from

from alerts.explaining.incident import Incident, Numbers
from alerts.explaining.sighting import Sighting
from alerts.telling.decision import Reason
from alerts.telling.kin import Storm, storms
from alerts.telling.life import Scene, alert_id_of
from alerts.telling.pipeline import STAGES, run
from alerts.telling.posting import UPDATE, Posting
from alerts.watching.watch import Terrain, Watch, WatchSettings
from alerts.words import chance_text, figure_text, hours_text, until_text
from bot.alerting import Alerting
from bot.cli.main import hark
from bot.slack.access import Person
from bot.slack.blocks.saying import others
from traces.clock import FakeClock, format_time
from traces.errors import BadInput
from traces.model import EVERYTHING, AlertState, Direction, Kind, Segment, Signal
from traces.store import open_store

ANN = Person(user_id="U1", name="Ann", team_id="T1")
POSTING = Posting(channel="#llm-alerts", examples=0)


def people(stream):
    return Alerting(stream.store, FakeClock(stream.hour + LATE))


def story(stream, alert_id):
    with stream.store.read() as tx:
        return tx.decisions.of(alert_id)


def reasons(stream, alert_id):
    return [one.reason for one in story(stream, alert_id)]


def test_an_alert_tells_its_story_and_says_the_same_only_once(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    stream.run(12)
    [one] = stream.alerts
    people(stream).acknowledge(one.alert_id, ANN, "click-1")
    stream.run(6)
    told = story(stream, one.alert_id)
    assert told[0].reason == Reason.NEW
    assert "Chance does as much" in told[0].text
    assert "Acknowledged by Ann." in [d.text for d in told]
    assert sum(d.reason == Reason.STILL_OPEN for d in told) < sum(d.times for d in told)


def test_what_a_reviewer_muted_is_not_told_until_the_mute_is_over(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    people(stream).mute("refusal", timedelta(hours=20), ANN, request_key="k-1")
    decisions = stream.run(16)
    assert stream.alerts == []
    muted = [d for d in decisions if d.reason is Reason.MUTED]
    assert {d.text for d in muted} == {"Muted by Ann until 20:15."}
    stream.run(8)
    assert [a.state for a in stream.alerts] == [AlertState.OPEN]


def test_a_mute_of_a_part_mutes_what_is_within_it_alone(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    people(stream).mute("refusal", DAY, ANN, Segment.of(model="m1"), request_key="k-1")
    stream.run(12)
    assert [a.signal for a in stream.alerts] == ["refusal"]
    assert people(stream).unmute("refusal", ANN, request_key="k-2") == 1
    with pytest.raises(BadInput):
        people(stream).mute("refusal", timedelta(days=90), ANN, request_key="k-3")


def test_a_snoozed_alert_is_silent_and_stands_again_when_its_time_is_over(after_weeks):
    stream = after_weeks(broken_from(BREAK))
    stream.run(12)
    [one] = stream.alerts
    assert people(stream).snooze(one.alert_id, ANN, "click-1", timedelta(hours=4))
    stream.run(3)
    [asleep] = stream.alerts
    assert (asleep.state, asleep.snoozed_by) == (AlertState.SNOOZED, "U1")
    stream.run(3)
    [awake] = stream.alerts
    assert (awake.state, awake.snoozed_until) == (AlertState.OPEN, None)
    assert Reason.SNOOZE_OVER in reasons(stream, one.alert_id)
    with stream.store.read() as tx:
        number = next(d.number for d in tx.decisions.of(one.alert_id) if d.reason == Reason.SNOOZE_OVER)
        assert tx.outbox.get(f"{UPDATE}:{one.alert_id}.{number}").thread_of == f"alert:{one.alert_id}"


def test_an_alert_that_grows_much_worse_says_so_in_its_thread(after_weeks):
    worse = Weather(refusal={"m2": 1.0}, new_model=0.9)
    stream = after_weeks(lambda hour: worse if hour >= BREAK + 16 * HOUR else BROKEN_MODEL)
    stream.run(40)
    [one] = [a for a in stream.alerts if a.signal == "refusal"]
    assert Reason.GREW in reasons(stream, one.alert_id)


# --- single stages, on sightings that are made up --------------------------------------------------------


REFUSAL = Signal(name="refusal", kind=Kind.RATE, unit="%", evaluator="refusal")
TOOLS = Signal(name="tool_error", kind=Kind.RATE, unit="%")
VOLUME = Signal(name="volume", kind=Kind.COUNT, bad=Direction.BOTH)
TERRAIN = Terrain(signals={s.name: s for s in (REFUSAL, TOOLS, VOLUME)}, calibrations={}, changes=())


def sighting(signal=REFUSAL, segment=EVERYTHING, *, at=NOW, value=0.3, direction=Direction.UP, evidence=5.0, **more):
    numbers = Numbers(
        segment=segment, value=value, expected=0.05, expected_low=0.02, expected_high=0.08, n=100, k=round(100 * value)
    )

    def look(_tx, _examples, _known):
        return Incident(started_at=at, numbers=numbers, detail={}, examples=(), users=0)

    return Sighting(
        signal=signal, segment=segment, direction=direction, started_at=at, detected_at=at, look=look, value=value,
        expected_low=0.02, expected_high=0.08, evidence=evidence, **more,
    )  # fmt: skip


class Seen:
    """Alerts of sightings that are handed over hour by hour."""

    def __init__(self) -> None:
        self.store = open_store("sqlite://")

    def hour(self, *seen, at=NOW):
        with self.store.begin() as tx:
            return run(tx, Watch(WatchSettings()), TERRAIN, POSTING, at, seen)

    @property
    def alerts(self):
        with self.store.read() as tx:
            return tx.alerts.all()


def rule(segment=EVERYTHING, **more):
    return sighting(segment=segment, origin="threshold:x", **more)


def test_signals_that_open_together_in_the_same_segment_are_one_alert():
    seen, model = Seen(), Segment.of(model="m2")
    decisions = seen.hour(sighting(segment=model), sighting(TOOLS, model, evidence=2.0))
    [one] = seen.alerts
    assert [d.reason for d in decisions] == [Reason.NEW, Reason.SAME_CAUSE]
    assert [other["signal"] for other in one.detail["also"]] == ["tool_error"]
    seen.hour(sighting(TOOLS, model, value=0.5), at=NOW + HOUR)
    [still] = seen.alerts
    assert (still.state, still.detail["also"][0]["value"]) == (AlertState.OPEN, 0.5)
    seen.hour(at=NOW + 2 * HOUR)
    assert [a.state for a in seen.alerts] == [AlertState.RESOLVED]


def test_signals_in_other_segments_or_hours_apart_are_alerts_of_their_own():
    seen = Seen()
    first, model = sighting(segment=Segment.of(model="m2")), Segment.of(model="m2")
    seen.hour(first, sighting(TOOLS, Segment.of(model="m1")))
    assert len(seen.alerts) == 2
    apart = Seen()
    apart.hour(first)
    apart.hour(first, sighting(TOOLS, model, at=NOW + 5 * HOUR), at=NOW + 5 * HOUR)
    assert len(apart.alerts) == 2


def test_a_signal_that_took_longer_to_prove_joins_the_alert_whose_beginning_it_shares():
    seen, model = Seen(), Segment.of(model="m2")
    first = sighting(segment=model)
    seen.hour(first)
    late = replace(sighting(TOOLS, model, at=NOW + HOUR), detected_at=NOW + 7 * HOUR)
    decisions = seen.hour(first, late, at=NOW + 7 * HOUR)
    assert len(seen.alerts) == 1
    assert decisions[-1].reason is Reason.SAME_CAUSE


def test_a_rule_that_fires_on_what_is_told_already_joins_that_alert():
    seen = Seen()
    decisions = seen.hour(sighting(), rule())
    assert [d.reason for d in decisions] == [Reason.NEW, Reason.SAME_CHANGE]
    assert [a.detail["also"][0]["origin"] for a in seen.alerts] == ["threshold:x"]


def test_volumes_that_move_together_are_one_message():
    shops = [Segment.of(application=f"shop {n}") for n in range(4)]
    fallen = [sighting(VOLUME, shop, direction=Direction.DOWN, value=2.0) for shop in shops]
    seen = Seen()
    seen.hour(*fallen)
    [one] = seen.alerts
    assert one.detail["storm"] == {"moved": 4, "of": 4}
    assert storms(Watch(WatchSettings()), TERRAIN, fallen[:2]) == {}
    assert str(Storm(moved=4, of=5)) == "4 of 5 volumes"


@given(
    st.lists(
        st.tuples(
            st.sampled_from([REFUSAL, TOOLS, VOLUME]),
            st.sampled_from([EVERYTHING, Segment.of(model="m1"), Segment.of(model="m2"), Segment.of(language="de")]),
            st.sampled_from([Direction.UP, Direction.DOWN]),
            st.integers(0, 60),
        ),
        max_size=8,
    )
)
def test_whatever_is_seen_every_sighting_gets_one_reason_and_every_alert_a_story(steps):
    seen = Seen()
    for place, (signal, segment, direction, hours) in enumerate(steps):
        at = NOW + max(place, hours) * HOUR
        decisions = seen.hour(sighting(signal, segment, at=at, direction=direction), at=at)
        assert len(decisions) == 1
    with seen.store.read() as tx:
        for one in tx.alerts.all():
            assert tx.decisions.of(one.alert_id)[0].reason == Reason.NEW
        live = [a for a in tx.alerts.all() if a.state is not AlertState.RESOLVED]
    assert len(live) <= 1


def test_the_stages_read_as_a_list_and_each_says_what_it_is_for():
    assert [stage.__name__ for stage in STAGES] == [
        "_still_open", "_muted", "_storm", "_same_change", "_carried", "_resolved_by_reviewer", "_back",
    ]  # fmt: skip
    assert all(stage.__doc__ for stage in STAGES)


def test_the_longest_mute_that_covers_a_series_is_the_one_that_is_told():
    watch = Watch(WatchSettings())
    with open_store("sqlite://").begin() as tx:
        people_of = Scene(tx=tx, watch=watch, terrain=TERRAIN, posting=POSTING, now=NOW, zone="UTC", alerts=[])
        assert people_of.mute_of("refusal", EVERYTHING) is None
    assert alert_id_of(sighting()) == alert_id_of(sighting()) != alert_id_of(rule())


# --- words ------------------------------------------------------------------------------------------------


def test_times_are_told_in_the_teams_own_zone():
    at = datetime.fromisoformat("2026-11-17T10:00:00+00:00")
    assert hours_text(at, at + 3 * HOUR, "Europe/Berlin") == "Tuesday 11–14 h"
    assert hours_text(at + 11 * HOUR, at + 18 * HOUR, "Europe/Berlin") == "Tue 22 h to Wed 5 h"
    assert hours_text(at, at + 13 * HOUR, "Europe/Berlin") == "Tuesday 11–24 h"
    assert hours_text(at, at + 9 * DAY, "UTC") == ""
    assert until_text(at + HOUR, at, "Europe/Berlin") == "12:00"
    assert until_text(at + 2 * DAY, at, "UTC") == "Thu 10:00"
    assert until_text(at + 10 * DAY, at, "UTC") == "27 Nov 10:00"


def test_chances_are_told_as_people_say_them():
    said = [chance_text(weeks) for weeks in (0.4, 1.0, 50.0, 300.0, 1e9, float("inf"))]
    assert said == [
        "about once a week", "about once a week", "about once in 50 weeks", "about once in 6 years",
        "less than once in 20 years", "less than once in 20 years",
    ]  # fmt: skip


def test_figures_are_short_in_every_unit():
    cost, latency = (Signal(name="x", kind=Kind.CONTINUOUS, unit=unit) for unit in ("USD", "s"))
    assert [figure_text(v, s) for v, s in ((0.061, REFUSAL), (0.0314, cost), (2.44, latency), (312, VOLUME))] == [
        "6.1 %", "$0.0314", "2.44 s", "312 an hour",
    ]  # fmt: skip


def test_the_command_line_tells_why(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'hark.db'}"
    monkeypatch.setenv("HARK_DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    store = open_store(url)
    with store.begin() as tx:
        tx.alerts.add(replace(alert("abc123"), detail={"series": [""]}))
        tx.decisions.note("abc123", at=NOW, reason="new", text="Nothing held it back.", signal="refusal")
        tx.decisions.note("other", at=NOW, reason="muted", text="Muted by Ann until 18:00.", signal="refusal")
    store.close()
    told = CliRunner().invoke(hark, ["alerts", "--why", "abc"]).output
    assert "Nothing held it back." in told
    assert format_time(NOW) in told
    assert "Muted by Ann until 18:00." in CliRunner().invoke(hark, ["alerts", "--held-back"]).output
    assert CliRunner().invoke(hark, ["alerts", "--why", "zzz"]).exit_code != 0


def test_what_joined_an_alert_does_not_open_another_one_hours_later_in_a_part_of_it():
    seen, model = Seen(), Segment.of(model="m2")
    seen.hour(sighting(segment=model), sighting(TOOLS, model))
    later = sighting(TOOLS, Segment.of(release="r9"), at=NOW + 5 * HOUR)
    decisions = seen.hour(sighting(segment=model), sighting(TOOLS, model), later, at=NOW + 5 * HOUR)
    assert len(seen.alerts) == 1
    assert decisions[-1].reason is Reason.SAME_CHANGE
    assert [other.signal for other in others(seen.alerts[0])] == ["tool_error"]
