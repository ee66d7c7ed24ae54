"""Braintrust: the spans of a project's logs, by SQL; labels as feedback, which is merged into the logged row.

Braintrust keeps scores from 0 to 1 by name on the row, so of two reviewers the later one stands there; all are in Hark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
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
    trace_id_of,
)
from traces.sources.base import LabelWrite, Page
from traces.sources.window import Batch, Window, read_page
from traces.urlguard import GuardedClient

CLOUD: Final = "https://api.braintrust.dev"
_PAGE_SPANS: Final = 200
_COLUMNS: Final = (
    "id, span_id, root_span_id, span_parents, created, input, output, error, metadata, metrics, span_attributes"
)
_CURSOR_HEADER: Final = "x-bt-cursor"
_KINDS: Final = {
    "llm": "LLM",
    "tool": "TOOL",
    "task": "CHAIN",
    "function": "CHAIN",
    "eval": "CHAIN",
    "score": "EVALUATOR",
}
_LATEST_S: Final = 2**33


@dataclass(frozen=True, slots=True, kw_only=True)
class BraintrustSource:
    """One Braintrust project.

    Attributes:
        project: Its name or id.
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
    kind: str = "braintrust"
    _project_ids: list[str] = field(default_factory=list, repr=False, compare=False)

    def poll(self, cursor: str | None, now: datetime) -> Page:
        """One page of spans; see ``Source.poll``."""
        return read_page((self._spans,), cursor, now, first=self.first, overlap=self.overlap)

    @property
    def _api(self) -> Api:
        headers = {"authorization": f"Bearer {self.api_key}"}
        return Api(product="Braintrust", url=self.url.rstrip("/"), client=self.client, headers=headers)

    def _spans(self, window: Window) -> Batch:
        since, until = format_time(window.since), format_time(window.until)
        query = (
            f"SELECT {_COLUMNS} FROM project_logs({_literal(self.project)})"  # noqa: S608 - every value is quoted
            f" WHERE created >= {_literal(since)} AND created < {_literal(until)} LIMIT {window.limit(_PAGE_SPANS)}"
        )
        if window.page is not None:
            query += f" OFFSET {_literal(window.page)}"
        answer, refused = self._api.do("POST", "/btql", json={"query": query, "fmt": "json"}), Refused()
        body = object_at({"body": answer.body}, "body")
        found = objects(body, "data")
        page = cursor_at(body, "cursor") or answer.headers.get(_CURSOR_HEADER) or None
        targets = {
            trace_id_of(root): row
            for raw in found
            if (root := text_at(raw, "root_span_id"))
            and root == text_at(raw, "span_id")
            and (row := text_at(raw, "id"))
        }
        spans = read_all(found, self._span, refused)
        return Batch(spans=spans, targets=targets, page=page if found else None, refused=refused)

    def _span(self, raw: Raw) -> Span:
        metrics, about, metadata = (object_at(raw, key) for key in ("metrics", "span_attributes", "metadata"))
        created, error = time_at(raw, "created"), raw.get("error")
        started_at = _second(metrics, "start") or created
        above = raw.get("span_parents")
        return span_of(
            "braintrust",
            trace_id=id_at(raw, "root_span_id"),
            span_id=id_at(raw, "span_id"),
            parent_id=above[0] if type(above) is list and above and type(above[0]) is str else "",
            name=text_at(about, "name"),
            started_at=started_at,
            ended_at=_second(metrics, "end") or started_at,
            application=self.project,
            error=None if error is None else text_at(raw, "error") or str(error)[:1000],
            attributes={
                "openinference.span.kind": _KINDS.get(text_at(about, "type"), "CHAIN"),
                "input.value": raw.get("input"),
                "output.value": raw.get("output"),
                "metadata": metadata,
                "gen_ai.request.model": text_at(metadata, "model"),
                "gen_ai.provider.name": text_at(metadata, "provider"),
                "gen_ai.usage.input_tokens": number_at(metrics, "prompt_tokens"),
                "gen_ai.usage.output_tokens": number_at(metrics, "completion_tokens"),
                "gen_ai.cost.total_cost": number_at(metrics, "estimated_cost"),
                "gen_ai.response.time_to_first_chunk": number_at(metrics, "time_to_first_token"),
            },
        )

    def write_label(self, write: LabelWrite) -> str:
        """A score on the row of the trace's root; returns the score's name. See ``LabelStore.write_label``."""
        label = write.label
        name = label.name if not isinstance(label.value, str) else f"{label.name}: {label.value}"
        number = label.value if not isinstance(label.value, str) else 1.0
        if not 0 <= number <= 1:
            raise BadInput(f"Braintrust takes scores from 0 to 1 only, not {number:g}")
        emptied: dict[str, Any] = {write.written_as: None} if write.written_as else {}
        self._feed_back(write, emptied | {name: number}, label.note)
        return name

    def withdraw_label(self, write: LabelWrite) -> None:
        """Empty our score; see ``LabelStore.withdraw_label``."""
        self._feed_back(write, {write.written_as or write.label.name: None}, None)

    def _feed_back(self, write: LabelWrite, scores: dict[str, Any], note: str | None) -> None:
        feedback: dict[str, Any] = {
            "id": write.target,
            "scores": scores,
            "source": "external",
            "metadata": {write.identifier: write.label.reviewer},
        }
        if note:
            feedback["comment"] = note
        path = f"/v1/project_logs/{quote(self._project_id(), safe='')}/feedback"
        self._api.do("POST", path, json={"feedback": [feedback]})

    def _project_id(self) -> str:
        if not self._project_ids:
            self._project_ids.append(self._looked_up())
        return self._project_ids[0]

    def _looked_up(self) -> str:
        try:
            return str(UUID(self.project))
        except ValueError:
            answer = self._api.ask("GET", "/v1/project", params={"project_name": self.project, "limit": 1})
        found = objects({"objects": []} | object_at({"body": answer.body}, "body"), "objects")
        if not found:
            raise BadInput(f"Braintrust at {self.url} has no project {self.project!r}")
        return id_at(found[0], "id")


def _literal(text: str) -> str:
    """A text as SQL writes it.

    Raises:
        BadInput: When it holds a backslash or a control character, which dialects read differently.
    """
    if "\\" in text or not text.isprintable():
        raise BadInput(f"{text[:80]!r} may not hold a backslash or control characters")
    return "'" + text.replace("'", "''") + "'"


def _second(metrics: Raw, key: str) -> datetime | None:
    """A metric in seconds since 1970."""
    seconds = number_at(metrics, key)
    return datetime.fromtimestamp(seconds, UTC) if seconds and seconds < _LATEST_S else None
