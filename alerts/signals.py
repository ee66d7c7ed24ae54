"""The signals: what is measured of every conversation, how it is tested, and which way is bad."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alerts.defined import Definition, measured, signal_defined
from alerts.own import OWN
from alerts.sensitivity import Sensitivity
from alerts.sizes import SIZES, sizes_of, tail_signal
from traces.model import (
    EVERYTHING,
    Calibration,
    Conversation,
    Direction,
    EvaluatorFailure,
    Kind,
    Score,
    Segment,
    Signal,
)
from traces.store.rollups import Fact

VOLUME = Signal(
    name="volume",
    kind=Kind.COUNT,
    bad=Direction.BOTH,
    min_relative=0.3,
    by_segment=False,
    summary="Conversations that ended in the hour.",
)
ERROR_RATE = Signal(
    name="error_rate",
    kind=Kind.RATE,
    unit="%",
    min_relative=0.3,
    min_absolute=0.01,
    summary="Share of conversations in which a model call failed.",
)
LATENCY = Signal(
    name="latency",
    kind=Kind.CONTINUOUS,
    unit="s",
    min_relative=0.15,
    min_absolute=0.05,
    counts="answer",
    summary="Seconds until an answer was complete: p95 is shown, the typical latency is tested.",
)
COST = Signal(
    name="cost",
    kind=Kind.CONTINUOUS,
    unit="USD",
    min_relative=0.15,
    summary="US dollars per conversation, where its cost is known.",
)
LATENCY_TAIL = tail_signal(LATENCY, "Share of answers that took longer than the usual p95 of their hour of the week.")
COST_TAIL = tail_signal(COST, "Share of conversations that cost more than the usual p95 of their hour of the week.")
EVALUATOR_FAILURE = Signal(
    name="evaluator_failure",
    kind=Kind.RATE,
    unit="%",
    min_relative=0.3,
    min_absolute=0.02,
    by_segment=False,
    summary="Share of evaluated conversations on which an evaluator failed; evaluator_failure.NAME is that of one judge.",
)
JUDGE_SPEND = Signal(
    name="judge_spend",
    kind=Kind.CONTINUOUS,
    unit="USD",
    min_relative=0.3,
    by_segment=False,
    summary="US dollars that judges took for a conversation that they were asked about, where the cost is known.",
)
INPUT_DRIFT = Signal(
    name="input_drift",
    kind=Kind.RATE,
    unit="%",
    min_relative=0.5,
    min_absolute=0.03,
    by_segment=False,
    summary="Share of conversations in which users say what is unlike the weeks before; about 2 % by design.",
)
OUTPUT_DRIFT = Signal(
    name="output_drift",
    kind=Kind.RATE,
    unit="%",
    min_relative=0.5,
    min_absolute=0.03,
    by_segment=False,
    summary="Share of conversations in which the agent says what is unlike the weeks before; about 2 % by design.",
)
NEW_TOPIC = Signal(
    name="new_topic",
    kind=Kind.RATE,
    unit="%",
    by_segment=False,
    summary="Share of conversations on a topic that the weeks before hardly had, by topic.",
)
JUDGE_DRIFT = Signal(
    name="judge_drift",
    kind=Kind.RATE,
    unit="%",
    by_segment=False,
    summary="Share of a judge's anchors, conversations with known labels, that it judges otherwise than at first, by judge.",
)
BUILT_IN = (
    VOLUME,
    ERROR_RATE,
    LATENCY,
    LATENCY_TAIL,
    COST,
    COST_TAIL,
    *SIZES,
    EVALUATOR_FAILURE,
    JUDGE_SPEND,
    INPUT_DRIFT,
    OUTPUT_DRIFT,
    NEW_TOPIC,
    JUDGE_DRIFT,
    *OWN,
)

GOOD_WHEN_HIGH = frozenset(
    {
        "accepted", "copied", "correctness", "csat", "faithfulness", "format", "goal", "groundedness", "helpfulness",
        "relevance", "rule_adherence", "satisfied", "task_success", "tool_correctness", "user_feedback",
    }
)  # fmt: skip
BAD_WHEN_HIGH = frozenset(
    {
        "abandonment", "disagreement", "escalation", "frustration", "hallucination", "indirect_injection", "jailbreak",
        "language_mismatch", "missing_disclaimer", "pii_leak", "policy_violation", "prompt_injection", "refusal",
        "repetition", "rephrase", "secret_leak", "tool_error", "tool_loop", "toxicity", "unsafe_tool_use",
    }
)  # fmt: skip

_BAD = {**dict.fromkeys(GOOD_WHEN_HIGH, Direction.DOWN), **dict.fromkeys(BAD_WHEN_HIGH, Direction.UP)}
_JUDGE = "judge"
_OURS = ("evaluator", _JUDGE)
_VALUE_CHARACTERS = 100
OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalOverride:
    """What a team changed of a signal; ``None`` leaves the default. With a ``definition`` the signal is the team's own."""

    definition: Definition | None = None
    enabled: bool = True
    bad: Direction | None = None
    min_relative: float | None = None
    min_absolute: float | None = None
    sensitivity: Sensitivity | None = None
    runbook: str | None = None


