"""Where an alert goes and when: the first route that takes it, the default where none does, after the quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from click.testing import CliRunner
from hypothesis import given
from made import NOW, alert

from alerts.telling.routes import Hours, Quiet, Route, Routing
from alerts.telling.severity import Severity, severity_of
from bot.cli.main import hark
from bot.config.routes import QuietSettings, ReceiverSettings, RouteSettings, keys_in, routing_of
from bot.config.settings import load
from traces.errors import BadConfig
from traces.model import Direction, Segment

BERLIN = "Europe/Berlin"
NIGHT = Hours(start=time(20), end=time(8), zone="UTC")


def at(text, zone="UTC", fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def way(*routes, of=None, when=NOW, quiet=None):
    return Routing(default="#all", routes=routes, quiet=quiet).way_of(of or alert(), when)


def test_the_first_route_that_takes_an_alert_decides_and_the_default_takes_the_rest():
    leaks = Route(to="#leaks", signals=("*_leak",), receivers=("pager",))
    refusals = Route(to="#refusals", signals=("tool_error", "refus*"))
    rest = Route(to="#rest")
    assert way(leaks, refusals, rest).channel == "#refusals"
    assert way(leaks, refusals, of=alert(signal="cost")).channel == "#all"
    found = way(leaks, refusals, rest, of=alert(signal="pii_leak"))
    assert (found.channel, found.receivers) == ("#leaks", ("pager",))


def test_a_route_asks_for_the_segment_of_the_alert_or_for_the_one_that_explains_it():
    shop = Route(to="#shop", where={"application": "shop"})
    assert way(shop, of=alert(segment=Segment.of(application="shop"))).channel == "#shop"
    assert way(shop, of=alert(segment=Segment.of(application="shop2"))).channel == "#all"
    explained = {"attribution": {"key": "application", "value": "shop", "share": 0.9}}
    assert way(shop, of=alert(detail=explained)).channel == "#shop"
    both = Route(to="#both", where={"application": "shop", "model": "m & 1"})
    assert way(both, of=alert(detail=explained)).channel == "#both"
    assert way(both, of=alert(detail={"attribution": "torn"})).channel == "#all"


def test_a_route_that_goes_on_lets_later_ones_add_receivers_and_the_channel():
    loud = Route(receivers=("pager",), at_least=Severity.HIGH, goes_on=True)
    shop = Route(to="#shop", receivers=("mail", "pager"))
    found = way(loud, shop, Route(to="#never"), of=alert(value=0.5))
    assert (found.channel, found.receivers) == ("#shop", ("pager", "mail"))
    assert way(loud, shop, of=alert(value=0.1)).receivers == ("mail", "pager")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"value": 0.10}, "low"),
        ({"value": 0.15}, "medium"),
        ({"value": 0.30}, "high"),
        ({"signal": "pii_leak", "value": 0.10}, "high"),
        ({"signal": "pii_leak", "value": 0.001, "direction": Direction.DOWN, "k": None}, "high"),
        ({"direction": Direction.DOWN, "value": 0.90, "expected": 0.98, "expected_low": 0.97}, "high"),
        ({"direction": Direction.DOWN, "value": 0.955, "expected": 0.98, "expected_low": 0.97}, "medium"),
        ({"direction": Direction.DOWN, "value": 0.965, "expected": 0.98, "expected_low": 0.97}, "low"),
        ({"direction": Direction.DOWN, "k": None, "value": 10.0, "expected": 50.0, "expected_low": 40.0}, "high"),
        ({"value": 0.2, "expected": 0.0, "expected_low": 0.0, "expected_high": 0.0}, "high"),
        ({"value": 0.0, "expected": 0.0, "expected_low": 0.0, "expected_high": 0.0, "k": 0}, "low"),
    ],
)
def test_severity_is_how_far_an_alert_is_off(changed, expected):
    assert severity_of(alert(**changed)) == expected


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-11-20T19:59", False),
        ("2026-11-20T20:00", True),
        ("2026-11-21T07:59", True),
        ("2026-11-21T08:00", False),
        ("2026-11-22T02:00", False),
    ],
)
def test_hours_over_midnight_belong_to_the_day_on_which_they_begin(moment, holds):
    friday = Hours(start=time(20), end=time(8), zone="UTC", days=frozenset({4}))
    assert friday.holds(at(moment)) is holds
    if holds:
        assert friday.end_after(at(moment)) == at("2026-11-21T08:00")


def test_quiet_hours_end_by_the_local_clock_when_clocks_are_changed():
    night = Hours(start=time(22), end=time(7), zone=BERLIN)
    assert night.end_after(at("2026-10-24T23:00", BERLIN)) == at("2026-10-25T07:00", BERLIN) == at("2026-10-25T06:00")
    assert night.end_after(at("2026-03-28T23:00", BERLIN)) == at("2026-03-29T07:00", BERLIN) == at("2026-03-29T05:00")


def test_in_the_hour_that_comes_twice_quiet_hours_end_when_it_comes_again():
    night = Hours(start=time(22), end=time(2, 30), zone=BERLIN)
    second = at("2026-10-25T02:15", BERLIN, fold=1)
    assert night.holds(second)
    assert night.end_after(second) == second + timedelta(minutes=15)


def test_whole_days_that_follow_each_other_end_together():
    weekend = Hours(start=time(0), end=time(0), zone="UTC", days=frozenset({5, 6}))
    assert weekend.end_after(at("2026-11-21T10:00")) == at("2026-11-23T00:00")
    assert not weekend.holds(at("2026-11-23T00:00"))


@given(
    start=st.times().map(lambda t: t.replace(microsecond=0)),
    end=st.times().map(lambda t: t.replace(microsecond=0)),
    days=st.frozensets(st.integers(0, 6), min_size=1, max_size=6),
    when=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - given its zone below
    zone=st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_quiet_hours_always_end_and_never_in_the_past(start, end, days, when, zone):
    hours, moment = Hours(start=start, end=end, zone=zone, days=days), when.replace(tzinfo=UTC)
    if hours.holds(moment):
        over = hours.end_after(moment)
        assert moment < over <= moment + timedelta(days=7, hours=1)


def test_in_quiet_hours_only_what_is_urgent_is_told_at_once():
    quiet, late = Quiet(hours=NIGHT, urgent=Severity.HIGH), at("2026-11-20T23:00")
    assert way(of=alert(value=0.1), when=late, quiet=quiet).at == at("2026-11-21T08:00")
    assert way(of=alert(value=0.5), when=late, quiet=quiet).at == late
    assert way(of=alert(value=0.1), when=NOW, quiet=quiet).at == NOW


# --- settings --------------------------------------------------------------------------------------------


def routing(*routes, quiet=None, receivers=()):
    told = [RouteSettings(**route) for route in routes]
    return routing_of(told, QuietSettings(**(quiet or {})), "#all", BERLIN, receivers)


def test_settings_become_routes_in_the_time_zone_of_detection():
    found = routing(
        {"channel": "#day", "hours": "08:00-18:00", "days": ["mon"]},
        {"receivers": ["pager"], "days": ["sat"], "timezone": "UTC", "severity": "high"},
        receivers=["pager"],
    )
    assert found.routes[0].hours == Hours(start=time(8), end=time(18), zone=BERLIN, days=frozenset({0}))
    assert found.routes[1].hours == Hours(start=time(0), end=time(0), zone="UTC", days=frozenset({5}))
    assert found.routes[1].at_least is Severity.HIGH
    assert found.quiet is None


def test_quiet_days_without_hours_are_quiet_all_day():
    found = routing(quiet={"days": ["sat", "sun"]})
    assert found.quiet is not None
    assert found.quiet.hours.holds(at("2026-11-21T12:00"))


def test_a_receiver_that_is_not_there_is_one_line_with_its_key():
    with pytest.raises(BadConfig) as refused:
        routing({"channel": "#a"}, {"channel": "#b", "receivers": ["pagr"]}, receivers=["pager"])
    assert [*refused.value.mistakes] == ["routes.1.receivers: there is no receiver 'pagr'; add [receivers.pagr]"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"hours": "8-18", "channel": "#a"}, "no time of day"),
        ({"hours": "08:00-08:00", "channel": "#a"}, "no time of day"),
        ({"channel": "#a", "timezone": "Mars/Olympus"}, "not a time zone"),
        ({"channel": "#a", "timezone": "../etc/passwd"}, "not a time zone"),
        ({"signals": ["refusal"]}, "needs a channel or receivers"),
        ({"channel": "#a", "severity": "terrible"}, "'low', 'medium' or 'high'"),
    ],
)
def test_a_route_that_cannot_be_is_refused_with_the_reason(settings, said):
    with pytest.raises(ValueError, match=said):
        RouteSettings(**settings)


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"kind": "webhook"}, "url"),
        ({"kind": "pagerduty"}, "key_env"),
        ({"kind": "email", "host": "h"}, "sender and to"),
    ],
)
def test_a_receiver_that_is_not_whole_says_what_it_needs(settings, missing):
    with pytest.raises(ValueError, match=f"needs {missing}"):
        ReceiverSettings(**settings)


def test_a_key_that_is_not_in_the_environment_is_named_and_one_that_is_prints_as_stars():
    pager = {"pager": ReceiverSettings(kind="pagerduty", key_env="PAGER_KEY")}
    with pytest.raises(BadConfig, match=r"receivers\.pager\.key_env: PAGER_KEY is not set"):
        keys_in(pager, {})
    assert "s3cret" not in str(keys_in(pager, {"PAGER_KEY": "s3cret"}))


def test_doctor_and_every_command_tell_of_a_receiver_that_is_not_there(tmp_path, monkeypatch):
    (tmp_path / "hark.toml").write_text('[[routes]]\nchannel = "#a"\nreceivers = ["pagr"]\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        BadConfig, match=r"hark\.toml: routes\.0\.receivers: there is no receiver 'pagr'; add \[receivers"
    ):
        load({})


def test_doctor_tells_which_key_of_a_receiver_is_missing(tmp_path, monkeypatch):
    said = '[receivers.pager]\nkind = "pagerduty"\nkey_env = "PAGER_KEY"\n'
    (tmp_path / "hark.toml").write_text(said, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{tmp_path / 'hark.db'}")
    looked = CliRunner().invoke(hark, ["doctor"])
    assert "✗ receivers    receivers.pager.key_env: PAGER_KEY is not set" in looked.output
    assert looked.exit_code == 1
