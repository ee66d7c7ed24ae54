"""Arize Phoenix: spans by its REST API, in its own dialect of OTLP JSON; labels as annotations of traces.

``GET /v1/projects/{project}/spans/otlpv1`` gives snake_case keys with explicit nulls, newest first, with a cursor; it
leaves out resource attributes, so the project stands for the application. An annotation with the same identifier is
updated in place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from traces.clock import format_time
from traces.errors import BadInput
from traces.fields import kind_of
from traces.otlp_json import span_of_json
from traces.otlp_span import Refused
from traces.sources.api import Api
from traces.sources.base import LabelWrite, Page
from traces.sources.window import Batch, Window, read_page
from traces.urlguard import GuardedClient

PAGE_SPANS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoenixSource:
    """One project of a Phoenix server.

    Attributes:
        name: What the person who configured it calls it.
        url: The server, e.g. ``https://phoenix.example.com``.
        project: The project's name or id.
        client: Carries the requests.
        api_key: Sent as a bearer token; empty when the server asks for none.
        first: How far back the first poll reads.
        overlap: How far before the end of the last window a new one begins.
    """

    name: str
    url: str
    project: str
    client: GuardedClient = field(repr=False)
    api_key: str = field(default="", repr=False)
    first: timedelta = timedelta(days=1)
    overlap: timedelta = timedelta(minutes=15)
    kind: str = "phoenix"

    def poll(self, cursor: str | None, now: datetime) -> Page:
        """One page of spans; see ``Source.poll``."""
        return read_page((self._spans,), cursor, now, first=self.first, overlap=self.overlap)

    def _spans(self, window: Window) -> Batch:
        params: dict[str, str | int] = {
            "limit": window.limit(PAGE_SPANS),
            "start_time": format_time(window.since),
            "end_time": format_time(window.until),
        }
        if window.page is not None:
            params["cursor"] = window.page
        answer = self._get(params)
        page = answer.get("next_cursor")
        if page is not None and type(page) is not str:
            raise BadInput("is not a new cursor", "next_cursor")
        raw, refused = answer.get("data"), Refused()
        if type(raw) is not list or any(type(item) is not dict for item in raw):
            raise BadInput("must be a list of spans", "data")
        resource = {"service.name": self.project}
        spans = [span for item in raw if (span := span_of_json(item, refused, resource)) is not None]
        return Batch(spans=spans, targets={span.trace_id: span.trace_id for span in spans}, page=page, refused=refused)

    @property
    def _api(self) -> Api:
        headers = {"authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        return Api(product="Phoenix", url=self.url.rstrip("/"), client=self.client, headers=headers)

    def _get(self, params: dict[str, str | int]) -> dict[str, Any]:
        answer = self._api.ask("GET", f"/v1/projects/{quote(self.project, safe='')}/spans/otlpv1", params=params)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise BadInput(f"Phoenix at {self.url} has no project {self.project!r}")
        if type(answer.body) is not dict:
            raise BadInput(f"Phoenix at {self.url} answered {answer.status} with {kind_of(answer.body)}")
        return answer.body

    def write_label(self, write: LabelWrite) -> str:
        """An annotation of the trace; see ``LabelStore.write_label``."""
        label = write.label
        is_number = not isinstance(label.value, str)
        result = {
            "label": None if is_number else label.value,
            "score": label.value if is_number else None,
            "explanation": label.note,
        }
        annotation = {
            "trace_id": write.target,
            "name": label.name,
            "annotator_kind": "HUMAN",
            "result": result,
            "identifier": write.identifier,
            "metadata": {"source": "hark", "reviewer": label.reviewer},
        }
        # Without sync an unknown trace is answered 200 and forgotten.
        self._api.do("POST", "/v1/trace_annotations?sync=true", json={"data": [annotation]})
        return write.identifier

    def withdraw_label(self, write: LabelWrite) -> None:
        """Delete the annotation with our identifier; see ``LabelStore.withdraw_label``."""
        asked = urlencode({"identifier": write.identifier, "name": write.label.name, "delete_all": "true"})
        self._api.ask("DELETE", f"/v1/projects/{quote(self.project, safe='')}/trace_annotations?{asked}")
