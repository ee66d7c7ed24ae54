"""Groundedness, claim by claim."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, Final

from evaluators.base import Need, excerpt
from evaluators.base import Verdict as Outcome
from evaluators.judge.asking import Answered, Prompt
from evaluators.judge.criterion import Criterion, prompt_text
from evaluators.judge.evaluator import Judge, failure_of, model_of
from evaluators.judge.transcript import fence, new_boundary, render
from evaluators.judge.verdict import find_quote, last_object_with
from traces.errors import BadInput
from traces.model import Conversation, Score

MOST_CLAIMS: Final = 12
_CLAIM_CHARS: Final = 200
_NAMED: Final = 3

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "claims": {
            "type": "array",
            "maxItems": MOST_CLAIMS,
            "items": {
                "type": "object",
                "properties": {
                    "claim": {"type": "string"},
                    "evidence": {"type": "string"},
                    "verdict": {"type": "string", "enum": ["yes", "no"]},
                },
                "required": ["claim", "evidence", "verdict"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["claims"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that the assistant claims, and whether a document supports it."""

    text: str
    evidence: str
    is_supported: bool


class GroundednessJudge(Judge):
    """Takes answers apart into claims and looks for each in the documents (after FActScore, Min et al. 2023).

    A score is 1 when every claim is supported and 0 when one is not; a conversation without documents or tool outputs is
    not asked about, and one without claims has a label but no value.
    """

    needs: tuple[Need, ...] = ("documents", "tools")

    def _version_of(self, criterion: Criterion) -> str:
        return hashlib.sha256(f"{criterion.version}\n{prompt_text('claims')}".encode()).hexdigest()[:12]

    def asks_about(self, conversation: Conversation) -> bool:
        return _has_sources(conversation) and super().asks_about(conversation)

    def evaluate(self, conversation: Conversation) -> Outcome:
        if not self.asks_about(conversation):
            return None
        share = self.share_of(conversation)
        boundary = new_boundary(self._chance)
        record = fence(render(conversation, self.criterion.max_transcript_chars), boundary)
        prompt = Prompt(
            system=Template(prompt_text("claims")).substitute(most=MOST_CLAIMS),
            user=f"{record}\nThe record ends here. List the assistant's claims. Answer with the JSON object alone.",
            boundary=boundary,
            schema=SCHEMA,
        )
        answered = self._asking.ask(prompt, read_claims)
        if answered.was_not_asked:
            return None
        if answered.value is None:
            return failure_of(answered, self.name, self.version)
        return self._of_claims(answered.value, conversation, answered, share)

    def _of_claims(
        self, claims: Sequence[Claim], conversation: Conversation, answered: Answered[Any], share: float
    ) -> Score:
        loose = [claim for claim in claims if not claim.is_supported]
        turn = next((t for claim in loose if (t := find_quote(claim.text, conversation)) is not None), None)
        return Score(
            name=self.name,
            value=(0.0 if loose else 1.0) if claims else None,
            label=("no" if loose else "yes") if claims else "not_applicable",
            explanation=_explain(claims, loose),
            source="judge",
            turn=turn,
            evidence=excerpt(loose[0].text) if loose else None,
            cost_usd=answered.spent.cost_usd,
            input_tokens=answered.spent.input_tokens,
            output_tokens=answered.spent.output_tokens,
            inclusion_probability=share,
            model=model_of(answered, self.criterion),
            is_cached=answered.is_cached or None,
        )


def read_claims(text: str) -> tuple[Claim, ...]:
    """The claims in a judge's answer; its last list of claims counts.

    Raises:
        BadInput: When there is no list, or a claim's verdict is off the menu.
    """
    said = last_object_with("claims", text)["claims"]
    if not isinstance(said, list):
        raise BadInput("the judge gave no list of claims")
    return tuple(_claim(claim) for claim in said[:MOST_CLAIMS])


def _claim(said: Any) -> Claim:
    if not isinstance(said, dict) or said.get("verdict") not in ("yes", "no"):
        raise BadInput("the judge's verdict on a claim is neither yes nor no")
    text, evidence = (value if isinstance(value := said.get(key), str) else "" for key in ("claim", "evidence"))
    return Claim(text=excerpt(text, limit=_CLAIM_CHARS), evidence=evidence, is_supported=said["verdict"] == "yes")


def _has_sources(conversation: Conversation) -> bool:
    given = any(m.documents or (m.role == "tool" and m.content) for m in conversation.messages)
    return given and any(m.role == "assistant" and m.content.strip() for m in conversation.messages)


def _explain(claims: Sequence[Claim], loose: Sequence[Claim]) -> str:
    if not claims:
        return "The assistant claims nothing."
    if not loose:
        return f"All {len(claims)} claims are supported." if len(claims) > 1 else "The one claim is supported."
    named = "; ".join(f"“{claim.text}”" for claim in loose[:_NAMED])
    return f"{len(loose)} of {len(claims)} claims not supported: {named}"
