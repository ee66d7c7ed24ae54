"""One trace's spans, told apart by what they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from traces.model import Span
from traces.normalise import mapping
from traces.normalise.attributes import find, find_text, json_of
from traces.normalise.events import with_events
from traces.normalise.mapping import SpanKind
from traces.otlp_logs import LOGGED, Event
from traces.parts import completed

_DEEPEST = 1_000
"""How far up a chain of parents is followed; broken clients make cycles."""


def kind_of(span: Span) -> SpanKind:
    """What a span is, by the first attribute that says so in a word we know, else by what it carries."""
    attributes = span.attributes
    for name in mapping.KIND:
        said = attributes.get(name)
        if said is not None and (known := mapping.KIND_OF.get(str(json_of(said)).lower())):
            repeats = known == "tool" and attributes.get("gen_ai.tool.name") == mapping.MERGED_TOOLS
            return "other" if repeats else known
    inside = find_text(attributes, mapping.KIND_INSIDE)
    if inside is not None and inside in mapping.KIND_OF:
        return mapping.KIND_OF[inside]
    for name, kind in mapping.KIND_BY_HOLDING.items():
        if name in attributes:
            return kind
    component = attributes.get(mapping.COMPONENT)
    if component is not None:
        return next((kind for end, kind in mapping.KIND_BY_ENDING.items() if str(component).endswith(end)), "agent")
    if find(attributes, mapping.INPUT_TOKENS) is not None and find(attributes, mapping.MODEL) is not None:
        return "llm"
    return "other"


def _says_it_failed(span: Span) -> bool:
    return any(span.attributes.get(name) == said for name, said in mapping.FAILED.items())


def error_of(span: Span) -> str | None:
    """The text of a span's own error; ``None`` when it did not fail."""
    if span.status_code != 2 and not _says_it_failed(span):  # noqa: PLR2004  OTLP's "error"
        return None
    if span.status_message:
        return span.status_message
    for name, _, attributes in span.events:
        if name == mapping.EXCEPTION_EVENT and (said := find_text(attributes, mapping.ERROR_MESSAGE)):
            return said
    return find_text(span.attributes, mapping.ERROR_MESSAGE) or "error"


def _joined(spans: list[Span]) -> list[Span]:
    """The spans, each with what was logged beneath it; what joined a span says nothing by itself."""
    logged: defaultdict[str | None, list[Event]] = defaultdict(list)
    for span in spans:
        if span.name == LOGGED:
            logged[span.parent_id] += span.events
    if not logged:
        return [with_events(span, ()) for span in spans]
    calls = {span.span_id for span in spans if span.name != LOGGED}
    return [
        span
        if span.name == LOGGED and span.parent_id in calls
        else with_events(span, sorted(logged[span.span_id], key=lambda event: event[1]))
        for span in spans
    ]


class Trace:
    """The spans of one trace in the order they began.

    Attributes:
        steps: Model calls that contain no other model call, tool runs and retrievals, in order.
        errors: The error text of each span that failed by itself, by span id: agents repeat a child's error on
            every ancestor, so only the deepest spans count.
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = _joined(sorted(completed(spans), key=lambda span: (span.started_at, span.ended_at, span.span_id)))
        self.trace_id = self.spans[0].trace_id
        self._by_id = {span.span_id: span for span in self.spans}
        self.kinds = {span.span_id: kind_of(span) for span in self.spans}
        calls = [span for span in self.spans if self.kinds[span.span_id] == "llm"]
        around_calls = self._around(calls)
        self.steps = [span for span in self.spans if self._is_step(span, around_calls)]
        failed = {span.span_id: error for span in self.spans if (error := error_of(span)) is not None}
        around_failed = self._around([self._by_id[span_id] for span_id in failed])
        self.errors = {span_id: error for span_id, error in failed.items() if span_id not in around_failed}

    @property
    def started_at(self) -> datetime:
        return self.spans[0].started_at

    @property
    def root(self) -> Span:
        """The span without a parent, or the earliest one whose parent never arrived."""
        orphans = [span for span in self.spans if span.parent_id not in self._by_id]
        orphans.sort(key=lambda span: (span.parent_id is not None, span.name == LOGGED))
        return (orphans or self.spans)[0]

    def call_around(self, span: Span) -> Span | None:
        """The model call right above a model call: a framework's record of what a client library did for it."""
        outer = self._by_id.get(span.parent_id or "")
        return outer if outer is not None and outer is not span and self.kinds[outer.span_id] == "llm" else None

    def _is_step(self, span: Span, around_calls: set[str]) -> bool:
        kind = self.kinds[span.span_id]
        return kind in ("tool", "retriever") or (kind == "llm" and span.span_id not in around_calls)

    def _around(self, spans: list[Span]) -> set[str]:
        """The ids of all ancestors of ``spans``."""
        seen: set[str] = set()
        for span in spans:
            parent = span.parent_id
            for _ in range(_DEEPEST):
                if parent is None or parent in seen or parent == span.span_id:
                    break
                seen.add(parent)
                above = self._by_id.get(parent)
                parent = above.parent_id if above else None
        return seen
