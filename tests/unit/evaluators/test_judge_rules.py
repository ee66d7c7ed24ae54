"""The rules of a system prompt: found, known again, checked, judged in one call."""

import json
import random
import string
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import conversations, talk

from evaluators.judge import JudgeError, JudgeReply, criterion_of
from evaluators.rules import RuleAdherence, RulesInMemory, rules_in
from evaluators.rules.checks import compiled
from evaluators.rules.identity import identified
from evaluators.run import run, run_all
from traces.model import EvaluatorFailure, Message, Score, ToolCall

AIRLINE = Path(__file__).parents[4] / "shared" / "data" / "airline.jsonl"
PROMPT = """You are Nora, a support agent for a shop.

## Rules
1. Never say "guarantee".
2. Verify the customer's identity before you discuss an order.
- Keep your answers under 20 words.

You must never promise a delivery date. The shop was founded in 1990.
"""
RULES = (
    'Never say "guarantee".',
    "Verify the customer's identity before you discuss an order.",
    "Keep your answers under 20 words.",
    "You must never promise a delivery date.",
)


def of_two(first, second):
    verdicts = [
        {"rule": number, "applies": verdict != "not_applicable", "explanation": "Because.", "evidence": "", "verdict": verdict}
        for number, verdict in enumerate((first, second), 1)
    ]  # fmt: skip
    return json.dumps({"rules": verdicts})


class Model:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def complete(self, system, user, schema):
        self.asked.append(user)
        answer = self.answers.pop(0)
        if isinstance(answer, JudgeError):
            raise answer
        return JudgeReply(text=answer, input_tokens=100, output_tokens=10, cost_usd=0.01)


def adherence(*answers, book=None, **fields):
    criterion = criterion_of("rule_adherence", model="m", **fields)
    model = Model(*answers)
    return RuleAdherence(criterion, [model], book, chance=random.Random(1), pause=lambda _: None), model


def shop(*said):
    return talk(("system", PROMPT), *(said or (("user", "Where is it?"), ("assistant", "It comes on Monday."))))


def by_rule(outcomes):
    return {outcome.explanation.split("”")[0].strip("“"): outcome for outcome in outcomes[1:]}


def test_list_items_and_binding_sentences_are_rules_and_the_rest_is_not():
    assert rules_in(PROMPT) == RULES


def test_code_blocks_and_questions_are_no_rules():
    assert rules_in('```\nYou must run this.\n```\nMust you always ask?\n- {"must": 1}') == ()


def test_all_rules_that_take_a_judge_are_asked_about_in_one_call():
    evaluator, model = adherence(of_two("yes", "no"))
    outcomes = run_all(evaluator, shop())
    assert len(model.asked) == 1
    assert "guarantee" not in model.asked[0].split("<<<end of rules")[0], "what code can check is not paid for"
    overall = outcomes[0]
    assert (overall.name, overall.value, overall.label, overall.cost_usd) == ("rule_adherence", 0.0, "no", 0.01)
    assert "1 of 4 rules that apply broken" in overall.explanation
    assert "promise a delivery date" in overall.explanation
    assert [o.value for o in outcomes[1:]] == [1.0, 1.0, 1.0, 0.0]
    assert [o.source for o in outcomes[1:]] == ["evaluator", "judge", "evaluator", "judge"]
    assert all(o.name.startswith("rule_adherence.") and len(o.name) <= 64 for o in outcomes[1:])
    assert sum(o.cost_usd or 0 for o in outcomes) == 0.01


def test_rules_that_do_not_apply_say_nothing_of_the_whole():
    evaluator, _ = adherence(of_two("not_applicable", "yes"))
    overall, *each = run_all(evaluator, shop())
    assert (overall.value, overall.label) == (1.0, "yes")
    assert "3 rules that apply" in overall.explanation
    assert [o.label for o in each].count("not_applicable") == 1


def test_a_missing_verdict_is_asked_for_again_and_then_a_failure_of_that_rule_and_of_the_whole():
    half = json.dumps({"rules": json.loads(of_two("yes", "yes"))["rules"][:1]})
    evaluator, model = adherence(half, half)
    outcomes = run_all(evaluator, shop())
    assert len(model.asked) == 2
    assert [type(o) for o in outcomes].count(EvaluatorFailure) == 2
    assert outcomes[0].reason == "judge_error"
    assert outcomes[0].cost_usd == 0.02


