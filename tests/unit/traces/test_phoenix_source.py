from __future__ import annotations

import base64
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traces.clock import FakeClock, parse_time
from traces.errors import BadInput, Busy
from traces.model import Span
from traces.normalise import conversation_id_of, conversation_of, own_conversation_id
from traces.sources.phoenix import PhoenixSource
from traces.urlguard import GuardedClient, UrlGuard

CAPTURED = Path(__file__).parents[4] / "shared" / "data" / "captured" / "phoenix_poll"
NOW = datetime(2026, 11, 20, 23, tzinfo=UTC)


class FakePhoenix:
    """Phoenix's span endpoint: newest first by row id, filtered by start time, with id cursors."""

    def __init__(self, page_size: int | None = None, key: str = "") -> None:
        self.rows: list[dict[str, Any]] = []
        self.page_size = page_size
        self.key = key
        self.answers: list[httpx.Response] = []
        self.paths: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.raw_path.decode())
        if self.answers:
            return self.answers.pop(0)
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return httpx.Response(401)
        if not request.url.path.startswith("/v1/projects/demo/"):
            return httpx.Response(404, json={"detail": "no such project"})
        return httpx.Response(200, json=self._page(request.url.params))

    def _page(self, params: httpx.QueryParams) -> dict[str, Any]:
        since, until = parse_time(params["start_time"]), parse_time(params["end_time"])
        below = int(base64.b64decode(params["cursor"]).decode()) if "cursor" in params else len(self.rows)
        size = self.page_size or int(params["limit"])
        found = [(row, raw) for row, raw in enumerate(self.rows) if row <= below and since <= began(raw) < until][::-1]
        following = found[size][0] if len(found) > size else None
        cursor = None if following is None else base64.b64encode(str(following).encode()).decode()
        return {"data": [raw for _, raw in found[:size]], "next_cursor": cursor}


def began(raw: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(raw["start_time_unix_nano"] / 1e9, tz=UTC)


def row(number: int, started: datetime) -> dict[str, Any]:
    nanoseconds = int(started.timestamp()) * 10**9
    return {
        "trace_id": f"{number + 1:032x}", "span_id": f"{number + 1:016x}", "parent_span_id": None, "name": "chat",
        "start_time_unix_nano": nanoseconds, "end_time_unix_nano": nanoseconds + 10**9, "events": None,
        "attributes": [{"key": "session.id", "value": {"string_value": f"s{number}", "int_value": None}}],
        "status": {"code": 1, "message": None},
    }  # fmt: skip


def source(phoenix: FakePhoenix, **fields: Any) -> PhoenixSource:
    guard = UrlGuard(resolver=lambda host, port: ["93.184.216.34"])
    client = GuardedClient(guard, FakeClock(NOW), transport=httpx.MockTransport(phoenix))
    return PhoenixSource(
        **{"name": "phx", "url": "https://phoenix.example.com/", "project": "demo", "client": client, **fields}
    )


def poll_all(polled: PhoenixSource, cursor: str | None, now: datetime) -> tuple[list[Span], str]:
    spans: list[Span] = []
    while True:
        page = polled.poll(cursor, now)
        spans += page.spans
        cursor = page.cursor
        if not page.more:
            return spans, cursor


def test_every_page_of_a_window_is_fetched_once() -> None:
    phoenix = FakePhoenix(page_size=3)
    phoenix.rows = [row(n, NOW - timedelta(minutes=n)) for n in range(10)]
    spans, _ = poll_all(source(phoenix), None, NOW + timedelta(seconds=1))
    assert Counter(span.span_id for span in spans) == Counter(raw["span_id"] for raw in phoenix.rows)
    assert len(phoenix.paths) == 4


def test_the_next_poll_reads_on_and_finds_what_came_late() -> None:
    phoenix = FakePhoenix()
    phoenix.rows = [row(0, NOW - timedelta(hours=1))]
    polled = source(phoenix)
    _, cursor = poll_all(polled, None, NOW)
    phoenix.rows += [row(1, NOW - timedelta(minutes=10)), row(2, NOW + timedelta(minutes=1))]
    spans, _ = poll_all(polled, cursor, NOW + timedelta(minutes=5))
    assert {span.span_id for span in spans} == {f"{n:016x}" for n in (2, 3)}


def test_a_poll_that_was_interrupted_goes_on_with_the_same_window() -> None:
    phoenix = FakePhoenix(page_size=2)
    phoenix.rows = [row(n, NOW - timedelta(minutes=n + 1)) for n in range(5)]
    first = source(phoenix).poll(None, NOW)
    phoenix.rows.append(row(9, NOW + timedelta(minutes=1)))
    rest, _ = poll_all(source(phoenix), first.cursor, NOW + timedelta(hours=3))
    assert {span.span_id for span in (*first.spans, *rest)} == {raw["span_id"] for raw in phoenix.rows[:5]}


def test_an_empty_page_with_a_cursor_is_not_the_end() -> None:
    phoenix = FakePhoenix()
    phoenix.rows = [row(0, NOW - timedelta(minutes=1))]
    phoenix.answers = [httpx.Response(200, json={"data": [], "next_cursor": base64.b64encode(b"0").decode()})]
    spans, _ = poll_all(source(phoenix), None, NOW)
    assert len(spans) == 1


def test_the_key_is_sent_and_never_shown() -> None:
    phoenix = FakePhoenix(key="s3cret")
    polled = source(phoenix, api_key="s3cret")
    assert polled.poll(None, NOW).spans == ()
    assert "s3cret" not in repr(polled)


def test_the_project_stands_for_the_application_that_phoenix_leaves_out() -> None:
    phoenix = FakePhoenix()
    phoenix.rows = [row(0, NOW - timedelta(minutes=1))]
    (span,) = source(phoenix).poll(None, NOW).spans
    assert conversation_of("s0", [span]).metadata["application"] == "demo"


def test_a_project_name_is_one_part_of_the_path_whatever_it_holds() -> None:
    phoenix = FakePhoenix()
    with pytest.raises(BadInput, match=r"has no project '\.\./admin\?x='"):
        source(phoenix, project="../admin?x=").poll(None, NOW)
    assert phoenix.paths[0].startswith("/v1/projects/..%2Fadmin%3Fx%3D/spans/otlpv1?")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(200, json=[]), "answered 200 with a list"),
        (httpx.Response(422, json={"detail": "?"}), "answered 422"),
        (httpx.Response(200, json={"data": 3}), "data: must be a list of spans"),
        (httpx.Response(200, json={"data": [3]}), "data: must be a list of spans"),
        (httpx.Response(200, json={"data": [], "next_cursor": 3}), "next_cursor: is not a new cursor"),
        (httpx.Response(403), "refused the API key"),
    ],
)
def test_an_answer_that_is_none_is_said_so(answer: httpx.Response, said: str) -> None:
    phoenix = FakePhoenix()
    phoenix.answers = [answer]
    with pytest.raises(BadInput, match=said):
        source(phoenix).poll(None, NOW)


