"""What the timings of a voice call tell: interruptions, silences, who talks, and how long the agent takes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from evaluators.base import Need, When, at_limit, excerpt
from evaluators.options import positive, versioned
from traces.model import Conversation, Direction, Message, Score

_VERSION: Final = "1"
_NEEDS: Final[tuple[Need, ...]] = ("timings",)
_LONGEST_S: Final = 1e7
_OVERLAP_S: Final = 0.3
"""Seconds that turns may overlap without an interruption; people answer each other so (Stivers et al. 2009)."""


class _Turn(NamedTuple):
    turn: int
    role: str
    text: str
    start: float | None
    end: float | None
    interrupted: bool | None
    latency: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptionOptions:
    """``share``: the share of interrupted turns of the agent that is too large."""

    share: float = field(
        default=0.25, metadata={"description": "Share of the agent's turns, interrupted, that is too large."}
    )

    def __post_init__(self) -> None:
        positive(share=self.share)


class Interruption:
    """The share of the agent's turns in which the user cut in, on a scale where ``share`` is 0.5.

    Counted by the platform's own mark, otherwise by the user beginning over 0.3 seconds before the agent ends.
    """

    name = "interruption"
    when: When = "quiet"
    needs = _NEEDS
    summary = (
        'The user cuts in on the agent, by the platform\'s mark or the timings of turns. It cannot tell a brief "mhm" from'
        " an interruption."
    )
    question = "Did the user often interrupt the agent?"
    yes_label = "Yes, often"
    no_label = "No"
    bad = Direction.UP

    def __init__(self, options: InterruptionOptions | None = None) -> None:
        self._options = options or InterruptionOptions()
        self.version = versioned(_VERSION, self._options)

    def evaluate(self, conversation: Conversation) -> Score | None:
        turns = _turns(conversation)
        told = [
            (turn, was_cut)
            for at, turn in enumerate(turns)
            if turn.role == "assistant"
            if (was_cut := _is_cut(turn, turns[at + 1] if at + 1 < len(turns) else None)) is not None
        ]
        if not told:
            return None
        cut = [turn for turn, was_cut in told if was_cut]
        return Score(
            name=self.name,
            value=at_limit(len(cut) / len(told), self._options.share),
            explanation=f"{len(cut)} of {len(told)} turns of the agent were interrupted.",
            evidence=excerpt(cut[0].text) if cut else None,
            turn=cut[0].turn if cut else None,
        )


def _is_cut(turn: _Turn, following: _Turn | None) -> bool | None:
    if turn.interrupted is not None:
        return turn.interrupted
    if turn.end is None:
        return None
    if following is None or following.role != "user" or following.start is None:
        return False
    return following.start < turn.end - _OVERLAP_S


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceOptions:
    """``seconds``: the silence that is too long."""

    seconds: float = field(
        default=6.0, metadata={"description": "Seconds of silence that are too long: the value 0.5."}
    )

    def __post_init__(self) -> None:
        positive(seconds=self.seconds)


class Silence:
    """The longest time in which nobody speaks, on a scale where ``seconds`` is 0.5."""

    name = "silence"
    when: When = "quiet"
    needs = _NEEDS
    summary = (
        "The longest silence between two turns of a call. It cannot tell waiting on hold from a line that went dead."
    )
    question = "Was there an awkward silence in the call?"
    yes_label = "Yes, too long"
    no_label = "No"
    bad = Direction.UP

    def __init__(self, options: SilenceOptions | None = None) -> None:
        self._options = options or SilenceOptions()
        self.version = versioned(_VERSION, self._options)

    def evaluate(self, conversation: Conversation) -> Score | None:
        timed = sorted((t for t in _turns(conversation) if t.start is not None), key=lambda t: (t.start or 0.0, t.turn))
        longest, before, spoken_until = -1.0, None, -math.inf
        for turn in timed:
            start = turn.start or 0.0
            if spoken_until > -math.inf and start - spoken_until > longest:
                longest, before = start - spoken_until, turn
            spoken_until = max(spoken_until, turn.end) if turn.end is not None else math.inf
            if spoken_until == math.inf:
                # Without an end nobody knows when the silence began.
                spoken_until = -math.inf
        if before is None:
            return None
        longest = max(0.0, longest)
        return Score(
            name=self.name,
            value=at_limit(longest, self._options.seconds),
            label=f"{longest:.1f} s",
            explanation=f"The longest silence lasts {longest:.1f} seconds, before turn {before.turn + 1}.",
            evidence=excerpt(before.text),
            turn=before.turn,
        )


class TalkRatio:
    """The agent's share of the time in which somebody speaks."""

    name = "talk_ratio"
    version = _VERSION
    when: When = "quiet"
    needs = _NEEDS
    summary = "The agent's share of the talking time. It cannot tell whether the long answers were wanted."
    question = "Did the agent talk more than the user?"
    yes_label = "Yes, more"
    no_label = "No, less"
    bad = Direction.BOTH

    def evaluate(self, conversation: Conversation) -> Score | None:
        spoken = {"assistant": 0.0, "user": 0.0}
        for turn in _turns(conversation):
            if turn.start is not None and turn.end is not None:
                spoken[turn.role] += max(0.0, turn.end - turn.start)
        total = sum(spoken.values())
        if total <= 0 or not math.isfinite(total):
            return None
        agents = spoken["assistant"] / total
        return Score(
            name=self.name,
            value=agents,
            explanation=f"The agent speaks {spoken['assistant']:.0f} of {total:.0f} seconds of speech.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLatencyOptions:
    """``seconds``: the time before an answer that is too long."""

    seconds: float = field(
        default=2.0, metadata={"description": "Seconds before an answer that are too long: the value 0.5."}
    )

    def __post_init__(self) -> None:
        positive(seconds=self.seconds)


class TurnLatency:
    """The median time from the user's last word to the agent's first, on a scale where ``seconds`` is 0.5."""

    name = "turn_latency"
    when: When = "quiet"
    needs = _NEEDS
    summary = (
        "The median time that the user waits for the agent to speak, in a call. It cannot tell what the time went into:"
        " hearing, the model, a tool or the voice."
    )
    question = "Did the agent take too long to answer?"
    yes_label = "Yes, too long"
    no_label = "No, quick enough"
    bad = Direction.UP

    def __init__(self, options: TurnLatencyOptions | None = None) -> None:
        self._options = options or TurnLatencyOptions()
        self.version = versioned(_VERSION, self._options)

    def evaluate(self, conversation: Conversation) -> Score | None:
        waits, before = [], None
        for turn in _turns(conversation):
            if turn.role == "assistant" and (wait := _wait(before, turn)) is not None:
                waits.append((wait, turn))
            before = turn
        if not waits:
            return None
        middle = statistics.median(wait for wait, _ in waits)
        worst, turn = max(waits, key=lambda item: item[0])
        return Score(
            name=self.name,
            value=at_limit(middle, self._options.seconds),
            label=f"{middle:.2f} s",
            explanation=f"The user waits {middle:.2f} seconds for an answer (median of {len(waits)}), at most {worst:.2f}.",
            evidence=excerpt(turn.text),
            turn=turn.turn,
        )


def _wait(before: _Turn | None, turn: _Turn) -> float | None:
    if before is None or before.role != "user":
        return None
    if before.end is not None and turn.start is not None:
        return max(0.0, turn.start - before.end)
    return turn.latency


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechConfidenceOptions:
    """``least``: the recogniser's confidence from which a turn counts as understood."""

    least: float = field(
        default=0.7, metadata={"description": "Confidence, from 0 to 1, from which a turn counts as understood."}
    )

    def __post_init__(self) -> None:
        positive(least=self.least)


class SpeechConfidence:
    """The share of the user's turns that speech recognition was sure of."""

    name = "speech_confidence"
    when: When = "quiet"
    needs = _NEEDS
    summary = (
        "The share of the user's turns that speech recognition was sure of, as the platform tells it. It cannot tell noise from"
        " an accent or a wrong language, nor see what was recognised wrongly with confidence."
    )
    question = "Was the user understood well?"
    yes_label = "Yes, understood"
    no_label = "No, misheard"
    bad = Direction.DOWN

    def __init__(self, options: SpeechConfidenceOptions | None = None) -> None:
        self._options = options or SpeechConfidenceOptions()
        self.version = versioned(_VERSION, self._options)

    def evaluate(self, conversation: Conversation) -> Score | None:
        heard = [
            (confidence, turn, message.content)
            for turn, message in enumerate(conversation.messages)
            if message.role == "user" and isinstance(voice := message.metadata.get("voice"), Mapping)
            if (confidence := _seconds(voice.get("confidence"))) is not None and confidence <= 1
        ]
        if not heard:
            return None
        sure = sum(confidence >= self._options.least for confidence, _, _ in heard)
        worst, turn, text = min(heard)
        return Score(
            name=self.name,
            value=sure / len(heard),
            label=f"{statistics.fmean(confidence for confidence, _, _ in heard):.2f}",
            explanation=f"{sure} of {len(heard)} turns of the user were understood surely; the least sure at {worst:.2f}.",
            evidence=excerpt(text),
            turn=turn,
        )


def _turns(conversation: Conversation) -> list[_Turn]:
    """The spoken turns of a call; none when nothing was timed."""
    said = [
        _read(turn, message, voice)
        for turn, message in enumerate(conversation.messages)
        if message.role in ("user", "assistant") and isinstance(voice := message.metadata.get("voice"), Mapping)
    ]
    return said if any(t.start is not None or t.interrupted is not None for t in said) else []


def _read(turn: int, message: Message, voice: Mapping[str, object]) -> _Turn:
    interrupted = voice.get("interrupted")
    return _Turn(
        turn=turn,
        role=message.role,
        text=message.content,
        start=_seconds(voice.get("start_s")),
        end=_seconds(voice.get("end_s")),
        interrupted=interrupted if isinstance(interrupted, bool) else None,
        latency=_seconds(message.latency_s),
    )


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= _LONGEST_S else None
