"""Cursors of sources that are read by windows of time, page by page, and, within a window, part after part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import orjson

from traces.clock import format_time
from traces.errors import BadInput, TooLarge
from traces.fields import Table, count, moment, optional, read, text
from traces.model import Span
from traces.otlp_span import Refused
from traces.sources.base import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The stretch of time being read.

    Attributes:
        since: Spans that began at or after this are asked for.
        until: Spans that began before this are asked for.
        page: The store's own cursor within the window; ``None`` on the first page.
        part: Which of the store's several listings is being read: spans first, then perhaps scores.
        shrunk: How often the size of a page was halved, because the answer was too large.
    """

    since: datetime
    until: datetime
    page: str | None = None
    part: int = 0
    shrunk: int = 0

    def limit(self, most: int) -> int:
        """How many things to ask for at once, where ``most`` are asked for as a rule."""
        return max(1, most >> self.shrunk)

    def at(self, page: str | None) -> Window:
        return replace(self, page=page)

    def encode(self) -> str:
        written = {"since": format_time(self.since), "until": format_time(self.until), "page": self.page}
        numbers = {name: number for name in ("part", "shrunk") if (number := getattr(self, name))}
        return orjson.dumps(written | numbers).decode()

    @property
    def is_begun(self) -> bool:
        """Whether some of the window was read, and not all."""
        return self.page is not None or self.part > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One page of one listing.

    Attributes:
        page: The cursor of the page after it; ``None`` after the last.
        through: Up to when the store promises to have told everything, where it promises less than was asked for.
    """

    spans: Sequence[Span] = ()
    targets: Mapping[str, str] = field(default_factory=dict)
    page: str | None = None
    refused: Refused = field(default_factory=Refused)
    through: datetime | None = None


_MOST_SHRUNK: Final = 9
Listing: TypeAlias = Callable[[Window], Batch]
"""Reads the page of its listing that a window names."""

_CURSOR: Table = {
    "since": ("since", moment),
    "until": ("until", moment),
    "page": ("page", optional(text)),
    "part": ("part", count),
    "shrunk": ("shrunk", count),
}


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
    if last.is_begun:
        return last
    return Window(since=last.until - overlap, until=max(now, last.until))


def is_begun(cursor: str | None) -> bool:
    """Whether a window was read in part, so that there is more to fetch at once."""
    try:
        return cursor is not None and decode(cursor).is_begun
    except BadInput:
        return False


def rewound(cursor: str | None) -> str | None:
    """The cursor to go on with after a refusal.

    A window that was begun begins anew, for the store may have forgotten its own cursor; what is no cursor at all is dropped.
    """
    try:
        window = None if cursor is None else decode(cursor)
    except BadInput:
        return None
    if window is None or not window.is_begun:
        return cursor
    return replace(window, page=None, part=0, shrunk=0, until=window.since).encode()


def read_page(
    listings: Sequence[Listing], cursor: str | None, now: datetime, *, first: timedelta, overlap: timedelta
) -> Page:
    """The next page of a source: each of its listings from its first page to its last, then the next window.

    Raises:
        BadInput: When the store would be read in circles, or what a listing raises.
    """
    window = next_window(cursor, now, first=first, overlap=overlap)
    if window.part >= len(listings):
        raise BadInput("names a listing that this source does not have", "cursor")
    window, batch = _read(listings[window.part], window)
    if batch.page is not None and batch.page == window.page:
        raise BadInput("is not a new cursor; the server would be read in circles", "next_cursor")
    following = _following(window, batch, len(listings))
    return Page(
        spans=tuple(batch.spans),
        targets=batch.targets,
        cursor=following.encode(),
        more=following.is_begun,
        refused=batch.refused.count,
        reason=batch.refused.reason,
    )


def _read(listing: Listing, window: Window) -> tuple[Window, Batch]:
    """A page, as small as it must be: pages of another size are counted anew, from the first."""
    while True:
        try:
            return window, listing(window)
        except TooLarge:
            if window.shrunk >= _MOST_SHRUNK:
                raise
            window = replace(window, page=None, shrunk=window.shrunk + 1)


def _following(window: Window, batch: Batch, listings: int) -> Window:
    if batch.through is not None:
        window = replace(window, until=max(window.since, min(window.until, batch.through)))
    if batch.page is not None:
        return window.at(batch.page)
    part = window.part + 1
    return replace(window, page=None, part=part if part < listings else 0, shrunk=0)


def next_number(window: Window, pages: float | None) -> str | None:
    """The page after the window's, of a store that numbers its pages from 1; ``None`` after the last.

    Raises:
        BadInput: When the store does not say how many there are, or the cursor holds no number.
    """
    if pages is None:
        raise BadInput("does not say how many pages there are")
    page = window.page or "1"
    if not page.isdecimal():
        raise BadInput("holds no page number", "cursor")
    return str(int(page) + 1) if int(page) < pages else None
