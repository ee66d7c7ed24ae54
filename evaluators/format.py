"""Whether answers keep the format that they should have."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from evaluators.base import When, excerpt
from evaluators.expressions import regular_expression
from evaluators.options import versioned
from traces.model import Conversation, Direction, Score

_VERSION: Final = "1"
_MATCHED_CHARS: Final = 20_000
_JSON_CHARS: Final = 1_000_000
_FENCE: Final = re.compile(r"\s{0,10}```[a-z]{0,10}\s{0,10}")

Check = Callable[[str], str | None]
"""Says what is wrong with an answer; ``None`` when nothing is."""


@dataclass(frozen=True, kw_only=True)
class FormatOptions:
    """What an answer has to be; without any of these there is nothing to check."""

    json: bool = field(
        default=False, metadata={"description": "The answer is JSON; a Markdown fence around it may be there."}
    )
    schema: dict[str, Any] = field(
        default_factory=dict, metadata={"description": "JSON Schema (2020-12) of the answer."}
    )
    matches: str = field(default="", metadata={"description": "Regular expression that the answer contains."})
    contains: tuple[str, ...] = field(default=(), metadata={"description": "Texts that the answer contains."})
    excludes: tuple[str, ...] = field(default=(), metadata={"description": "Texts that it does not contain."})
    min_chars: int = field(default=0, metadata={"description": "Fewest characters."})
    max_chars: int = field(default=0, metadata={"description": "Most characters; 0 for any number."})
    turns: Literal["all", "last"] = field(default="all", metadata={"description": "Which answers are checked."})

    def __post_init__(self) -> None:
        regular_expression(self.matches, "matches")
        if 0 < self.max_chars < self.min_chars:
            raise ValueError("max_chars has to be at least min_chars")
        if self.schema:
            _check_schema(self.schema)


def _check_schema(schema: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"schema is no JSON Schema: {excerpt(error.message)}") from error


class Format:
    """Share of the agent's answers that keep the format; what stands wrong in the first that does not is told."""

    name = "format"
    when: When = "arrival"
    cost = "less than 1 ms, with a schema about 1 ms per answer"
    summary = (
        "Answers keep the format of the options: JSON, a JSON Schema, a regular expression, texts that have to be there or"
        " must not, a length. It runs only where an option asks for something, and says nothing of what the answers mean."
    )
    question = "Did every answer keep the required format?"
    yes_label = "Yes, as required"
    no_label = "No, wrong format"
    bad = Direction.DOWN

    def __init__(self, options: FormatOptions | None = None) -> None:
        self._options = options or FormatOptions()
        self.version = versioned(_VERSION, self._options)

    @cached_property
    def _checks(self) -> list[Check]:
        return list(_checks_of(self._options))

    def evaluate(self, conversation: Conversation) -> Score | None:
        answers = [
            (turn, message.content)
            for turn, message in enumerate(conversation.messages)
            if message.role == "assistant" and (message.content or not message.tool_calls)
        ]
        answers = answers[-1:] if self._options.turns == "last" else answers
        if not answers or not self._checks:
            return None
        wrong = [(turn, text, said) for turn, text in answers if (said := self._mistake_in(text)) is not None]
        if not wrong:
            return Score(
                name=self.name, value=1.0, explanation=f"{len(answers)} of {len(answers)} answers are as required."
            )
        turn, text, said = wrong[0]
        kept = len(answers) - len(wrong)
        return Score(
            name=self.name,
            # One answer out of order is one too many: any mistake stays below one half.
            value=0.49 * kept / len(answers),
            explanation=f"Turn {turn + 1}: {said}; {kept} of {len(answers)} answers are as required.",
            evidence=excerpt(text),
            turn=turn,
        )

    def _mistake_in(self, text: str) -> str | None:
        return next((said for check in self._checks if (said := check(text)) is not None), None)


def _checks_of(options: FormatOptions) -> Iterator[Check]:
    if options.min_chars or options.max_chars:
        yield lambda text: _length(text, options.min_chars, options.max_chars)
    if options.json or options.schema:
        yield _json_check(options.schema)
    if options.matches:
        pattern = regular_expression(options.matches, "matches")
        yield lambda text: None if pattern.search(text[:_MATCHED_CHARS]) else "the pattern is not found"
    for needed in options.contains:
        yield lambda text, needed=needed: None if needed in text else f"{excerpt(needed, limit=60)!r} is missing"  # type: ignore[misc]
    for banned in options.excludes:
        yield lambda text, banned=banned: f"{excerpt(banned, limit=60)!r} is there" if banned in text else None  # type: ignore[misc]


def _length(text: str, fewest: int, most: int) -> str | None:
    if len(text) < fewest:
        return f"{len(text)} characters, fewer than {fewest}"
    return f"{len(text)} characters, more than {most}" if 0 < most < len(text) else None


def _json_check(schema: dict[str, Any]) -> Check:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    # An empty registry: a schema that refers to an address is not fetched.
    validator = Draft202012Validator(schema, registry=Registry())

    def check(text: str) -> str | None:
        if len(text) > _JSON_CHARS:
            return "too long to be read as JSON"
        try:
            value = json.loads(_unfenced(text))
            error = best_match(validator.iter_errors(value)) if schema else None
        except (ValueError, RecursionError) as problem:
            return f"not JSON: {excerpt(str(problem), limit=80)}"
        except Unresolvable as problem:
            return f"the schema refers to what is not there: {excerpt(str(problem), limit=80)}"
        return None if error is None else excerpt(f"{error.json_path} {error.message}", limit=160)

    return check


def _unfenced(text: str) -> str:
    opening = _FENCE.match(text)
    return text[opening.end() :].rstrip().removesuffix("```") if opening else text
