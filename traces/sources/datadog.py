"""Datadog LLM Observability: spans, by the search of span events, which Datadog calls a preview.

Labels are not written back: Datadog takes them only into an annotation queue with a label schema of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from traces.clock import format_time
from traces.errors import BadInput
from traces.model import Span
from traces.otlp_span import Refused, moment_of
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
)
from traces.sources.base import Page
from traces.sources.window import Batch, Window, read_page
from traces.urlguard import GuardedClient

CLOUD: Final = "https://api.datadoghq.com"
_PAGE_SPANS: Final = 500
_LATEST_NS: Final = 2**63
_NO_PARENT: Final = frozenset({"undefined", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DatadogSource:
    """One ML application in Datadog.

    Attributes:
        project: The application's ``ml_app``; ``default`` reads all.
        api_key: API key and application key, ``<api key>:<application key>``.
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
    kind: str = "datadog"

    def poll(self, cursor: str | None, now: datetime) -> Page:
        """One page of spans; see ``Source.poll``."""
        return read_page((self._spans,), cursor, now, first=self.first, overlap=self.overlap)

    @property
    def _api(self) -> Api:
        api_key, _, application_key = self.api_key.partition(":")
        headers = {"dd-api-key": api_key, "dd-application-key": application_key}
        return Api(product="Datadog", url=self.url.rstrip("/"), client=self.client, headers=headers)

    def _spans(self, window: Window) -> Batch:
        wanted = {"from": format_time(window.since), "to": format_time(window.until)}
        if self.project != "default":
            wanted["ml_app"] = self.project
        page: dict[str, Any] = {"limit": window.limit(_PAGE_SPANS)}
        if window.page is not None:
            page["cursor"] = window.page
        asked = {"data": {"type": "spans", "attributes": {"filter": wanted, "page": page, "sort": "timestamp"}}}
        answer, refused = self._api.post("/api/v2/llm-obs/v1/spans/events/search", asked), Refused()
        spans = read_all(objects(answer, "data"), _span, refused)
        return Batch(spans=spans, page=cursor_at(object_at(answer, "meta", "page"), "after"), refused=refused)


def _span(raw: Raw) -> Span:
    said = object_at(raw, "attributes")
    start_ns, lasted_ns = number_at(said, "start_ns"), number_at(said, "duration") or 0.0
    if not start_ns or start_ns + lasted_ns >= _LATEST_NS:
        raise BadInput("is not a time in nanoseconds", "start_ns")
    parent, tags = text_at(said, "parent_id"), _tags(said)
    metrics, metadata = object_at(said, "metrics"), object_at(said, "metadata")
    return span_of(
        "datadog",
        trace_id=id_at(said, "trace_id"),
        span_id=id_at(said, "span_id"),
        parent_id="" if parent in _NO_PARENT else parent,
        name=text_at(said, "name"),
        started_at=moment_of(int(start_ns)),
        ended_at=moment_of(int(start_ns + lasted_ns)),
        application=text_at(said, "ml_app"),
        error=(text_at(metadata, "error.message") or "error") if text_at(said, "status") == "error" else None,
        attributes={
            "openinference.span.kind": text_at(said, "span_kind"),
            "session.id": tags.get("session_id"),
            "user.id": tags.get("user_id"),
            "deployment.environment": tags.get("env"),
            "langfuse.release": tags.get("version"),
            "input.value": _content(said, "input"),
            "output.value": _content(said, "output"),
            "gen_ai.request.model": text_at(said, "model_name"),
            "gen_ai.provider.name": text_at(said, "model_provider"),
            "gen_ai.usage.input_tokens": number_at(metrics, "input_tokens"),
            "gen_ai.usage.output_tokens": number_at(metrics, "output_tokens"),
            "metadata": metadata,
        },
    )


def _content(said: Raw, key: str) -> Any:
    """The messages of a model call, or the value of any other span."""
    content = object_at(said, key)
    return content.get("messages") or content.get("value")


def _tags(said: Raw) -> dict[str, str]:
    tags = said.get("tags")
    pairs = (tag.partition(":") for tag in tags if type(tag) is str) if type(tags) is list else ()
    return {key: value for key, _, value in pairs}
