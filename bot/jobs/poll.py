"""Asks the configured trace stores for what is new; one that fails leaves the others alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx

from bot.config import SourceSettings
from traces.clock import Clock
from traces.conversation_format import to_json
from traces.errors import BadInput, Busy, HarkError
from traces.ingest import offer, take_conversations, take_spans
from traces.sources.base import Page, Source
from traces.sources.phoenix import PhoenixSource
from traces.store import Store
from traces.store.state import SourceState
from traces.urlguard import GuardedClient, UrlGuard

_LOG = logging.getLogger(__name__)
_MOST_PAGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """A source and how often it is asked."""

    source: Source
    every: timedelta


class Polling:
    """Polls the sources that are due."""

    def __init__(self, store: Store, sources: Sequence[Polled], quiet: timedelta) -> None:
        self._store = store
        self._sources = sources
        self._quiet = quiet
        self._not_before: dict[str, datetime] = {}

    def run(self, now: datetime) -> int:
        """Ask every source that is due as of ``now``; returns how many conversations were new or changed."""
        return sum(self._poll(polled, now) for polled in self._sources if self._is_due(polled, now))

    def _is_due(self, polled: Polled, now: datetime) -> bool:
        if now < self._not_before.get(polled.source.name, now):
            return False
        with self._store.read() as tx:
            state = tx.state.source(polled.source.name)
        return state.polled_at is None or abs(now - state.polled_at) >= polled.every

    def _poll(self, polled: Polled, now: datetime) -> int:
        changed = 0
        source = polled.source
        try:
            for _ in range(_MOST_PAGES):
                page, news = self._page(source, now)
                changed += news
                if not page.more:
                    break
        except Busy as error:
            self._not_before[source.name] = now + timedelta(seconds=error.retry_after_s)
            self._note(source.name, now, error.message)
        except HarkError as error:
            _LOG.warning("source %s: %s", source.name, error)
            self._note(source.name, now, str(error))
        return changed

    def _page(self, source: Source, now: datetime) -> tuple[Page, int]:
        """One page: what it holds and the new cursor are stored together."""
        with self._store.read() as tx:
            state = tx.state.source(source.name)
        page = source.poll(state.cursor, now)
        with self._store.begin() as tx:
            receipt = take_spans(tx, page.spans, now, self._quiet)
            offers = [offer(to_json(c), now) for c in page.conversations]
            receipt += take_conversations(tx, offers, now, self._quiet)
            tx.state.put_source(
                SourceState(name=source.name, cursor=page.cursor, polled_at=now, succeeded_at=now, problem=None)
            )
        return page, receipt.new + receipt.updated

    def _note(self, name: str, now: datetime, problem: str) -> None:
        with self._store.begin() as tx:
            tx.state.put_source(replace(tx.state.source(name), polled_at=now, problem=problem))


def sources_of(settings: Sequence[SourceSettings], environment: Mapping[str, str], clock: Clock) -> list[Polled]:
    """The sources that the settings name.

    Raises:
        BadInput: An API key's variable is not set.
    """
    return [
        Polled(source=_phoenix(source, environment, clock), every=timedelta(seconds=source.every_s))
        for source in settings
    ]


def _phoenix(source: SourceSettings, environment: Mapping[str, str], clock: Clock) -> PhoenixSource:
    key = ""
    if source.api_key_env is not None:
        key = environment.get(source.api_key_env, "")
        if not key:
            raise BadInput(
                f"the environment variable {source.api_key_env} is not set; set it or remove api_key_env",
                f"sources.{source.name}.api_key_env",
            )
    allowed = [httpx.URL(source.url).host] if source.allow_private else []
    return PhoenixSource(
        name=source.name,
        url=source.url,
        project=source.project,
        client=GuardedClient(UrlGuard(allowed), clock),
        api_key=key,
    )
