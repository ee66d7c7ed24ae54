"""Why evaluators failed, where failures are what an alert is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from alerts.signals import EVALUATOR_FAILURE
from traces.model import EvaluatorFailure, Signal
from traces.redact import redact
from traces.store import Tx

_LOOKED_AT: Final = 200
_TOLD: Final = 3
_CHARACTERS: Final = 200


def why_failed(tx: Tx, signal: Signal, conversation_ids: Iterable[str]) -> dict[str, Any]:
    """The commonest failures in conversations, for the detail of an alert; empty for other signals than of failures.

    Args:
        tx: The store.
        signal: What the alert is about.
        conversation_ids: Those on which an evaluator failed; the first 200 are looked at.

    Returns:
        ``{"failures": [{"evaluator", "reason", "message", "n"}, ...]}``, the commonest first.
    """
    whole, _, of = signal.name.partition(".")
    if whole != EVALUATOR_FAILURE.name:
        return {}
    current = tx.scores.current(islice(conversation_ids, _LOOKED_AT))
    failures = [
        outcome
        for outcomes in current.values()
        for outcome in outcomes
        if isinstance(outcome, EvaluatorFailure) and (not of or outcome.name.partition(".")[0] == of)
    ]
    counted = Counter((failure.name, failure.reason) for failure in failures)
    said = {(failure.name, failure.reason): failure.message for failure in failures}
    return {
        "failures": [
            {"evaluator": name, "reason": reason, "message": redact(said[name, reason]).text[:_CHARACTERS], "n": n}
            for (name, reason), n in counted.most_common(_TOLD)
        ]
    }
