"""Labels under other names than the evaluator's, as data sets and other products have them."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

import orjson

from evaluators.truth import majority, truth_among, truth_of
from traces.model import Label

SAME: Final = MappingProxyType(
    {
        "prompt_injection": ("injection", "jailbreak", "direct_injection"),
        "indirect_injection": ("xpia", "indirect_prompt_injection"),
        "pii_leak": ("pii", "pii_spans", "pii_leakage", "pii_detection"),
        "secret_leak": ("secrets", "secret", "secret_spans", "leaked_secret"),
        "groundedness": ("faithfulness", "grounded", "supported"),
        "frustration": ("user_friction", "dissatisfaction", "dissatisfied", "user_frustration", "frustrated"),
        "abandonment": ("abandoned", "hangup"),
        "refusal": ("over_refusal", "refused"),
        "rephrase": ("rephrase_retry", "retry"),
        "tool_loop": ("agent_loop", "loop"),
        "repetition": ("degeneration", "repetition_degeneration"),
        "toxicity": ("toxic",),
        "task_success": ("task_completion", "success", "resolved"),
        "user_feedback": ("satisfaction", "satisfied", "thumbs"),
        "escalation": ("handoff", "human_handoff", "escalated"),
        "language_mismatch": ("wrong_language",),
    }
)
"""By evaluator, names under which a label says the same."""

OPPOSITE: Final = MappingProxyType(
    {
        "groundedness": ("hallucination", "hallucinated"),
        "task_success": ("task_failure", "failure", "failed"),
        "user_feedback": ("dissatisfied", "dissatisfaction"),
    }
)
"""By evaluator, names under which a label says the contrary."""

STRUCTURED_KINDS: Final = frozenset(
    {
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
        "CREDIT_CARD",
        "IBAN_CODE",
        "IBAN",
        "US_SSN",
        "SSN",
        "IP_ADDRESS",
        "EMAIL",
        "PHONE",
    }
)
"""Kinds of marked spans that code can see; names and postal addresses take a model of language."""


def truth_for(evaluator: str, labels: Iterable[Label]) -> bool | None:
    """What ``labels`` of one conversation say to the question of ``evaluator``; its own name goes before the others.

    A label that lists spans, ``[[start, end, kind], ...]``, says yes where one is of a kind that code can see.
    """
    given = tuple(labels)
    own = truth_among(label for label in given if label.name == evaluator)
    if own is not None:
        return own
    same = [_truth(label) for label in given if label.name in SAME.get(evaluator, ())]
    opposite = [_truth(label) for label in given if label.name in OPPOSITE.get(evaluator, ())]
    return majority([*same, *(None if truth is None else not truth for truth in opposite)])


def is_labelled_for(evaluator: str, labels: Iterable[Label]) -> bool:
    """Whether any of ``labels`` is about the question of ``evaluator``, whatever it says."""
    names = {evaluator, *SAME.get(evaluator, ()), *OPPOSITE.get(evaluator, ())}
    return any(label.name in names for label in labels)


def evaluators_called(name: str) -> list[str]:
    """The evaluators whose question labels of ``name`` answer."""
    return [evaluator for named in (SAME, OPPOSITE) for evaluator, names in named.items() if name in names]


def other_names(evaluator: str) -> list[str]:
    """Names under which a label answers the question of ``evaluator``, to the same effect or the contrary one."""
    return [*SAME.get(evaluator, ()), *OPPOSITE.get(evaluator, ())]


def _truth(label: Label) -> bool | None:
    if isinstance(label.value, str) and label.value.startswith("["):
        return _any_seen(label.value)
    return truth_of(label.value)


def _any_seen(spans: str) -> bool | None:
    try:
        parsed = orjson.loads(spans)
    except orjson.JSONDecodeError:
        return None
    kinds = [span[2] for span in parsed if isinstance(span, list) and len(span) > 2]  # noqa: PLR2004 - [start, end, kind]
    return any(kind in STRUCTURED_KINDS for kind in kinds) if len(kinds) == len(parsed) else bool(parsed)
