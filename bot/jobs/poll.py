"""Asks the configured trace stores for what is new; one that fails leaves the others alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx

from bot.config.settings import SourceSettings
from traces import limits
from traces.clock import Clock
from traces.conversation_format import to_json
from traces.errors import BadInput, Busy, HarkError
from traces.fields import under
from traces.ingest import Receipt, offer, take_conversations, take_spans
from traces.otlp_logs import LOGGED
from traces.sources.base import Page, Source
from traces.sources.registry import SourceSetup, source_of, url_of
from traces.sources.window import is_begun, rewound
from traces.store import Store, Tx
from traces.store.arrivals import Arrival
from traces.store.origins import Origin, SourceHealth
from traces.store.state import SourceState
from traces.urlguard import GuardedClient, UrlGuard

_LOG = logging.getLogger(__name__)
_MOST_PAGES = 50
_REASON = 500
_LONGEST = timedelta(seconds=60)
"""One source's turn ends after this; it goes on where it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """A source, how often it is asked, and whether labels are written back to it."""

    source: Source
    every: timedelta
    takes_labels: bool = True


class Polling:
    """Polls the sources that are due.

    Args:
        store: Takes what is read.
        sources: Those to poll.
        quiet: How long after its last message a conversation counts as gone quiet.
        clock: Ends a source's turn after a minute.
    """

    def __init__(self, store: Store, sources: Sequence[Polled], quiet: timedelta, clock: Clock | None = None) -> None:
        self._store = store
        self._sources = {polled.source.name: polled for polled in sources}
        self._quiet = quiet
        self._clock = clock

    @property
    def names(self) -> tuple[str, ...]:
        """The sources, in the order of the settings."""
        return tuple(self._sources)

    def run(self, now: datetime) -> int:
        """Ask every source that is due as of ``now``; returns how many conversations were new or changed."""
        return sum(self.run_one(name, now) for name in self._sources)

    def run_one(self, name: str, now: datetime) -> int:
        """Ask one source, if it is due; returns how many conversations were new or changed."""
        polled = self._sources[name]
        return self._poll(polled.source, now) if self._is_due(polled, now) else 0

    def _is_due(self, polled: Polled, now: datetime) -> bool:
        with self._store.read() as tx:
            state = tx.state.source(polled.source.name)
            health = tx.origins.health(polled.source.name)
        if health.not_before is not None and now < health.not_before:
            return False
        # A window that was read in part, such as the first one's days, goes on at once.
        goes_on = state.problem is None and is_begun(state.cursor)
        return goes_on or state.polled_at is None or abs(now - state.polled_at) >= polled.every

    def _poll(self, source: Source, now: datetime) -> int:
        changed = 0
        began = now if self._clock is None else self._clock.now()
        try:
            for _ in range(_MOST_PAGES):
                page, news = self._page(source, now)
                changed += news
                if not page.more or (self._clock is not None and self._clock.now() - began > _LONGEST):
                    break
        except Busy as error:
            self._failed(source.name, now, error, now + timedelta(seconds=error.retry_after_s))
        except HarkError as error:
            _LOG.warning("source %s: %s", source.name, error)
            self._failed(source.name, now, error)
        return changed

    def _page(self, source: Source, now: datetime) -> tuple[Page, int]:
        """One page: what it holds and the new cursor are stored together."""
        with self._store.read() as tx:
            state = tx.state.source(source.name)
        page = source.poll(state.cursor, now)
        if page.refused:
            _LOG.warning("source %s: %d could not be read: %s", source.name, page.refused, page.reason)
        with self._store.begin() as tx:
            receipt = take_spans(tx, page.spans, now, self._quiet)
            offers = [offer(to_json(c), now) for c in page.conversations]
            receipt += take_conversations(tx, offers, now, self._quiet)
            origins = _origins(source.name, page)
            tx.origins.put(origins)
            tx.arrivals.note(_arrivals(source.name, page, origins, receipt, now))
            self._succeeded(tx, source.name, now, page)
        return page, receipt.new + receipt.updated

    def _succeeded(self, tx: Tx, name: str, now: datetime, page: Page) -> None:
        tx.state.put_source(SourceState(name=name, cursor=page.cursor, polled_at=now, succeeded_at=now, problem=None))
        tx.origins.put_health(SourceHealth(name=name, refused=page.refused, reason=page.reason[:500] or None))

    def _failed(self, name: str, now: datetime, error: HarkError, not_before: datetime | None = None) -> None:
        with self._store.begin() as tx:
            state, health = tx.state.source(name), tx.origins.health(name)
            cursor = rewound(state.cursor) if isinstance(error, BadInput) else state.cursor
            tx.state.put_source(replace(state, polled_at=now, problem=str(error), cursor=cursor))
            tx.origins.put_health(replace(health, failures=health.failures + 1, not_before=not_before))
            tx.arrivals.note([Arrival(kind="poll", source=name, at=now, failures=1, reason=str(error)[:_REASON])])


def _arrivals(name: str, page: Page, origins: Sequence[Origin], receipt: Receipt, now: datetime) -> list[Arrival]:
    """The page for the source's hours; one that holds nothing says nothing of the lag, which goes on growing."""
    began = [*(origin.at for origin in origins), *(conversation.started_at for conversation in page.conversations)]
    if not began and not page.refused:
        return []
    newest = min(max(began), now) if began else None
    return [
        Arrival(
            kind="poll",
            source=name,
            at=now,
            seen_at=newest,
            trace_at=newest,
            traces=len(receipt.fresh),
            rejected=page.refused,
            reason=page.reason[:_REASON] or None,
        )
    ]


def _origins(name: str, page: Page) -> list[Origin]:
    """The traces of a page; what was only logged beneath one, such as a score days later, says nothing of its time."""
    began: dict[str, datetime] = {}
    for span in page.spans:
        if span.name != LOGGED:
            began[span.trace_id] = max(span.started_at, began.get(span.trace_id, span.started_at))
    return [
        Origin(trace_id=trace_id, source=name, target=_target(page, trace_id), at=at)
        for trace_id, at in sorted(began.items())
    ]


def _target(page: Page, trace_id: str) -> str | None:
    target = page.targets.get(trace_id)
    return target if target is not None and len(target) <= limits.ID_CHARACTERS else None


def sources_of(settings: Sequence[SourceSettings], environment: Mapping[str, str], clock: Clock) -> list[Polled]:
    """The sources that the settings name.

    Raises:
        BadInput: An API key's variable is not set, or a source is told too little.
    """
    return [
        Polled(
            source=_source(source, environment, clock),
            every=timedelta(seconds=source.every_s),
            takes_labels=source.write_labels,
        )
        for source in settings
    ]


def _source(source: SourceSettings, environment: Mapping[str, str], clock: Clock) -> Source:
    where = f"sources.{source.name}"
    url = url_of(source.kind, source.url or "")
    allowed = [httpx.URL(url).host] if source.allow_private else []
    setup = SourceSetup(
        name=source.name,
        kind=source.kind,
        url=url,
        project=source.project,
        api_key=_key(source, environment, where),
        first=timedelta(days=source.first_days),
    )
    try:
        return source_of(setup, GuardedClient(UrlGuard(allowed), clock))
    except BadInput as wrong:
        raise under(where, wrong) from None


def _key(source: SourceSettings, environment: Mapping[str, str], where: str) -> str:
    if source.api_key_env is None:
        return ""
    key = environment.get(source.api_key_env, "").strip()
    if not key:
        raise BadInput(
            f"the environment variable {source.api_key_env} is not set; set it or remove api_key_env",
            f"{where}.api_key_env",
        )
    return key
