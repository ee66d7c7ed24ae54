"""Doubles of the trace stores that are clouds first, and the list of all doubles."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import httpx
from poll_stores import (
    KEY,
    NOTHING_LIKE_THIS,
    FakeLangfuse,
    FakeLangfuse3,
    FakeLangSmith,
    FakeMlflow,
    FakePhoenix,
    FakeStore,
    Turn,
    ok,
    sent,
)

from traces.clock import FakeClock, format_time, parse_time
from traces.sources.registry import SourceSetup, source_of
from traces.urlguard import GuardedClient, UrlGuard


class FakeOpik(FakeStore):
    def __post_init__(self) -> None:
        listing = {"project_name", "from_time", "to_time", "page", "size", "truncate"}
        self.published = {
            "GET /opik/api/v1/private/traces": listing,
            "GET /opik/api/v1/private/spans": listing,
            "PUT /opik/api/v1/private/traces/feedback-scores": {"scores"},
            "POST /opik/api/v1/private/traces/.*/feedback-scores/delete": {"name"},
        }

    def is_allowed(self, request: httpx.Request) -> bool:
        return request.headers.get("authorization") == KEY

    def route(self, method: str, path: str, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        if method == "PUT":
            for score in sent(request)["scores"]:
                self.labels[f"{score['id']} {score['name']}"] = score
            return httpx.Response(204)
        if method == "POST":
            self.labels.pop(f"{path.split('/')[-3]} {sent(request)['name']}", None)
            return httpx.Response(204)
        found = self.within(parse_time(params["from_time"]), parse_time(params["to_time"]))
        items = [self.trace(turn) if path.endswith("/traces") else self.span(turn) for turn in found]
        page, size = int(params["page"]), int(params["size"])
        return ok({"content": items[(page - 1) * size : page * size], "page": page, "size": size, "total": len(items)})

    def trace(self, turn: Turn) -> dict[str, Any]:
        times = {"start_time": format_time(turn.at), "end_time": format_time(turn.ended)}
        return {"id": turn.uuid, "name": "agent", "thread_id": turn.session, **times}

    def span(self, turn: Turn) -> dict[str, Any]:
        return {
            "id": turn.uuid.replace("-4000-", "-4001-"), "trace_id": turn.uuid, "parent_span_id": None, "name": "chat",
            "type": "llm", "start_time": format_time(turn.at), "end_time": format_time(turn.ended),
            "input": {"messages": turn.messages}, "output": {"choices": [{"message": turn.reply[0]}]},
            "model": "gpt-5-mini", "provider": "openai", "usage": {"prompt_tokens": 10, "completion_tokens": 5},
            "total_estimated_cost": 0.001, "ttft": 1000.0,
        }  # fmt: skip


class FakeLangWatch(FakeStore):
    """Lists by when a trace was last changed; here, when it began."""

    def __post_init__(self) -> None:
        self.published = {
            "POST /api/traces/search": {
                "startDate", "endDate", "dateField", "includeSpans", "format", "pageSize", "scrollId",
            },
            "GET /api/annotations/trace/.*": set(),
            "POST /api/annotations/trace/.*": {"comment", "isThumbsUp", "email"},
            "PATCH /api/annotations/.*": {"comment", "isThumbsUp", "email"},
            "DELETE /api/annotations/.*": set(),
        }  # fmt: skip

    def is_allowed(self, request: httpx.Request) -> bool:
        return request.headers.get("x-auth-token") == KEY

    def route(self, method: str, path: str, request: httpx.Request) -> httpx.Response:
        body = sent(request)
        if "/annotations/" in path:
            return self.annotate(method, path, body)
        since, until = (datetime.fromtimestamp(body[key] / 1000, UTC) for key in ("startDate", "endDate"))
        found = [self.trace(turn) for turn in self.within(since, until)]
        data, cursor = self.page(found, body.get("scrollId"), body["pageSize"])
        paging = {"totalHits": len(found), "updatedThrough": body["endDate"]} | ({"scrollId": cursor} if cursor else {})
        return ok({"traces": data, "pagination": paging})

    def annotate(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        named = path.rpartition("/")[2]
        if method == "GET":
            return ok([label for label in self.labels.values() if label["traceId"] == named])
        if method == "POST":
            annotation_id = f"an-{len(self.requests)}"
            self.labels[annotation_id] = {"id": annotation_id, "traceId": named, **body}
            return ok(self.labels[annotation_id])
        if named not in self.labels:
            return NOTHING_LIKE_THIS
        if method == "PATCH":
            self.labels[named].update(body)
            return ok(self.labels[named])
        return ok(self.labels.pop(named))

    def trace(self, turn: Turn) -> dict[str, Any]:
        ms = int(turn.at.timestamp() * 1000)
        times = {"started_at": ms, "first_token_at": ms + 1000, "finished_at": ms + 2000}
        root = {
            "span_id": f"{turn.number + 1:016x}",
            "parent_id": None,
            "type": "agent",
            "name": "agent",
            "timestamps": times,
        }
        call = {
            "span_id": f"{turn.number + 4096:016x}", "parent_id": root["span_id"], "type": "llm", "name": "chat",
            "timestamps": times, "model": "gpt-5-mini", "input": {"type": "chat_messages", "value": turn.messages},
            "output": {"type": "chat_messages", "value": turn.reply}, "error": None,
            "metrics": {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.001},
        }  # fmt: skip
        return {"trace_id": turn.trace, "metadata": {"thread_id": turn.session, "user_id": "u1"}, "spans": [root, call]}


class FakeHelicone(FakeStore):
    """Gives what was said at a signed address, which asks for no key."""

    def __post_init__(self) -> None:
        self.published = {
            "POST /v1/request/query-clickhouse": {"filter", "offset", "limit", "sort"},
            "GET /bodies/.*": set(),
            "POST /v1/request/.*/score": {"scores"},
        }

    def is_allowed(self, request: httpx.Request) -> bool:
        if request.url.path.startswith("/bodies/"):
            return "authorization" not in request.headers
        return super().is_allowed(request)

    def route(self, method: str, path: str, request: httpx.Request) -> httpx.Response:
        if path.startswith("/bodies/"):
            turn = self.turns[int(path.rpartition("/")[2])]
            answer = {"choices": [{"message": turn.reply[0]}]}
            return ok({"request": {"messages": turn.messages}, "response": answer})
        body = sent(request)
        if path.endswith("/score"):
            self.labels[path.split("/")[-2]] = body["scores"]
            return ok({"data": None, "error": None})
        since, until = (
            parse_time(body["filter"][side]["request_response_rmt"]["request_created_at"][operator])
            for side, operator in (("left", "gte"), ("right", "lt"))
        )
        found = [self.request(turn) for turn in self.within(since, until)]
        size = min(self.page_size, body["limit"])
        return ok({"data": found[body["offset"] : body["offset"] + size], "error": None})

    def request(self, turn: Turn) -> dict[str, Any]:
        return {
            "request_id": turn.uuid, "request_created_at": format_time(turn.at), "delay_ms": 2000, "response_status": 200,
            "request_body": {}, "response_body": {},
            "signed_body_url": f"https://bodies.example.com/bodies/{self.turns.index(turn)}",
            "request_properties": {"Helicone-Session-Id": turn.session, "Helicone-Path": "/", "tier": "gold"},
            "request_user_id": "u1", "request_model": "gpt-5-mini", "provider": "OPENAI", "prompt_tokens": 10,
            "completion_tokens": 5, "costUSD": 0.001, "time_to_first_token": 1000,
        }  # fmt: skip


class FakeDatadog(FakeStore):
    def __post_init__(self) -> None:
        self.published = {"POST /api/v2/llm-obs/v1/spans/events/search": {"data"}}

    def is_allowed(self, request: httpx.Request) -> bool:
        return (request.headers.get("dd-api-key"), request.headers.get("dd-application-key")) == tuple(KEY.split(":"))

    def route(self, method: str, path: str, request: httpx.Request) -> httpx.Response:
        asked = sent(request)["data"]["attributes"]
        assert set(asked) <= {"filter", "options", "page", "sort"}
        found = self.within(parse_time(asked["filter"]["from"]), parse_time(asked["filter"]["to"]))
        spans = [span for turn in found for span in self.spans(turn)]
        data, cursor = self.page(spans, asked["page"].get("cursor"), asked["page"]["limit"])
        return ok({"data": data, "meta": {"page": {"after": cursor} if cursor else {}}})

    def spans(self, turn: Turn) -> list[dict[str, Any]]:
        common = {
            "trace_id": turn.trace, "ml_app": "shop", "start_ns": int(turn.at.timestamp()) * 10**9, "duration": 2e9,
            "status": "ok", "tags": [f"session_id:{turn.session}", "env:production", "user_id:u1"],
        }  # fmt: skip
        root = {"span_id": str(turn.number + 1), "parent_id": "undefined", "name": "agent", "span_kind": "agent"}
        call = {
            "span_id": str(turn.number + 4096), "parent_id": root["span_id"], "name": "chat", "span_kind": "llm",
            "model_name": "gpt-5-mini", "model_provider": "openai", "input": {"messages": turn.messages},
            "output": {"messages": turn.reply}, "metrics": {"input_tokens": 10.0, "output_tokens": 5.0},
        }  # fmt: skip
        spans = ({**common, **root}, {**common, **call})
        return [{"id": span["span_id"], "type": "spans", "attributes": span} for span in spans]


class FakeBraintrust(FakeStore):
    """Reads the few clauses of SQL that are asked, and keeps scores by name on the row."""

    def __post_init__(self) -> None:
        self.published = {
            "POST /btql": {"query", "fmt"},
            "GET /v1/project": {"project_name", "limit"},
            "POST /v1/project_logs/.*/feedback": {"feedback"},
        }

    def route(self, method: str, path: str, request: httpx.Request) -> httpx.Response:
        if path == "/v1/project":
            return ok({"objects": [{"id": Turn(99, datetime(2026, 1, 1, tzinfo=UTC)).uuid, "name": "default"}]})
        body = sent(request)
        if path.endswith("/feedback"):
            for feedback in body["feedback"]:
                for name, value in feedback["scores"].items():
                    self.labels[f"{feedback['id']} {name}"] = value
            self.labels = {key: value for key, value in self.labels.items() if value is not None}
            return ok({"status": "success"})
        query = body["query"]
        since, until = (parse_time(text) for text in re.findall(r"created >?<?=? ?'([^']+)'", query))
        offset = re.search(r"OFFSET '([^']+)'", query)
        rows = [row for turn in self.within(since, until) for row in self.rows(turn)]
        limit = int(re.search(r"LIMIT (\d+)", query)[1])  # type: ignore[index]
        data, cursor = self.page(rows, offset[1] if offset else None, limit)
        return httpx.Response(200, json={"data": data}, headers={"x-bt-cursor": cursor} if cursor else {})

    def rows(self, turn: Turn) -> list[dict[str, Any]]:
        root, start = f"root-{turn.number}", turn.at.timestamp()
        common = {
            "root_span_id": root, "created": format_time(turn.at), "error": None,
            "metadata": {"session_id": turn.session, "user_id": "u1", "model": "gpt-5-mini"},
        }  # fmt: skip
        call = {
            "id": f"row-call-{turn.number}", "span_id": f"call-{turn.number}", "span_parents": [root], "input": turn.messages,
            "output": turn.reply[0], "span_attributes": {"name": "chat", "type": "llm"},
            "metrics": {"start": start, "end": start + 2, "prompt_tokens": 10, "completion_tokens": 5, "estimated_cost": 0.001},
        }  # fmt: skip
        agent = {
            "id": f"row-{turn.number}", "span_id": root, "span_parents": None, "metrics": {"start": start, "end": start + 2},
            "span_attributes": {"name": "agent", "type": "task"},
        }  # fmt: skip
        return [{**common, **agent}, {**common, **call}]


STORES: dict[str, type[FakeStore]] = {
    "braintrust": FakeBraintrust,
    "datadog": FakeDatadog,
    "helicone": FakeHelicone,
    "langfuse": FakeLangfuse,
    "langfuse 3": FakeLangfuse3,
    "langsmith": FakeLangSmith,
    "langwatch": FakeLangWatch,
    "mlflow": FakeMlflow,
    "opik": FakeOpik,
    "phoenix": FakePhoenix,
}
WITH_CURSORS = ("datadog", "langfuse", "langsmith", "langwatch", "mlflow", "phoenix")
TAKING_LABELS = tuple(kind for kind in STORES if kind != "datadog")


def source_at(store: FakeStore, kind: str, now: datetime, name: str = "") -> Any:
    """A source that asks a double."""
    guard = UrlGuard(resolver=lambda host, port: ["93.184.216.34"])
    client = GuardedClient(guard, FakeClock(now), transport=httpx.MockTransport(store))
    product = kind.partition(" ")[0]
    is_own = product in ("mlflow", "phoenix") or kind == "langfuse 3"
    url = f"https://{product}.example.com" if is_own else ""
    setup = SourceSetup(name=name or product, kind=product, url=url, api_key=KEY)  # type: ignore[arg-type]
    return source_of(setup, client)
