"""A judge's model that needs none: for tests and the demo."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evaluators.judge.criterion import Answer
from evaluators.judge.model import JudgeReply
from evaluators.judge.transcript import within_fence
from traces.errors import BadInput

_CHARS_PER_TOKEN: Final = 4


@dataclass(frozen=True, slots=True)
class Line:
    """When ``pattern`` is found in the transcript, ``verdict`` is given for the reason ``explanation``.

    With ``told`` only where that regular expression is found in what the judge is told, as with a model that does as it is told.
    """

    pattern: str
    verdict: Answer
    explanation: str
    told: str = ""


class ScriptedJudgeModel:
    """Answers after a script: the first line whose pattern is found in the transcript, else ``otherwise``.

    Patterns are searched in the transcript as a judge reads it, ignoring case; what is found is the evidence. Tokens are
    counted at four characters each, and cost what ``usd_per_million`` says for input and output. Asked for guidance on its
    criterion it gives ``guidance``.

    Raises:
        BadInput: When a pattern is no regular expression.
    """

    def __init__(
        self,
        script: Sequence[Line],
        otherwise: Line,
        usd_per_million: tuple[float, float] = (0.25, 2.0),
        guidance: str = "",
    ) -> None:
        self._script = [
            (_compiled(f"script[{number}].pattern", line.pattern), _compiled(f"script[{number}].told", line.told), line)
            for number, line in enumerate(script)
        ]
        self._otherwise = otherwise
        self._usd_per_million = usd_per_million
        self._guidance = guidance

    def complete(self, system: str, user: str, schema: Mapping[str, Any]) -> JudgeReply:
        is_asked_for_guidance = "guidance" in schema.get("properties", ())
        text = json.dumps(self._advice() if is_asked_for_guidance else self._verdict(system, within_fence(user)))
        read, written = _tokens(system) + _tokens(user), _tokens(text)
        input_price, output_price = self._usd_per_million
        return JudgeReply(
            text=text,
            input_tokens=read,
            output_tokens=written,
            cost_usd=(read * input_price + written * output_price) / 1_000_000,
        )

    def _verdict(self, system: str, transcript: str) -> dict[str, str]:
        evidence, line = "", self._otherwise
        for pattern, told, candidate in self._script:
            if told.search(system) and (found := pattern.search(transcript)):
                evidence, line = _unquoted(found[0]), candidate
                break
        return {"explanation": line.explanation, "evidence": evidence, "verdict": line.verdict}

    def _advice(self) -> dict[str, str]:
        return {"problem": "The judge takes words for the deed." if self._guidance else "", "guidance": self._guidance}


def _compiled(field: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise BadInput(f"is not a regular expression: {error}", field) from error


def _tokens(text: str) -> int:
    return -(-len(text) // _CHARS_PER_TOKEN)


def _unquoted(found: str) -> str:
    """What was said, where the match lies within one JSON string."""
    try:
        said = json.loads(f'"{found}"')
    except ValueError:
        return found
    return str(said)
