"""What ``/hark status`` says of the sources."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from made import NOW

from bot.slack.blocks.status import status_message
from bot.slack.blocks.values import SourceStatus, StatusReport
from bot.slack.check import check


def report(*sources):
    return StatusReport(at=NOW, last_ingest_at=None, last_detection_at=None, open_alerts=0, sources=tuple(sources))


def text_of(message):
    return str(message.payload())


def test_each_source_is_told_with_its_lag_its_rate_and_what_waits():
    said = text_of(
        status_message(
            report(
                SourceStatus(
                    name="phoenix",
                    last_trace_at=NOW - timedelta(minutes=7),
                    traces_24h=1204,
                    traces_1h=57,
                    labels_waiting=2,
                ),
                SourceStatus(name="opik", last_trace_at=None, is_failing=True, errors_24h=3, rejected_24h=1),
            )
        )
    )
    assert "phoenix: last trace 7 min ago" in said
    assert "57 in the last hour, 1,204 traces in 24 h, 2 labels to write back" in said
    assert "⚠️ opik: last trace never, 0 in the last hour, 0 traces in 24 h, 3 errors, 1 rejected" in said


def test_without_sources_nothing_is_said_of_them():
    assert "Sources" not in text_of(status_message(report()))


@given(
    st.lists(
        st.builds(
            SourceStatus,
            name=st.text(max_size=300),
            last_trace_at=st.none() | st.just(NOW),
            traces_24h=st.integers(0, 10**12),
            labels_waiting=st.integers(0, 10**12),
        ),
        max_size=40,
    )
)
def test_slack_takes_the_answer_whatever_the_sources(sources):
    assert check(status_message(report(*sources)).payload(), "message") == []
