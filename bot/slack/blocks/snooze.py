"""The window in which is chosen how long nobody is told of an alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from bot.alerting_periods import Snooze
from bot.slack.blocks.inputs import form, labelled, picked
from bot.slack.blocks.parts import option
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token, parse_token
from traces.errors import BadInput

SNOOZING: Final = "alert_snooze"
_PERIOD: Final = "period"
_CHOICES: Final[Mapping[Snooze, str]] = {
    "1h": "1 hour",
    "4h": "4 hours",
    "morning": "Until tomorrow morning",
    "1w": "1 week",
}


def snooze_view(alert_id: str) -> View:
    """The choices, four hours chosen."""
    options = [option(text, word) for word, text in _CHOICES.items()]
    element = {"type": "radio_buttons", "options": options, "initial_option": options[1]}
    blocks = [labelled(_PERIOD, "For how long?", element, optional=False)]
    return form("Snooze", SNOOZING, Token(alert_id), blocks, submit="Snooze")


def parse_snooze(view: Mapping[str, Any]) -> tuple[str, Snooze]:
    """The alert and the choice.

    Raises:
        BadInput: Nothing that was to choose from.
    """
    chosen = picked(view, _PERIOD)
    for word in get_args(Snooze):
        if word == chosen:
            return parse_token(str(view.get("private_metadata") or "")).subject_id, word
    raise BadInput("choose one of these", _PERIOD)
