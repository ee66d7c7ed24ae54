"""Whether the user corrects or contradicts the agent."""

from __future__ import annotations

import re
from typing import Final

from evaluators.base import When, excerpt
from evaluators.dissatisfaction_phrases import CORRECTS, fold
from traces.model import Conversation, Direction, Score

_FIRM: Final = 1.0
_SOFT: Final = 0.6
_WEAK: Final = 0.3
_SOFT_OPENING: Final = re.compile(
    r"(?:are you (?:sure|certain)|you (?:just |previously )?(?:said|told)|i (?:already |just )?(?:said|asked|meant|told))"
)
_NO: Final = re.compile(
    r"(?:no+|nope|nein|non|não|wrong|incorrect|false|falsch|faux)\b(?!,? ?(?:thank|problem|worries|that's (?:all|it)|danke|merci|need))"
)
_BUT: Final = re.compile(r"(?:but|actually|hmm+|wait|hold on|however|aber|mais|pero)\b")
_ASKS_NO: Final = re.compile(
    r"\?\s{0,5}$|\b(?:would you like|do you (?:want|have|need)|is there anything|can i|shall i|anything else)\b"
)
_TAIL: Final = 300


class Disagreement:
    """The firmest correction among the user's turns that follow a turn of the agent.

    Phrases that contradict count 1, doubts and reminders 0.6; a mere "no" counts 0.6 after a statement and nothing after a
    question, which it answers; "but" and "actually" at the beginning count 0.3.
    """

    name = "disagreement"
    version = "1"
    when: When = "arrival"
    summary = (
        "The user corrects, contradicts or doubts the agent, by phrases of English and the commonest of some other"
        " languages. It cannot tell who is right, nor see a correction that merely states another fact."
    )
    question = "Did the user correct or contradict the agent?"
    yes_label = "Yes, corrected it"
    no_label = "No, agreed"
    bad = Direction.UP

    def evaluate(self, conversation: Conversation) -> Score | None:
        said, found, turns = "", [], 0
        for turn, message in enumerate(conversation.messages):
            if message.role == "assistant" and message.content.strip():
                said = message.content
            elif message.role == "user" and said:
                turns += 1
                found.append((strength_of(message.content, said), turn, message.content))
        if not found:
            return None
        value, turn, text = max(found, key=lambda item: item[0])
        if value < _SOFT:
            return Score(name=self.name, value=value, explanation=f"None of {turns} user turns contradicts the agent.")
        count = sum(strength >= _SOFT for strength, _, _ in found)
        return Score(
            name=self.name,
            value=value,
            explanation=f"In turn {turn + 1} the user contradicts the agent; {count} of {turns} user turns do.",
            evidence=excerpt(text),
            turn=turn,
        )


def strength_of(text: str, said_before: str) -> float:
    """How much ``text`` contradicts what the agent had said: 1 plainly, 0.6 softly, 0.3 perhaps, 0 not."""
    folded = fold(text).lstrip("\"'*-. ")
    if corrected := CORRECTS.search(folded):
        return _SOFT if _SOFT_OPENING.match(corrected[0]) else _FIRM
    if _NO.match(folded):
        return _WEAK if _ASKS_NO.search(said_before[-_TAIL:].lower()) else _SOFT
    return _WEAK if _BUT.match(folded) else 0.0
