"""Settings: an empty file works, every mistake is named with the way out, and secrets stay secret."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from bot.config.settings import ENVIRONMENT, Section, load
from traces.errors import BadConfig

BOT, APP, SIGNING = "xoxb-111-very-secret", "xapp-222-very-secret", "333-very-secret"
SLACK = {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "SLACK_SIGNING_SECRET": SIGNING}


@pytest.fixture
def read(tmp_path):
    """Settings from a file's text and an environment."""

    def read(text=None, **environment):
        if text is not None:
            (tmp_path / "hark.toml").write_text(text)
        return load(environment, tmp_path)

    return read


@pytest.fixture
def mistakes(read):
    def mistakes(text, **environment):
        with pytest.raises(BadConfig) as caught:
            read(text, **environment)
        return caught.value.mistakes

    return mistakes


def test_no_file_and_an_empty_file_work(read):
    for text in (None, "", "# nothing\n"):
        found = read(text)
        assert (found.server.port, found.server.host) == (8787, "127.0.0.1")
        assert found.database_url.startswith("sqlite:///")
        assert found.transport == "none"
        assert not found.roles.are_configured


def test_the_environment_wins_over_the_file(read):
    found = read(
        '[database]\nurl = "sqlite:///file.db"\n[slack]\nalerts_channel = "#a"\nreview_channel = "#b"\n',
        HARK_DATABASE_URL="sqlite:///other.db",
        HARK_ALERTS_CHANNEL="#c",
    )
    assert found.database_url == "sqlite:///other.db"
    assert (found.slack.alerts_channel, found.slack.review_channel) == ("#c", "#b")


def test_another_file_can_be_named(read, tmp_path):
    (tmp_path / "other.toml").write_text("[server]\nport = 1234\n")
    assert read("[server]\nport = 99\n", HARK_CONFIG=str(tmp_path / "other.toml")).server.port == 1234


