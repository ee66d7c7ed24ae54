"""Objectives and plain bounds: told whatever is usual, with the life and the message of any other alert."""

from __future__ import annotations

from datetime import timedelta

import pytest
from made import DAY, HOUR, MINUTE, NOW, fact

from alerts.rules import Bound, Objective, Rules
from alerts.signals import all_signals
from alerts.telling.posting import Posting
from alerts.watching.watch import Terrain, WatchSettings
from bot.config.rules import rules_of
from bot.config.settings import load
from bot.jobs.detect import Detection
from bot.slack.blocks.alert import alert_message
from traces.errors import BadConfig
from traces.model import AlertState, Direction, Segment
from traces.store import open_store

TERRAIN = Terrain(signals=all_signals(["task_success"], {}, {}), calibrations={}, changes=())
ERRORS = Objective(name="answers", signal="error_rate", objective=0.99)


def filled(*parts, segments=()):
    """A store with conversations: each part is ``(from, to, an hour, share of errors)`` in minutes before ``NOW``."""
    store = open_store("sqlite://")
    with store.begin() as tx:
        for place, (since, until, an_hour, errors) in enumerate(parts):
            count = round((since - until) / 60 * an_hour)
            tx.rollups.record(
                [
                    fact(
                        f"{place}-{n}",
                        NOW - (since - (since - until) * (n + 0.5) / count) * MINUTE,
                        segments=segments,
                        volume=1.0,
                        error_rate=float(int((n + 1) * errors) > int(n * errors)),
                        latency=1.0 + 10 * float(int((n + 1) * errors) > int(n * errors)),
                        task_success=1.0 - float(int((n + 1) * errors) > int(n * errors)),
                    )
                    for n in range(count)
                ]
            )
    return store


def broken(store, rule):
    with store.begin() as tx:
        return rule.broken(tx, TERRAIN, NOW)


def test_a_budget_that_burns_at_once_is_told_within_the_hour():
    found = broken(filled((60, 0, 200, 0.2)), ERRORS)
    assert "20.0 times what it allows" in found.text
    assert (found.direction, found.since, found.k, found.n) == (Direction.UP, NOW - HOUR, 40, 200)


def test_a_budget_that_burns_slowly_is_told_by_the_long_window():
    assert broken(filled((4320, 0, 30, 0.013)), ERRORS).since == NOW - 3 * DAY
    assert broken(filled((4320, 0, 30, 0.005)), ERRORS) is None


def test_a_burn_that_is_over_is_not_told():
    assert broken(filled((420, 370, 200, 0.3), (370, 0, 50, 0.0)), ERRORS) is None


def test_a_single_failure_at_night_burns_no_budget():
    assert broken(filled((60, 0, 4, 0.5)), ERRORS) is None
    assert broken(filled((60, 0, 25, 0.08)), ERRORS) is None


def test_where_a_fall_is_bad_the_objective_is_the_rate_itself():
    found = broken(filled((60, 0, 200, 0.4)), Objective(name="solved", signal="task_success", objective=0.95))
    assert (found.direction, found.value, found.low, found.high) == (Direction.DOWN, 0.6, 0.95, 1.0)


def test_an_objective_is_for_rates_alone_and_for_signals_that_are_there():
    store = filled((60, 0, 200, 0.4))
    for signal in ("latency", "unheard_of"):
        assert broken(store, Objective(name="x", signal=signal, objective=0.9)) is None


@pytest.mark.parametrize(
    ("bound", "direction"),
    [
        (Bound(name="slow", signal="latency", above=8.0), Direction.UP),
        (Bound(name="failing", signal="error_rate", above=0.1), Direction.UP),
        (Bound(name="few", signal="volume", below=300.0), Direction.DOWN),
        (Bound(name="many", signal="volume", above=100.0), Direction.UP),
        (Bound(name="well", signal="error_rate", above=0.5), None),
        (Bound(name="scarce", signal="error_rate", above=0.1, fewest=500), None),
        (Bound(name="elsewhere", signal="error_rate", above=0.1, segment=Segment.of(model="m9")), None),
    ],
)
def test_a_plain_bound_speaks_in_the_figure_that_people_know(bound, direction):
    found = broken(filled((60, 0, 200, 0.2), segments=[Segment.of(model="m1")]), bound)
    assert (None if found is None else found.direction) == direction


def test_no_traffic_at_all_is_below_a_bound_on_the_volume():
    assert broken(filled((600, 500, 20, 0.0)), Bound(name="few", signal="volume", below=5.0)).value == 0.0


def run(store, rules, *times):
    detection = Detection(store, WatchSettings(), Posting(channel="#a", examples=2), {}, {}, (), rules)
    for at in times:
        detection.run(at)
    with store.read() as tx:
        return tx.alerts.all()


def test_a_broken_rule_is_one_alert_that_is_over_when_the_rule_holds_again():
    store = filled((60, 0, 200, 0.2))
    late = NOW + 10 * MINUTE
    rules = [Bound(name="failing", signal="error_rate", above=0.1)]
    [alert] = run(store, rules, late, late + 5 * MINUTE)
    assert (alert.state, alert.detail["origin"], len(alert.examples)) == (AlertState.OPEN, "threshold:failing", 2)
    text = str(alert_message(alert, TERRAIN.signals["error_rate"], delivery_id="d").blocks)
    assert "above the bound failing of 10.0 % over 1 h" in text
    [same] = run(store, rules, late + 5 * MINUTE)
    assert (same.alert_id, same.state) == (alert.alert_id, AlertState.OPEN)
    [over] = run(store, rules, late + 2 * HOUR)
    assert (over.state, over.detail["outcome"]) == (AlertState.RESOLVED, "within its bounds again")


def test_nothing_is_read_twice_within_five_minutes():
    store = filled((60, 0, 200, 0.2))
    rules = Rules([ERRORS])
    with store.begin() as tx:
        first = rules.look(tx, TERRAIN, NOW + 10 * MINUTE)
        again = rules.look(tx, TERRAIN, NOW + 11 * MINUTE)
    assert first.is_news
    assert not again.is_news
    assert [s.origin for s in again.sightings] == ["slo:answers"]


def test_rules_are_written_in_three_lines(tmp_path):
    (tmp_path / "hark.toml").write_text(
        '[slos.answers]\nsignal = "error_rate"\nobjective = 0.99\n'
        '[thresholds.slow]\nsignal = "latency"\nabove = 8\nwhere = { model = "m1" }\n'
    )
    settings = load({}, tmp_path)
    assert rules_of(settings.slos, settings.thresholds) == [
        ERRORS,
        Bound(name="slow", signal="latency", above=8.0, segment=Segment.of(model="m1"), length=timedelta(hours=1)),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[thresholds.x]\nsignal = "cost"', "thresholds.x: neither above nor below is given"),
        ('[thresholds.x]\nsignal = "cost"\nabove = 1\nbelow = 2', "below is larger than above"),
        ('[slos.x]\nsignal = "cost"\nobjective = 99', "slos.x.objective"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(tmp_path, text, said):
    (tmp_path / "hark.toml").write_text(text)
    with pytest.raises(BadConfig) as error:
        load({}, tmp_path)
    assert said in str(error.value)
