"""LangWatch: traces with their spans, by when they were last changed; labels as annotations.

With ``dateField: updated`` the answer says up to when it is complete, and the next poll goes on there, so that a trace
that gains a span hours later is found. Annotations get ids of LangWatch's choosing: ours stands at the end of the
comment, by which one that an earlier attempt left behind is found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

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
    time_of_ms,
    trace_id_of,
)
from traces.sources.base import LabelWrite, Page
from traces.sources.window import Batch, Window, read_page
from traces.urlguard import GuardedClient

CLOUD: Final = "https://app.langwatch.ai"
_PAGE_TRACES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LangWatchSource:
    """One LangWatch project: the one that its key belongs to.

    Attributes:
        project: Stands for the application.
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
    kind: str = "langwatch"

    def poll(self, cursor: str | None, now: datetime) -> Page:
        """One page of traces; see ``Source.poll``."""
        return read_page((self._traces,), cursor, now, first=self.first, overlap=self.overlap)

    @property
    def _api(self) -> Api:
        headers = {"x-auth-token": self.api_key}
        return Api(product="LangWatch", url=self.url.rstrip("/"), client=self.client, headers=headers)

    def _traces(self, window: Window) -> Batch:
        asked: dict[str, Any] = {
            "startDate": int(window.since.timestamp() * 1000),
            "endDate": int(window.until.timestamp() * 1000),
            "dateField": "updated",
            "includeSpans": True,
            "format": "json",
            "pageSize": window.limit(_PAGE_TRACES),
        }
        if window.page is not None:
            asked["scrollId"] = window.page
        answer, refused = self._api.post("/api/traces/search", asked), Refused()
        found = objects(answer, "traces")
        paging = object_at(answer, "pagination")
        page = cursor_at(paging, "scrollId")
        through = time_of_ms(paging, "updatedThrough") if page is None and "updatedThrough" in paging else None
        spans = [span for trace in found for span in self._spans(trace, refused)]
        targets = {trace_id_of(trace): trace for raw in found if (trace := text_at(raw, "trace_id"))}
        return Batch(spans=spans, targets=targets, page=page, refused=refused, through=through)

    def _spans(self, trace: Raw, refused: Refused) -> list[Span]:
        metadata = object_at(trace, "metadata")
        try:
            trace_id = id_at(trace, "trace_id")
            found = objects({"spans": [], **trace}, "spans")
        except BadInput as wrong:
            refused.add(wrong.message)
            return []
        return read_all(found, lambda raw: self._span(raw, trace_id, metadata), refused)

    def _span(self, raw: Raw, trace_id: str, metadata: Mapping[str, Any]) -> Span:
        times, failure = object_at(raw, "timestamps"), object_at(raw, "error")
        started_at = time_of_ms(times, "started_at")
        first_ms, start_ms = number_at(times, "first_token_at"), number_at(times, "started_at")
        waited_ms = None if first_ms is None or start_ms is None else max(first_ms - start_ms, 0)
        return span_of(
            "langwatch",
            trace_id=trace_id,
            span_id=id_at(raw, "span_id"),
            parent_id=text_at(raw, "parent_id"),
            name=text_at(raw, "name"),
            started_at=started_at,
            ended_at=time_of_ms(times, "finished_at") if number_at(times, "finished_at") else started_at,
            application=self.project,
            error=(text_at(failure, "message") or "error") if failure.get("has_error", bool(failure)) else None,
            attributes={
                "langwatch.span.type": text_at(raw, "type"),
                "langwatch.input": raw.get("input"),
                "langwatch.output": raw.get("output"),
                "langwatch.metrics": object_at(raw, "metrics"),
                "langwatch.rag_contexts": raw.get("contexts"),
                "gen_ai.request.model": text_at(raw, "model"),
                "gen_ai.provider.name": text_at(raw, "vendor"),
                "gen_ai.response.time_to_first_chunk": None if waited_ms is None else waited_ms / 1000,
                "metadata": dict(metadata),
            },
        )

    def write_label(self, write: LabelWrite) -> str:
        """An annotation of the trace; see ``LabelStore.write_label``."""
        label = write.label
        said = str(label.value) if isinstance(label.value, str) else f"{label.value:g}"
        note = f": {label.note}" if label.note else ""
        annotation = {"comment": f"{label.name} = {said}{note} ({write.identifier})"}
        standing = write.written_as or self._left_behind(write)
        if standing is not None:
            path = f"/api/annotations/{quote(standing, safe='')}"
            if self._api.ask("PATCH", path, json=annotation).status != HTTPStatus.NOT_FOUND:
                return standing
        answer = self._api.do("POST", self._annotations(write), json=annotation)
        return text_at(object_at({"answer": answer.body}, "answer"), "id") or self._left_behind(write) or ""

    def _left_behind(self, write: LabelWrite) -> str | None:
        answer = self._api.ask("GET", self._annotations(write))
        found = answer.body if type(answer.body) is list else object_at({"a": answer.body}, "a").get("data")
        for annotation in found if type(found) is list else []:
            if type(annotation) is dict and write.identifier in text_at(annotation, "comment"):
                return id_at(annotation, "id")
        return None

    def withdraw_label(self, write: LabelWrite) -> None:
        """Delete our annotation; see ``LabelStore.withdraw_label``."""
        standing = write.written_as or self._left_behind(write)
        if standing:
            self._api.ask("DELETE", f"/api/annotations/{quote(standing, safe='')}")

    def _annotations(self, write: LabelWrite) -> str:
        return f"/api/annotations/trace/{quote(write.target, safe='')}"
