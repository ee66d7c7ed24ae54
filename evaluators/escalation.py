"""Whether a person took over, or was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from evaluators.base import Need, When, excerpt
from evaluators.dissatisfaction_phrases import HANDS_OFF, WANTS_PERSON, fold
from traces.model import Conversation, Direction, Message, Score

_TOOL: Final = re.compile(
    r"(?:transfer|escalat|hand_?-?(?:off|over)|forward|connect|route)\w{0,20}[_\- ]?(?:to)?[_\- ]?(?:human|agent|person|support|rep|operator|live|supervisor)"
    r"|escalate|human_?(?:hand|agent|transfer)|live_?agent|hand_?off",
    re.IGNORECASE,
)
_PERSONS: Final = (
    "human", "person", "representative", "agent", "supervisor", "manager", "operator", "specialist", "team", "colleague",
    "expert", "department", "advisor", "someone", "support", "staff", "transf", "escalated", "connected", "handed over",
    "weiter", "mitarbeiter", "kolleg", "relation", "comunico", "转接", "担当",
)  # fmt: skip
"""One of these stands in everything that ``HANDS_OFF`` matches; most answers have none and are spared it."""
_BY_TOOL: Final = 1.0
_BY_AGENT: Final = 0.9
_BY_USER: Final = 0.7
_OFFER: Final = re.compile(
    r"\b(?:would you (?:like|prefer)|(?:would|you'd|you) (?:like|prefer|want|wish)(?: for)? me to|do you want|shall i|should i|can i|may i|i can|i could|if you(?:'d)? (?:like|prefer|need|wish|want)"
    r"|(?:happy|glad|able|possible|order|best|helpful|option|free|choose) to|(?:^|[,.!] )to)\b"
)
_BEFORE: Final = 60
_OFFERED: Final = 0.4


class _Sign(NamedTuple):
    value: float
    turn: int
    who: str
    text: str


class Escalation:
    """The strongest sign: a tool that hands over (1), the agent says that it does (0.9) or could (0.4), the user wants it (0.7)."""

    name = "escalation"
    version = "2"
    when: When = "arrival"
    needs: tuple[Need, ...] = ("messages", "tools")
    summary = (
        "The conversation is handed to a person, or the user asks for one: by the name of a tool, or phrases of English"
        " and the commonest of some other languages. It cannot see a hand-off that leaves no word, nor whether anybody came."
    )
    question = "Was the conversation handed over to a person, or a person asked for?"
    yes_label = "Yes, a person"
    no_label = "No, the agent alone"
    bad = Direction.UP

    def evaluate(self, conversation: Conversation) -> Score | None:
        if not any(message.content.strip() or message.tool_calls for message in conversation.messages):
            return None
        signs = [sign for turn, message in enumerate(conversation.messages) for sign in _signs(turn, message)]
        best = max(signs, key=lambda sign: sign.value, default=None)
        if best is None:
            return Score(name=self.name, value=0.0, explanation="Nobody asks for a person or hands over to one.")
        return Score(
            name=self.name,
            value=best.value,
            explanation=f"In turn {best.turn + 1} {best.who}.",
            evidence=excerpt(best.text),
            turn=best.turn,
        )


def _signs(turn: int, message: Message) -> Iterator[_Sign]:
    for call in message.tool_calls:
        if _TOOL.search(call.name[:200]):
            yield _Sign(_BY_TOOL, turn, "the agent calls a tool that hands over", call.name)
    if message.role == "user" and WANTS_PERSON.search(fold(message.content)):
        yield _Sign(_BY_USER, turn, "the user asks for a person", message.content)
    elif message.role == "assistant" and (found := _hand_off_in(text := fold(message.content))):
        is_offer = _OFFER.search(text, max(0, found.start() - _BEFORE), found.end()) is not None
        who = "the agent offers to hand over" if is_offer else "the agent hands over"
        yield _Sign(_OFFERED if is_offer else _BY_AGENT, turn, who, message.content)


def _hand_off_in(folded: str) -> re.Match[str] | None:
    return HANDS_OFF.search(folded) if any(word in folded for word in _PERSONS) else None
