"""MLflow: traces by ``/api/3.0/mlflow/traces/search``, their spans by ``batchGet``; labels as assessments.

MLflow chooses an assessment's id, so ours is kept in its metadata: before a new one is made, the trace is asked for one
that an earlier attempt left behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from traces.errors import BadInput
from traces.model import Span
from traces.otlp_json import span_of_json
from traces.otlp_span import Refused
from traces.sources.api import (
    Api,
    Raw,
    cursor_at,
    id_at,
    object_at,
    objects,
    text_at,
    trace_id_of,
)
from traces.sources.base import OWN_PREFIX, LabelWrite, Page
from traces.sources.window import Batch, Window, read_page
from traces.urlguard import GuardedClient

_PAGE_TRACES: Final = 50
_TRACES: Final = "/api/3.0/mlflow/traces"
_OWN_ID: Final = "hark.label_id"
_RESOURCE: Final = ("service.name", "service.version", "deployment.environment", "deployment.environment.name")


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowSource:
    """One experiment of an MLflow server.

    Attributes:
        project: The experiment's id, or its name, which is looked up once.
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
    kind: str = "mlflow"
    _experiments: list[str] = field(default_factory=list, repr=False, compare=False)

    def poll(self, cursor: str | None, now: datetime) -> Page:
        """One page of traces; see ``Source.poll``."""
        return read_page((self._traces,), cursor, now, first=self.first, overlap=self.overlap)

    @property
    def _api(self) -> Api:
        headers = {"authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        return Api(product="MLflow", url=self.url.rstrip("/"), client=self.client, headers=headers)

    def _experiment(self) -> str:
        if not self._experiments:
            self._experiments.append(self.project if self.project.isdecimal() else self._looked_up())
        return self._experiments[0]

    def _looked_up(self) -> str:
        asked = {"experiment_name": self.project}
        answer = self._api.ask("GET", "/api/2.0/mlflow/experiments/get-by-name", params=asked)
        if answer.status == HTTPStatus.NOT_FOUND or type(answer.body) is not dict:
            raise BadInput(f"MLflow at {self.url} has no experiment {self.project!r}")
        return id_at(object_at(answer.body, "experiment"), "experiment_id")

    def _traces(self, window: Window) -> Batch:
        location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": self._experiment()}}
        since_ms, until_ms = (int(at.timestamp() * 1000) for at in (window.since, window.until))
        asked: dict[str, Any] = {
            "locations": [location],
            "filter": f"trace.timestamp_ms >= {since_ms} AND trace.timestamp_ms <= {until_ms}",
            "order_by": ["timestamp_ms ASC"],
            "max_results": window.limit(_PAGE_TRACES),
        }
        if window.page is not None:
            asked["page_token"] = window.page
        answer, refused = self._api.post(f"{_TRACES}/search", asked), Refused()
        # The server leaves out empty lists.
        ids = [id_at(found, "trace_id") for found in objects({"traces": []} | answer, "traces")]
        spans = [span for trace in self._whole(ids) for span in self._spans(trace, refused)]
        targets = {trace_id_of(trace_id): trace_id for trace_id in ids}
        return Batch(spans=spans, targets=targets, page=cursor_at(answer, "next_page_token"), refused=refused)

    def _whole(self, trace_ids: list[str]) -> list[dict[str, Any]]:
        if not trace_ids:
            return []
        asked = urlencode([("trace_ids", trace_id) for trace_id in trace_ids])
        return objects({"traces": []} | self._api.get(f"{_TRACES}/batchGet?{asked}"), "traces")

    def _spans(self, trace: Raw, refused: Refused) -> list[Span]:
        """A trace's spans, each with what MLflow knows of the trace: its root, and with it the session, may be lost."""
        about = object_at(trace, "trace_info")
        metadata, tags = object_at(about, "trace_metadata"), object_at(about, "tags")
        resource = {"service.name": self.project} | {key: tags[key] for key in _RESOURCE if text_at(tags, key)}
        spans = []
        for raw in objects({"spans": [], **trace}, "spans"):
            try:
                span = span_of_json(dict(raw), refused, resource)
            except BadInput as wrong:
                refused.add(wrong.message)
                continue
            if span is not None:
                spans.append(_with_trace(span, metadata))
        return spans

    def write_label(self, write: LabelWrite) -> str:
        """An assessment of the trace; see ``LabelStore.write_label``."""
        label, path = write.label, self._assessments(write)
        standing = write.written_as or self._left_behind(write)
        said: dict[str, Any] = {
            "assessment_name": label.name,
            "trace_id": write.target,
            "source": {"source_type": "HUMAN", "source_id": f"{OWN_PREFIX}{label.reviewer}"},
            "feedback": {"value": label.value},
            "rationale": label.note or "",
            "metadata": {_OWN_ID: write.label_id},
        }
        if standing is not None:
            update = {"assessment": said | {"assessment_id": standing}, "update_mask": "feedback,rationale"}
            if self._api.ask("PATCH", f"{path}/{quote(standing, safe='')}", json=update).status == HTTPStatus.OK:
                return standing
        answer = self._api.do("POST", path, json={"assessment": said})
        return id_at(object_at({"answer": answer.body}, "answer", "assessment"), "assessment_id")

    def _left_behind(self, write: LabelWrite) -> str | None:
        answer = self._api.get(f"{_TRACES}/{quote(write.target, safe='')}")
        held = object_at(answer, "trace", "trace_info")
        for assessment in objects({"assessments": []} | held, "assessments"):
            if object_at(assessment, "metadata").get(_OWN_ID) == write.label_id:
                return id_at(assessment, "assessment_id")
        return None

    def withdraw_label(self, write: LabelWrite) -> None:
        """Delete our assessment; see ``LabelStore.withdraw_label``."""
        standing = write.written_as or self._left_behind(write)
        if standing is not None:
            self._api.ask("DELETE", f"{self._assessments(write)}/{quote(standing, safe='')}")

    def _assessments(self, write: LabelWrite) -> str:
        return f"{_TRACES}/{quote(write.target, safe='')}/assessments"


def _with_trace(span: Span, metadata: Raw) -> Span:
    known = {key: text_at(metadata, key) for key in ("mlflow.trace.session", "mlflow.trace.user")}
    return replace(span, attributes={key: value for key, value in known.items() if value} | dict(span.attributes))
