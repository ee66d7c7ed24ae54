"""Whether the user left before the conversation had come to its end."""

from __future__ import annotations

import math
import re
from typing import Final

from evaluators.base import When, excerpt
from evaluators.dissatisfaction_phrases import CLOSES, COMPLAINS, HANDS_OFF, fold
from traces.model import Conversation, Direction, Message, Score

_TAIL_CHARS: Final = 600
_RECENT: Final = 6
_POSITIVE: Final = 0.5
_ASKS: Final = re.compile(
    r"\?|？|\b(?:please (?:provide|confirm|tell|enter|select|choose|share|let me know|specify|reply)|let me know(?! if (?:you|there|i can)| how else)|could you|can you|would you"
    r"|what is your|which (?:one|of)|select one|bitte (?:geben|nennen|wählen)|veuillez|por favor|indíque\w{0,3})"
    r"|^(?:ask|propose|offer|request|disambiguate|clarify|elicit|prompt|verify)_|_(?:ask|propose|request)(?:_|\b)|\[ask_"
)
"""A request for an answer; voice bots often log names of intents, such as ``ask_time``, in place of words."""
_FAILS: Final = re.compile(
    r"\b(?:unavailable|not available|no (?:\w{1,15} )?(?:available|results?|options?|slots?)|unable|can(?:no|')t|couldn't|could not|sorry|unfortunately|failed|error"
    r"|try again|not (?:found|possible)|invalid)\b|(?:^|_)(?:failed|unavailable|error|retry|no_\w{1,20}_available|not_found|fallback|repeat)(?:_|\b)"
)
_DONE: Final = re.compile(
    r"\b(?:(?:is|are|has been|have been|was|were|been) (?:now )?(?:successfully |all )?(?:booked|confirmed|scheduled|cancell?ed|completed?|done|set|updated|changed|processed|placed|sent|refunded|resolved|submitted|approved)"
    r"|(?:anything|something) else|have a (?:good|great|nice|wonderful|lovely|safe)|you're welcome|good ?bye|glad (?:i|to|we)|happy to help|thank you for (?:calling|contacting|choosing))"
    r"|^(?:confirm|confirmed|inform|goodbye|farewell|closing|success|booked|thank)_|_(?:scheduled|confirmed|booked|completed|goodbye)\b"
)
_YES: Final = re.compile(
    r"(?:yes|yeah|yep|ok|okay|sure|confirm\w{0,3}|correct|sounds good|ja|oui|s[ií]|sim|affirm\w{0,4}|accept\w{0,2})\b"
)
_START: Final = -2.6
_WEIGHTS: Final = {
    "the agent has the last word": 2.2,
    "it is waiting for an answer": 1.1,
    "the last answer did not help": 0.7,
    "the agent had asked the same before": 0.5,
    "the user complained": 1.0,
    "a call that broke off": 1.5,
    "a single question and its answer": -2.0,
    "an ending in good order": -1.8,
    "the user had agreed": -0.6,
    "what was asked for is done": -1.2,
    "handed to a person": -1.5,
}
"""Log-odds per feature, rounded from a logistic fit of the structural ones; the others are set by hand."""
_BROKE_OFF: Final = re.compile(
    r"hang.?up|hung.?up|silence|timeout|timed.?out|no.?input|abandon|customer.?ended.?early|dropped", re.IGNORECASE
)


class Abandonment:
    """Log-odds of a few features of the ending, most of them about structure: who spoke last, and what was open then."""

    name = "abandonment"
    version = "3"
    when: When = "quiet"
    summary = (
        "The user left with something open: the agent had the last word, was waiting for an answer, had not helped or"
        " had asked before, and nobody had closed. It cannot see a user who got what they wanted and left without a word"
        " from one who gave up, nor how long it has been quiet."
    )
    question = "Did the user leave before they had what they came for?"
    yes_label = "Yes, left early"
    no_label = "No, it was finished"
    bad = Direction.UP

    def evaluate(self, conversation: Conversation) -> Score | None:
        said = [
            (turn, message)
            for turn, message in enumerate(conversation.messages)
            if message.role in ("user", "assistant") and message.content.strip()
        ]
        if not any(message.role == "user" for _, message in said):
            return None
        features = _features([message for _, message in said], conversation)
        value = 1 / (1 + math.exp(-(_START + sum(_WEIGHTS[name] * amount for name, amount in features.items()))))
        if value < _POSITIVE:
            return Score(name=self.name, value=value, explanation="The conversation seems to have come to its end.")
        turn, last = said[-1]
        signs = sorted((n for n in features if features[n] * _WEIGHTS[n] > 0), key=lambda n: -features[n] * _WEIGHTS[n])
        return Score(
            name=self.name,
            value=value,
            explanation=f"The user left after turn {turn + 1}: {', '.join(signs[:3])}.",
            evidence=excerpt(last.content[-_TAIL_CHARS:]),
            turn=turn,
        )


def _features(said: list[Message], conversation: Conversation) -> dict[str, float]:
    last = said[-1]
    agents = [message for message in said if message.role == "assistant"]
    users = [message for message in said if message.role == "user"]
    is_agents = last.role == "assistant"
    ending, wish = _end_of(last), _end_of(users[-1])
    is_done = is_agents and _DONE.search(ending) is not None
    tail = [message.content[:_TAIL_CHARS] for message in agents[-_RECENT:]]
    return {
        "the agent has the last word": float(is_agents),
        "it is waiting for an answer": float(is_agents and not is_done and _ASKS.search(ending) is not None),
        "the last answer did not help": float(is_agents and _FAILS.search(ending) is not None),
        "the agent had asked the same before": min(1.0, (len(tail) - len(set(tail))) / 2),
        "the user complained": float(COMPLAINS.search(fold(users[-1].content)) is not None),
        "a call that broke off": float(
            _BROKE_OFF.search(str(conversation.metadata.get("end_reason", ""))[:100]) is not None
        ),
        "a single question and its answer": float(len(users) == 1 and is_agents),
        "an ending in good order": float(CLOSES.search(wish) is not None),
        "the user had agreed": float(_YES.match(wish) is not None),
        "what was asked for is done": float(is_done),
        "handed to a person": float(bool(agents) and HANDS_OFF.search(fold(agents[-1].content)) is not None),
    }


def _end_of(message: Message) -> str:
    return fold(message.content[-_TAIL_CHARS:])
