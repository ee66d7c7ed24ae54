"""What is set in Slack lies over the file: it wins until it is undone, and comes home as TOML that says the same."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.main import hark
from bot.config.routes import ReceiverSettings, RouteSettings
from bot.config.settings import FileSettings, RoleSettings, Settings
from bot.config.signals import SignalSettings
from bot.settings.chosen import Chosen
from bot.settings.desk import Drafted, SettingsDesk
from bot.settings.overlay import as_toml, overlaid, standing
from bot.slack.access import Person
from traces.clock import FakeClock
from traces.errors import BadInput
from traces.store import open_store
from traces.store.choices import Choice

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADA = Person(user_id="U0ADA", name="ada", team_id="T0HOME")
FILE = Settings(
    roles=RoleSettings(admins=("U0FILE",), reveal=("U0EYE",)),
    routes=(RouteSettings(channel="#file"),),
    signals={"refusal": SignalSettings(min_relative=0.5), "discount": SignalSettings(measure="metadata.discount")},
    receivers={"pager": ReceiverSettings(kind="pagerduty", key_env="KEY")},
)

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12)
users = st.lists(st.from_regex(r"U[A-Z0-9]{2,9}", fullmatch=True), max_size=4, unique=True)
sizes = st.floats(0, 1_000, allow_nan=False)
tuned = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(),
        "bad": st.sampled_from(["up", "down", "both"]),
        "min_relative": sizes,
        "min_absolute": sizes,
        "sensitivity": st.sampled_from(["low", "usual", "high"]),
    },
)
routes = st.lists(
    st.fixed_dictionaries(
        {"channel": st.sampled_from(["#a", "C0A"])},
        optional={
            "signals": st.lists(names, min_size=1, max_size=3),
            "where": st.dictionaries(names, names, max_size=2),
            "severity": st.sampled_from(["low", "medium", "high"]),
            "hours": st.just("18:00-08:00"),
            "receivers": st.just(["pager"]),
            "go_on": st.booleans(),
        },
    ),
    max_size=4,
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "detect": st.fixed_dictionaries({"weeks_between_false_alerts": st.floats(0.01, 500)}),
        "roles": st.fixed_dictionaries({"admins": users.filter(bool), "reviewers": users, "viewers": users}),
        "routes": st.fixed_dictionaries({"routes": routes}),
        "quiet": st.fixed_dictionaries({"hours": st.just("20:00-07:00")}),
        "signals.refusal": tuned,
        "signals.rule_adherence.greets": tuned,
    },
)


def chosen_of(said):
    return {
        name: Choice(name=name, version=1, body=body, changed_by="U0ADA", changed_at=AT) for name, body in said.items()
    }


@given(bodies)
def test_what_is_set_in_slack_holds_and_everything_else_is_as_in_the_file(said):
    found = overlaid(FILE, chosen_of(said))
    assert found.problems == ()
    for name, body in said.items():
        held = standing(found.settings, name)
        if name == "routes":
            assert [route["channel"] for route in held["routes"]] == [route["channel"] for route in body["routes"]]
        else:
            assert {key: held[key] for key in body} == {k: sorted(v) if name == "roles" else v for k, v in body.items()}
    for name in {"detect", "roles", "routes", "quiet", "signals.refusal", "signals.discount"} - said.keys():
        assert standing(found.settings, name) == standing(FILE, name)
    assert found.settings.roles.reveal == FILE.roles.reveal
    assert found.settings.signals["discount"].measure == "metadata.discount"


@given(bodies)
def test_what_is_undone_leaves_the_file_as_it_was(said):
    undone = chosen_of(dict.fromkeys(said))
    assert overlaid(FILE, undone).settings == FILE


@given(bodies)
def test_what_is_brought_home_says_the_same_as_what_was_set(said):
    home = FileSettings.model_validate(tomllib.loads(as_toml(said)))
    bare = Settings(receivers=FILE.receivers)
    found = overlaid(bare, chosen_of(said)).settings
    for name in said:
        if name == "routes" and not said["routes"]["routes"]:
            continue
        assert standing(bare.model_copy(update=dict(home)), name) == standing(found, name)


@given(st.dictionaries(names, st.recursive(st.none() | st.booleans() | st.floats() | names, st.lists, max_leaves=4)))
def test_whatever_is_stored_is_taken_or_refused_with_the_reason(body):
    for name in ("detect", "roles", "routes", "quiet", "signals.refusal", "signals.No Name", "server"):
        choice = Choice(name=name, version=1, body=body, changed_by="U0ADA", changed_at=AT)
        found = overlaid(FILE, {name: choice})
        assert found.settings == FILE or not found.problems


def test_what_cannot_be_read_any_more_is_left_out_and_told():
    found = overlaid(FILE, chosen_of({"detect": {"weeks_between_false_alerts": -1}, "server": {"port": 1}}))
    assert found.settings == FILE
    assert ["detect" in found.problems[0], "server" in found.problems[1]] == [True, True]


def test_a_receiver_that_is_gone_from_the_file_is_left_out_and_told():
    said = {"routes": {"routes": [{"channel": "#a", "receivers": ["gone"]}, {"receivers": ["gone"]}]}}
    found = overlaid(FILE, chosen_of(said))
    assert [(route.channel, route.receivers) for route in found.settings.routes] == [("#a", ())]
    assert "no receiver 'gone'" in found.problems[0]


@pytest.fixture
def store():
    opened = open_store("sqlite://")
    yield opened
    opened.close()


def test_an_undo_brings_back_what_was_before_and_another_one_brings_that_back(store):
    chosen = Chosen(FILE, store)
    desk = SettingsDesk(store, FakeClock(AT), chosen)
    for number, weeks in enumerate((2.0, 3.0)):
        desk.save(Drafted(name="detect", body={"weeks_between_false_alerts": weeks}, version=number), ADA, f"k{number}")
    for number, held in enumerate((2.0, 3.0), start=2):
        desk.undo("detect", number, ADA, f"undo {number}")
        assert chosen.read().detect.weeks_between_false_alerts == held
    with store.read() as tx:
        assert [e.after["version"] for e in tx.audit.entries()] == [1, 2, 3, 4]
        assert [e.before["weeks_between_false_alerts"] for e in tx.audit.entries()] == [1.0, 2.0, 3.0, 2.0]


def test_roles_are_not_undone_to_a_file_without_an_admin(store):
    desk = SettingsDesk(store, FakeClock(AT), Chosen(Settings(), store))
    desk.save(Drafted(name="roles", body={"admins": ["U0ADA"]}, version=0), ADA, "k")
    with pytest.raises(BadInput, match=r"hark\.toml names no admin"):
        desk.undo("roles", 1, ADA, "undo")


def test_the_command_lists_exports_and_undoes(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'hark.db'}"
    monkeypatch.setenv("HARK_DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    store = open_store(url)
    desk = SettingsDesk(store, FakeClock(AT), Chosen(Settings(), store))
    desk.save(Drafted(name="signals.refusal", body={"enabled": False}, version=0), ADA, "k")
    store.close()
    run = CliRunner().invoke
    assert "signals.refusal  set in Slack by ada" in run(hark, ["settings"]).output
    assert tomllib.loads(run(hark, ["settings", "export"]).stdout) == {"signals": {"refusal": {"enabled": False}}}
    assert '"enabled": false' in run(hark, ["settings", "--json"]).output
    assert run(hark, ["settings", "undo", "signals.refusal"]).exit_code == 0
    assert run(hark, ["settings", "export"]).stdout == ""
