"""Reading a judge's answer on many rules."""

from __future__ import annotations

from typing import Any, Final

from evaluators.judge.criterion import ANSWERS, Answer
from evaluators.judge.verdict import Verdict, last_object_with, one_line
from traces.errors import BadInput

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "rules": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "rule": {"type": "integer"},
                    "applies": {"type": "boolean"},
                    "explanation": {"type": "string"},
                    "evidence": {"type": "string"},
                    "verdict": {"type": "string", "enum": list(ANSWERS)},
                },
                "required": ["rule", "applies", "explanation", "evidence", "verdict"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["rules"],
    "additionalProperties": False,
}
"""Whether a rule applies comes first, so that a model has said so before it looks for a break."""


def read_verdicts(text: str, count: int) -> dict[int, Verdict]:
    """The verdicts on rules 1 to ``count`` by number; the last list in ``text`` counts.

    A rule without exactly one verdict, or with one that contradicts itself (it does not apply, yet was broken), is left out: nobody
    knows what was meant.

    Raises:
        BadInput: When there is no list, or no rule has a verdict that can be read.
    """
    said = last_object_with("rules", text)["rules"]
    if not isinstance(said, list):
        raise BadInput("the judge gave no list of rules")
    found: dict[int, Verdict] = {}
    twice: set[int] = set()
    for entry in said:
        number = entry.get("rule") if isinstance(entry, dict) else None
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= count:
            continue
        verdict = _verdict(entry)
        if number in found or verdict is None:
            twice.add(number)
        else:
            found[number] = verdict
    readable = {number: verdict for number, verdict in found.items() if number not in twice}
    if not readable:
        raise BadInput("the judge gave no verdict on any rule")
    return readable


def _verdict(entry: dict[str, Any]) -> Verdict | None:
    said, applies = entry.get("verdict"), entry.get("applies")
    if said not in ANSWERS or (applies is False and said == "no"):
        return None
    answer: Answer = "not_applicable" if applies is False else said
    return Verdict(answer=answer, explanation=one_line(entry, "explanation"), quote=one_line(entry, "evidence"))
