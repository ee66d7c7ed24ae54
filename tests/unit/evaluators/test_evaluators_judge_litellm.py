"""The judge through litellm itself, against a server on loopback that speaks OpenAI's chat completions."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from judge_provider import Provider, serving_provider

from evaluators.judge import Criterion, Judge, LiteLLMJudgeModel
from evaluators.run import run
from traces.model import Conversation, EvaluatorFailure, Message, Score

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:litellm")
AT = datetime(2026, 11, 2, tzinfo=UTC)
TALK = Conversation(
    conversation_id="c1",
    started_at=AT,
    ended_at=AT,
    messages=(
        Message(role="user", content="Where is my refund?"),
        Message(role="assistant", content="I have just sent it to you."),
    ),
)
YES = json.dumps({"explanation": "It was sent.", "evidence": "just sent it", "verdict": "yes"})


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving_provider() as fake:
        yield fake


def ask(provider: Provider, **fields: Any) -> Any:
    criterion = Criterion(
        **{"name": "helped", "question": "Was the user helped?", "model": "openai/gpt-5-mini"} | fields
    )
    return run(Judge(criterion, LiteLLMJudgeModel.of(criterion, api_base=provider.url)), TALK)


def test_a_verdict_comes_with_its_reason_its_evidence_and_what_it_cost(provider):
    provider.will(YES)
    score = ask(provider)
    assert isinstance(score, Score)
    assert (score.value, score.label, score.explanation) == (1.0, "yes", "It was sent.")
    assert (score.evidence, score.turn) == ("just sent it", 1)
    assert (score.input_tokens, score.output_tokens) == (120, 30)
    assert score.cost_usd is not None
    assert 0 < score.cost_usd < 0.01


def test_the_cost_of_an_unknown_model_is_unknown_not_nothing(provider):
    provider.will(YES)
    assert ask(provider, model="openai/our-own-model").cost_usd is None


def test_the_server_is_asked_for_the_schema_with_the_criterion_s_limits(provider):
    provider.will(YES)
    ask(provider, model="openai/our-own-model", max_tokens=321)
    asked = provider.asked[0]
    assert asked["response_format"]["json_schema"]["schema"]["properties"]["verdict"]["enum"] == [
        "yes",
        "no",
        "not_applicable",
    ]
    assert asked["temperature"] == 0
    assert asked["max_tokens"] == 321


def test_an_answer_that_is_no_json_is_asked_for_once_more_and_both_calls_are_paid(provider):
    provider.will("I think it went well, {verdict: maybe", YES)
    score = ask(provider)
    assert score.value == 1.0
    assert (score.input_tokens, score.output_tokens) == (240, 60)
    assert "could not be read" in provider.asked[1]["messages"][1]["content"]


def test_an_answer_cut_off_at_the_limit_is_asked_for_once_more(provider):
    provider.will(('{"verdict": "yes"}', "length"), YES)
    assert ask(provider).value == 1.0
    assert len(provider.asked) == 2


def test_two_unreadable_answers_are_a_failure_and_never_a_pass(provider):
    provider.will("yes", '{"verdict": "definitely"}')
    failure = ask(provider)
    assert isinstance(failure, EvaluatorFailure)
    assert failure.reason == "judge_error"
    assert (failure.input_tokens, failure.output_tokens) == (240, 60)
    assert len(provider.asked) == 2


def test_a_server_error_is_tried_once_more_and_not_a_third_time(provider):
    provider.will(500, 503)
    failure = ask(provider)
    assert isinstance(failure, EvaluatorFailure)
    assert failure.reason == "judge_error"
    assert len(provider.asked) == 2


def test_a_server_error_followed_by_an_answer_is_a_score(provider):
    provider.will(500, YES)
    assert ask(provider).value == 1.0


def test_a_server_that_stays_silent_is_a_timeout(provider):
    provider.will("silence", "silence")
    failure = ask(provider, timeout_s=0.2)
    assert isinstance(failure, EvaluatorFailure)
    assert failure.reason == "timeout"


def test_what_the_provider_says_in_an_error_is_not_repeated(provider):
    provider.will(401)
    failure = ask(provider)
    assert isinstance(failure, EvaluatorFailure)
    assert "secret words" not in failure.message
    assert "401" in failure.message
    assert len(provider.asked) == 1, "a wrong key is not tried again"


def test_a_server_that_refuses_the_schema_gets_it_in_the_prompt_and_is_not_asked_for_it_again(provider):
    provider.will(400, YES, YES)
    criterion = Criterion(name="helped", question="Was the user helped?", model="openai/our-own-model")
    judge = Judge(criterion, LiteLLMJudgeModel.of(criterion, api_base=provider.url))
    assert run(judge, TALK).value == 1.0
    assert run(judge, TALK).value == 1.0
    forms = [asked.get("response_format", {}).get("type") for asked in provider.asked]
    assert forms == ["json_schema", "json_object", "json_object"]
    assert '"additionalProperties": false' in provider.asked[1]["messages"][0]["content"]


def test_a_server_that_refuses_every_form_is_asked_in_plain_text(provider):
    provider.will(400, 422, f"Let me think.\n```json\n{YES}\n```")
    assert ask(provider, model="openai/our-own-model").value == 1.0
    assert "response_format" not in provider.asked[2]


def test_a_server_that_refuses_everything_is_a_failure(provider):
    provider.will(400, 400, 400)
    assert isinstance(ask(provider, model="openai/our-own-model"), EvaluatorFailure)