def signal_of_score(name: str, bad: Direction | None = None) -> Signal:
    """The signal of a score's rate: the share of conversations in which what its name says is the case.

    A score of one part, such as ``rule_adherence.<rule>``, is bad the way that the whole is.
    """
    if name.startswith(f"{EVALUATOR_FAILURE.name}."):
        judge = name.partition(".")[2]
        return replace(
            EVALUATOR_FAILURE, name=name, summary=f"Share of conversations on which the judge {judge} failed."
        )
    if bad is None:
        whole = name.partition(".")[0]
        bad = _BAD.get(whole, Direction.BOTH)
    return Signal(
        name=name,
        kind=Kind.RATE,
        unit="%",
        bad=bad,
        # A share of good outcomes is mostly high, where a relative change says little: ask for points instead.
        min_relative=0.1 if bad is Direction.DOWN else 0.3,
        min_absolute=0.03 if bad is Direction.DOWN else 0.01,
        evaluator=name,
        summary=f"Share of conversations scored {name}.",
    )


def all_signals(
    scores: Iterable[str], bad: Mapping[str, Direction], overrides: Mapping[str, SignalOverride]
) -> dict[str, Signal]:
    """Every enabled signal by name: the built-in ones, the team's own, and one for each score.

    Args:
        scores: Names of scores that conversations have.
        bad: Which way is bad, for the scores whose evaluator says so.
        overrides: What the team changed, by signal.
    """
    signals = {signal.name: signal for signal in BUILT_IN}
    signals |= {name: signal_defined(name, o.definition) for name, o in overrides.items() if o.definition is not None}
    off = {name for name, override in overrides.items() if not override.enabled}
    signals = {name: signal for name, signal in signals.items() if signal.tail_of not in off}
    for name in scores:
        signals.setdefault(name, signal_of_score(name, bad.get(name) or bad.get(name.partition(".")[0])))
    return {
        name: _overridden(signal, overrides.get(name))
        for name, signal in sorted(signals.items())
        if name not in overrides or overrides[name].enabled
    }


def _overridden(signal: Signal, override: SignalOverride | None) -> Signal:
    if override is None:
        return signal
    changed: dict[str, Any] = {
        field: value
        for field in ("bad", "min_relative", "min_absolute")
        if (value := getattr(override, field)) is not None
    }
    if override.sensitivity is not None:
        changed["patience"] = override.sensitivity.patience
    return replace(signal, **changed)


def threshold_of(signal: Signal, calibrations: Mapping[str, Calibration]) -> float:
    """The value at or above which a rate counts a conversation as positive."""
    calibration = calibrations.get(signal.evaluator or "")
    return 0.5 if calibration is None else calibration.threshold