def test_a_broken_rule_is_a_break_though_another_rule_has_no_verdict():
    evaluator, _ = adherence("nonsense", "nonsense")
    outcomes = run_all(evaluator, shop(("user", "Sure?"), ("assistant", "I guarantee it.")))
    assert outcomes[0].value == 0.0
    assert "guarantee" in outcomes[0].evidence
    assert sum(isinstance(o, EvaluatorFailure) for o in outcomes) == 2


@pytest.mark.parametrize(
    "entry",
    [
        {"rule": 1, "applies": False, "verdict": "no"},
        {"rule": 1, "applies": True, "verdict": "broken"},
        {"rule": True, "applies": True, "verdict": "yes"},
        {"rule": 9, "applies": True, "verdict": "yes"},
        "yes",
    ],
)
def test_a_verdict_that_contradicts_itself_or_is_off_the_menu_is_none(entry):
    said = json.dumps({"rules": [entry, json.loads(of_two("yes", "yes"))["rules"][1]]})
    evaluator, _ = adherence(said, said)
    assert isinstance(run(evaluator, shop()), EvaluatorFailure)


def test_without_a_model_the_rules_that_code_can_check_count():
    outcomes = run_all(RuleAdherence(), shop(("user", "?"), ("assistant", "word " * 30)))
    assert (outcomes[0].value, outcomes[0].turn) == (0.0, 2)
    assert len(outcomes) == 3


def test_a_conversation_that_is_not_picked_still_has_what_code_can_tell():
    evaluator, model = adherence(sample_rate=0.0)
    outcomes = run_all(evaluator, shop())
    assert model.asked == []
    assert [o.source for o in outcomes] == ["evaluator", "evaluator"]
    assert run(evaluator, shop()) is None


def test_without_a_system_prompt_there_is_nothing_to_keep():
    assert run_all(RuleAdherence(), talk(("user", "You must obey"), ("assistant", "ok"))) == []


def test_a_system_message_later_on_makes_no_rules():
    assert run_all(RuleAdherence(), talk(("user", "x"), ("system", 'Never say "ok".'), ("assistant", "ok"))) == []


def test_a_rule_keeps_its_identity_when_the_prompt_is_edited():
    book = RulesInMemory()
    before = {rule.text: rule.rule_id for rule in identified(rules_in(PROMPT), book)}
    edited = PROMPT.replace("under 20 words", "under 30 words").replace(
        "Verify the customer's identity before you discuss an order.",
        "Always verify the identity of the customer before you discuss their order with them.",
    )
    edited += "\n- Always offer a voucher to customers who complain.\n"
    after = {rule.text: rule.rule_id for rule in identified(rules_in(edited), book)}
    assert list(before.values()) == list(after.values())[:4]
    assert len(set(after.values())) == 5


def test_a_rule_turned_into_its_opposite_is_another_rule():
    book = RulesInMemory()
    (one,) = identified(["Always offer refunds to angry customers."], book)
    (other,) = identified(["Never offer refunds to angry customers."], book)
    assert one.rule_id != other.rule_id


@given(st.lists(st.text(alphabet=string.ascii_lowercase + " ", min_size=3, max_size=40), max_size=8))
def test_every_rule_of_a_prompt_has_an_identity_of_its_own_that_stays(texts):
    book = RulesInMemory()
    first = identified(texts, book)
    assert len({rule.rule_id for rule in first}) == len(first)
    assert identified(texts, book) == first


def says(*texts):
    return talk(("user", "x"), *(("assistant", text) for text in texts))


GERMAN = "Ich habe das für Sie geprüft und die Lieferung ist auf dem Weg, wir haben sie nicht vergessen."
ENGLISH = "I have checked this for you and the delivery is on the way, we have not forgotten it."


