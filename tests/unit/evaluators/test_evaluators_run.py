"""One evaluator's outcome, whatever it does."""

import math

import pytest
from talks import talk

from evaluators.refusal import Refusal
from evaluators.run import run
from traces.model import EvaluatorFailure, Score


class Broken(Refusal):
    def __init__(self, outcome):
        self.outcome = outcome

    def evaluate(self, conversation):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def test_an_exception_becomes_a_failure_that_names_it():
    failure = run(Broken(ZeroDivisionError("division by zero")), talk(("user", "x")))
    assert failure == EvaluatorFailure(
        name="refusal", reason="bug", message="ZeroDivisionError: division by zero", evaluator_version=Refusal.version
    )


@pytest.mark.parametrize(
    "outcome",
    [
        Score(name="refusal", value=math.nan),
        Score(name="refusal", value=math.inf),
        Score(name="refusal"),
        Score(name="refusal", value=1.0, inclusion_probability=0.0),
        Score(name="refusal", value=1.0, inclusion_probability=math.nan),
        0.5,
        "yes",
    ],
)
def test_what_is_no_score_is_a_failure_and_never_a_score(outcome):
    failure = run(Broken(outcome), talk(("user", "x")))
    assert isinstance(failure, EvaluatorFailure)
    assert failure.reason == "bug"


def test_a_score_carries_the_name_and_version_of_its_evaluator():
    score = run(Broken(Score(name="something else", value=1.0)), talk(("user", "x")))
    assert (score.name, score.evaluator_version) == ("refusal", Refusal.version)
