"""LangSmith: runs, by ``/api/v2/runs/query``; labels as feedback.

What LangSmith's API calls a session is a project; a conversation is a thread. Feedback with an id of our choosing
replaces the one with that id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from traces.clock import format_time
from traces.errors import BadInput
from traces.model import Span
from traces.otlp_span import Refused
from traces.sources.api import (
    Api,
    Raw,
    cursor_at,
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
from traces.sources.window import Batch, Window, read_page
from traces.urlguard import GuardedClient

CLOUD: Final = "https://api.smith.langchain.com"
_PAGE_RUNS: Final = 200
# Without a selection only the ids come.
_SELECTED: Final = (
    "ID", "NAME", "RUN_TYPE", "STATUS", "START_TIME", "END_TIME", "FIRST_TOKEN_TIME", "ERROR", "METADATA", "INPUTS",
    "OUTPUTS", "PARENT_RUN_IDS", "TRACE_ID", "THREAD_ID", "TOTAL_COST", "PROMPT_TOKENS", "COMPLETION_TOKENS",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LangSmithSource:
    """One LangSmith project.

    Attributes:
        project: Its id, or its name, which is looked up once.
        first: How far back the first poll reads.
        overlap: How far before the end of the last window a new one begins.
    """

    name: str
    project: str
    client: GuardedClient = field(repr=False)
    api_key: str = field(repr=False)
    url: str = CLOUD
    first: timedelta = timedelta(days=1)
    overlap: timedelta = timedelta(minutes=15)
    kind: str = "langsmith"
    _project_ids: list[str] = field(default_factory=list, repr=False, compare=False)

    def poll(self, cursor: str | None, now: datetime) -> Page:
        """One page of runs; see ``Source.poll``."""
        return read_page((self._runs,), cursor, now, first=self.first, overlap=self.overlap)

    @property
    def _api(self) -> Api:
        headers = {"x-api-key": self.api_key}
        return Api(product="LangSmith", url=self.url.rstrip("/"), client=self.client, headers=headers)

    def _project_id(self) -> str:
        if not self._project_ids:
            self._project_ids.append(self._looked_up())
        return self._project_ids[0]

    def _looked_up(self) -> str:
        try:
            return str(UUID(self.project))
        except ValueError:
            answer = self._api.ask("GET", "/api/v1/sessions", params={"name": self.project, "limit": 1})
        found = objects({"projects": answer.body}, "projects") if answer.body else []
        if not found or text_at(found[0], "name") != self.project:
            raise BadInput(f"LangSmith at {self.url} has no project {self.project!r}")
        return id_at(found[0], "id")

    def _runs(self, window: Window) -> Batch:
        asked: dict[str, Any] = {
            "project_ids": [self._project_id()],
            "min_start_time": format_time(window.since),
            "max_start_time": format_time(window.until),
            "selects": list(_SELECTED),
            "page_size": window.limit(_PAGE_RUNS),
        }
        if window.page is not None:
            asked["cursor"] = window.page
        answer, refused = self._api.post("/api/v2/runs/query", asked), Refused()
        found = objects(answer, "items")
        spans = read_all(found, self._span, refused)
        targets = {trace_id_of(run): run for raw in found if (run := text_at(raw, "trace_id", "id"))}
        return Batch(spans=spans, targets=targets, page=cursor_at(answer, "next_cursor"), refused=refused)

    def _span(self, raw: Raw) -> Span:
        run_id, started_at = id_at(raw, "id"), time_at(raw, "start_time")
        metadata = object_at(raw, "metadata")
        above = raw.get("parent_run_ids")
        parent = above[-1] if type(above) is list and above and type(above[-1]) is str else ""
        failed = text_at(raw, "status").upper() == "ERROR" or bool(text_at(raw, "error"))
        return span_of(
            "langsmith",
            trace_id=text_at(raw, "trace_id") or run_id,
            span_id=run_id,
            parent_id=parent,
            name=text_at(raw, "name"),
            started_at=started_at,
            ended_at=time_or(raw, "end_time", started_at),
            application=self.project,
            error=(text_at(raw, "error") or "error") if failed else None,
            attributes={
                "langsmith.span.kind": text_at(raw, "run_type").lower(),
                "session.id": text_at(raw, "thread_id"),
                "metadata": metadata,
                "input.value": raw.get("inputs"),
                "output.value": raw.get("outputs"),
                "gen_ai.request.model": text_at(metadata, "ls_model_name"),
                "gen_ai.provider.name": text_at(metadata, "ls_provider"),
                "gen_ai.usage.input_tokens": number_at(raw, "prompt_tokens"),
                "gen_ai.usage.output_tokens": number_at(raw, "completion_tokens"),
                "gen_ai.cost.total_cost": number_at(raw, "total_cost"),
                "langfuse.observation.completion_start_time": text_at(raw, "first_token_time"),
            },
        )

    def write_label(self, write: LabelWrite) -> str:
        """Feedback on the trace's root run; see ``LabelStore.write_label``."""
        label = write.label
        is_number = not isinstance(label.value, str)
        feedback: dict[str, Any] = {
            "id": write.label_id,
            "run_id": write.target,
            "trace_id": write.target,
            "key": label.name,
            "score": label.value if is_number else None,
            "value": None if is_number else label.value,
            "comment": label.note,
            "session_id": self._project_id(),
            "feedback_source": {"type": "api", "metadata": {"source": write.identifier, "reviewer": label.reviewer}},
        }
        self._api.do(
            "POST", "/api/v1/feedback", json={key: value for key, value in feedback.items() if value is not None}
        )
        return write.label_id

    def withdraw_label(self, write: LabelWrite) -> None:
        """Delete our feedback; see ``LabelStore.withdraw_label``."""
        self._api.ask("DELETE", f"/api/v1/feedback/{write.label_id}")
