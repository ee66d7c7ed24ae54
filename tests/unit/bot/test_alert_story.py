"""The window behind "Why am I told?": what opened the alert comes first, and nothing hides what people did."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from alerts.telling.decision import Reason
from bot.slack.blocks.story import story_modal
from bot.slack.check import check
from traces.model import Segment
from traces.store.decisions import Decided

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
V13 = Segment.of(prompt_version="support-v13")


def decided(number: int, reason: Reason, text: str = "", signal: str = "tool_error", segment: Segment = V13) -> Decided:
    at = NOON + timedelta(minutes=number)
    return Decided(
        alert_id="a1", number=number, at=at, last_at=at, reason=str(reason), text=text, signal=signal, segment=segment
    )


def told(*decisions: Decided) -> list[str]:
    view = story_modal(decisions)
    assert check(view.payload(), "modal") == []
    return [json.dumps(block, ensure_ascii=False) for block in view.blocks]


def test_what_opened_the_alert_stands_first_however_much_followed() -> None:
    opened = decided(1, Reason.NEW, "Nothing held it back.")
    later = [decided(n, Reason.GREW, f"step {n}") for n in range(2, 200)]

    blocks = told(opened, *later)

    assert "New: Nothing held it back." in blocks[0]
    assert "159 decisions between not shown" in blocks[1]
    assert "step 199" in blocks[-1]


def test_that_it_is_still_open_hides_nothing() -> None:
    blocks = told(decided(1, Reason.NEW), decided(2, Reason.STILL_OPEN), decided(3, Reason.ACKNOWLEDGED, "by mia"))
    assert len(blocks) == 2
    assert "still open" not in "".join(blocks)


def test_what_the_alert_stands_for_besides_is_one_line_for_each_signal() -> None:
    models = [Segment.of(model=f"m{n}") for n in range(9)]
    blocks = told(
        decided(1, Reason.NEW),
        *(decided(n + 2, Reason.SAME_CHANGE, "The same.", "refusal", model) for n, model in enumerate(models)),
        decided(20, Reason.SAME_CAUSE, "The same.", "user_feedback"),
    )
    assert len(blocks) == 2
    assert "Refusal: model `m0`" in blocks[1]
    assert "and 3 other parts" in blocks[1]
    assert "User feedback: prompt version `support-v13`" in blocks[1]


@pytest.mark.parametrize("signals", [1, 12, 60])
def test_a_storm_fits_into_the_window(signals: int) -> None:
    long = Segment.of(model="m" * 200, release="r" * 200)
    taken_in = [decided(n + 2, Reason.STORM, "x" * 400, f"signal_{n}" * 20, long) for n in range(signals)]
    assert told(decided(1, Reason.NEW), *taken_in)
