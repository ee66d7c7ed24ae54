"""Asking a trace store's REST API, and reading the objects that it answers with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from traces import limits, parts
from traces.errors import BadInput, TooLarge
from traces.fields import LARGEST, clean, kind_of, moment
from traces.model import Span
from traces.otlp_span import Refused, moment_of
from traces.urlguard import Answer, GuardedClient

Raw: TypeAlias = Mapping[str, Any]
"""An object as the store sent it."""

_NS_PER_MS: Final = 1_000_000
_LATEST_MS: Final = 2**63 // _NS_PER_MS
_ERROR: Final = 2
_OTEL_SPAN_ID: Final = re.compile(r"(?!0{16})[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A store's API.

    Attributes:
        product: What the store is called, for messages.
        url: Where it is, without a trailing slash.
        client: Carries the requests.
        headers: Sent with each request; they hold the key.
    """

    product: str
    url: str
    client: GuardedClient = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """The object at a path.

        Raises:
            Busy: When the store asks to come back later or cannot be reached.
            BadInput: When there is nothing at the path, or no object.
        """
        return self._object(path, self.ask("GET", path, params=params))

    def post(self, path: str, json: Any) -> dict[str, Any]:
        """The object that posting to a path is answered with; raises as ``get`` does."""
        return self._object(path, self.ask("POST", path, json=json))

    def ask(self, method: str, path: str, *, params: Mapping[str, str | int] | None = None, json: Any = None) -> Answer:
        """An answer of success, or 404."""
        answer = self.client.request(method, f"{self.url}{path}", params=params, headers=self.headers, json=json)
        if answer.status >= HTTPStatus.BAD_REQUEST and answer.status != HTTPStatus.NOT_FOUND:
            raise BadInput(f"{self.product} at {self.url} answered {answer.status} to {path}")
        return answer

    def do(self, method: str, path: str, *, json: Any = None) -> Answer:
        """An answer of success.

        Raises:
            Busy: When the store asks to come back later or cannot be reached.
            BadInput: When it refuses, or there is nothing at the path.
        """
        answer = self.ask(method, path, json=json)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise BadInput(f"{self.product} at {self.url} has no {path}")
        return answer

    def _object(self, path: str, answer: Answer) -> dict[str, Any]:
        if answer.status == HTTPStatus.NOT_FOUND:
            raise BadInput(f"{self.product} at {self.url} has no {path}")
        if type(answer.body) is not dict:
            raise BadInput(f"{self.product} at {self.url} answered {answer.status} with {kind_of(answer.body)}")
        return answer.body


def objects(holder: Raw, key: str) -> list[dict[str, Any]]:
    """The objects of a list that must be there.

    Raises:
        BadInput: When it is no list of objects.
    """
    value = holder.get(key)
    if type(value) is not list or any(type(item) is not dict for item in value):
        raise BadInput("must be a list of objects", key)
    if len(value) > limits.SPANS:
        raise TooLarge(f"holds more than {limits.SPANS} objects", key)
    return value


def object_at(holder: Raw, *path: str) -> dict[str, Any]:
    """The object at the end of a path; an empty one where there is none."""
    value: Any = holder
    for key in path:
        value = value.get(key) if type(value) is dict else None
    return value if type(value) is dict else {}


def cursor_at(holder: Raw, key: str) -> str | None:
    """A store's own cursor; ``None`` at the end.

    Raises:
        BadInput: When it is something else than text.
    """
    value = holder.get(key)
    if value is None or value == "":
        return None
    if type(value) is not str:
        raise BadInput("is not a new cursor; must be text", key)
    return value


def text_at(holder: Raw, *keys: str) -> str:
    """The first of ``keys`` that is text and says something, else ``""``."""
    return next((clean(value) for key in keys if type(value := holder.get(key)) is str and value), "")


def id_at(holder: Raw, key: str) -> str:
    """An id that must be there.

    Raises:
        BadInput: When there is none, or it is longer than an id may be.
    """
    value = holder.get(key)
    if type(value) is int:
        value = str(value)
    if type(value) is not str or not value.strip() or len(value) > limits.ID_CHARACTERS:
        raise BadInput("is not an id", key)
    return clean(value)


def time_at(holder: Raw, key: str) -> datetime:
    """An ISO 8601 time that must be there.

    Raises:
        BadInput: When it is none.
    """
    try:
        return moment(holder.get(key))
    except BadInput as wrong:
        raise BadInput(wrong.message, key) from None


def time_or(holder: Raw, key: str, otherwise: datetime) -> datetime:
    """An ISO 8601 time, or another where the store gives none: a span that has not ended."""
    return otherwise if holder.get(key) is None else max(time_at(holder, key), otherwise)


def number_at(holder: Raw, key: str) -> float | None:
    """A finite number that is not negative, else ``None``."""
    value = holder.get(key)
    if type(value) is not int and type(value) is not float:
        return None
    return float(value) if 0 <= value <= LARGEST else None


def time_of_ms(holder: Raw, key: str) -> datetime:
    """A time in milliseconds since 1970 that must be there.

    Raises:
        BadInput: When it is none.
    """
    value = number_at(holder, key)
    if value is None or not 0 < value < _LATEST_MS:
        raise BadInput("is not a time in milliseconds", key)
    return moment_of(int(value * _NS_PER_MS))


def trace_id_of(external: str) -> str:
    """A trace id of ours for a store's own, the same as when clients of that store post to Hark."""
    return parts.trace_id_of(external.removeprefix("tr-"))


def span_id_of(product: str, external: str) -> str:
    """A span id of ours for a store's own: the same where it is one of OpenTelemetry's."""
    text = external.lower()
    return text if _OTEL_SPAN_ID.fullmatch(text) else parts.span_id_of(product, external)


def span_of(
    product: str,
    *,
    trace_id: str,
    span_id: str,
    parent_id: str,
    name: str,
    started_at: datetime,
    ended_at: datetime,
    attributes: Mapping[str, Any],
    error: str | None = None,
    application: str = "",
) -> Span:
    """A span out of a store's own object; its ids are the store's, and what says nothing is left out."""
    said = {key: value for key, value in attributes.items() if value not in (None, "", [], {})}
    return Span(
        trace_id=trace_id_of(trace_id),
        span_id=span_id_of(product, span_id),
        parent_id=span_id_of(product, parent_id) if parent_id else None,
        name=name,
        started_at=started_at,
        ended_at=max(started_at, ended_at),
        attributes=dict(list(said.items())[: limits.ATTRIBUTES]),
        resource={"service.name": application} if application else {},
        status_code=0 if error is None else _ERROR,
        status_message=error or "",
    )


def read_all(raw: Iterable[Raw], read: Callable[[Raw], Span], refused: Refused) -> list[Span]:
    """The spans of those objects that are one; the others are counted, for one bad span must not hold up the rest."""
    spans: list[Span] = []
    for item in raw:
        try:
            spans.append(read(item))
        except BadInput as wrong:
            refused.add(wrong.message)
    return spans
