"""A conversation as a judge reads it: quoted, fenced, cut.

Each entry is one line whose beginning is ours and whose text is a JSON string, so that nothing said can start a line,
close the fence or take another's part. Characters that a reader does not see, and the control tokens of chat
templates, are written as escapes.
"""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from traces.model import Conversation, Message

_TURN_SHARE: Final = 4
_HEAD_SHARE: Final = 4
_QUOTED: Final = re.compile(
    r"[<＜](?=[|｜/<＜]|s>|start_of|end_of|bos|eos|sys)|(?<=[>＞])[>＞]|\[(?=/?(?:INST|SYS|TOOL))", re.IGNORECASE
)
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def new_boundary(chance: random.Random) -> str:
    """A mark that nobody who wrote the conversation could know: 128 bits, in hex."""
    return f"{chance.getrandbits(128):032x}"


def fence(entries: str, boundary: str) -> str:
    """``entries`` between two lines that carry ``boundary``."""
    return f"<<<conversation {boundary}>>>\n{entries}\n<<<end of conversation {boundary}>>>"


def within_fence(text: str) -> str:
    """The entries that :func:`fence` put into ``text``; empty when there is no fence."""
    found = re.search(
        r"^<<<conversation ([0-9a-f]{32})>>>\n(.*?)\n<<<end of conversation \1>>>$", text, re.DOTALL | re.MULTILINE
    )
    return found[2] if found else ""


def render(conversation: Conversation, limit: int) -> str:
    """The conversation's turns, one entry a line, in about ``limit`` characters.

    No text takes more than a quarter of the limit. When the turns do not fit, the first quarter of the limit and as
    many of the last turns as fit are kept. Every cut says what was left out.
    """
    turns = [
        "\n".join(_entries(turn, message, limit // _TURN_SHARE)) for turn, message in enumerate(conversation.messages)
    ]
    if sum(len(turn) + 1 for turn in turns) <= limit:
        return "\n".join(turns)
    head = _how_many_fit(turns, limit // _HEAD_SHARE)
    tail = _how_many_fit(turns[:head:-1], limit - limit // _HEAD_SHARE)
    first, last = head + 1, len(turns) - tail
    if first > last:
        return "\n".join(turns)
    return "\n".join([*turns[:head], f"[turns {first} to {last} left out for length]", *turns[last:]])


def _how_many_fit(turns: list[str], room: int) -> int:
    for count, turn in enumerate(turns):
        room -= len(turn) + 1
        if room < 0:
            return count
    return len(turns)


def _entries(turn: int, message: Message, limit: int) -> Iterator[str]:
    who = f"{turn + 1} {message.role}"
    if message.role == "tool" and message.name:
        who += f" {quote(message.name, 100)}"
    for document in message.documents:
        yield f"{who} was given the document: {quote(document.content, limit)}"
    if message.content or not (message.tool_calls or message.error):
        yield f"{who}: {quote(message.content, limit)}"
    for call in message.tool_calls:
        yield f"{who} calls the tool {quote(call.name, 100)} with: {quote(call.arguments, limit)}"
    if message.error is not None:
        yield f"{who} failed with: {quote(message.error, limit)}"


def quote(text: str, limit: int) -> str:
    """``text`` as a JSON string on one line; beyond ``limit`` characters, its beginning and its end."""
    if len(text) <= limit:
        return _quoted(text)
    head = limit * 2 // 3
    tail = limit - head
    left_out = len(text) - head - tail
    return f"{_quoted(text[:head])} [{left_out} characters left out] {_quoted(text[-tail:])}"


def _quoted(text: str) -> str:
    escaped = _QUOTED.sub(_escape, json.dumps(text, ensure_ascii=False))
    if escaped.isascii():
        return escaped.replace("\x7f", "\\u007f")
    return "".join(_escaped(char) if unicodedata.category(char) in _HIDDEN else char for char in escaped)


def _escape(found: re.Match[str]) -> str:
    return _escaped(found[0])


def _escaped(char: str) -> str:
    """The JSON escape of a character, as two surrogates where it is beyond the first plane."""
    return json.dumps(char).strip('"') if not char.isascii() else f"\\u{ord(char):04x}"
