"""Sizes that every conversation has: turns, tool calls, tokens, lengths, seconds to the first word."""

from __future__ import annotations

from traces.model import Conversation, Direction, Kind, Signal

TTFT = Signal(
    name="ttft",
    kind=Kind.CONTINUOUS,
    unit="s",
    min_relative=0.25,
    min_absolute=0.05,
    by_segment=False,
    counts="answer",
    summary="Seconds until the first word of an answer: p95 is shown, the typical time is tested.",
)
TOKENS_IN = Signal(
    name="tokens_in",
    kind=Kind.CONTINUOUS,
    bad=Direction.BOTH,
    min_relative=0.3,
    by_segment=False,
    summary="Tokens that models read in a conversation, where they are known.",
)
TOKENS_OUT = Signal(
    name="tokens_out",
    kind=Kind.CONTINUOUS,
    bad=Direction.BOTH,
    min_relative=0.3,
    by_segment=False,
    summary="Tokens that models wrote in a conversation, where they are known.",
)
TURNS = Signal(
    name="turns",
    kind=Kind.CONTINUOUS,
    bad=Direction.BOTH,
    min_relative=0.3,
    by_segment=False,
    summary="Messages of the user in a conversation.",
)
ANSWER_LENGTH = Signal(
    name="answer_length",
    kind=Kind.CONTINUOUS,
    bad=Direction.BOTH,
    min_relative=0.3,
    by_segment=False,
    summary="Characters of an answer to the user, the mean of a conversation.",
)
TOOLS_USED = Signal(
    name="tools_used",
    kind=Kind.CONTINUOUS,
    bad=Direction.BOTH,
    min_relative=0.3,
    by_segment=False,
    summary="Tool calls in a conversation that makes any.",
)
_TAIL_RELATIVE, _TAIL_ABSOLUTE = 0.5, 0.03


def tail_signal(size: Signal, summary: str) -> Signal:
    """The signal of how many values of a size lie above their usual 95 % quantile, watched where the size is."""
    return Signal(
        name=f"{size.name}_tail",
        kind=Kind.RATE,
        unit="%",
        min_relative=_TAIL_RELATIVE,
        min_absolute=_TAIL_ABSOLUTE,
        by_segment=size.by_segment,
        counts=size.counts,
        tail_of=size.name,
        summary=summary,
    )


TTFT_TAIL = tail_signal(TTFT, "Share of answers that began later than the usual p95 of their hour of the week.")
SIZES = (TTFT, TTFT_TAIL, TOKENS_IN, TOKENS_OUT, TURNS, ANSWER_LENGTH, TOOLS_USED)


def sizes_of(conversation: Conversation) -> dict[str, list[float]]:
    """By signal, the sizes of a conversation; what is not known or zero is left out."""
    messages = conversation.messages
    answers = [len(m.content) for m in messages if m.role == "assistant" and m.content]
    found = {
        TTFT.name: [m.ttft_s for m in messages if m.ttft_s is not None and m.ttft_s > 0],
        TOKENS_IN.name: [float(sum(m.input_tokens or 0 for m in messages))],
        TOKENS_OUT.name: [float(sum(m.output_tokens or 0 for m in messages))],
        TURNS.name: [float(sum(m.role == "user" for m in messages))],
        ANSWER_LENGTH.name: [sum(answers) / len(answers)] if answers else [],
        TOOLS_USED.name: [float(sum(len(m.tool_calls) for m in messages))],
    }
    return {name: sizes for name, sizes in found.items() if sizes and sizes[0] > 0}
