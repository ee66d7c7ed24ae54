"""The only way in which foreign text reaches Slack.

What people and models wrote goes into ``plain`` objects, ``quote`` and ``preformatted`` elements, which Slack shows as
they are, or through ``escape`` and ``code`` into mrkdwn. All of them strip what cannot be seen (control characters,
bidirectional overrides, zero-width characters), defuse what Slack may take for a token, and cut between graphemes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from bot.slack.limits import length
from traces.clock import as_utc
from traces.errors import BadInput

Block = dict[str, Any]

EMPTY: Final = "—"
"""Stands where there is nothing to show: Slack refuses empty texts."""

_READ_AT_LEAST: Final = 1_000
_READ_PER_SHOWN: Final = 8
_MARKS_AT_MOST: Final = 8
_JOINER: Final = "\u200d"
_REGIONAL: Final = ("\U0001f1e6", "\U0001f1ff")
_MODIFIERS: Final = ("\U0001f3fb", "\U0001f3ff")
_JAMO: Final = ("\u1160", "\u11ff")

_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff]"
)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_STRAY_JOINER = re.compile(
    r"(?<![\u203c-\u3299\ufe0f\U0001f000-\U0001faff])\u200d|\u200d(?![\u203c-\u3299\U0001f000-\U0001faff])"
)
_PILED_MARKS = re.compile(
    rf"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]{{{_MARKS_AT_MOST}}})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]+"
)
_TOKEN = re.compile(r"<(?=[!@#]|[A-Za-z][A-Za-z0-9+.\-]*:)")
_BROADCAST = re.compile(r"@(?=channel|here|everyone|group)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_EMOJI_CODE = re.compile(r":(?=[A-Za-z0-9_+'\-]+:)|:(?=//)")
_DOT_OF_ADDRESS = re.compile(r"(?<=[\w-])\.(?=[^\W\d_]{2})")
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_STYLED = re.compile(r"(?<!\w)([*`])([^*`\n]+)\1(?!\w)")
_MAILTO = re.compile("mailto:", re.IGNORECASE)
_FORMATTING = re.compile(r"(?<!\w)[*_~]|[*_~](?!\w)")
_ENTITIES: Final[Mapping[str, int]] = {"&": 5, "<": 4, ">": 4}
_NO_ENTITIES: Final[Mapping[str, int]] = {}
_LOOKALIKES: Final = {"*": "∗", "_": "＿", "~": "∼"}
_NOT_IN_LINKS: Final = {"<": "%3C", ">": "%3E", "|": "%7C", " ": "%20", '"': "%22", "`": "%60", "\\": "%5C"}


def clean(text: str) -> str:
    """The text as a reader would see it: without what is invisible, and with nothing that Slack takes for a token."""
    return _BROADCAST.sub("＠", _TOKEN.sub("‹", legible(text)))


def legible(text: str) -> str:
    """The text without what is invisible; what Slack takes for a token stays, as in what is stored and exported."""
    shown = _LINE_ENDS.sub("\n", text)
    shown = _SURROGATES.sub("\ufffd", shown)
    shown = _STRAY_JOINER.sub("", _UNSEEN.sub("", shown))
    return _PILED_MARKS.sub(r"\1", shown)


def truncate(text: str, limit: int) -> str:
    """At most ``limit`` UTF-16 code units of ``text``, cut between graphemes and ended with ``…`` when cut."""
    return text if length(text) <= limit else _cut(text, limit, _NO_ENTITIES)


def _cut(text: str, limit: int, prices: Mapping[str, int]) -> str:
    """Cuts to ``limit`` where characters in ``prices`` cost that much, and all others their UTF-16 code units."""
    room, cut = limit - 1, 0
    for character in text:
        room -= prices.get(character) or (2 if character > "\uffff" else 1)
        if room < 0:
            break
        cut += 1
    return text[: _boundary(text, cut)].rstrip() + "…"


def _boundary(text: str, cut: int) -> int:
    """The nearest place at or before ``cut`` that does not split a grapheme (UAX 29, without Indic conjuncts)."""
    while 0 < cut < len(text) and (_extends(text[cut]) or text[cut - 1] == _JOINER or _splits_flag(text, cut)):
        cut -= 1
    return cut


def _extends(character: str) -> bool:
    return (
        unicodedata.category(character) in {"Mn", "Mc", "Me"}
        or character == _JOINER
        or _MODIFIERS[0] <= character <= _MODIFIERS[1]
        or _JAMO[0] <= character <= _JAMO[1]
    )


def _splits_flag(text: str, cut: int) -> bool:
    before = 0
    while before < cut and _REGIONAL[0] <= text[cut - 1 - before] <= _REGIONAL[1]:
        before += 1
    return before % 2 == 1 and _REGIONAL[0] <= text[cut] <= _REGIONAL[1]


def _start(text: str, limit: int) -> str:
    """As much of the text, cleaned, as ``limit`` may need: megabytes are not worth reading for one line."""
    read = _READ_AT_LEAST + _READ_PER_SHOWN * limit
    return clean(text) if len(text) <= read else clean(text[:read]) + "…"


def one_line(text: str, limit: int) -> str:
    """Foreign text on one line, cleaned and cut; ``—`` when nothing is left. For plain places only."""
    flat = _SPACE.sub(" ", _start(text, limit)).strip()
    return truncate(flat, limit) if flat else EMPTY


def _many_lines(text: str, limit: int) -> str:
    shown = _start(text, limit).strip("\n")
    return truncate(shown, limit) if shown.strip() else EMPTY


def pieces(text: str, limit: int) -> Iterator[str]:
    """The whole text, cleaned, in pieces of at most ``limit`` UTF-16 code units: cut between lines where one ends late
    enough, else between graphemes. Nothing comes of a text in which nothing can be seen.
    """
    rest = clean(text).strip("\n")
    while rest.strip():
        piece, rest = _first_piece(rest, limit)
        if piece.strip():
            yield piece


def _first_piece(text: str, limit: int) -> tuple[str, str]:
    if length(text[: limit + 1]) <= limit:
        return text, ""
    cut, room = 0, limit
    for character in text:
        room -= 2 if character > "\uffff" else 1
        if room < 0:
            break
        cut += 1
    line_end = text.rfind("\n", cut // 2, cut)
    if line_end > 0:
        return text[:line_end], text[line_end + 1 :]
    # A grapheme may be longer than a piece; then it is cut after all.
    at = _boundary(text, cut) or cut
    return text[:at], text[at:]


def plain(text: str, limit: int) -> Block:
    """A ``plain_text`` object of one line; emoji codes in it stay letters."""
    return {"type": "plain_text", "text": one_line(text, limit), "emoji": False}


def quote(text: str, limit: int) -> Block:
    """A ``rich_text_quote`` element holding the text as it is."""
    return {"type": "rich_text_quote", "elements": [{"type": "text", "text": _many_lines(text, limit)}]}


def preformatted(text: str, limit: int) -> Block:
    """A ``rich_text_preformatted`` element holding the text as it is, for tool arguments and results."""
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": _many_lines(text, limit)}]}


def escape(text: str, limit: int) -> str:
    """Foreign text as one inert line of mrkdwn, or of a message's fallback ``text``.

    The result is never longer than ``limit``, entities included. Formatting marks, emoji codes and addresses are
    replaced by look-alikes that Slack leaves alone.
    """
    shown = one_line(text, limit).replace("`", "ˋ")
    shown = _FORMATTING.sub(lambda mark: _LOOKALIKES[mark.group()], shown)
    return _entities(_EMOJI_CODE.sub("∶", shown), limit)


def code(text: str, limit: int) -> str:
    """Foreign text as inline code in mrkdwn, for names that a reader may want to copy; ``limit`` as in ``escape``."""
    return f"`{_entities(one_line(text, limit - 2).replace('`', 'ˋ'), limit - 2)}`"


def undotted(text: str) -> str:
    """Text in which no address is found.

    Slack makes links of names like ``example.com`` in a message's plain text, which cannot be told to be verbatim.
    """
    return _MAILTO.sub("mailto∶", _DOT_OF_ADDRESS.sub("․", text))


def _entities(text: str, limit: int) -> str:
    escaped = _escaped(text)
    return escaped if length(escaped) <= limit else _escaped(_cut(text, limit, _ENTITIES))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """What a person typed: Slack sends ``& < >`` in commands as entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def link(url: str, label: str) -> str:
    """A mrkdwn link to an address of our own making; never hand it an address from a conversation.

    Raises:
        BadInput: The address is not http or https, or has no host.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadInput("not a web address", "url")
    safe = "".join(_NOT_IN_LINKS.get(character, character) for character in _UNSEEN.sub("", url))
    return f"<{safe}|{escape(label, 75).replace('|', '¦')}>"


def slack_date(at: datetime, fallback: str | None = None, form: str = "{date_short_pretty} {time}") -> str:
    """A mrkdwn token that every reader sees in their own time zone.

    Args:
        at: The moment; a time without a zone is taken as UTC.
        fallback: What clients without support show; by default the time in UTC.
        form: Slack's date format, see "Formatting text" in its documentation.
    """
    shown = escape(fallback, 75) if fallback else utc_text(at)
    return f"<!date^{int(as_utc(at).timestamp())}^{form}|{shown.replace('|', '¦')}>"


def spoken(mrkdwn: str) -> str:
    """What a sentence of ours in mrkdwn says, as plain text for readers outside Slack."""
    dated = _DATE.sub(lambda found: found[1], mrkdwn)
    return unescape(_STYLED.sub(lambda found: found[2], dated))


def utc_text(at: datetime) -> str:
    """A moment as plain text, e.g. ``Tue 17 Nov 11:00 UTC``."""
    moment = as_utc(at)
    return f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment:%H:%M} UTC"


_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
