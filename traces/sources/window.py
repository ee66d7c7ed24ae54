"""Cursors of sources that are read by windows of time, page by page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from traces.clock import format_time
from traces.errors import BadInput
from traces.fields import Table, moment, optional, read, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The stretch of time being read.

    Attributes:
        since: Spans that began at or after this are asked for.
        until: Spans that began before this are asked for.
        page: The store's own cursor within the window; ``None`` on the first page.
    """

    since: datetime
    until: datetime
    page: str | None = None

    def at(self, page: str | None) -> Window:
        return replace(self, page=page)

    def encode(self) -> str:
        written = {"since": format_time(self.since), "until": format_time(self.until), "page": self.page}
        return orjson.dumps(written).decode()


_CURSOR: Table = {"since": ("since", moment), "until": ("until", moment), "page": ("page", optional(text))}


def decode(cursor: str) -> Window:
    """The window that ``Window.encode`` wrote.

    Raises:
        BadInput: When it is none.
    """
    try:
        parsed: Any = orjson.loads(cursor)
    except orjson.JSONDecodeError:
        raise BadInput("is not a cursor that Hark wrote", "cursor") from None
    known, _ = read(_CURSOR, parsed, ("since", "until"))
    return Window(**known)


def next_window(cursor: str | None, now: datetime, *, first: timedelta, overlap: timedelta) -> Window:
    """The window to read: an unfinished one again, else from shortly before the last one's end until now.

    Args:
        cursor: What the last poll returned.
        now: The end of a new window.
        first: How far back the very first window reaches.
        overlap: How far back every other one reaches, because stores show spans late: when they end, or minutes after.
    """
    if cursor is None:
        return Window(since=now - first, until=now)
    last = decode(cursor)
    if last.page is not None:
        return last
    return Window(since=last.until - overlap, until=max(now, last.until))
