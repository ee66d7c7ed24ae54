"""The whole life of alerts, whatever goes off, recovers and is clicked, in whatever order: what is promised holds."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from made import HOUR, NOW

from alerts.explaining.incident import Incident, Numbers
from alerts.explaining.sighting import Sighting
from alerts.telling.decision import TOLD, Reason
from alerts.telling.kin import MERGE, also_keys, overlaps, stands_for
from alerts.telling.pipeline import run, wake
from alerts.telling.posting import ALERT, UPDATE, Posting
from alerts.watching.watch import Terrain, Watch, WatchSettings
from bot.alerting import Alerting
from bot.slack.access import Person
from traces.clock import FakeClock
from traces.model import EVERYTHING, AlertState, Direction, Kind, Segment, Signal
from traces.store import open_store
from traces.store.alerts import LIVE

ANN = Person(user_id="U1", name="Ann", team_id="T1")
POSTING = Posting(channel="#llm-alerts", examples=0)
RATES = [Signal(name=name, kind=Kind.RATE, unit="%") for name in ("refusal", "tool_error")]
VOLUME = Signal(name="volume", kind=Kind.COUNT, bad=Direction.BOTH)
TERRAIN = Terrain(signals={s.name: s for s in (*RATES, VOLUME)}, calibrations={}, changes=())
SEGMENTS = [EVERYTHING, Segment.of(model="m1"), Segment.of(model="m2"), Segment.of(language="de")]
SHOPS = [Segment.of(application=f"shop {n}") for n in range(4)]
SERIES = [(signal, segment) for signal in RATES for segment in SEGMENTS] + [(VOLUME, shop) for shop in SHOPS]


def sighting(signal, segment, since, value):
    down = signal is VOLUME
    numbers = Numbers(
        segment=segment, value=value, expected=0.05, expected_low=0.02, expected_high=0.08, n=100, k=round(100 * value)
    )
    return Sighting(
        signal=signal, segment=segment, direction=Direction.DOWN if down else Direction.UP, started_at=since,
        detected_at=since, value=value, expected_low=0.02, expected_high=0.08, evidence=100 * value,
        look=lambda _tx, _examples, _known: Incident(
            started_at=since, numbers=numbers, detail={}, examples=(), users=0
        ),
    )  # fmt: skip


class Life(RuleBasedStateMachine):
    """Hours go by; series go off and recover; people click."""

    def __init__(self):
        super().__init__()
        self.store = open_store("sqlite://")
        self.clock = FakeClock(NOW)
        self.people = Alerting(self.store, self.clock)
        self.off = {}
        self.clicks = 0
        self.silenced = {}

    @initialize()
    def begin(self):
        self.hours_pass(1)

    @property
    def now(self):
        return self.clock.now()

    @property
    def alerts(self):
        with self.store.read() as tx:
            return tx.alerts.all()

    def key(self):
        self.clicks += 1
        return f"click-{self.clicks}"

    # --- what happens

    @rule(series=st.sampled_from(SERIES), value=st.sampled_from([0.2, 0.3]))
    def goes_off(self, series, value):
        self.off.setdefault(series, (self.now, value))

    @rule(moved=st.integers(1, 4))
    def volumes_fall(self, moved):
        for shop in SHOPS[:moved]:
            self.off.setdefault((VOLUME, shop), (self.now, 2.0))

    @rule()
    @precondition(lambda self: self.off)
    def all_is_well(self):
        self.off.clear()

    @rule(data=st.data())
    @precondition(lambda self: self.off)
    def one_recovers(self, data):
        del self.off[data.draw(st.sampled_from(sorted(self.off, key=str)))]

    @rule(data=st.data(), value=st.sampled_from([0.6, 0.9]))
    @precondition(lambda self: self.off)
    def one_gets_worse(self, data, value):
        series = data.draw(st.sampled_from(sorted(self.off, key=str)))
        self.off[series] = (self.off[series][0], value)

    @rule(hours=st.integers(1, 8))
    def hours_pass(self, hours):
        for _ in range(hours):
            self.clock.advance(HOUR)
            self.an_hour()

    def an_hour(self):
        before = {a.alert_id: a for a in self.alerts}
        seen = [sighting(*series, *state) for series, state in self.off.items()]
        with self.store.begin() as tx:
            decisions = run(tx, Watch(WatchSettings()), TERRAIN, POSTING, self.now, seen)
            wake(tx, POSTING, self.now, Watch(WatchSettings()), TERRAIN)
        assert len(decisions) == len(seen)
        assert all(d.reason in Reason for d in decisions)
        after = self.alerts
        live = [a for a in after if a.state in LIVE]
        for alert in live:
            assert any(stands_for(alert, s) for s in seen), "an alert of which nothing is off stays open"
        assert all(d.alert_id for d in decisions)
        held = {Reason.MUTED, Reason.RESOLVED_BY_REVIEWER}
        quiet = {(d.signal, d.segment) for d in decisions if d.reason in held}
        for s in seen:
            assert (s.signal.name, s.segment) in quiet or any(stands_for(a, s) or overlaps(a, s) for a in live)
        for new in (a for a in after if a.alert_id not in before):
            self.is_really_new(new, before.values(), seen)
        for alert in after:
            assert alert.state is not AlertState.SNOOZED or alert.snoozed_until > self.now, "a snooze has an end"

    def is_really_new(self, new, before, seen):
        [own] = [s for s in seen if stands_for(new, s) and s.signal.name == new.signal and s.segment == new.segment]
        for old in before:
            was_over = old.state is AlertState.RESOLVED and old.resolved_by is None
            if was_over and self.now - old.resolved_at <= MERGE:
                assert not stands_for(old, own), "a change that is back is a new alert"

    # --- what people do

    def click(self, data, step, states):
        some = [a for a in self.alerts if a.state in states]
        if some:
            step(data.draw(st.sampled_from(some)).alert_id)

    @rule(data=st.data())
    def acknowledge(self, data):
        self.click(data, lambda i: self.people.acknowledge(i, ANN, self.key()), [AlertState.OPEN, AlertState.SNOOZED])

    @rule(data=st.data(), hours=st.integers(1, 24))
    def snooze(self, data, hours):
        self.click(data, lambda i: self.people.snooze(i, ANN, self.key(), timedelta(hours=hours)), LIVE)

    @rule(data=st.data(), outcome=st.sampled_from(["resolved", "expected", "noise"]))
    def resolve(self, data, outcome):
        self.click(data, lambda i: self.people.resolve(i, ANN, self.key(), outcome), LIVE)

    @rule(data=st.data())
    def reopen(self, data):
        self.click(data, lambda i: self.people.reopen(i, ANN, self.key()), [AlertState.RESOLVED])

    @rule(signal=st.sampled_from(["refusal", "volume"]), hours=st.integers(1, 24))
    def mute(self, signal, hours):
        self.people.mute(signal, timedelta(hours=hours), ANN, request_key=self.key())

    @rule()
    def unmute(self):
        self.people.unmute("refusal", ANN, request_key=self.key())

    # --- what always holds

    @invariant()
    def every_alert_has_one_message_and_a_story_that_begins_with_why_it_is_new(self):
        alerts = self.alerts
        with self.store.read() as tx:
            for alert in alerts:
                roots = [d for d in tx.outbox.of_subjects([alert.alert_id]) if d.kind == ALERT]
                assert len(roots) == 1
                story = tx.decisions.of(alert.alert_id)
                assert [d.reason for d in story if d.reason in (Reason.NEW, Reason.MUTED)]
                assert {d.reason for d in story} <= set(Reason)
                said = [d for d in story if tx.outbox.get(f"{UPDATE}:{alert.alert_id}.{d.number}") is not None]
                assert {d.reason for d in said} <= TOLD

    @invariant()
    def no_series_belongs_to_two_alerts_that_are_open(self):
        taken = [
            (a.signal, a.direction, series) for a in self.alerts if a.state in LIVE for series in a.detail["series"]
        ]
        assert len(taken) == len(set(taken))

    @invariant()
    def nobody_is_said_to_have_done_what_nobody_did(self):
        for alert in self.alerts:
            assert (alert.state is AlertState.RESOLVED) == (alert.resolved_at is not None)
            assert (alert.state is AlertState.SNOOZED) == (alert.snoozed_by is not None)
            assert alert.resolved_by is None or alert.state is AlertState.RESOLVED

    @invariant()
    def a_storm_adds_up(self):
        for alert in self.alerts:
            if (storm := alert.detail.get("storm")) is not None:
                others = [key for key in also_keys(alert) if key.startswith("volume|")]
                assert 3 <= storm["moved"] <= storm["of"]
                assert len(alert.detail["series"]) + len(others) >= 3


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=25, stateful_step_count=25, deadline=None, derandomize=True)
