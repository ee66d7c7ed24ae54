"""Who sent what: the count of what arrives, kept beside it in the same transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from traces.ingest import Offer, Receipt
from traces.model import Span
from traces.store import Tx
from traces.store.arrivals import Arrival, SourceKind

_MOST_SOURCES: Final = 200
_NAME: Final = 120
_REASON: Final = 500
_SERVICE: Final = 60
_SEPARATOR: Final = " · "
_OTHER: Final = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What one request, or one file, held of one source.

    Attributes:
        source: Who sent it, such as ``otlp · key prod``.
        ids: The traces and conversations in it.
        spans: How many spans it held.
        newest_at: When the newest trace or conversation in it began.
        rejected: Things in it that could not be read; ``reason`` is why the first could not.
    """

    source: str
    ids: frozenset[str] = frozenset()
    spans: int = 0
    newest_at: datetime | None = None
    rejected: int = 0
    reason: str | None = None


def sendings_of_spans(
    spans: Sequence[Span], protocol: str, key: str | None, rejected: int = 0, reason: str = ""
) -> list[Sending]:
    """What a request holds: of one key, or without any, of each application that its spans name themselves after."""
    by_service: dict[str | None, list[Span]] = {None: list(spans)} if key is not None else _by_service(spans)
    sendings = [
        Sending(
            source=source_name(protocol, key, service),
            ids=frozenset(span.trace_id for span in held),
            spans=len(held),
            newest_at=max((span.started_at for span in held), default=None),
        )
        for service, held in by_service.items()
    ]
    if rejected and sendings:
        sendings[0] = replace(sendings[0], rejected=rejected, reason=reason)
    return sendings


def sendings_of_offers(offers: Sequence[Offer], protocol: str, key: str | None) -> list[Sending]:
    """The same of conversations, whose applications stand in their metadata."""
    by_application: dict[str | None, list[Offer]] = {}
    for offered in offers:
        named = None if key is not None else _named(offered.conversation.metadata.get("application"))
        by_application.setdefault(named, []).append(offered)
    return [
        Sending(
            source=source_name(protocol, key, application),
            ids=frozenset(offered.conversation.conversation_id for offered in held),
            newest_at=max(offered.conversation.started_at for offered in held),
        )
        for application, held in by_application.items()
    ]


def source_name(protocol: str, key: str | None = None, application: str | None = None) -> str:
    """``otlp · key prod``, ``otlp · shop``, or the protocol alone."""
    if key is not None:
        return f"{protocol}{_SEPARATOR}key {key}"[:_NAME]
    return protocol if application is None else f"{protocol}{_SEPARATOR}{application}"[:_NAME]


def _by_service(spans: Sequence[Span]) -> dict[str | None, list[Span]]:
    """By ``service.name``; the spans of one resource share its attributes, which are looked at once."""
    by_resource: dict[int, list[Span]] = {}
    for span in spans:
        by_resource.setdefault(id(span.resource), []).append(span)
    found: dict[str | None, list[Span]] = {}
    for held in by_resource.values():
        found.setdefault(_named(held[0].resource.get("service.name")), []).extend(held)
    return found or {None: []}


def _named(application: object) -> str | None:
    if type(application) is not str or application.startswith("unknown_service"):
        return None
    return printable(application) or None


def printable(name: str) -> str:
    """A name that somebody else has chosen, short and on one line."""
    return "".join(c for c in name if c.isprintable()).strip()[:_SERVICE]


def arrivals_of(
    sendings: Iterable[Sending], receipt: Receipt, at: datetime, kind: SourceKind = "push"
) -> list[Arrival]:
    """What of these sendings was news, as of ``at``; a trace that two of them hold counts for the first."""
    fresh = set(receipt.fresh)
    found = []
    for sending in sendings:
        news = sending.ids & fresh
        fresh -= news
        found.append(
            Arrival(
                kind=kind,
                source=sending.source,
                at=at,
                seen_at=at,
                trace_at=None if sending.newest_at is None else min(sending.newest_at, at),
                traces=len(news),
                spans=sending.spans,
                rejected=sending.rejected,
                reason=sending.reason[:_REASON] if sending.reason else None,
            )
        )
    return found


class Roll:
    """Notes arrivals under a bounded number of names, and keeps refusals until they can be noted. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[tuple[SourceKind, str]] | None = None
        self._refused: dict[str, Arrival] = {}

    def refuse(self, source: str, reason: str, at: datetime) -> None:
        """Remember that a request was refused; nothing of it is stored, so that there is no transaction to note it in."""
        with self._lock:
            if source not in self._refused and len(self._refused) >= _MOST_SOURCES:
                return
            before = self._refused.get(source)
            failures = 1 if before is None else before.failures + 1
            self._refused[source] = Arrival(
                kind="push", source=source[:_NAME], at=at, failures=failures, reason=reason[:_REASON]
            )

    def take_refused(self) -> list[Arrival]:
        """What was refused since this was asked last; to be given back when it cannot be noted."""
        with self._lock:
            taken, self._refused = self._refused, {}
        return list(taken.values())

    def give_back(self, refused: Iterable[Arrival]) -> None:
        with self._lock:
            for arrival in refused:
                after = self._refused.get(arrival.source)
                more = arrival if after is None else replace(after, failures=after.failures + arrival.failures)
                self._refused[arrival.source] = more

    def note(self, tx: Tx, arrivals: Iterable[Arrival]) -> None:
        """Add arrivals to their hours."""
        summed: dict[tuple[SourceKind, str], Arrival] = {}
        for arrival in arrivals:
            named = self._bounded(tx, arrival)
            before = summed.get((named.kind, named.source))
            summed[named.kind, named.source] = named if before is None else _sum(before, named)
        tx.arrivals.note(list(summed.values()))

    def _bounded(self, tx: Tx, arrival: Arrival) -> Arrival:
        if self._known is None:
            self._known = tx.arrivals.names()
        if (arrival.kind, arrival.source) not in self._known:
            if len(self._known) >= _MOST_SOURCES:
                protocol = arrival.source.partition(_SEPARATOR)[0]
                return replace(arrival, source=f"{protocol}{_SEPARATOR}{_OTHER}")
            self._known.add((arrival.kind, arrival.source))
        return arrival


def _sum(one: Arrival, other: Arrival) -> Arrival:
    """Two arrivals of one source at one time."""
    return replace(
        one,
        seen_at=max((at for at in (one.seen_at, other.seen_at) if at is not None), default=None),
        trace_at=max((at for at in (one.trace_at, other.trace_at) if at is not None), default=None),
        traces=one.traces + other.traces,
        spans=one.spans + other.spans,
        rejected=one.rejected + other.rejected,
        failures=one.failures + other.failures,
        reason=other.reason or one.reason,
    )
