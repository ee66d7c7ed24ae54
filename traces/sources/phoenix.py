"""Arize Phoenix: spans by its REST API, in its own dialect of OTLP JSON.

``GET /v1/projects/{project}/spans/otlpv1`` gives snake_case keys with explicit nulls, newest first, with a cursor; it
leaves out resource attributes, so the project stands for the application.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from traces.clock import format_time
from traces.errors import BadInput
from traces.fields import kind_of
from traces.model import Span
from traces.otlp_json import span_of_json
from traces.otlp_span import Refused
from traces.sources.base import Page
from traces.sources.window import next_window
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
        window = next_window(cursor, now, first=self.first, overlap=self.overlap)
        params: dict[str, str | int] = {
            "limit": PAGE_SPANS,
            "start_time": format_time(window.since),
            "end_time": format_time(window.until),
        }
        if window.page is not None:
            params["cursor"] = window.page
        answer = self._get(params)
        page = answer.get("next_cursor")
        if page is not None and (type(page) is not str or page == window.page):
            raise BadInput("is not a new cursor; the server would be read in circles", "next_cursor")
        return Page(cursor=window.at(page).encode(), more=page is not None, spans=self._spans(answer.get("data")))

    def _get(self, params: dict[str, str | int]) -> dict[str, Any]:
        url = f"{self.url.rstrip('/')}/v1/projects/{quote(self.project, safe='')}/spans/otlpv1"
        headers = {"authorization": f"Bearer {self.api_key}"} if self.api_key else None
        answer = self.client.request("GET", url, params=params, headers=headers)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise BadInput(f"Phoenix at {self.url} has no project {self.project!r}")
        if answer.status >= HTTPStatus.BAD_REQUEST or type(answer.body) is not dict:
            raise BadInput(f"Phoenix at {self.url} answered {answer.status} with {kind_of(answer.body)}")
        return answer.body

    def _spans(self, raw: Any) -> tuple[Span, ...]:
        if type(raw) is not list or any(type(item) is not dict for item in raw):
            raise BadInput("must be a list of spans", "data")
        resource = {"service.name": self.project}
        spans = (span_of_json(item, Refused(), resource) for item in raw)
        return tuple(span for span in spans if span is not None)
