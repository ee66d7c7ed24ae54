"""Which evaluators run."""

import pytest

from evaluators.base import traits_of
from evaluators.judge import TEMPLATES, Criterion, Line, ScriptedJudgeModel
from evaluators.registry import BUILT_IN, build, catalogue
from traces.errors import BadConfig

RESOLVED = Criterion(name="resolved", question="Was it resolved?", model="scripted")


def scripted(_):
    return ScriptedJudgeModel([], Line("", "yes", ""))


def names(*args, **kwargs):
    return [evaluator.name for evaluator in build(*args, **kwargs)]


NEED_CONFIGURATION = {"format", "missing_disclaimer"}


def test_every_built_in_evaluator_runs_that_needs_no_configuration():
    assert set(BUILT_IN) - set(names()) == {*NEED_CONFIGURATION, "rule_adherence"}


@pytest.mark.parametrize(("name", "options"), [("format", {"json": True}), ("missing_disclaimer", {"topics": {}})])
def test_one_that_needs_configuration_runs_as_soon_as_it_has_some(name, options):
    assert name in names(options={name: options})
    assert name not in names(options={name: {}})
    assert name not in names([name], options={name: options})


def test_the_catalogue_lists_what_is_off_and_says_why():
    listed = catalogue(build(["refusal"], [RESOLVED], scripted), ["refusal"])
    off = {one.evaluator.name: one.why_off for one in listed if one.why_off}
    assert {one.evaluator.name for one in listed} == {*BUILT_IN, *TEMPLATES, "resolved"}
    assert off.pop("refusal") == "switched off in the settings"
    assert {name for name, why in off.items() if why.startswith("needs configuration: ")} == NEED_CONFIGURATION
    assert set(off) == {*NEED_CONFIGURATION, "rule_adherence", "relevance", "policy", "tool_correctness", "goal"}


def test_evaluators_and_criteria_can_be_disabled():
    found = names(["refusal"], [RESOLVED], scripted)
    assert ("refusal" in found, found[-1]) == (False, "resolved")
    assert "resolved" not in names(["resolved"], [RESOLVED], scripted)


def test_an_unknown_name_is_refused_with_the_one_that_was_meant():
    with pytest.raises(BadConfig, match="did you mean refusal"):
        build(["refusl"])


def test_every_mistake_is_listed_at_once():
    with pytest.raises(BadConfig) as caught:
        build(["refusl", "zzz"], [RESOLVED, RESOLVED], scripted)
    assert len(caught.value.mistakes) == 3


def test_a_criterion_takes_the_place_of_the_built_in_evaluator_of_its_name_unless_that_is_enabled_by_name():
    refusal = [Criterion(name="refusal", question="Did it refuse?", model="scripted")]
    [judge] = [e for e in build(criteria=refusal, model_of=scripted) if e.name == "refusal"]
    assert traits_of(judge).layer == 2
    with pytest.raises(BadConfig, match="refusal is taken"):
        build(criteria=refusal, model_of=scripted, enabled=["refusal"])