def test_a_server_that_goes_in_circles_is_not_followed() -> None:
    phoenix = FakePhoenix()
    phoenix.answers = [httpx.Response(200, json={"data": [], "next_cursor": "x"}) for _ in range(2)]
    polled = source(phoenix)
    with pytest.raises(BadInput, match="read in circles"):
        polled.poll(polled.poll(None, NOW).cursor, NOW)


def test_a_busy_server_says_when_and_the_same_poll_succeeds_later() -> None:
    phoenix = FakePhoenix()
    phoenix.rows = [row(0, NOW - timedelta(minutes=1))]
    phoenix.answers = [httpx.Response(429, headers={"retry-after": "7"})]
    with pytest.raises(Busy) as busy:
        source(phoenix).poll(None, NOW)
    assert busy.value.retry_after_s == 7
    assert len(source(phoenix).poll(None, NOW).spans) == 1


@pytest.mark.parametrize("cursor", ["", "x", "[]", "{}", '{"since": 3, "until": "2026-11-20"}'])
def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput):
        source(FakePhoenix()).poll(cursor, NOW)


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 10)), max_size=25), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_no_span_is_missed_that_shows_within_the_overlap(drawn: list[tuple[int, int]], page_size: int) -> None:
    """Spans that begin at a minute and show up to ten minutes later, polled every five minutes."""
    phoenix = FakePhoenix(page_size=page_size)
    polled, cursor, seen = source(phoenix), None, set[str]()
    waiting = [(began + late, row(n, NOW + timedelta(minutes=began))) for n, (began, late) in enumerate(drawn)]
    for minute in range(0, 620, 5):
        phoenix.rows += [raw for shown, raw in waiting if minute - 5 < shown <= minute]
        spans, cursor = poll_all(polled, cursor, NOW + timedelta(minutes=minute, seconds=1))
        seen |= {span.span_id for span in spans}
    assert seen == {raw["span_id"] for _, raw in waiting}


@pytest.mark.skipif(not CAPTURED.exists(), reason="the captured answers are not beside this checkout")
def test_a_real_servers_answer_becomes_the_conversations_it_shows_itself() -> None:
    phoenix = FakePhoenix(page_size=4)
    phoenix.rows = orjson.loads((CAPTURED / "spans_otlpv1.json").read_bytes())["data"]
    spans, _ = poll_all(source(phoenix), None, NOW)
    traces: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        traces[span.trace_id].append(span)
    held: dict[str, list[Span]] = defaultdict(list)
    for trace_id, trace in traces.items():
        held[conversation_id_of(trace) or own_conversation_id(trace_id)] += trace
    for session in orjson.loads((CAPTURED / "sessions.json").read_bytes())["data"]:
        said = conversation_of(session["session_id"], held[session["session_id"]])
        assert set(said.trace_ids) == {trace["trace_id"] for trace in session["traces"]}
        assert sum(m.input_tokens or 0 for m in said.messages) == session["token_count_prompt"]
        assert sum(m.output_tokens or 0 for m in said.messages) == session["token_count_completion"]
