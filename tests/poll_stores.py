"""Doubles of nine trace stores at the HTTP edge: paged, keyed, strict about parameters, and holding what is written to them.

Each knows the paths and parameters that its vendor publishes (its OpenAPI, or the SDK generated from it) and answers 400 to
any other. A turn is one trace: an agent around one model call, in a session of two turns.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx

from traces.clock import format_time, parse_time

KEY = "public-key:secret-key"
NOTHING_LIKE_THIS = httpx.Response(404, json={"detail": "not found"})


@dataclass(frozen=True)
class Turn:
    number: int
    at: datetime

    @property
    def session(self) -> str:
        return f"s{self.number // 2}"

    @property
    def trace(self) -> str:
        return f"{self.number + 1:032x}"

    @property
    def uuid(self) -> str:
        return f"00000000-0000-4000-8000-{self.number + 1:012x}"

    @property
    def asked(self) -> str:
        return f"question {self.number}"

    @property
    def answered(self) -> str:
        return f"answer {self.number}"

    @property
    def ended(self) -> datetime:
        return self.at + timedelta(seconds=2)

    @property
    def messages(self) -> list[dict[str, str]]:
        return [{"role": "user", "content": self.asked}]

    @property
    def reply(self) -> list[dict[str, str]]:
        return [{"role": "assistant", "content": self.answered}]


@dataclass
class FakeStore:
    """What all doubles share. ``faults`` are given before anything else, one for each request."""

    kind: str = ""
    turns: list[Turn] = field(default_factory=list)
    page_size: int = 1000
    gaps: bool = False
    faults: list[httpx.Response | Exception] = field(default_factory=list)
    lose: int = 0
    requests: list[httpx.Request] = field(default_factory=list)
    labels: dict[str, Any] = field(default_factory=dict)

    published: dict[str, set[str]] = field(default_factory=dict)
    """By method and path, the parameters of the query and the keys of the body that the vendor publishes."""

    def __post_init__(self) -> None:
        """Set ``published``."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, Exception):
                raise fault
            return fault
        if not self.is_allowed(request):
            return httpx.Response(401, json={"message": "who are you?"})
        if self.is_unknown(request):
            return httpx.Response(400, json={"message": "no such parameter"})
        answer = self.route(request.method, unquote(request.url.path), request)
        if self.lose and request.method != "GET":
            self.lose -= 1
            raise httpx.ReadTimeout("the answer was lost")
        return answer

    def is_unknown(self, request: httpx.Request) -> bool:
        line = f"{request.method} {request.url.path}"
        for pattern, known in self.published.items():
            if re.fullmatch(pattern, line):
                given = set(request.url.params) | set(body if type(body := sent(request)) is dict else ())
                return not given <= known
        return True

    def is_allowed(self, request: httpx.Request) -> bool:
        return request.headers.get("authorization", "").endswith(KEY)

    def route(self, method: str, path: str, request: httpx.Request) -> httpx.Response:
        raise NotImplementedError

    def within(self, since: datetime, until: datetime) -> list[Turn]:
        return sorted((t for t in self.turns if since <= t.at < until), key=lambda t: (t.at, t.number))

    def page(self, items: list[Any], cursor: str | None, asked: int) -> tuple[list[Any], str | None]:
        """One page and the next cursor; with ``gaps`` every other page is empty and yet has a cursor."""
        start, is_gap = 0, self.gaps
        if cursor:
            place, _, gap = cursor.partition("|")
            start, is_gap = int(place), gap == "gap"
        if is_gap:
            return [], f"{start}|full"
        size = min(self.page_size, asked)
        following = start + size
        return items[start:following], f"{following}|{'gap' if self.gaps else 'full'}" if following < len(
            items
        ) else None


def sent(request: httpx.Request) -> Any:
    return json.loads(request.content) if request.content else {}