@pytest.mark.parametrize(
    ("given", "transport"),
    [
        ({}, "none"),
        ({"SLACK_BOT_TOKEN": BOT}, "none"),
        ({"SLACK_BOT_TOKEN": BOT, "SLACK_SIGNING_SECRET": SIGNING}, "http"),
        (SLACK, "socket"),
    ],
)
def test_slack_comes_over_socket_mode_with_an_app_token_and_over_http_with_only_a_secret(read, given, transport):
    assert read(**given).transport == transport


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server]\nport = = 1", ["not valid TOML", "line 2"]),
        ("[servr]\nport = 1", ["servr: unknown setting", "did you mean 'server'?"]),
        ("[server]\nprt = 1", ["server.prt: unknown setting", "did you mean 'port'?"]),
        ("[server]\nport = 70000", ["server.port", "65535", "70000"]),
        ('[server]\nport = "many"', ["server.port", "whole number", "many"]),
        ('[detect]\ntimezone = "Europe/Nowhere"', ["detect.timezone", "Europe/Berlin"]),
        ('[detect]\ntimezone = "../../etc/passwd"', ["detect.timezone", "Europe/Berlin"]),
        ("[detect]\nweeks_between_false_alerts = 0", ["detect.weeks_between_false_alerts", "greater than 0"]),
        ('[[judges]]\nname = "j"\nmodel = "m"', ["judges[0]: the judge j has no question"]),
        ('[[judges]]\nname = "j"\nquestion = "Is it?"\nmodel = "m"\nbda = "up"', ["judges[0].bda", "did you mean 'bad'?"]),
        ('[[judges]]\nname = "J!"\nquestion = "Is it?"\nmodel = "m"', ["judges[0].name", "J!"]),
        ('[[judges]]\nname = "j"\nquestion = "a b c"\nmodel = "m"\nbad = "left"', ["judges[0].bad", "up"]),
        ('[signals."Not A Name"]\nenabled = false', ["signals", "Not A Name"]),
        ("[signals.cost]\nmin_relative = -1", ["signals.cost.min_relative"]),
        ('[[sources]]\nname = "p"\nkind = "fax"\nurl = "x"', ["sources[0].kind", "fax"]),
        ('[slack]\nbot_token = "xoxb-1"', ["slack.bot_token: unknown setting"]),
        ("server = 3", ["server"]),
        ("[conversations]\nquiet_minutes = nan", ["conversations.quiet_minutes"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_key_and_the_way_out(mistakes, text, says):
    [mistake] = mistakes(text)
    for words in ["hark.toml", *says]:
        assert words in mistake
    assert "\n" not in mistake
    assert "pydantic" not in mistake


def test_all_mistakes_are_told_at_once(mistakes):
    found = mistakes(
        '[server]\nport = -1\n[detect]\ntimezone = "Mars"\nx = 1\n',
        SLACK_BOT_TOKEN=APP,
        SLACK_APP_TOKEN=BOT,
        SLACK_API_URL="ftp://x",
    )
    assert [mistake.split(": ")[0 if "hark.toml" not in mistake else 1] for mistake in found] == [
        "server.port",
        "detect.timezone",
        "detect.x",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_API_URL",
    ]


def test_a_name_that_is_given_twice_is_refused(mistakes):
    judge = '[[judges]]\nname = "j"\nquestion = "Is it?"\nmodel = "m"\n'
    [mistake] = mistakes(judge * 2)
    assert "'j' is given twice" in mistake


def test_a_slack_secret_without_the_bot_token_is_told(mistakes):
    assert "SLACK_BOT_TOKEN: missing" in mistakes("", SLACK_APP_TOKEN=APP)[0]


def test_a_file_that_is_named_and_not_there_is_told(mistakes):
    assert "HARK_CONFIG" in mistakes("", HARK_CONFIG="/nowhere/hark.toml")[0]


def test_a_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "hark.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadConfig, match="cannot be read"):
        load({}, tmp_path)


def test_secrets_never_show(read, mistakes):
    found = read('[database]\nurl = "postgresql://ann:hunter2@host/db"\n', **SLACK)
    shown = f"{found!r} {found} {found.secrets!r} {found.model_dump()} {found.model_dump_json()}"
    said = " ".join(
        mistakes('[database]\nurl = 3\nurls = "postgresql://ann:hunter2@host/db"\n', **SLACK)
        + mistakes("", SLACK_BOT_TOKEN=APP, SLACK_APP_TOKEN=BOT)
    )
    for secret in ("very-secret", "hunter2"):
        assert secret not in shown
        assert secret not in said


def test_a_wrong_database_url_in_the_file_does_not_show_its_password(mistakes):
    said = " ".join(mistakes('[database]\nurl = ["postgresql://ann:hunter2@host/db"]\n'))
    assert "database.url" in said
    assert "hunter2" not in said


def test_settings_cannot_be_changed(read):
    with pytest.raises(ValidationError):
        read().server.port = 1


SECTIONS = [s for s in Section.__subclasses__() if s.__name__ not in {"FileSettings", "Secrets"}]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.__name__)
def test_every_setting_says_what_it_is(section):
    assert section.__doc__
    for name, field in section.model_fields.items():
        assert field.description, name


def test_every_environment_variable_says_what_it_is():
    assert all(ENVIRONMENT.values())
    assert {*SLACK, "HARK_DATABASE_URL", "HARK_CONFIG", "SLACK_API_URL"} <= {*ENVIRONMENT}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["server", "slack", "detect", "judges", "signals", "roles", "sources", "nonsense"]),
        st.sampled_from(["3", '"x"', "[]", "{}", "[1]", '{port = "x"}', "[{}]", "nan", "1979-05-27", "{x = {y = 1}}"]),
    )
)
def test_no_file_breaks_it(tmp_path_factory, values):
    directory = tmp_path_factory.mktemp("settings")
    (directory / "hark.toml").write_text("\n".join(f"{key} = {value}" for key, value in values.items()))
    try:
        load({}, directory)
    except BadConfig as error:
        told = error.mistakes
    else:
        told = ["fine"]
    assert all(mistake and "\n" not in mistake for mistake in told)
