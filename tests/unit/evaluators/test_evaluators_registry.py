"""Which evaluators run."""

import pytest

from evaluators.judge import Criterion, Line, ScriptedJudgeModel
from evaluators.registry import build
from traces.errors import BadConfig

RESOLVED = Criterion(name="resolved", question="Was it resolved?", model="scripted")


def scripted(_):
    return ScriptedJudgeModel([], Line("", "yes", ""))


def names(*args, **kwargs):
    return [evaluator.name for evaluator in build(*args, **kwargs)]


def test_all_built_in_evaluators_run_unless_told_otherwise():
    assert names() == ["user_feedback", "refusal", "tool_error", "rephrase"]


def test_evaluators_and_criteria_can_be_disabled():
    assert names(["refusal"], [RESOLVED], scripted) == ["user_feedback", "tool_error", "rephrase", "resolved"]
    assert "resolved" not in names(["resolved"], [RESOLVED], scripted)


def test_an_unknown_name_is_refused_with_the_one_that_was_meant():
    with pytest.raises(BadConfig, match="did you mean refusal"):
        build(["refusl"])


def test_every_mistake_is_listed_at_once():
    with pytest.raises(BadConfig) as caught:
        build(["refusl", "zzz"], [RESOLVED, RESOLVED], scripted)
    assert len(caught.value.mistakes) == 3


def test_a_criterion_may_not_take_the_name_of_a_built_in_evaluator():
    with pytest.raises(BadConfig, match="refusal is taken"):
        build(criteria=[Criterion(name="refusal", question="Did it refuse?", model="scripted")], model_of=scripted)
