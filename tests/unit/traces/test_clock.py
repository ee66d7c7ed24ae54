"""Time that is handed in: always aware, always UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
import pytest
from hypothesis import given
from made import HOUR, NOW

from traces.clock import FakeClock, ScaledClock, SystemClock, as_utc, format_time, parse_time

moments = st.integers(-60_000_000_000 * 1_000_000, 250_000_000_000 * 1_000_000).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)


@given(moments)
def test_a_time_that_was_written_is_read_back_exactly(at):
    assert parse_time(format_time(at)) == at
    assert format_time(at).endswith("Z")


def test_a_time_without_a_zone_is_taken_as_utc_and_one_with_a_zone_is_converted():
    assert parse_time("2026-11-20T10:00:00") == NOW
    assert parse_time("2026-11-20T12:00:00+02:00") == NOW
    assert as_utc(NOW.astimezone(timezone(timedelta(hours=5)))).utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "10:00", "2026-11-20T25:00:00Z"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


def test_a_fake_clock_stands_still_until_it_is_moved():
    clock = FakeClock(NOW)
    assert [clock.now(), clock.now()] == [NOW, NOW]
    assert clock.advance(HOUR) == NOW + HOUR == clock.now()
    clock.set(NOW)
    assert clock.now() == NOW


def test_a_fast_clock_never_shows_the_future():
    real = SystemClock()
    before = real.now()
    fast = ScaledClock(before - HOUR, speed=1e12)
    shown = [fast.now() for _ in range(100)]
    assert shown == sorted(shown)
    assert all(before <= at <= real.now() for at in shown[1:])


def test_a_fast_clock_begins_where_it_is_told():
    start = SystemClock().now() - 24 * HOUR
    assert start <= ScaledClock(start, speed=1.0).now() <= start + HOUR