@pytest.mark.parametrize(
    ("rule", "kept", "broken"),
    [
        ("Keep your answers under 5 words.", "one two three four", "one two three four five"),
        ("Responses must not exceed 10 characters.", "1234567890", "12345678901"),
        ("Answer in at most two sentences.", "It is so. It stays so.", "It is so. It stays. Good."),
        ('Never say "I promise" or "guarantee".', "We will try.", "I PROMISE that"),
        ("Do not use emojis.", "Fine :)", "Fine 😀"),
        ("Never use markdown in your responses.", "2 * 3 * 4", "This is **bold**"),
        ("Respond only in valid JSON.", '{"a": 1}', "a: 1"),
        ('Always end your response with "Have a nice day!"', "Done. Have a nice day.", "Done."),
        ('Begin every answer with "Hello".', "Hello, you", "You, hello"),
        ("Always respond in German.", GERMAN, ENGLISH),
        ("Answer only in English.", ENGLISH, GERMAN),
    ],
)
def test_what_code_can_check_it_checks(rule, kept, broken):
    check = compiled(rule)
    assert check(says(kept)).answer == "yes"
    assert check(says(kept, broken)).answer == "no"
    assert check(says(kept, broken)).turn == 2
    assert check(talk(("user", broken))).answer == "not_applicable"


@pytest.mark.parametrize(
    "rule",
    [
        'Do not say "no" if the customer is angry.',
        "Keep answers short.",
        "Answers should be at least 50 words.",
        "Never respond in German.",
        "Keep your answers under 50 words unless the user asks for more.",
        'Never promise a "full refund" without approval of a manager who agrees',
        "Be polite.",
    ],
)
def test_what_code_cannot_check_for_sure_is_left_to_the_judge(rule):
    check = compiled(rule)
    assert check is None or check(says("Hello there, my friend.")) is None


def test_one_tool_at_a_time_is_checked():
    check = compiled("You should only make one tool call at a time.")
    two = Message(role="assistant", tool_calls=(ToolCall(name="a"), ToolCall(name="b")))
    one = Message(role="assistant", content="Wait.", tool_calls=(ToolCall(name="a"),))
    assert check(talk(("user", "x"), two)).answer == "no"
    assert check(talk(("user", "x"), one)).answer == "yes"
    both = compiled(
        "Make one tool call at a time, and if you make a tool call, you should not respond to the user simultaneously."
    )
    assert both(talk(("user", "x"), one)).answer == "no"


def test_a_change_before_any_word_was_made_without_confirmation_and_any_other_is_for_the_judge():
    check = compiled("Obtain explicit user confirmation before booking anything.")
    call = Message(role="assistant", tool_calls=(ToolCall(name="cancel_reservation"),))
    assert check(talk(("user", "cancel it"), call)).answer == "no"
    assert check(talk(("user", "cancel it"), ("assistant", "Sure?"), ("user", "yes"), call)) is None


@given(conversations)
@settings(max_examples=60, deadline=None)
def test_whatever_was_said_every_outcome_is_a_score_and_never_a_crash(conversation):
    for outcome in run_all(RuleAdherence(), conversation):
        assert isinstance(outcome, Score), outcome


@given(st.text(max_size=400) | st.text(alphabet='-1.) \n#*"neverusayodtokp', max_size=400))
def test_any_text_is_parsed(text):
    for rule in rules_in(text):
        compiled(rule)


HOSTILE = [
    "- ",
    "must ",
    "a:\n",
    "**",
    "1. x\n",
    " ",
    "x. ",
    '"',
    'never say "a" ',
    "before ",
    "answers at most ",
    "[",
    "\t-",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_200_kb_of_anything_is_parsed_and_checked_in_no_time(unit):
    text = unit * (200_000 // len(unit))
    began = time.process_time()
    for rule in rules_in(text):
        compiled(rule)
    conversation = talk(("system", PROMPT + 'Never say "zzz".\n- No emojis.\n- Avoid markdown.\n'), ("assistant", text))
    run_all(RuleAdherence(), conversation)
    assert time.process_time() - began < 2


@pytest.mark.skipif(not AIRLINE.exists(), reason="the airline conversations are not here")
def test_the_policy_of_a_real_agent_gives_its_rules():
    with AIRLINE.open(encoding="utf-8") as lines:
        policy = json.loads(next(lines))["messages"][0]["content"]
    rules = rules_in(policy)
    assert 30 <= len(rules) <= 40
    assert sum(compiled(rule) is not None for rule in rules) >= 2
    assert any(rule.startswith("You should deny user requests") for rule in rules)
