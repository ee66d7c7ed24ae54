"""One evaluator over one conversation."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import Final, Protocol, runtime_checkable

from evaluators.base import Evaluator, Verdict, excerpt
from evaluators.seldom import Seldom
from traces.model import Conversation, EvaluatorFailure, Score

_FAILURES: Final = Seldom(logging.getLogger(__name__))


def run(evaluator: Evaluator, conversation: Conversation) -> Verdict:
    """Evaluate ``conversation``; never raises for what an evaluator does.

    The score or failure carries the evaluator's name and version. A value that is not a finite number, or an
    inclusion probability outside (0, 1], is the evaluator's bug, not a score.
    """
    try:
        outcome: object = evaluator.evaluate(conversation)
    except Exception as error:  # noqa: BLE001 - one evaluator's bug must not keep the others from their work
        return _raised(evaluator, error)
    return None if outcome is None else _checked(evaluator, outcome, evaluator.name)


@runtime_checkable
class Detailed(Protocol):
    """An evaluator that has more to say than one thing: outcomes of its own name, and of ``<name>.<something>``."""

    def evaluate_all(self, conversation: Conversation) -> list[Score | EvaluatorFailure]: ...


def run_all(evaluator: Evaluator, conversation: Conversation) -> list[Score | EvaluatorFailure]:
    """Everything that ``evaluator`` says of ``conversation``, under the same terms as :func:`run`."""
    if not hasattr(evaluator, "evaluate_all"):  # asking a protocol takes longer than many an evaluator
        outcome = run(evaluator, conversation)
        return [] if outcome is None else [outcome]
    assert isinstance(evaluator, Detailed)
    try:
        outcomes = evaluator.evaluate_all(conversation)
    except Exception as error:  # noqa: BLE001 - as in run
        return [_raised(evaluator, error)]
    of_it = (evaluator.name, f"{evaluator.name}.")
    return [_checked(evaluator, o, o.name if o.name.startswith(of_it[1]) else of_it[0]) for o in outcomes]


def _raised(evaluator: Evaluator, error: Exception) -> EvaluatorFailure:
    _FAILURES.tell(evaluator.name, type(error).__name__)
    return _bug(evaluator, f"{type(error).__name__}: {error}")


def _checked(evaluator: Evaluator, outcome: object, name: str) -> Score | EvaluatorFailure:
    if not isinstance(outcome, Score | EvaluatorFailure):
        return _bug(evaluator, f"returned {type(outcome).__name__}, not a score")
    if isinstance(outcome, Score) and (mistake := _mistake_in(outcome)):
        return _bug(evaluator, mistake)
    return replace(outcome, name=name, evaluator_version=evaluator.version)


def _mistake_in(score: Score) -> str | None:
    if score.value is not None and not math.isfinite(score.value):
        return f"returned the value {score.value}, which is not a finite number"
    if score.value is None and score.label is None:
        return "returned a score with neither a value nor a label"
    if not 0 < score.inclusion_probability <= 1:
        return f"returned the inclusion probability {score.inclusion_probability}, which is not in (0, 1]"
    return None


def _bug(evaluator: Evaluator, message: str) -> EvaluatorFailure:
    return EvaluatorFailure(
        name=evaluator.name, reason="bug", message=excerpt(message), evaluator_version=evaluator.version
    )
