"""What a judge is asked."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Final, Literal

from evaluators.base import BUTTON_CHARS
from traces.errors import BadInput
from traces.model import Direction

Answer = Literal["yes", "no", "not_applicable"]
ANSWERS: Final[tuple[Answer, ...]] = ("yes", "no", "not_applicable")

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FEWEST_CHARS: Final = 1_000
_HASH_SPAN: Final = 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A conversation, or the telling part of one, with the right answer."""

    text: str
    verdict: Answer
    explanation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One yes/no question that a model answers of whole conversations.

    ``notes`` is what the judge has to know besides: when the question does not apply, or the policy that it is about.
    ``fallback`` names the models that are asked, in this order, when ``model`` gives no answer.
    ``timeout_s`` bounds each of at most two calls a model. ``sample_rate`` is the share of conversations judged, picked by a
    hash of ``sample_seed`` and the conversation id, so that criteria of one seed judge the same ones: those of a
    smaller rate judge some of those of a larger. ``max_transcript_chars`` is how much of a conversation is shown.

    Raises:
        BadInput: When a field makes no sense; names the field.
    """

    name: str
    question: str
    model: str
    notes: str = ""
    fallback: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    temperature: float = 0.0
    max_tokens: int = 1_000
    timeout_s: float = 60.0
    sample_rate: float = 1.0
    sample_seed: int = 0
    max_transcript_chars: int = 24_000
    bad: Direction = Direction.UP
    summary: str = ""
    yes_label: str = "Yes"
    no_label: str = "No"

    def __post_init__(self) -> None:
        for field, is_right, rule in (
            (
                "name",
                _NAME.fullmatch(self.name),
                "must be lower-case letters, digits and _, a letter first, at most 64",
            ),
            ("question", self.question.strip(), "must not be empty"),
            ("model", self.model.strip(), "must name a model, such as openai/gpt-5-mini"),
            ("temperature", 0 <= self.temperature <= 2, "must be between 0 and 2"),  # noqa: PLR2004 - the protocol's own range
            ("max_tokens", self.max_tokens >= 1, "must be at least 1"),
            ("timeout_s", self.timeout_s > 0, "must be more than 0 seconds"),
            ("sample_rate", 0 <= self.sample_rate <= 1, "must be between 0 and 1"),
            ("max_transcript_chars", self.max_transcript_chars >= _FEWEST_CHARS, f"must be at least {_FEWEST_CHARS}"),
            ("yes_label", 0 < len(self.yes_label) <= BUTTON_CHARS, f"must be 1 to {BUTTON_CHARS} characters"),
            ("no_label", 0 < len(self.no_label) <= BUTTON_CHARS, f"must be 1 to {BUTTON_CHARS} characters"),
        ):
            if not is_right:
                raise BadInput(rule, field)

    @property
    def version(self) -> str:
        """A hash of everything that the verdicts depend on, Hark's own prompt included."""
        asked = {**asdict(self), "bad": None, "summary": None, "yes_label": None, "no_label": None}
        asked |= {"sample_rate": None, "sample_seed": None, "timeout_s": None, "prompt": prompt_text()}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]

    def includes(self, conversation_id: str, rate: float | None = None) -> bool:
        """Whether this conversation is among those judged; the same answer every time.

        ``rate`` stands in place of ``sample_rate``: what a smaller rate includes, a larger one includes too.
        """
        key = f"{self.sample_seed}:{conversation_id}".encode("utf-8", "surrogatepass")
        place = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest())
        return place < (self.sample_rate if rate is None else rate) * _HASH_SPAN


def prompt_text(name: str = "judge") -> str:
    """Hark's instructions to a judge, with ``$question``, ``$notes`` and ``$examples`` to be filled in."""
    return resources.files("evaluators").joinpath(f"prompts/{name}.md").read_text(encoding="utf-8")
