"""What endpoints hand to the writer, each call ending once it is committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, Protocol, TypeVar

from bot.http.gate import RETRY_AFTER_S
from bot.http.sender import protocol
from bot.keys import APPLICATION, KEY_NAME
from traces.arriving import Sending, sendings_of_offers, sendings_of_spans, source_name
from traces.clock import Clock
from traces.errors import Busy
from traces.feedback import of_application
from traces.ingest import Offer, Receipt
from traces.model import Change, Span
from traces.parts import Parts
from traces.receive import take_changes, take_feedback, take_parts
from traces.stamp import stamped_offers, stamped_spans
from traces.store import Tx
from traces.store.feedback import Given

T = TypeVar("T")
_WITHIN_S: Final = 7.0
"""Exporters give up on an answer after ten seconds, some of which the key and the body may have taken."""


class Writing(Protocol):
    """Stores what is received: ``traces.writer.Writer``, or one for each workspace."""

    @property
    def quiet(self) -> timedelta: ...

    def conversations(self, offers: list[Offer], sendings: Sequence[Sending] = ()) -> Future[Receipt]: ...

    def spans(self, spans: list[Span], sendings: Sequence[Sending] = ()) -> Future[Receipt]: ...

    def do(self, work: Callable[[Tx], Any], sendings: Sequence[Sending] = ()) -> Future[Any]: ...

    def refused(self, source: str, reason: str) -> None: ...


class Storing:
    """The writer, awaited, for at most ``within_s``."""

    def __init__(self, writer: Writing, clock: Clock, within_s: float = _WITHIN_S) -> None:
        self._within_s = within_s
        self._writer = writer
        self._clock = clock

    async def spans(self, spans: list[Span], rejected: int = 0, reason: str = "") -> None:
        if spans:
            sendings = sendings_of_spans(spans, protocol(), KEY_NAME.get(), rejected, reason)
            await self._stored(self._writer.spans(stamped_spans(spans, _marks()), sendings))

    async def parts(self, parts: Parts, rejected: int = 0, reason: str = "") -> None:
        sendings = sendings_of_spans(parts.spans, protocol(), KEY_NAME.get(), rejected, reason)
        parts = replace(parts, spans=stamped_spans(parts.spans, _marks()))
        if parts.spans:
            await self._stored(
                self._writer.do(lambda tx: take_parts(tx, parts, self._clock.now(), self._writer.quiet), sendings)
            )
        elif rejected:
            self._writer.refused(source_name(protocol(), KEY_NAME.get()), reason)

    async def conversations(self, offers: list[Offer]) -> Receipt:
        sendings = sendings_of_offers(offers, protocol(), KEY_NAME.get())
        return await self._stored(self._writer.conversations(stamped_offers(offers, _marks()), sendings))

    async def feedback(self, given: Sequence[Given]) -> int:
        if (application := APPLICATION.get()) is not None:
            given = [of_application(g, application) for g in given]
        return await self._stored(self._writer.do(lambda tx: take_feedback(tx, given, self._clock.now()), _bare()))

    async def changes(self, changes: Sequence[Change]) -> int:
        application = APPLICATION.get()
        marked = [replace(c, application=application) for c in changes] if application is not None else changes
        return await self._stored(self._writer.do(lambda tx: take_changes(tx, marked), _bare()))

    async def _stored(self, done: Future[T]) -> T:
        """What was done, once it is committed.

        Raises:
            Busy: It takes longer than clients wait for an answer. What has not been begun is not done any more; what has been
                may be stored nevertheless, and changes nothing when it comes again.
        """
        try:
            async with asyncio.timeout(self._within_s):
                return await asyncio.wrap_future(done)
        except TimeoutError:
            raise Busy("the database does not answer", RETRY_AFTER_S) from None


def _bare() -> list[Sending]:
    """That somebody sent something, whatever it was."""
    return [Sending(source=source_name(protocol(), KEY_NAME.get()))]


def _marks() -> dict[str, str]:
    """What the key of this request says of everything sent with it."""
    application = APPLICATION.get()
    return {} if application is None else {"application": application}
