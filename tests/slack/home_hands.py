"""What people see and press on the App Home, in words that tests use."""

from __future__ import annotations

from typing import Any

from slack_house import House, put_review
from slack_people import MIA, Someone, controls
from web_double import home_of


def home(hark: House, who: Someone = MIA) -> dict[str, Any]:
    """What a person's App Home shows now."""
    return hark.slack.views[home_of(who.user_id)]


def open_home(hark: House, who: Someone = MIA) -> dict[str, Any]:
    hark.do(hark.hands.open_home(who))
    return home(hark, who)


def press(hark: House, action_id: str, who: Someone = MIA, *, option: str | None = None) -> dict[str, Any]:
    """Press on the App Home; returns what it shows then."""
    hark.do(hark.hands.press_in(home_of(who.user_id), action_id, who, option=option))
    return home(hark, who)


def asked(view: dict[str, Any]) -> int:
    """How many questions stand there."""
    return controls(view).count("label_yes")


def put_questions(hark: House, number: int) -> None:
    for n in range(number):
        put_review(hark.store, f"c-{n}")


def newest(hark: House) -> tuple[str, dict[str, Any]]:
    view_id = next(i for i in reversed(hark.slack.views) if not i.startswith("VHOME"))
    return view_id, hark.slack.views[view_id]
