"""Where Slack does not draw a chart, the message keeps its buttons and the chart comes as a picture in its thread."""

from __future__ import annotations

import io
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, alert
from PIL import Image
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.jobs.deliver import Delivering
from bot.playground.double import web_api
from bot.playground.people import ALERTS
from bot.playground.serving import loopback_socket, serving
from bot.playground.workspace import Workspace
from bot.slack.blocks.chart import line_chart
from bot.slack.chart_image import HEIGHT, WIDTH, chart_of, described, drawn, without_charts
from bot.slack.render import Renderer
from traces.clock import format_time
from traces.model import Kind, Signal

HOUR = timedelta(hours=1)
POINTS = [
    {"at": format_time(NOW - n * HOUR), "value": 0.1 + n / 100, "expected": 0.05, "low": 0.02, "high": 0.09, "n": 40}
    for n in range(12, 0, -1)
]
REFUSAL = Signal(name="refusal", kind=Kind.RATE, unit="%")


class Old(WebClient):
    """A Slack that does not know the block for charts."""

    def chat_postMessage(self, **said):  # noqa: N802 - Slack's name
        return super().chat_postMessage(**_refused(said))

    def chat_update(self, **said):
        return super().chat_update(**_refused(said))


class Strict(WebClient):
    """A Slack that lets nobody upload."""

    def files_upload_v2(self, **_):
        raise SlackApiError("no", {"ok": False, "error": "missing_scope"})


def _refused(said):
    if chart_of(said.get("blocks") or ()):
        raise SlackApiError("no", {"ok": False, "error": "invalid_blocks"})
    return said


@pytest.fixture
def workspace(clock):
    bound = loopback_socket()
    made = Workspace(clock=clock, url=f"http://127.0.0.1:{bound.getsockname()[1]}", rng=random.Random(1))
    with serving(web_api(made), bound):
        yield made


def delivered(store, clock, workspace, kind=WebClient, *, times=1, **more):
    client = kind(token="xoxb-playground", base_url=f"{workspace.url}/api/", retry_handlers=[])
    with store.begin() as tx:
        tx.alerts.add(alert(detail={"series": [""], "chart": {"points": POINTS}}))
    deliver = Delivering(store, client, clock, Renderer((), {}), **more)
    for number in range(times):
        with store.begin() as tx:
            tx.outbox.request(kind="alert", subject_id="a-1", channel=ALERTS, at=NOW + number * HOUR)
        clock.set(NOW + number * HOUR + HOUR / 2)
        assert deliver.run().failed == 0
    [root, *_] = workspace.posts.in_channel(ALERTS)
    return root, workspace.posts.in_thread(ALERTS, root.ts)[1:]


def pictures(replies):
    return [file for post in replies for file in (post.content.files or ())]


def kinds(post):
    return [block["type"] for block in post.content.blocks]


def test_where_slack_draws_charts_there_is_no_picture(store, clock, workspace):
    root, replies = delivered(store, clock, workspace)
    assert "data_visualization" in kinds(root)
    assert pictures(replies) == []


def test_where_slack_refuses_the_chart_the_message_keeps_its_buttons_and_a_picture_follows(store, clock, workspace):
    root, replies = delivered(store, clock, workspace, Old)
    assert "data_visualization" not in kinds(root)
    assert "actions" in kinds(root)
    assert len(pictures(replies)) == 1


def test_edits_bring_no_further_picture(store, clock, workspace):
    _, replies = delivered(store, clock, workspace, Old, times=3)
    assert len(pictures(replies)) == 1


def test_a_team_may_choose_pictures(store, clock, workspace):
    root, replies = delivered(store, clock, workspace, draws_charts=True)
    assert "data_visualization" not in kinds(root)
    assert len(pictures(replies)) == 1


def test_without_the_scope_the_message_stands_all_the_same(store, clock, workspace, caplog):
    root, replies = delivered(store, clock, workspace, Strict, draws_charts=True)
    assert "actions" in kinds(root)
    assert pictures(replies) == []
    assert "files:write" in caplog.text


def test_a_picture_is_a_png_that_can_be_read_and_described():
    lines = [("now", {NOW + n * HOUR: 0.1 * n for n in range(5)}), ("low", {NOW + n * HOUR: 0.05 for n in range(5)})]
    chart = line_chart("Refusals", lines, REFUSAL)
    picture = Image.open(io.BytesIO(drawn(chart)))
    assert (picture.format, picture.size) == ("PNG", (WIDTH, HEIGHT))
    assert len({picture.getpixel((x, y)) for x in range(0, WIDTH, 7) for y in range(0, HEIGHT, 7)}) > 3
    assert described(chart) == "Refusals. now: from 0 to 40; low: from 5 to 5"
    assert without_charts([chart, {"type": "section"}]) == [{"type": "section"}]


@given(
    st.text(max_size=200),
    st.lists(
        st.tuples(st.text(max_size=60), st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=20)),
        min_size=1,
        max_size=6,
    ),
)
def test_any_chart_that_slack_would_take_is_drawn(title, given_lines):
    length = min(len(values) for _, values in given_lines)
    lines = [(name, {NOW + n * HOUR: values[n] for n in range(length)}) for name, values in given_lines]
    chart = line_chart(title, lines, REFUSAL)
    assert chart is None or drawn(chart).startswith(b"\x89PNG")
