"""Holidays and other ranges are neither tested nor learned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given
from stream import BREAK, Stream, Weather, broken_from

from alerts.excluded import Excluded, is_excluded, parse_excluded
from alerts.telling.pipeline import Posting
from alerts.watching.watch import WatchSettings
from bot.config.settings import load
from bot.jobs.detect import Detection
from traces.errors import BadConfig, BadInput
from traces.model import Direction
from traces.store import open_store

BERLIN = "Europe/Berlin"


def test_a_day_is_a_day_of_the_teams_own_time_zone():
    found = parse_excluded("2026-12-25", BERLIN)
    assert found == Excluded(datetime(2026, 12, 24, 23, tzinfo=UTC), datetime(2026, 12, 25, 23, tzinfo=UTC))


def test_both_days_of_a_range_belong_to_it_and_times_are_taken_as_they_stand():
    days = parse_excluded("2026-12-24/2026-12-27", "UTC")
    assert days.end - days.start == timedelta(days=4)
    hours = parse_excluded("2026-11-27T08:00/2026-11-27T20:00", BERLIN)
    assert (hours.start.hour, hours.end - hours.start) == (7, timedelta(hours=12))
    assert is_excluded([hours], hours.start)
    assert not is_excluded([hours], hours.end)


@given(st.text(max_size=30))
def test_whatever_is_written_is_a_range_or_refused_in_one_line(text):
    try:
        found = parse_excluded(text, BERLIN)
    except BadInput as error:
        told = error.message
    else:
        told = "a range" if found.start < found.end else "not\na range"
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("text", ["Christmas", "2026-12-27/2026-12-24", "2026-02-30", "/"])
def test_a_range_that_is_none_is_told_with_its_setting(tmp_path, text):
    (tmp_path / "hark.toml").write_text(f'[detect]\nexcluded = ["{text}"]\n')
    with pytest.raises(BadConfig, match="excluded"):
        load({}, tmp_path)


def test_what_happens_in_an_excluded_range_raises_no_alert():
    store = open_store("sqlite://")
    stream = Stream(store, broken_from(BREAK, BREAK + timedelta(hours=12), Weather(refusal={"m1": 0.6})))
    holiday = Excluded(BREAK, BREAK + timedelta(hours=12))
    stream.detection = Detection(
        store, WatchSettings(excluded=(holiday,)), Posting(channel=None), {"refusal": Direction.UP}, {}
    )
    while stream.hour < BREAK + timedelta(hours=24):
        stream.flow()
        if stream.hour >= BREAK - timedelta(hours=1):
            stream.detection.run(stream.hour + timedelta(minutes=15))
    assert stream.alerts == []
