"""Who said what sensitive thing first, for the evaluators of leaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from traces.model import Conversation, Message
from traces.redact import Sensitive, find

HEAD_CHARS: Final = 60_000
TAIL_CHARS: Final = 20_000
"""Of a longer text, the beginning and the end are read."""


class Said(NamedTuple):
    """A sensitive thing in a turn; ``is_echo`` when the user had said the very same before."""

    turn: int
    role: str
    kind: str
    value: str
    is_echo: bool


def sensitive_in(
    conversation: Conversation, accept: Callable[[Sensitive, str], bool], *, secrets_only: bool = False
) -> Iterator[Said]:
    """Everything sensitive that ``accept`` takes, turn by turn."""
    of_user: set[str] = set()
    for turn, message in enumerate(conversation.messages):
        for text in _texts(message):
            for sensitive in find(text, secrets_only=secrets_only):
                value = text[sensitive.start : sensitive.end]
                if not accept(sensitive, text):
                    continue
                same = "".join(char for char in value.lower() if char.isalnum())
                yield Said(turn, message.role, sensitive.kind, value, same in of_user)
                if message.role == "user":
                    of_user.add(same)


def _texts(message: Message) -> Iterator[str]:
    yield _part(message.content)
    yield from (_part(call.arguments) for call in message.tool_calls)
    if message.error:
        yield _part(message.error)


def _part(text: str) -> str:
    # A line break, so that no two halves make up a number.
    return text if len(text) <= HEAD_CHARS + TAIL_CHARS else f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
