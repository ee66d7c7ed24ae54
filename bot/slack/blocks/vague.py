"""The card about a question that is too vague, with conversations that reviewers answered differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.slack.blocks.conversation import turn_elements
from bot.slack.blocks.figures import counted, share
from bot.slack.blocks.parts import actions, button, context, rich_text, section
from bot.slack.blocks.surface import Message, delivery
from bot.slack.blocks.tokens import Token
from bot.slack.blocks.values import Turn
from bot.slack.text import Block, escape

CHANGE: Final = "vague_change"
DISMISS: Final = "vague_dismiss"
_NAME: Final = 60
_NAMES: Final = 5
_QUESTION: Final = 300
_WAYS_OUT: Final = {
    False: "Say when it holds, and when it does not; labels keep the version of the question that they answered.",
    True: "It is what the evaluator asks: a judge's question is said more clearly in its `[[judges]]` settings; beside any "
    "evaluator's, words of your own tell the cases apart.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A conversation that reviewers answered differently: its last turns, redacted, and display names of who said what."""

    turns: tuple[Turn, ...]
    yes: tuple[str, ...]
    no: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VagueQuestion:
    """A question that reviewers answer hardly more alike than by chance.

    Attributes:
        ref: What the buttons carry.
        alpha: Krippendorff's alpha with its 95 % interval.
        agreement: Share of the ``n_double`` conversations that several answered and all answered alike.
        is_evaluators: Whether it is what an evaluator asks, and not a word of the team.
        dismissed_by: Display name of who left it as it is.
    """

    ref: str
    title: str
    question: str
    alpha: tuple[float, float, float]
    agreement: float
    n_double: int
    contradictions: tuple[Contradiction, ...] = ()
    is_evaluators: bool = False
    dismissed_by: str | None = None


def vague_message(found: VagueQuestion, *, delivery_id: str) -> Message:
    """What is vague, how that shows, and what may be done."""
    title = escape(found.title, _NAME)
    first = f"🤔 Reviewers do not agree what “{title}” means"
    blocks = [section(f"*{first}*\n{escape(found.question, _QUESTION)}\n{_evidence(found)}")]
    for contradiction in found.contradictions:
        blocks += _contradiction(contradiction)
    if found.dismissed_by is None:
        blocks.append(
            context(f"No evaluator can be measured by it until people mean the same. {_WAYS_OUT[found.is_evaluators]}")
        )
        blocks.append(_controls(found.ref))
    else:
        blocks.append(context(f"Left as it is by {escape(found.dismissed_by, _NAME)}"))
    return Message(text=first, blocks=tuple(blocks), metadata=delivery(delivery_id))


def _evidence(found: VagueQuestion) -> str:
    alpha = "{:.2f} ({:.2f} to {:.2f})".format(*found.alpha)
    alike = f"{share(found.agreement)} of {counted(found.n_double, 'conversation')} that several answered"
    return f"They answered {alike} alike; beyond chance that is α {alpha}, where 1 is agreement and 0 is chance."


def _contradiction(contradiction: Contradiction) -> Iterator[Block]:
    if contradiction.turns:
        yield rich_text(*(element for turn in contradiction.turns for element in turn_elements(turn)))
    yield context(f"yes: {_who(contradiction.yes)} · no: {_who(contradiction.no)}")


def _who(names: tuple[str, ...]) -> str:
    shown = ", ".join(escape(name, _NAME) for name in names[:_NAMES])
    return f"{shown} and {len(names) - _NAMES} more" if len(names) > _NAMES else shown or "nobody any more"


def _controls(ref: str) -> Block:
    value = str(Token(ref))
    return actions(
        [
            button("Change the question…", CHANGE, value, style="primary"),
            button("Dismiss", DISMISS, value),
        ],
        f"vague:{ref}",
    )
