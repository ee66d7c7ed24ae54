"""Whoever sends is answered before they stop waiting, whatever the database does."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

import pytest
from made import NOW

from bot.http.storing import Storing
from traces.clock import FakeClock
from traces.errors import Busy


class Silent:
    """A writer whose database says nothing."""

    def __init__(self) -> None:
        self.handed: list[Future] = []

    def do(self, work, sendings=()):
        self.handed.append(Future())
        return self.handed[-1]


def test_a_sender_is_told_to_come_again_when_nothing_is_stored_in_time():
    writer = Silent()
    with pytest.raises(Busy, match="the database does not answer"):
        asyncio.run(Storing(writer, FakeClock(NOW), within_s=0.01).changes([]))
    assert writer.handed[0].cancelled(), "what was not begun is done by nobody any more"


def test_what_was_begun_may_be_stored_after_the_sender_was_told_to_come_again():
    writer = Silent()
    storing = Storing(writer, FakeClock(NOW), within_s=0.01)

    async def send() -> None:
        asked = asyncio.ensure_future(storing.changes([]))
        await asyncio.sleep(0)
        writer.handed[0].set_running_or_notify_cancel()
        await asked

    with pytest.raises(Busy):
        asyncio.run(send())
    writer.handed[0].set_result(0)
