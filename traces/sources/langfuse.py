"""Langfuse: observations and scores; labels as scores.

Langfuse 4, and so its cloud, lists observations with a cursor, and a page may be short or even empty and yet have a
next one. A self-hosted Langfuse 3 lists traces, observations and scores by page number. Which it is, ``/api/public/health``
tells. Observations can show 15 minutes late. A score posted with an id of our choosing replaces the one with that id.
"""

from __future__ import annotations

import base64
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
from traces.sources.base import OWN_PREFIX, LabelWrite, Page
from traces.sources.langfuse_scores import spans_of_scores
from traces.sources.window import Batch, Listing, Window, next_number, read_page
from traces.urlguard import GuardedClient

CLOUD: Final = "https://cloud.langfuse.com"
_FIELDS: Final = "core,basic,time,io,metadata,model,usage,prompt,trace_context"
_PAGE_OBSERVATIONS: Final = 500
_PAGE_SCORES: Final = 100
_PAGE_OF_3: Final = 100
_WITH_CURSORS: Final = 4
_CLOUDS: Final = ("//cloud.langfuse.com", ".cloud.langfuse.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class LangfuseSource:
    """One Langfuse project: the one that its keys belong to.

    Attributes:
        api_key: Public and secret key, ``pk-lf-…:sk-lf-…``.
        first: How far back the first poll reads.
        overlap: How far before the end of the last window a new one begins.
    """

    name: str
    client: GuardedClient = field(repr=False)
    api_key: str = field(repr=False)
    url: str = CLOUD
    first: timedelta = timedelta(days=1)
    overlap: timedelta = timedelta(minutes=15)
    kind: str = "langfuse"
    _version: list[int] = field(default_factory=list, repr=False, compare=False)

    def poll(self, cursor: str | None, now: datetime) -> Page:
        """One page of observations or scores; see ``Source.poll``."""
        listings: tuple[Listing, ...] = (self._observations, self._scores)
        if self._major() < _WITH_CURSORS:
            listings = (self._traces_of_3, self._observations_of_3, self._scores_of_3)
        return read_page(listings, cursor, now, first=self.first, overlap=self.overlap)

    @property
    def _api(self) -> Api:
        token = base64.b64encode(self.api_key.encode()).decode()
        headers = {"authorization": f"Basic {token}"}
        return Api(product="Langfuse", url=self.url.rstrip("/"), client=self.client, headers=headers)

    def _major(self) -> int:
        """The first number of the server's version; it is asked once. The cloud has what version 4 has."""
        if self.url.rstrip("/").endswith(_CLOUDS):
            return _WITH_CURSORS
        if not self._version:
            said = text_at(self._api.get("/api/public/health"), "version")
            major = said.lstrip("v").partition(".")[0]
            if not major.isdecimal():
                raise BadInput(f"Langfuse at {self.url} does not say its version", "version")
            self._version.append(int(major[:4]))
        return self._version[0]

    def _observations(self, window: Window) -> Batch:
        params = _window(window, "StartTime") | {"limit": window.limit(_PAGE_OBSERVATIONS), "fields": _FIELDS}
        return _batch(self._api.get("/api/public/v2/observations", params | _cursor(window)), _span)

    def _scores(self, window: Window) -> Batch:
        params = _window(window, "Timestamp") | {"limit": window.limit(_PAGE_SCORES), "fields": "details,subject"}
        return _score_batch(self._api.get("/api/public/v3/scores", params | _cursor(window)))

    def _traces_of_3(self, window: Window) -> Batch:
        params = _window(window, "Timestamp") | {"orderBy": "timestamp.asc"}
        return _batch(self._api.get("/api/public/traces", params | _number(window)), _span_of_trace, window)

    def _observations_of_3(self, window: Window) -> Batch:
        params = _window(window, "StartTime") | _number(window)
        return _batch(self._api.get("/api/public/observations", params), _span_under_trace, window)

    def _scores_of_3(self, window: Window) -> Batch:
        params = _window(window, "Timestamp") | _number(window)
        return _score_batch(self._api.get("/api/public/v2/scores", params), window)

    def write_label(self, write: LabelWrite) -> str:
        """A score on the trace; see ``LabelStore.write_label``."""
        label = write.label
        score: dict[str, Any] = {
            "id": write.identifier,
            "traceId": write.target,
            "name": label.name,
            "value": label.value,
            "dataType": _type_of(label.value),
            "metadata": {"source": "hark", "reviewer": label.reviewer},
        }
        if label.note:
            score["comment"] = label.note
        # Langfuse 4 takes a list of scores, Langfuse 3 a single one.
        takes_list = self._major() >= _WITH_CURSORS
        answer = self._api.do("POST", "/api/public/scores", json=[score] if takes_list else score)
        said = answer.body if type(answer.body) is dict else {}
        if said.get("errors"):
            raise BadInput(f"Langfuse at {self.url} rejected the score")
        return write.identifier

    def withdraw_label(self, write: LabelWrite) -> None:
        """Delete our score; see ``LabelStore.withdraw_label``."""
        self._api.ask("DELETE", f"/api/public/scores/{quote(write.identifier, safe='')}")


def _type_of(value: float | str) -> str:
    if isinstance(value, str):
        return "CATEGORICAL"
    return "BOOLEAN" if value in (0, 1) else "NUMERIC"


def _window(window: Window, what: str) -> dict[str, str | int]:
    return {f"from{what}": format_time(window.since), f"to{what}": format_time(window.until)}


def _cursor(window: Window) -> dict[str, str | int]:
    return {} if window.page is None else {"cursor": window.page}


def _number(window: Window) -> dict[str, str | int]:
    return {"page": window.page or "1", "limit": window.limit(_PAGE_OF_3)}


def _following(answer: Raw, window: Window | None) -> str | None:
    """The next page: a cursor, or, for Langfuse 3, a number up to the last one's."""
    meta = object_at(answer, "meta")
    if window is None:
        return cursor_at(meta, "cursor")
    return next_number(window, number_at(meta, "totalPages"))


def _batch(answer: Raw, read: Any, window: Window | None = None) -> Batch:
    refused = Refused()
    found = objects(answer, "data")
    spans = read_all(found, read, refused)
    named = [text_at(raw, "traceId") or (text_at(raw, "id") if read is _span_of_trace else "") for raw in found]
    targets = {trace_id_of(trace_id): trace_id for trace_id in named if trace_id}
    return Batch(spans=spans, targets=targets, page=_following(answer, window), refused=refused)


def _span(raw: Raw) -> Span:
    """An observation as a span."""
    started_at, trace_id = time_at(raw, "startTime"), text_at(raw, "traceId") or id_at(raw, "id")
    level = text_at(raw, "level")
    cost = object_at(raw, "costDetails")
    total = next((raw[k] for k in ("totalCost", "calculatedTotalCost") if number_at(raw, k)), None)
    return span_of(
        "langfuse",
        trace_id=trace_id,
        span_id=id_at(raw, "id"),
        parent_id=text_at(raw, "parentObservationId"),
        name=text_at(raw, "name"),
        started_at=started_at,
        ended_at=time_or(raw, "endTime", started_at),
        error=(text_at(raw, "statusMessage") or "error") if level == "ERROR" else None,
        attributes={
            "langfuse.observation.type": text_at(raw, "type").lower(),
            "session.id": text_at(raw, "sessionId"),
            "user.id": text_at(raw, "userId"),
            "langfuse.observation.input": raw.get("input"),
            "langfuse.observation.output": raw.get("output"),
            "langfuse.observation.model.name": text_at(raw, "providedModelName", "model"),
            "langfuse.observation.usage_details": object_at(raw, "usageDetails"),
            "langfuse.observation.cost_details": cost
            if number_at(cost, "total")
            else {"total": total}
            if total
            else {},
            "langfuse.observation.completion_start_time": text_at(raw, "completionStartTime"),
            "langfuse.observation.prompt.name": text_at(raw, "promptName"),
            "langfuse.observation.prompt.version": raw.get("promptVersion"),
            **_trace_context(raw),
        },
    )


def _trace_context(raw: Raw) -> dict[str, Any]:
    return {
        "langfuse.trace.name": text_at(raw, "traceName"),
        "langfuse.environment": text_at(raw, "environment"),
        "langfuse.release": text_at(raw, "release"),
        **{f"langfuse.trace.metadata.{key}": value for key, value in object_at(raw, "metadata").items()},
    }


def _root_of_3(trace_id: str) -> str:
    return f"trace {trace_id}"


def _span_under_trace(raw: Raw) -> Span:
    """An observation of Langfuse 3, where what stands above all observations is the trace."""
    parent = text_at(raw, "parentObservationId") or _root_of_3(id_at(raw, "traceId"))
    return _span({**raw, "parentObservationId": parent})


def _span_of_trace(raw: Raw) -> Span:
    """A trace of Langfuse 3, which has what its observations lack: session, user and release."""
    trace_id, started_at = id_at(raw, "id"), time_at(raw, "timestamp")
    lasted = timedelta(seconds=min(number_at(raw, "latency") or 0.0, timedelta(days=365).total_seconds()))
    return span_of(
        "langfuse",
        trace_id=trace_id,
        span_id=_root_of_3(trace_id),
        parent_id="",
        name=text_at(raw, "name"),
        started_at=started_at,
        ended_at=started_at + lasted,
        attributes={
            "langfuse.observation.type": "span",
            "session.id": text_at(raw, "sessionId"),
            "user.id": text_at(raw, "userId"),
            "langfuse.observation.input": raw.get("input"),
            "langfuse.observation.output": raw.get("output"),
            **_trace_context({**raw, "traceName": raw.get("name")}),
        },
    )


def _score_batch(answer: Raw, window: Window | None = None) -> Batch:
    refused = Refused()
    found = [raw for raw in objects(answer, "data") if not text_at(raw, "id").startswith(OWN_PREFIX)]
    spans = read_all(found, _span_of_score, refused)
    return Batch(spans=spans, page=_following(answer, window), refused=refused)


def _span_of_score(raw: Raw) -> Span:
    """A score, in either version's form, as an evaluation beneath its trace."""
    subject = object_at(raw, "subject")
    kind, subject_id = text_at(subject, "kind"), text_at(subject, "id")
    trace_id = text_at(raw, "traceId") or text_at(subject, "traceId") or (subject_id if kind == "trace" else "")
    said = {
        "id": id_at(raw, "id"),
        "name": id_at(raw, "name"),
        "value": text_at(raw, "stringValue") or raw.get("value"),
        "comment": text_at(raw, "comment") or None,
        "traceId": trace_id_of(trace_id) if trace_id else None,
        "sessionId": text_at(raw, "sessionId") or (subject_id if kind == "session" else "") or None,
        "timestamp": text_at(raw, "timestamp"),
    }
    return spans_of_scores(said, time_at(raw, "timestamp")).spans[0]
