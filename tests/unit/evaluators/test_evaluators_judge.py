"""A criterion judged by a model."""

import random

import pytest
from talks import talk

from evaluators.judge import Criterion, Example, Judge, JudgeError, JudgeReply, Line, ScriptedJudgeModel
from evaluators.run import run
from traces.errors import BadInput
from traces.model import Direction, EvaluatorFailure

RESOLVED = Criterion(name="resolved", question="Was the user's problem resolved?", model="scripted")
SCRIPT = ScriptedJudgeModel(
    [
        Line("charged twice", "no", "The double charge was not undone."),
        Line("just saying hello", "not_applicable", "There was no problem."),
    ],
    Line("", "yes", "The user got what they asked for."),
)


class Model:
    """Gives its answers in order, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def complete(self, system, user, schema):
        self.asked.append((system, user))
        answer = self.answers.pop(0)
        if isinstance(answer, JudgeError):
            raise answer
        return (
            answer
            if isinstance(answer, JudgeReply)
            else JudgeReply(text=answer, input_tokens=10, output_tokens=2, cost_usd=0.5)
        )


def judge(*answers, criterion=RESOLVED):
    return Judge(criterion, Model(*answers), random.Random(1))


TALK = talk(("user", "I was charged twice!"), ("assistant", "Let me see."))


def test_the_first_line_of_the_script_that_is_found_decides():
    score = run(Judge(RESOLVED, SCRIPT), TALK)
    assert (score.value, score.label, score.source) == (0.0, "no", "judge")
    assert score.explanation == "The double charge was not undone."
    assert (score.evidence, score.turn) == ("charged twice", 0)


def test_without_a_line_found_the_script_s_default_decides():
    assert run(Judge(RESOLVED, SCRIPT), talk(("user", "Thanks, all good"))).value == 1.0


def test_a_script_does_not_find_its_patterns_in_the_question():
    script = ScriptedJudgeModel([Line("resolved", "no", "x")], Line("", "yes", "y"))
    assert run(Judge(RESOLVED, script), talk(("user", "hi"))).value == 1.0


def test_a_script_costs_what_it_says_as_if_it_were_real():
    score = run(Judge(RESOLVED, SCRIPT), TALK)
    assert score.input_tokens > 300
    assert score.output_tokens > 10
    assert score.cost_usd == pytest.approx((score.input_tokens * 0.25 + score.output_tokens * 2.0) / 1e6)


def test_a_wrong_pattern_is_refused_by_its_place():
    with pytest.raises(BadInput, match=r"script\[0\]\.pattern"):
        ScriptedJudgeModel([Line("(", "yes", "")], Line("", "no", ""))


def test_not_applicable_is_a_label_without_a_value_and_keeps_its_cost():
    score = run(Judge(RESOLVED, SCRIPT), talk(("user", "I was just saying hello")))
    assert (score.value, score.label) == (None, "not_applicable")
    assert score.cost_usd > 0


def test_evidence_that_nobody_said_is_dropped_but_the_verdict_stands():
    score = run(judge('{"explanation": "x", "evidence": "I was refunded", "verdict": "yes"}'), TALK)
    assert (score.value, score.evidence, score.turn) == (1.0, None, None)


def test_evidence_is_found_despite_case_and_spacing():
    score = run(judge('{"explanation": "x", "evidence": "Charged   TWICE!", "verdict": "yes"}'), TALK)
    assert score.turn == 0


@pytest.mark.parametrize(
    "text",
    ["", "yes", "{}", '{"verdict": "pass"}', '{"verdict": true}', '{"verdict": ["yes"]}', "[" * 5000, '{"a":' * 5000],
)
def test_an_answer_off_the_menu_is_never_a_pass(text):
    failure = run(judge(text, text), TALK)
    assert isinstance(failure, EvaluatorFailure)
    assert failure.reason == "judge_error"
    assert (failure.input_tokens, failure.output_tokens, failure.cost_usd) == (20, 4, 1.0)


def test_a_model_that_does_not_answer_is_asked_twice_and_then_it_is_a_failure():
    model = Model(JudgeError("down"), JudgeError("late", reason="timeout"))
    failure = run(Judge(RESOLVED, model), TALK)
    assert (failure.reason, failure.message, len(model.asked)) == ("timeout", "late", 2)


def test_a_model_that_can_never_answer_is_asked_once():
    model = Model(JudgeError("wrong key", is_final=True))
    assert run(Judge(RESOLVED, model), TALK).message == "wrong key"


def test_the_same_conversations_are_always_picked_in_the_stated_share():
    tenth = Criterion(name="a", question="q?", model="m", sample_rate=0.1)
    half = Criterion(name="b", question="q?", model="m", sample_rate=0.5)
    ids = [f"conversation-{number}" for number in range(4000)]
    in_tenth, in_half = {i for i in ids if tenth.includes(i)}, {i for i in ids if half.includes(i)}
    assert 320 < len(in_tenth) < 480
    assert 1850 < len(in_half) < 2150
    assert in_tenth < in_half, "a cheaper criterion judges some of those that a dearer one judges"
    assert {i for i in ids if tenth.includes(i)} == in_tenth
    assert {
        i for i in ids if Criterion(name="a", question="q?", model="m", sample_rate=0.1, sample_seed=9).includes(i)
    } != in_tenth


def test_a_conversation_that_was_not_picked_costs_nothing_and_one_that_was_knows_its_chance():
    never = Criterion(name="a", question="q?", model="m", sample_rate=0.0)
    assert run(judge(criterion=never), TALK) is None
    half = Criterion(name="a", question="q?", model="m", sample_rate=0.5)
    picked = next(i for i in map(str, range(99)) if half.includes(i))
    score = run(judge('{"verdict": "yes"}', criterion=half), talk(("user", "x"), conversation_id=picked))
    assert score.inclusion_probability == 0.5


def test_the_version_changes_with_what_verdicts_depend_on_and_with_nothing_else():
    def version(**fields):
        return Criterion(**{"name": "a", "question": "q?", "model": "m"} | fields).version

    assert version() == version(sample_rate=0.2, timeout_s=5, bad=Direction.DOWN, yes_label="Ja")
    versions = [version(), version(question="r?"), version(model="n"), version(temperature=1), version(max_tokens=9)]
    versions.append(version(examples=(Example(text="x", verdict="yes"),)))
    assert len(set(versions)) == 6


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "Bad Name"), ("question", " "), ("model", ""), ("sample_rate", 1.1), ("timeout_s", 0), ("max_tokens", 0), ("temperature", 3),
     ("yes_label", "x" * 76), ("max_transcript_chars", 10)],
)  # fmt: skip
def test_a_criterion_that_makes_no_sense_is_refused_by_its_field(field, value):
    with pytest.raises(BadInput, match=field):
        Criterion(**{"name": "a", "question": "q?", "model": "m"} | {field: value})


def test_examples_are_shown_to_the_judge():
    model = Model('{"verdict": "yes"}')
    examples = (Example(text="user: costs $5?", verdict="no", explanation="No answer."),)
    run(Judge(Criterion(name="a", question="Was $5 paid?", model="m", examples=examples), model), TALK)
    system, _ = model.asked[0]
    assert "Was $5 paid?" in system
    assert "Example 1: user: costs $5?\nRight answer: no. No answer." in system


def test_seeded_marks_repeat_a_run_exactly():
    answers = '{"verdict": "yes"}', '{"verdict": "yes"}'
    one, other = Model(*answers), Model(*answers)
    for model in (one, other):
        evaluator = Judge(RESOLVED, model, random.Random(5))
        run(evaluator, TALK)
        run(evaluator, TALK)
    assert one.asked == other.asked
    assert one.asked[0] != one.asked[1], "no two calls carry the same mark"
