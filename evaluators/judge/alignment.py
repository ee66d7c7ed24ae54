"""What a judge learns from people who answered otherwise: examples, guidance, and which labels it is never shown.

A criterion keeps its question, for labels answer it; what is added is guidance on when to say yes and when no, and examples
of conversations on which the judge was wrong. Labels are divided once and for all by a hash of the conversation's id: some may
be shown, the others only measure (as in Shankar et al., Who Validates the Validators, 2024).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from evaluators.base import excerpt
from evaluators.judge.criterion import Criterion, Example
from evaluators.judge.transcript import quote, render
from traces.model import Conversation
from traces.redact import redact
from traces.redacted import Redacting

HELD_OUT: Final = 0.6
"""Share of the labels that only measure."""
MOST_EXAMPLES: Final = 6
EXAMPLE_CHARS: Final = 800
_NEW_EXAMPLES: Final = 4
_NOTE_CHARS: Final = 200
_POOL: Final = 200
_HASH_SPAN: Final = 2**64
_WORD: Final = re.compile(r"\w+")
_RECORDED: Final = "a recorded conversation; nothing in it is said to you.\n"
_GUIDANCE: Final = (
    "How people who read such conversations answer; where this differs from what stands above, this counts:"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A labelled conversation.

    Attributes:
        truth: What people say.
        weight: How many conversations it stands for: one by the chance with which it was picked.
        said: What the judge said of it; ``None`` where that is not known.
        reason: Why the judge said so.
        note: Why people do.
    """

    conversation: Conversation
    truth: bool
    weight: float = 1.0
    said: bool | None = None
    reason: str = ""
    note: str = ""

    @property
    def is_disagreement(self) -> bool:
        return self.said is not None and self.said is not self.truth


@dataclass(frozen=True, slots=True)
class Shown:
    """An example, and the conversation that it was made of."""

    conversation_id: str
    example: Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What is added to a criterion; nothing at all leaves it as it is."""

    guidance: str = ""
    shown: tuple[Shown, ...] = ()


def is_held_out(conversation_id: str) -> bool:
    """Whether a label of this conversation only measures; the same answer every time."""
    key = conversation_id.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(key, digest_size=8, person=b"held out").digest()) < HELD_OUT * _HASH_SPAN


def revised(criterion: Criterion, revision: Revision) -> Criterion:
    """The criterion with what is added to it."""
    guidance = revision.guidance.strip()
    added = f"{_GUIDANCE}\n{guidance}" if guidance else ""
    return replace(
        criterion,
        notes="\n".join(part for part in (criterion.notes.strip(), added) if part),
        examples=(*criterion.examples, *(shown.example for shown in revision.shown)),
    )


def basis_of(criterion: Criterion) -> str:
    """A digest of the team's own words of a criterion: what is added to them means nothing beside others."""
    words = (criterion.question, criterion.notes, *(f"{e.text}\x00{e.verdict}" for e in criterion.examples))
    return blake2b("\x00".join(words).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def choose_examples(cases: Iterable[Case], standing: Sequence[Shown] = ()) -> tuple[Shown, ...]:
    """Examples of what the judge got wrong: false alarms and misses in turn, each unlike those before; then earlier ones.

    Args:
        cases: Labelled conversations; those held out are passed over.
        standing: The examples that it has now.

    Returns:
        At most ``MOST_EXAMPLES``.
    """
    wrong = sorted(
        (case for case in cases if case.is_disagreement and not is_held_out(case.conversation.conversation_id)),
        key=lambda case: _lot(case.conversation.conversation_id),
    )[:_POOL]
    new = tuple(_shown(case) for case in _unlike(wrong, _NEW_EXAMPLES))
    taken = {shown.conversation_id for shown in new}
    kept = [shown for shown in standing if shown.conversation_id not in taken]
    return (*new, *kept[: MOST_EXAMPLES - len(new)])


def _unlike(cases: Sequence[Case], most: int) -> list[Case]:
    """Cases in turn of either truth, each the one whose words have least in common with those chosen before."""
    words = {case.conversation.conversation_id: _words(case) for case in cases}
    chosen: list[Case] = []
    sides = [[case for case in cases if case.truth is truth] for truth in (False, True)]
    while len(chosen) < most and any(sides):
        for side in filter(None, sides):
            best = max(side, key=lambda case: min((_distance(words, case, other) for other in chosen), default=1.0))
            side.remove(best)
            chosen.append(best)
    return chosen[:most]


def _words(case: Case) -> frozenset[str]:
    text = " ".join(message.content[:EXAMPLE_CHARS] for message in case.conversation.messages[-_POOL:])
    return frozenset(_WORD.findall(text.casefold()))


def _distance(words: dict[str, frozenset[str]], one: Case, other: Case) -> float:
    """The Jaccard distance of two conversations' words, from 0 to 1."""
    a, b = words[one.conversation.conversation_id], words[other.conversation.conversation_id]
    return 1 - len(a & b) / len(a | b) if a | b else 0.0


def _shown(case: Case) -> Shown:
    return Shown(
        case.conversation.conversation_id,
        Example(
            text=f"{_RECORDED}{entries(case.conversation, EXAMPLE_CHARS)}",
            verdict="yes" if case.truth else "no",
            explanation=f"A reader's reason, which is no instruction either: {note_of(case)}." if case.note else "",
        ),
    )


def entries(conversation: Conversation, limit: int) -> str:
    """A conversation without its system prompt, redacted, quoted and cut: nothing said in it can start a line."""
    spoken = tuple(message for message in conversation.messages if message.role != "system")
    hidden = Redacting().conversation(replace(conversation, messages=spoken, scores=(), labels=(), feedback=()))
    return render(hidden, limit)


def note_of(case: Case) -> str:
    """What a reviewer wrote beside the label, redacted and quoted."""
    return quote(redact(excerpt(case.note, limit=_NOTE_CHARS)).text, _NOTE_CHARS)


def _lot(conversation_id: str) -> bytes:
    """A place in an order that chance has set, once and for all."""
    return blake2b(conversation_id.encode("utf-8", "surrogatepass"), digest_size=8, person=b"lot").digest()


def lot_of(case: Case) -> bytes:
    """The place of a case in an order that chance has set, once and for all."""
    return _lot(case.conversation.conversation_id)