def ok(body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


class FakeLangfuse(FakeStore):
    """Version 4: cursors. ``scores`` are such as the v3 listing shows."""

    version = "4.2.0"

    def __post_init__(self) -> None:
        self.scores: list[dict[str, Any]] = []
        self.published = {
            "GET /api/public/health": set(),
            "GET /api/public/v2/observations": {"fields", "fromStartTime", "toStartTime", "limit", "cursor"},
            "GET /api/public/v3/scores": {"fields", "fromTimestamp", "toTimestamp", "limit", "cursor"},
            "POST /api/public/scores": {"id", "traceId", "name", "value", "dataType", "comment", "metadata"},
            "DELETE /api/public/scores/.*": set(),
            "GET /api/public/traces": {"fromTimestamp", "toTimestamp", "orderBy", "page", "limit"},
            "GET /api/public/observations": {"fromStartTime", "toStartTime", "page", "limit"},
            "GET /api/public/v2/scores": {"fromTimestamp", "toTimestamp", "page", "limit"},
        }

    def is_allowed(self, request: httpx.Request) -> bool:
        import base64

        token = base64.b64encode(KEY.encode()).decode()
        return request.url.path.endswith("/health") or request.headers.get("authorization") == f"Basic {token}"

    def route(self, method: str, path: str, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        if path.endswith("/health"):
            return ok({"status": "OK", "version": self.version})
        if method == "POST":
            body = sent(request)
            for score in body if type(body) is list else [body]:
                self.labels[score["id"]] = score
            return httpx.Response(202, json={"message": "Accepted"})
        if method == "DELETE":
            return ok({}) if self.labels.pop(path.rpartition("/")[2], None) else NOTHING_LIKE_THIS
        return self.listing(path, params)

    def listing(self, path: str, params: httpx.QueryParams) -> httpx.Response:
        found = self.found(path, params)
        data, cursor = self.page(found, params.get("cursor"), int(params["limit"]))
        return ok({"data": data, "meta": {"cursor": cursor} if cursor else {}})

    def found(self, path: str, params: httpx.QueryParams) -> list[dict[str, Any]]:
        what = "StartTime" if "observations" in path else "Timestamp"
        since, until = parse_time(params[f"from{what}"]), parse_time(params[f"to{what}"])
        if "scores" in path:
            own = [
                {
                    "id": key, "name": label["name"], "value": label["value"], "source": "API", "dataType": "BOOLEAN",
                    "timestamp": format_time(until - timedelta(seconds=1)), "subject": {"kind": "trace", "id": label["traceId"]},
                }
                for key, label in self.labels.items()
            ]  # fmt: skip
            return [*self.scores, *own]
        return [observation for turn in self.within(since, until) for observation in self.observations(turn)]

    def observations(self, turn: Turn) -> list[dict[str, Any]]:
        common = {"traceId": turn.trace, "startTime": format_time(turn.at), "endTime": format_time(turn.ended)}
        talk = {
            "sessionId": turn.session,
            "userId": "u1",
            "environment": "production",
            "traceName": "shop",
            "level": "DEFAULT",
        }
        root = {"id": f"{turn.number + 1:016x}", "type": "AGENT", "name": "agent", "parentObservationId": None}
        call = {
            "id": f"{turn.number + 4096:016x}", "type": "GENERATION", "name": "chat", "parentObservationId": root["id"],
            "input": json.dumps(turn.messages), "output": json.dumps(turn.reply[0]), "providedModelName": "gpt-5-mini",
            "usageDetails": {"input": 10, "output": 5}, "costDetails": {"total": 0.001}, "totalCost": 0.001,
            "completionStartTime": format_time(turn.at + timedelta(seconds=1)),
        }  # fmt: skip
        return [{**common, **talk, **root}, {**common, **talk, **call}]


class FakeLangfuse3(FakeLangfuse):
    """Version 3: page numbers, and sessions on traces only."""

    version = "3.120.0"

    def listing(self, path: str, params: httpx.QueryParams) -> httpx.Response:
        found = self.traces(params) if path.endswith("/traces") else self.found(path, params)
        for observation in found if path.endswith("/observations") else ():
            observation.update(sessionId=None, userId=None, parentObservationId=observation["parentObservationId"])
        size, page = min(self.page_size, int(params["limit"])), int(params["page"])
        pages = -(-len(found) // size)
        return ok({"data": found[(page - 1) * size : page * size], "meta": {"page": page, "totalPages": pages}})

    def traces(self, params: httpx.QueryParams) -> list[dict[str, Any]]:
        turns = self.within(parse_time(params["fromTimestamp"]), parse_time(params["toTimestamp"]))
        return [
            {"id": t.trace, "timestamp": format_time(t.at), "name": "shop", "sessionId": t.session, "userId": "u1", "latency": 2}
            for t in turns
        ]  # fmt: skip


class FakeLangSmith(FakeStore):
    def __post_init__(self) -> None:
        self.published = {
            "GET /api/v1/sessions": {"name", "limit"},
            "POST /api/v2/runs/query": {
                "project_ids", "min_start_time", "max_start_time", "selects", "page_size", "cursor",
            },
            "POST /api/v1/feedback": {
                "id", "run_id", "trace_id", "key", "score", "value", "comment", "session_id", "feedback_source",
            },
            "DELETE /api/v1/feedback/.*": set(),
        }  # fmt: skip

    def is_allowed(self, request: httpx.Request) -> bool:
        return request.headers.get("x-api-key") == KEY

    def route(self, method: str, path: str, request: httpx.Request) -> httpx.Response:
        body = sent(request)
        if path == "/api/v1/sessions":
            return ok([{"id": Turn(99, datetime(2026, 1, 1, tzinfo=UTC)).uuid, "name": "default"}])
        if path == "/api/v1/feedback":
            self.labels[body["id"]] = body
            return ok(body)
        if method == "DELETE":
            return ok({}) if self.labels.pop(path.rpartition("/")[2], None) else NOTHING_LIKE_THIS
        found = self.within(parse_time(body["min_start_time"]), parse_time(body["max_start_time"]))
        data, cursor = self.page(
            [run for turn in found for run in self.runs(turn)], body.get("cursor"), body["page_size"]
        )
        return ok({"items": data, "next_cursor": cursor})

    def runs(self, turn: Turn) -> list[dict[str, Any]]:
        call_id = turn.uuid.replace("-4000-", "-4001-")
        common = {
            "trace_id": turn.uuid, "start_time": format_time(turn.at), "end_time": format_time(turn.ended),
            "thread_id": turn.session, "status": "SUCCESS", "error": None,
        }  # fmt: skip
        call = {
            "id": call_id, "name": "ChatOpenAI", "run_type": "LLM", "parent_run_ids": [turn.uuid],
            "inputs": {"messages": [turn.messages]}, "outputs": {"choices": [{"message": turn.reply[0]}]},
            "metadata": {"ls_model_name": "gpt-5-mini", "ls_provider": "openai"}, "prompt_tokens": 10,
            "completion_tokens": 5, "total_cost": 0.001, "first_token_time": format_time(turn.at + timedelta(seconds=1)),
        }  # fmt: skip
        return [
            {**common, "id": turn.uuid, "name": "agent", "run_type": "CHAIN", "parent_run_ids": []},
            {**common, **call},
        ]


class FakeOtlp(FakeStore):
    """What Phoenix and MLflow share: spans in OTLP's JSON."""

    def spans(self, turn: Turn) -> list[dict[str, Any]]:
        root = f"{turn.number + 1:016x}"
        return [
            self.span(turn, root, None, {"openinference.span.kind": "AGENT", "session.id": turn.session, "user.id": "u1"}),
            self.span(
                turn, f"{turn.number + 4096:016x}", root,
                {
                    "openinference.span.kind": "LLM", "llm.model_name": "gpt-5-mini", "llm.token_count.prompt": 10,
                    "llm.token_count.completion": 5, "input.value": json.dumps({"messages": turn.messages}),
                    "output.value": json.dumps({"choices": [{"message": turn.reply[0]}]}),
                },
            ),
        ]  # fmt: skip

    def span(self, turn: Turn, span_id: str, parent: str | None, said: dict[str, Any]) -> dict[str, Any]:
        return {
            "trace_id": turn.trace, "span_id": span_id, "parent_span_id": parent, "name": "chat",
            "start_time_unix_nano": int(turn.at.timestamp()) * 10**9, "end_time_unix_nano": int(turn.ended.timestamp()) * 10**9,
            "attributes": [
                {"key": key, "value": {"int_value": value} if type(value) is int else {"string_value": value}}
                for key, value in said.items()
            ],
        }  # fmt: skip


class FakePhoenix(FakeOtlp):
    def __post_init__(self) -> None:
        self.published = {
            "GET /v1/projects/default/spans/otlpv1": {"cursor", "limit", "start_time", "end_time"},
            "POST /v1/trace_annotations": {"sync", "data"},
            "DELETE /v1/projects/default/trace_annotations": {"identifier", "name", "delete_all"},
        }

    def route(self, method: str, path: str, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        if method == "POST":
            for label in sent(request)["data"]:
                self.labels[label["identifier"]] = label
            return ok({"data": []})
        if method == "DELETE":
            self.labels.pop(params["identifier"], None)
            return httpx.Response(204)
        found = self.within(parse_time(params["start_time"]), parse_time(params["end_time"]))[::-1]
        spans = [span for turn in found for span in self.spans(turn)]
        data, cursor = self.page(spans, params.get("cursor"), int(params["limit"]))
        return ok({"data": data, "next_cursor": cursor})


class FakeMlflow(FakeOtlp):
    def __post_init__(self) -> None:
        traces = "/api/3.0/mlflow/traces"
        self.published = {
            "GET /api/2.0/mlflow/experiments/get-by-name": {"experiment_name"},
            f"POST {traces}/search": {"locations", "filter", "order_by", "max_results", "page_token"},
            f"GET {traces}/batchGet": {"trace_ids"},
            f"GET {traces}/tr-[0-9a-f]+": set(),
            f"POST {traces}/tr-[0-9a-f]+/assessments": {"assessment"},
            f"PATCH {traces}/tr-[0-9a-f]+/assessments/.*": {"assessment", "update_mask"},
            f"DELETE {traces}/tr-[0-9a-f]+/assessments/.*": set(),
        }

    def route(self, method: str, path: str, request: httpx.Request) -> httpx.Response:
        if path.endswith("get-by-name"):
            return ok({"experiment": {"experiment_id": "0", "name": "default"}})
        if "/assessments" in path:
            return self.assess(method, path, sent(request))
        if path.endswith("/batchGet"):
            wanted = parse_qs(request.url.query.decode())["trace_ids"]
            return ok({"traces": [self.trace(turn) for turn in self.turns if f"tr-{turn.trace}" in wanted]})
        if method == "GET":
            trace_id = path.rpartition("/")[2]
            held = [label for label in self.labels.values() if label["trace_id"] == trace_id]
            return ok({"trace": {"trace_info": {"trace_id": trace_id, "assessments": held}}})
        return self.search(sent(request))

    def search(self, body: dict[str, Any]) -> httpx.Response:
        since_ms, until_ms = (int(ms) for ms in re.findall(r"= (\d+)", body["filter"]))
        since, until = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (since_ms, until_ms + 1))
        found = [{"trace_id": f"tr-{turn.trace}"} for turn in self.within(since, until)]
        data, token = self.page(found, body.get("page_token"), body["max_results"])
        return ok(({"traces": data} if data else {}) | ({"next_page_token": token} if token else {}))

    def trace(self, turn: Turn) -> dict[str, Any]:
        about = {
            "trace_id": f"tr-{turn.trace}", "tags": {"service.name": "shop"},
            "trace_metadata": {"mlflow.trace.session": turn.session},
        }  # fmt: skip
        return {"trace_info": about, "spans": self.spans(turn)}

    def assess(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        assessment_id = path.rpartition("/")[2]
        if method == "POST":
            assessment_id = f"a-{len(self.requests)}"
            self.labels[assessment_id] = {**body["assessment"], "assessment_id": assessment_id}
        elif assessment_id not in self.labels:
            return ok({}) if method == "DELETE" else NOTHING_LIKE_THIS
        elif method == "DELETE":
            del self.labels[assessment_id]
            return ok({})
        else:
            for key in body["update_mask"].split(","):
                self.labels[assessment_id][key] = body["assessment"][key]
        return ok({"assessment": self.labels[assessment_id]})
