"""A score that nobody has sent for months is still known, and its answer says since when."""

from __future__ import annotations

import pytest
from made import DAY, NOW, fact

from bot.slack.ask import Desk
from bot.slack.render import Renderer
from traces.clock import FakeClock
from traces.errors import BadInput


@pytest.fixture
def desk(store):
    with store.begin() as tx:
        tx.rollups.record([fact("old", NOW - 200 * DAY, csat=1.0), fact("new", NOW, refusal=1.0)])
    return Desk(
        store=store, clock=FakeClock(NOW), renderer=Renderer((), {}), evaluators=(), segment_keys=("model",), overrides={}
    )  # fmt: skip


def test_a_score_without_data_for_half_a_year_is_answered_with_the_day_of_the_last(desk):
    assert desk.answer("metrics csat 7d").text == f"CSAT rate: no data since {NOW - 200 * DAY:%Y-%m-%d}"


def test_a_score_that_never_was_is_still_not_understood(desk):
    with pytest.raises(BadInput, match="no signal `nothing`"):
        desk.answer("metrics nothing")


def test_a_cut_without_conversations_is_not_called_long_ago(desk):
    assert desk.answer("metrics refusal 7d where model=other").text == "Refusal rate: nothing measured in this cut"


def test_a_signal_of_this_very_minute_can_be_asked_for(store, desk):
    assert "Refusal rate" in desk.answer("metrics refusal 7d").text
    with store.begin() as tx:
        tx.rollups.record([fact("newest", NOW, brand_new=1.0)])
    assert "nothing measured" not in desk.answer("metrics brand_new 7d").text
