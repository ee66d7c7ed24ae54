"""Asks a judge's own model what its criterion should say, from cases that it got wrong."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, Final

from evaluators.base import excerpt
from evaluators.judge.alignment import Case, entries, is_held_out, lot_of, note_of
from evaluators.judge.asking import Answered, Asking, Prompt
from evaluators.judge.criterion import Criterion, prompt_text
from evaluators.judge.transcript import fence, new_boundary, quote
from evaluators.judge.verdict import last_object_with, one_line
from traces.errors import BadInput
from traces.redact import redact

GUIDANCE_CHARS: Final = 1_500
GUIDANCE_TOKENS: Final = 1_200
"""Room for an answer."""
_LINES: Final = 10
_WRONG: Final = 12
_RIGHT: Final = 4
_CASE_CHARS: Final = 1_200
_REASON_CHARS: Final = 200
_ADDRESS: Final = re.compile(r"https?://|www\.|\$\{|<<<|>>>", re.IGNORECASE)

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"problem": {"type": "string"}, "guidance": {"type": "string"}},
    "required": ["problem", "guidance"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """What a model would tell the judge besides; ``text`` is empty where it has nothing to say."""

    problem: str
    text: str


def ask_for_guidance(
    asking: Asking, criterion: Criterion, cases: Sequence[Case], chance: random.Random
) -> Answered[Guidance]:
    """One question to the model about what the judge got wrong, besides a few that it got right.

    Args:
        asking: Who is asked.
        criterion: The criterion as the team wrote it: guidance that was added before is written anew.
        cases: Labelled conversations; those held out are passed over.
        chance: Where the mark of the fence comes from.
    """
    told = sorted((case for case in cases if not is_held_out(case.conversation.conversation_id)), key=lot_of)
    wrong = [case for case in told if case.is_disagreement][:_WRONG]
    right = [case for case in told if case.said is case.truth][:_RIGHT]
    boundary = new_boundary(chance)
    record = fence("\n".join(_entry(number, case) for number, case in enumerate((*wrong, *right), 1)), boundary)
    prompt = Prompt(
        system=Template(prompt_text("revise")).substitute(question=criterion.question, notes=criterion.notes.strip()),
        user=f"{record}\nThe cases end here. Write the guidance. Answer with the JSON object alone.",
        boundary=boundary,
        schema=SCHEMA,
    )
    return asking.ask(prompt, read_guidance)


def _entry(number: int, case: Case) -> str:
    said = "yes" if case.said else "no"
    because = f", because: {quote(redact(excerpt(case.reason)).text, _REASON_CHARS)}" if case.reason else ""
    note = f" A reader's note: {note_of(case)}." if case.note else ""
    verdict = "wrongly" if case.is_disagreement else "rightly"
    return (
        f"Case {number}. People answered {'yes' if case.truth else 'no'}. The judge answered {verdict} {said}{because}."
        f"{note}\n{entries(case.conversation, _CASE_CHARS)}"
    )


def read_guidance(text: str) -> Guidance:
    """The guidance in a model's answer, redacted, without what cannot be seen.

    Raises:
        BadInput: There is none, it is too long, or it holds an address or a mark of ours.
    """
    said = last_object_with("guidance", text)
    if not isinstance(said["guidance"], str):
        raise BadInput("the guidance is no text")
    lines = [excerpt(line, limit=GUIDANCE_CHARS + 1) for line in said["guidance"].splitlines()[: 4 * _LINES]]
    guidance = redact("\n".join(line for line in lines if line)).text
    if len(guidance) > GUIDANCE_CHARS or guidance.count("\n") >= _LINES:
        raise BadInput(f"the guidance is longer than {_LINES} lines or {GUIDANCE_CHARS:,} characters")
    if _ADDRESS.search(guidance):
        raise BadInput("the guidance holds an address or a mark")
    return Guidance(problem=redact(one_line(said, "problem")).text, text=guidance)