def measure(
    conversation: Conversation,
    outcomes: Sequence[Score | EvaluatorFailure],
    keys: Sequence[str],
    known: Mapping[str, Mapping[str, object]],
    max_values: int,
    defined: Mapping[str, Definition] | None = None,
    drift: Mapping[str, float] | None = None,
) -> Fact:
    """What a conversation contributes to the signals, at the time when it ended.

    Args:
        conversation: The conversation.
        outcomes: Its current scores and failures; failures are no scores, and counted on their own.
        keys: Metadata keys that cut the traffic.
        known: By key, the values seen so far.
        max_values: Values of one key that are kept apart; a further one counts as ``other``.
        defined: The team's own signals, by name.
        drift: By signal, 1 where the conversation is unlike the weeks before.
    """
    values: dict[str, list[float]] = {
        VOLUME.name: [1.0],
        ERROR_RATE.name: [1.0 if conversation.errors else 0.0],
    }
    if latencies := [m.latency_s for m in conversation.messages if m.latency_s is not None]:
        values[LATENCY.name] = latencies
    if (cost := conversation.cost_usd) is not None:
        values[COST.name] = [cost]
    if (spent := sum(o.cost_usd or 0.0 for o in outcomes if getattr(o, "source", _JUDGE) == _JUDGE)) > 0:
        values[JUDGE_SPEND.name] = [spent]
    values |= sizes_of(conversation)
    values |= {name: [float(has_failed)] for name, has_failed in _failures(outcomes).items()}
    values |= {name: [unlike] for name, unlike in (drift or {}).items()}
    scores = _one_per_name(outcomes)
    for name, definition in (defined or {}).items():
        if numbers := measured(definition, conversation, scores):
            values.setdefault(name, numbers)
    for score in scores:
        if score.value is not None and score.name not in (defined or {}):
            values.setdefault(score.name, [score.value])
    pairs = [
        Segment(((key, _folded(value, known.get(key, {}), max_values)),))
        for key in keys
        if (value := segment_value(conversation, key)) is not None
    ]
    return Fact(
        conversation_id=conversation.conversation_id,
        at=conversation.ended_at,
        segments=(EVERYTHING, *pairs),
        values=values,
    )


def _failures(outcomes: Sequence[Score | EvaluatorFailure]) -> dict[str, bool]:
    """Whether any of Hark's evaluators failed, and each judge; nothing of those that did not try.

    A score with a failure beside it is of another source, or older: the try failed.
    """
    tries = [o for o in outcomes if isinstance(o, EvaluatorFailure) or o.source in _OURS]
    if not tries:
        return {}
    failed = {o.name for o in tries if isinstance(o, EvaluatorFailure)}
    judged = failed | {o.name for o in tries if isinstance(o, Score) and o.source == "judge"}
    whole = (name for name in judged if "." not in name)
    return {EVALUATOR_FAILURE.name: bool(failed)} | {f"{EVALUATOR_FAILURE.name}.{n}": n in failed for n in whole}


def _one_per_name(outcomes: Sequence[Score | EvaluatorFailure]) -> list[Score]:
    """One score of each name: Hark's own evaluator before an imported score; of one source, the last turn's."""
    chosen: dict[str, Score] = {}
    for outcome in outcomes:
        if not isinstance(outcome, Score):
            continue
        before = chosen.get(outcome.name)
        if before is None or outcome.source in ("evaluator", before.source):
            chosen[outcome.name] = outcome
    return list(chosen.values())


def segment_value(conversation: Conversation, key: str) -> str | None:
    """The conversation's value of a segment key, shortened; ``None`` when it has none."""
    value = conversation.metadata.get(key)
    if value is None and key == "model":
        value = next((m.model for m in reversed(conversation.messages) if m.model), None)
    if value is None or isinstance(value, (dict, list)) or value == "":
        return None
    return str(value)[:_VALUE_CHARACTERS]


def _folded(value: str, known: Mapping[str, object], max_values: int) -> str:
    return value if value in known or len(known) < max_values else OTHER
