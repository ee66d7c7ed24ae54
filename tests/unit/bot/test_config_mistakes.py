"""Mistakes in the settings, told all at once and in the words of who wrote them."""

from __future__ import annotations

import pytest

from bot.config.settings import load
from traces.errors import BadConfig

BOT, APP, USER = "xoxb-1-very-secret", "xapp-2-very-secret", "xoxp-3-very-secret"


@pytest.fixture
def mistakes(tmp_path):
    def mistakes(text="", **environment):
        (tmp_path / "hark.toml").write_text(text)
        with pytest.raises(BadConfig) as caught:
            load(environment, tmp_path)
        return caught.value.mistakes

    return mistakes


def test_wrong_names_of_evaluators_are_told_together_with_every_other_mistake(mistakes):
    told = " | ".join(
        mistakes(
            '[server]\nport = "many"\n'
            '[evaluators]\ndisabled = ["refusall"]\nenabled = ["nothing_of_ours"]\n'
            "[evaluators.options.pii_leak]\nnonsense = 1\n"
            '[[judges]]\nname = "frustration"\nquestion = "Is it so?"\nmodel = "scripted"\n'
            "[[judges]]\nname = 3\n",
            SLACK_BOT_TOKEN=USER,
            HARK_ALERTS_CHANNEL="#Not A Channel",
        )
    )
    for words in (
        "server.port: has to be a whole number",
        "evaluators.disabled: 'refusall' is no evaluator; did you mean refusal?",
        "evaluators.enabled: 'nothing_of_ours' is no evaluator",
        "evaluators.options.pii_leak.nonsense: unknown option",
        "judges[1].name: has to be a text in quotes",
        "SLACK_BOT_TOKEN: this is a user token",
        "HARK_ALERTS_CHANNEL: '#Not A Channel' cannot be a channel's name",
    ):
        assert words in told


def test_a_judge_that_takes_the_name_of_an_evaluator_that_is_enabled_is_told_at_once(mistakes):
    told = mistakes(
        '[evaluators]\nenabled = ["refusal"]\n'
        '[[judges]]\nname = "refusal"\nquestion = "Did it refuse?"\nmodel = "scripted"\n[server]\nport = -1\n'
    )
    assert any("the name refusal is taken" in mistake for mistake in told)
    assert any("server.port" in mistake for mistake in told)


def test_a_name_given_twice_is_told_beside_other_mistakes(mistakes):
    judge = '[[judges]]\nname = "j"\nquestion = "Is it?"\nmodel = "scripted"\n'
    told = " | ".join(mistakes(f"{judge}{judge}[server]\nport = -1\n"))
    assert "'j' is given twice" in told
    assert "server.port: has to be at least 0 (got '-1')" in told


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("server = 3", "server: has to be a section of its own; write [server]"),
        ("[judges]\nname = 1", "judges: has to be a list of tables; write [[judges]]"),
        ('[roles]\nadmins = "U1"', "roles.admins: has to be a list"),
        ("[roles]\nadmins = [3]", "roles.admins[0]: has to be a text in quotes (got '3')"),
        ('[signals.cost]\nenabled = "maybe"', "signals.cost.enabled: has to be true or false"),
        ('[signals.cost]\nbad = "dwon"', "signals.cost.bad: has to be 'up', 'down' or 'both'; did you mean 'down'?"),
        ("[segments]\nmax_values = 0", "segments.max_values: has to be at least 1"),
        ('[[sources]]\nkind = "phoenix"\nurl = "http://h"', "sources[0].name: missing"),
    ],
)
def test_what_a_value_has_to_be_is_said_in_plain_words(mistakes, text, says):
    told = " | ".join(mistakes(text))
    assert says in told
    assert "Input should" not in told
    assert "validation" not in told


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"SLACK_BOT_TOKEN": USER}, "SLACK_BOT_TOKEN: this is a user token; copy the Bot User OAuth Token (xoxb-…)"),
        ({"SLACK_BOT_TOKEN": APP}, "SLACK_BOT_TOKEN: this is an app-level token; it belongs in SLACK_APP_TOKEN"),
        ({"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": BOT}, "SLACK_APP_TOKEN: this is a bot token; it belongs in"),
        ({"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": USER}, "SLACK_APP_TOKEN: this is a user token; generate an"),
        ({"SLACK_BOT_TOKEN": BOT, "SLACK_SIGNING_SECRET": APP}, "SLACK_SIGNING_SECRET: this is an app-level token"),
    ],
)
def test_a_token_in_the_wrong_place_is_told_without_being_shown(mistakes, environment, says):
    [told] = mistakes(**environment)
    assert says in told
    assert "very-secret" not in told


def test_swapped_tokens_are_told_both(mistakes):
    assert len(mistakes(SLACK_BOT_TOKEN=APP, SLACK_APP_TOKEN=BOT)) == 2


@pytest.mark.parametrize("name", ["#General", "#my channel", "#a.b", "@ann", "#", "", "#" + "x" * 81, "#a/b", "#a\n"])
def test_a_channel_that_slack_cannot_have_is_refused(mistakes, name):
    [told] = mistakes(
        f"[slack]\nalerts_channel = {name!r}\n".replace("'", '"')
        if "\n" not in name
        else '[slack]\nalerts_channel = "#a\\n"\n'
    )
    assert told.split("hark.toml: ")[1].startswith("slack.alerts_channel: ")
    assert "#llm-alerts" in told
    assert "\n" not in told


@pytest.mark.parametrize("name", ["#llm-alerts", "llm_alerts", "C0123456789", "G12AB", "#größe-日本語", "#" + "x" * 80])
def test_a_channel_that_slack_can_have_is_taken(tmp_path, name):
    (tmp_path / "hark.toml").write_text(f'[slack]\nalerts_channel = "{name}"\n', encoding="utf-8")
    assert load({}, tmp_path).slack.alerts_channel == name
    assert load({"HARK_REVIEW_CHANNEL": name}, tmp_path).slack.review_channel == name
