"""Who said what sensitive thing first, for the evaluators of leaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from traces.model import ROLES, Conversation, Message
from traces.redact import Sensitive, find

HEAD_CHARS: Final = 60_000
TAIL_CHARS: Final = 20_000
"""Of a longer text, the beginning and the end are read."""

_LOCAL_DIGITS: Final = 7
_PROMPTS: Final = 16
"""System prompts whose findings are remembered: many conversations begin with the same one."""
_MAY_BE_PERSONAL: Final = re.compile(
    r"@|\d\.\d|(?:\d[^\d\n]{0,3}){6}\d|[A-Z]{2}\d\d|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:"
)


class Said(NamedTuple):
    """A sensitive thing in a turn; ``is_echo`` when the user had said the very same before."""

    turn: int
    role: str
    kind: str
    value: str
    is_echo: bool


def sensitive_in(
    conversation: Conversation,
    accept: Callable[[Sensitive, str], bool],
    *,
    roles: Collection[str] = ROLES,
    arguments: bool = True,
    secrets_only: bool = False,
) -> Iterator[Said]:
    """Everything sensitive that ``accept`` takes, turn by turn.

    Args:
        conversation: Where to look.
        accept: Told what was found and in which text; false leaves it out.
        roles: Whose messages count; what the user said is only looked for where it matters.
        arguments: Whether the arguments of tool calls count.
        secrets_only: Leaves personal data aside.
    """
    given = _Given(conversation, secrets_only=secrets_only)
    for turn, message in enumerate(conversation.messages):
        if message.role not in roles:
            continue
        for text in _texts(message, arguments=arguments):
            found = _found_in_prompt if message.role == "system" else _found
            for sensitive in found(text, secrets_only):
                if accept(sensitive, text):
                    value = text[sensitive.start : sensitive.end]
                    yield Said(turn, message.role, sensitive.kind, value, given.before(turn, value))


def _found(text: str, secrets_only: bool) -> tuple[Sensitive, ...]:  # noqa: FBT001 - lru_cache tells keywords apart
    if not secrets_only and not may_be_personal(text):
        return ()
    return find(text, secrets_only=secrets_only)


_found_in_prompt: Final = lru_cache(maxsize=_PROMPTS)(_found)


def may_be_personal(text: str) -> bool:
    """Whether there are enough digits, or the sign, for any kind of personal data; few answers have them."""
    return _MAY_BE_PERSONAL.search(text) is not None


class _Given:
    """What the user gave and when, read only once somebody asks: most conversations hold nothing sensitive."""

    def __init__(self, conversation: Conversation, *, secrets_only: bool) -> None:
        self._conversation = conversation
        self._secrets_only = secrets_only

    def before(self, turn: int, value: str) -> bool:
        """Whether the user gave ``value`` in an earlier turn; numbers are the same with and without a country's code."""
        return any(given_at < turn and _is_same(_plain(value), given) for given_at, given in self._all)

    @cached_property
    def _all(self) -> list[tuple[int, str]]:
        return [
            (turn, _plain(text[sensitive.start : sensitive.end]))
            for turn, message in enumerate(self._conversation.messages)
            if message.role == "user"
            for text in _texts(message, arguments=False)
            for sensitive in find(text, secrets_only=self._secrets_only)
        ]


def _plain(value: str) -> str:
    return "".join(char for char in value.lower() if char.isalnum())


def _is_same(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((one.lstrip("0"), other.lstrip("0")), key=len)
    return short.isdecimal() and long.isdecimal() and len(short) >= _LOCAL_DIGITS and long.endswith(short)


def _texts(message: Message, *, arguments: bool) -> Iterator[str]:
    yield _part(message.content)
    if arguments:
        yield from (_part(call.arguments) for call in message.tool_calls)
    if message.error:
        yield _part(message.error)


def _part(text: str) -> str:
    # A line break, so that no two halves make up a number.
    return text if len(text) <= HEAD_CHARS + TAIL_CHARS else f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
