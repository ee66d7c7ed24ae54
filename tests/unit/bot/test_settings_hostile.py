"""What admins typed, and names that traffic made, stay text in the windows on settings."""

from __future__ import annotations

import pytest
from test_hostile_everywhere import assert_inert

from alerts.signals import signal_of_score
from bot.config.routes import QuietSettings, RouteSettings
from bot.config.settings import RoleSettings
from bot.slack.blocks.settings.roles import roles_form
from bot.slack.blocks.settings.routes import quiet_form, route_form, routes_view
from bot.slack.blocks.settings.signals import sensitivity_form, signal_form
from bot.slack.blocks.tokens import Token
from bot.slack.check import check

HOSTILE = (
    "<!channel>",
    "<@U0MAYA> @everyone",
    "<http://evil.example.com|x>",
    "https://evil.example.com/a",
    "*bold* _it_ ~s~ `c` ```pre```",
    ":rotating_light: \u202e\u200b\x1b[31m",
    "&lt;!here&gt; <!subteam^S1>",
    "x" * 3_000,
)


def windows(text: str):
    """Each window with the text wherever a person or the traffic could have put it."""
    route = RouteSettings.model_construct(
        channel=text, receivers=(text,) * 40, signals=(text,) * 40, where={f"{text}{n}": text for n in range(40)}, severity="low", hours=text, days=(),
        timezone=text, go_on=True,
    )  # fmt: skip
    quiet = QuietSettings.model_construct(hours=text, days=("mon",), timezone=text, urgent="high")
    signal = signal_of_score(text[:200])
    yield routes_view([route] * 30, text, version=1, made=None)
    yield route_form(route, (text[:60],), Token("0", "1"))
    yield quiet_form(quiet, version=1, made=None)
    yield signal_form(signal, is_on=True, version=1, made=None)
    yield sensitivity_form(1.0, [signal], [text[:200]], version=1, made=None, shown=())
    yield roles_form(RoleSettings.model_construct(admins=(text,), reviewers=(text,), viewers=()), version=1, made=None)


# What stands in a field is typed text: Slack shows it as it is, and makes nothing of it.
TYPED = {"initial_value", "initial_users", "initial_conversation", "initial_channel"}


def without_typed(shown):
    if isinstance(shown, dict):
        return {key: without_typed(value) for key, value in shown.items() if key not in TYPED}
    return [without_typed(one) for one in shown] if isinstance(shown, list | tuple) else shown


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_half_typed_settings_stay_text_in_every_window(text):
    for window in windows(text):
        payload = window.payload()
        assert check(payload, "modal") == [], payload["title"]
        assert_inert(without_typed(payload))
