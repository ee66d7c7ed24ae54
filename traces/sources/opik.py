"""Opik: traces and spans by page; labels as feedback scores.

A trace of Opik is an object of its own with the thread, the input and the output, above the spans. The paged listings
are limited less strictly than the streaming searches. A feedback score of the same name on the same trace is replaced.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from traces.clock import format_time
from traces.errors import BadInput
from traces.model import Span
from traces.otlp_span import Refused
from traces.sources.api import (
    Api,
    Raw,
    id_at,
    number_at,
    object_at,
    objects,
    read_all,
    span_of,
    text_at,
    time_at,
    time_or,
    trace_id_of,
)
from traces.sources.base import LabelWrite, Page
from traces.sources.window import Batch, Window, next_number, read_page
from traces.urlguard import GuardedClient

CLOUD: Final = "https://www.comet.com/opik/api"
_PAGE: Final = 200
_KINDS: Final = {"llm": "LLM", "tool": "TOOL", "general": "CHAIN", "guardrail": "GUARDRAIL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpikSource:
    """One Opik project.

    Attributes:
        project: Its name; ``workspace/name`` in the cloud.
        api_key: Empty for a server that asks for none.
        first: How far back the first poll reads.
        overlap: How far before the end of the last window a new one begins.
    """

    name: str
    project: str
    client: GuardedClient = field(repr=False)
    api_key: str = field(default="", repr=False)
    url: str = CLOUD
    first: timedelta = timedelta(days=1)
    overlap: timedelta = timedelta(minutes=15)
    kind: str = "opik"

    def poll(self, cursor: str | None, now: datetime) -> Page:
        """One page of traces or spans; see ``Source.poll``."""
        return read_page((self._traces, self._spans), cursor, now, first=self.first, overlap=self.overlap)

    @property
    def _api(self) -> Api:
        workspace = self.project.rpartition("/")[0]
        headers = {"authorization": self.api_key} if self.api_key else {}
        if workspace:
            headers["comet-workspace"] = workspace
        return Api(product="Opik", url=self.url.rstrip("/"), client=self.client, headers=headers)

    @property
    def _project_name(self) -> str:
        return self.project.rpartition("/")[2]

    def _traces(self, window: Window) -> Batch:
        return self._listed("/v1/private/traces", window, self._span_of_trace)

    def _spans(self, window: Window) -> Batch:
        return self._listed("/v1/private/spans", window, self._span)

    def _listed(self, path: str, window: Window, read: Any) -> Batch:
        params: dict[str, str | int] = {
            "project_name": self._project_name,
            "from_time": format_time(window.since),
            "to_time": format_time(window.until),
            "page": window.page or "1",
            "size": window.limit(_PAGE),
            "truncate": "false",
        }
        answer, refused = self._api.get(path, params), Refused()
        found = objects(answer, "content")
        total = number_at(answer, "total")
        if total is None:
            raise BadInput("is missing", "total")
        targets = {
            trace_id_of(trace): trace for raw in found if (trace := text_at(raw, "trace_id") or text_at(raw, "id"))
        }
        return Batch(
            spans=read_all(found, read, refused),
            targets=targets,
            page=next_number(window, total / window.limit(_PAGE)),
            refused=refused,
        )

    def _span_of_trace(self, raw: Raw) -> Span:
        trace_id = id_at(raw, "id")
        attributes = {"session.id": text_at(raw, "thread_id"), "openinference.span.kind": "CHAIN"}
        return self._read(raw, trace_id, _root_of(trace_id), "", attributes)

    def _span(self, raw: Raw) -> Span:
        trace_id = id_at(raw, "trace_id")
        usage, ttft_ms = object_at(raw, "usage"), number_at(raw, "ttft")
        attributes = {
            "openinference.span.kind": _KINDS.get(text_at(raw, "type"), "CHAIN"),
            "gen_ai.request.model": text_at(raw, "model"),
            "gen_ai.provider.name": text_at(raw, "provider"),
            "gen_ai.usage.input_tokens": number_at(usage, "prompt_tokens"),
            "gen_ai.usage.output_tokens": number_at(usage, "completion_tokens"),
            "gen_ai.cost.total_cost": number_at(raw, "total_estimated_cost") or None,
            "gen_ai.response.time_to_first_chunk": None if ttft_ms is None else ttft_ms / 1000,
        }
        parent = text_at(raw, "parent_span_id") or _root_of(trace_id)
        return self._read(raw, trace_id, id_at(raw, "id"), parent, attributes)

    def _read(self, raw: Raw, trace_id: str, span_id: str, parent_id: str, attributes: dict[str, Any]) -> Span:
        started_at, failure = time_at(raw, "start_time"), object_at(raw, "error_info")
        return span_of(
            "opik",
            trace_id=trace_id,
            span_id=span_id,
            parent_id=parent_id,
            name=text_at(raw, "name"),
            started_at=started_at,
            ended_at=time_or(raw, "end_time", started_at),
            application=self._project_name,
            error=(text_at(failure, "message", "exception_type") or "error") if failure else None,
            attributes={
                **attributes,
                "deployment.environment": text_at(raw, "environment"),
                "metadata": raw.get("metadata"),
                "input.value": raw.get("input"),
                "output.value": raw.get("output"),
            },
        )

    def write_label(self, write: LabelWrite) -> str:
        """A feedback score on the trace; see ``LabelStore.write_label``."""
        label = write.label
        score: dict[str, Any] = {
            "id": write.target,
            "project_name": self._project_name,
            "name": label.name,
            "value": 1.0 if isinstance(label.value, str) else label.value,
            "source": "sdk",
            "reason": label.note or "",
        }
        if isinstance(label.value, str):
            score["category_name"] = label.value
        self._api.do("PUT", "/v1/private/traces/feedback-scores", json={"scores": [score]})
        return write.identifier

    def withdraw_label(self, write: LabelWrite) -> None:
        """Delete our feedback score; see ``LabelStore.withdraw_label``."""
        path = f"/v1/private/traces/{quote(write.target, safe='')}/feedback-scores/delete"
        self._api.ask("POST", path, json={"name": write.label.name})


def _root_of(trace_id: str) -> str:
    return f"trace {trace_id}"
