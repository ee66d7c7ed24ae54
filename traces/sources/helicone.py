"""Helicone: requests, each a trace of one model call; labels as scores.

The bulk listing leaves what was said out and gives a signed address of it instead, which is fetched without our key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
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
    trace_id_of,
)
from traces.sources.base import LabelWrite, Page
from traces.sources.window import Batch, Window, read_page
from traces.urlguard import GuardedClient

CLOUD: Final = "https://api.helicone.ai"
_PAGE_REQUESTS: Final = 100
_LONGEST: Final = timedelta(days=1)
_SESSION: Final = "Helicone-Session-Id"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeliconeSource:
    """One Helicone organisation: the one that its key belongs to.

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
    kind: str = "helicone"

    def poll(self, cursor: str | None, now: datetime) -> Page:
        """One page of requests; see ``Source.poll``."""
        return read_page((self._requests,), cursor, now, first=self.first, overlap=self.overlap)

    @property
    def _api(self) -> Api:
        headers = {"authorization": f"Bearer {self.api_key}"}
        return Api(product="Helicone", url=self.url.rstrip("/"), client=self.client, headers=headers)

    def _requests(self, window: Window) -> Batch:
        offset = window.page or "0"
        if not offset.isdecimal():
            raise BadInput("holds no offset", "cursor")
        asked: dict[str, Any] = {
            "filter": {
                "left": {"request_response_rmt": {"request_created_at": {"gte": format_time(window.since)}}},
                "operator": "and",
                "right": {"request_response_rmt": {"request_created_at": {"lt": format_time(window.until)}}},
            },
            "offset": int(offset),
            "limit": window.limit(_PAGE_REQUESTS),
            "sort": {"created_at": "asc"},
        }
        answer, refused = self._api.post("/v1/request/query-clickhouse", asked), Refused()
        found = objects(answer, "data")
        targets = {trace_id_of(request): request for raw in found if (request := text_at(raw, "request_id"))}
        # A short page need not be the last: only an empty one is.
        page = str(int(offset) + len(found)) if found else None
        return Batch(spans=read_all(found, self._span, refused), targets=targets, page=page, refused=refused)

    def _bodies(self, raw: Raw) -> tuple[dict[str, Any], Any]:
        """What was asked and what was answered."""
        asked, answered = object_at(raw, "request_body"), raw.get("response_body")
        signed = text_at(raw, "signed_body_url")
        if asked or not signed:
            return asked, answered
        fetched = self.client.request("GET", signed)
        if fetched.status != HTTPStatus.OK:
            return asked, answered
        held = object_at({"held": fetched.body}, "held")
        return object_at(held, "request"), held.get("response")

    def _span(self, raw: Raw) -> Span:
        request_id, started_at = id_at(raw, "request_id"), time_at(raw, "request_created_at")
        took = min(timedelta(milliseconds=min(number_at(raw, "delay_ms") or 0.0, 1e12)), _LONGEST)
        asked, answered = self._bodies(raw)
        properties = object_at(raw, "request_properties")
        status, ttft_ms = number_at(raw, "response_status") or 0.0, number_at(raw, "time_to_first_token")
        return span_of(
            "helicone",
            trace_id=request_id,
            span_id=request_id,
            parent_id="",
            name="helicone_request",
            started_at=started_at,
            ended_at=started_at + took,
            application=self.project,
            error=_error_of(answered, status) if status >= HTTPStatus.BAD_REQUEST else None,
            attributes={
                "gen_ai.operation.name": "chat",
                "session.id": text_at(properties, _SESSION),
                "user.id": text_at(raw, "request_user_id"),
                "gen_ai.input.messages": asked.get("messages") or asked or None,
                "gen_ai.system_instructions": asked.get("system"),
                "gen_ai.output.messages": answered,
                "gen_ai.request.model": text_at(raw, "response_model", "request_model", "model"),
                "gen_ai.provider.name": text_at(raw, "provider").lower(),
                "gen_ai.usage.input_tokens": number_at(raw, "prompt_tokens"),
                "gen_ai.usage.output_tokens": number_at(raw, "completion_tokens"),
                "gen_ai.cost.total_cost": number_at(raw, "costUSD") or number_at(raw, "cost"),
                "gen_ai.response.time_to_first_chunk": ttft_ms / 1000 if ttft_ms else None,
                "metadata": {key: value for key, value in properties.items() if not key.startswith("Helicone-")},
            },
        )

    def write_label(self, write: LabelWrite) -> str:
        """A score of the request; see ``LabelStore.write_label``. Helicone's scores are whole numbers or yes and no."""
        value = write.label.value
        name = f"{write.label.name}: {value}" if isinstance(value, str) else write.label.name
        score: bool | int = isinstance(value, str) or (value > 0 if value in (0, 1) else round(float(value) * 100))
        self._api.do("POST", self._path(write), json={"scores": {name: score}})
        return write.identifier

    def withdraw_label(self, write: LabelWrite) -> None:
        """Helicone cannot take a score back.

        Raises:
            BadInput: Always.
        """
        raise BadInput(f"Helicone cannot take the score {write.label.name!r} back; remove it there")

    def _path(self, write: LabelWrite) -> str:
        return f"/v1/request/{quote(write.target, safe='')}/score"


def _error_of(answered: Any, status: float) -> str:
    failure = object_at({"answered": answered}, "answered", "error")
    return text_at(failure, "message") or f"status {status:.0f}"
