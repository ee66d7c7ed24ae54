"""Whether the user tries to take the assistant over."""

from __future__ import annotations

from typing import Final

from evaluators.base import When, excerpt
from evaluators.injection import SIGNS_OF_USERS, Attempt, attempt_in
from traces.model import Conversation, Direction, Score

_TURNS: Final = 100
_SHOWN: Final = 3


class PromptInjection:
    """The user turn with the strongest signs; 0.8 and more is of high severity, 0.5 and more of low.

    Signs are orders to drop instructions, questions for the system prompt or a secret, roles without rules, false
    authority, chat delimiters, false verdicts and invisible or encoded text, in English and some twenty languages.
    """

    name = "prompt_injection"
    version = "3"
    when: When = "arrival"
    summary = (
        "The user tries to override the instructions, get at the system prompt or a secret, or put the assistant into a"
        " role without rules; also when spelled in other letters, encoded or invisible. It knows techniques, not"
        " intentions: a harmful request in plain words, or a new technique, passes unseen."
    )
    question = "Did the user try to make the assistant break its instructions?"
    yes_label = "Yes, an attack"
    no_label = "No, an honest request"
    bad = Direction.UP

    def evaluate(self, conversation: Conversation) -> Score | None:
        said = [(turn, m.content) for turn, m in enumerate(conversation.messages) if m.role == "user" and m.content]
        if not said:
            return None
        attempts = [(attempt_in(text, SIGNS_OF_USERS), turn, text) for turn, text in said[-_TURNS:]]
        attempt, turn, text = max(attempts, key=lambda item: item[0].value)
        if not attempt.found:
            return Score(name=self.name, value=0.0, explanation="No user turn shows a sign of an attack.")
        return Score(
            name=self.name, value=attempt.value, explanation=explain(attempt, turn), evidence=excerpt(text), turn=turn
        )


def explain(attempt: Attempt, turn: int) -> str:
    """The severity and the strongest signs, on one line."""
    signs = "; ".join(f"{seen.family} ({seen.words})" for seen in attempt.found[:_SHOWN])
    severity = {"high": "High severity", "low": "Low severity", "none": "Weak signs only"}[attempt.severity]
    return f"{severity}, turn {turn + 1}: {signs}."
