"""What agents do: repeat themselves, answer in another language or format, go in circles, take too long."""

import pytest
from talks import talk

from evaluators.format import Format, FormatOptions
from evaluators.language_mismatch import LanguageMismatch, LanguageOptions
from evaluators.registry import build
from evaluators.repetition import Repetition
from evaluators.steps import Steps, StepsOptions
from evaluators.tool_loop import ToolLoop, ToolLoopOptions
from evaluators.voice import Interruption, Silence, SilenceOptions, TalkRatio, TurnLatency
from traces.errors import BadConfig
from traces.model import Message, ToolCall

OFFER = "We have rooms from Monday to Friday, with breakfast included in every rate."
ENGLISH = "Where can I see the status of the order that I placed last week?"
GERMAN = "Sie finden den Stand Ihrer Bestellung jederzeit in Ihrem Kundenkonto unter Bestellungen."


def score(evaluator, *said):
    return evaluator.evaluate(talk(*said))


def value(evaluator, *said):
    return score(evaluator, *said).value


def test_an_agent_that_says_the_same_again_repeats_itself():
    found = score(Repetition(), ("assistant", OFFER), ("user", "And on Sunday?"), ("assistant", OFFER))
    assert (found.value, found.turn) == (1.0, 2)
    assert "repeats its turn 1" in found.explanation
    near = OFFER.replace("every rate", "any rate")
    assert value(Repetition(), ("assistant", OFFER), ("user", "And?"), ("assistant", near)) >= 0.5


def test_an_answer_that_goes_in_circles_is_a_repetition():
    assert value(Repetition(), ("user", "x"), ("assistant", "and so it goes on and on " * 30)) >= 0.5


def test_different_answers_and_closing_phrases_are_no_repetition():
    closing = "Is there anything else I can help you with today?"
    assert (
        value(Repetition(), ("assistant", OFFER), ("user", "a"), ("assistant", "Sunday is closed for the season."))
        < 0.5
    )
    assert value(Repetition(), ("assistant", closing), ("user", "b"), ("assistant", closing)) < 0.5


def test_an_answer_in_another_language_is_seen():
    found = score(LanguageMismatch(), ("user", ENGLISH), ("assistant", GERMAN))
    assert found.value >= 0.5
    assert "is in de, not in en" in found.explanation


@pytest.mark.parametrize(
    "said",
    [
        (("user", ENGLISH), ("assistant", "You can see it in your account, on the page with all of your orders.")),
        (("user", "Please translate into German: " + ENGLISH), ("assistant", GERMAN)),
        (
            ("user", ENGLISH),
            ("user", "Entschuldigung, ich meinte: wo finde ich meine Bestellung?"),
            ("assistant", GERMAN),
        ),
    ],
)
def test_the_users_language_is_the_right_one(said):
    assert LanguageMismatch().evaluate(talk(*said)) is None or value(LanguageMismatch(), *said) == 0.0


def test_short_texts_and_code_have_no_language():
    assert score(LanguageMismatch(), ("user", "ok"), ("assistant", GERMAN)) is None
    assert score(LanguageMismatch(), ("user", ENGLISH), ("assistant", "```\nfor i in range(10): print(i)\n```")) is None


def test_a_team_can_say_which_languages_are_allowed():
    only_german = LanguageMismatch(LanguageOptions(allowed=("de",)))
    assert value(only_german, ("user", ENGLISH), ("assistant", GERMAN)) == 0.0
    assert value(only_german, ("user", ENGLISH), ("assistant", "It is in your account, on the page of orders.")) >= 0.5


@pytest.mark.parametrize(
    ("options", "answer", "says"),
    [
        ({"json": True}, "Sure! {}", "not JSON"),
        ({"json": True}, '{"a": 1', "not JSON"),
        ({"schema": {"required": ["a"]}}, "{}", "'a' is a required property"),
        ({"schema": {"properties": {"a": {"maximum": 3}}}}, '{"a": 4}', "$.a 4 is greater"),
        ({"schema": {"$ref": "https://example.com/x.json"}}, "{}", "refers to what is not there"),
        ({"matches": r"^\d+$"}, "twelve", "pattern is not found"),
        ({"contains": ["not advice"]}, "Buy!", "'not advice' is missing"),
        ({"excludes": ["TODO"]}, "TODO", "'TODO' is there"),
        ({"max_chars": 5}, "too long", "8 characters, more than 5"),
        ({"min_chars": 5}, "shy", "3 characters, fewer than 5"),
    ],
)
def test_an_answer_out_of_format_is_told_with_what_is_wrong(options, answer, says):
    found = score(Format(FormatOptions(**options)), ("user", "x"), ("assistant", answer))
    assert found.value < 0.5
    assert says in found.explanation
    assert found.turn == 1


def test_an_answer_in_format_is_fine_and_a_fence_around_json_too():
    options = FormatOptions(schema={"type": "object", "required": ["a"]}, contains=("a",), max_chars=40)
    assert value(Format(options), ("user", "x"), ("assistant", '{"a": 1}')) == 1.0
    assert value(Format(options), ("user", "x"), ("assistant", '```json\n{"a": 1}\n```')) == 1.0


def test_one_of_many_answers_out_of_format_is_one_too_many_unless_only_the_last_counts():
    said = ("assistant", "hm"), ("user", "x"), ("assistant", "{}")
    assert value(Format(FormatOptions(json=True)), *said) < 0.5
    assert value(Format(FormatOptions(json=True, turns="last")), *said) == 1.0


def test_without_options_there_is_no_format_to_keep():
    assert score(Format(), ("user", "x"), ("assistant", "y")) is None


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"matches": "("}, "evaluators.options.format.matches: '(' is no regular expression"),
        ({"schema": {"type": "objekt"}}, "no JSON Schema"),
        ({"min_chars": 9, "max_chars": 3}, "max_chars has to be at least min_chars"),
        ({"turns": "first"}, "evaluators.options.format.turns"),
    ],
)
def test_a_wrong_option_of_a_format_is_told_at_the_start(table, says):
    with pytest.raises(BadConfig) as caught:
        build(options={"format": table})
    assert says in caught.value.mistakes[0]


def call(answer, name="search", arguments='{"q": 1}', number=0):
    made = ToolCall(name=name, arguments=arguments, tool_call_id=str(number))
    return Message(role="assistant", tool_calls=(made,)), Message(role="tool", content=answer, tool_call_id=str(number))


def test_equal_calls_with_equal_answers_are_a_loop():
    said = [*call("none"), *call("none", arguments='{"q":1}', number=1), *call("none", number=2)]
    found = score(ToolLoop(), *said)
    assert (found.value, found.turn) == (0.5, 4)
    assert "search was called 3 times" in found.explanation
    assert value(ToolLoop(), *said[:4]) < 0.5
    assert value(ToolLoop(ToolLoopOptions(repeats=2)), *said[:4]) >= 0.5


def test_a_circle_of_two_calls_is_a_loop():
    circle = [m for n in range(4) for m in (*call("none", number=n), *call("nil", name="fetch", number=n + 10))]
    assert value(ToolLoop(), *circle) >= 0.5


def test_a_tool_that_keeps_failing_is_a_loop_whatever_its_arguments():
    failing = [m for n in range(3) for m in call("Error: no such row", arguments=f'{{"q": {n}}}', number=n)]
    assert value(ToolLoop(), *failing) == 0.5


def test_asking_until_something_changed_and_different_calls_are_no_loop():
    polling = [m for n in range(6) for m in call(f"{n * 20} %", number=n)]
    varied = [m for n in range(6) for m in call("ok", arguments=f'{{"q": {n}}}', number=n)]
    assert value(ToolLoop(), *polling) < 0.5
    assert value(ToolLoop(), *varied) == 0.0


def test_ids_that_a_client_uses_twice_do_not_make_a_loop():
    polling = [m for n in range(6) for m in call(f"{n * 20} %", number=7)]
    assert value(ToolLoop(), *polling) < 0.5


def test_steps_are_counted_against_a_limit_and_the_turn_that_passed_it_is_told():
    said = [*call("a"), *call("b"), ("assistant", "done")]
    found = score(Steps(StepsOptions(limit=2)), *said)
    assert (found.value, found.label, found.turn) == (0.75, "3", 2)
    assert value(Steps(StepsOptions(limit=30)), *said) == 0.05


def spoken(role, start, end, **more):
    voice = {"start_s": start, "end_s": end, **more}
    return Message(role=role, content=f"{role} {start}", metadata={"voice": voice})


CALL = (spoken("assistant", 0, 4), spoken("user", 5, 7), spoken("assistant", 10, 16), spoken("user", 14, 15))


def test_a_call_tells_interruptions_silences_who_talks_and_how_long_answers_take():
    cut, silence, ratio, wait = (
        e.evaluate(talk(*CALL)) for e in (Interruption(), Silence(), TalkRatio(), TurnLatency())
    )
    assert (cut.value, cut.turn) == (1.0, 2)
    assert (silence.value, silence.label, silence.turn) == (0.25, "3.0 s", 2)
    assert ratio.value == pytest.approx(10 / 13)
    assert (wait.value, wait.label) == (0.75, "3.00 s")


def test_the_platforms_own_mark_of_an_interruption_wins():
    marked = (spoken("assistant", 0, 4, interrupted=False), spoken("user", 1, 2))
    assert value(Interruption(), *marked) == 0.0


def test_a_longer_silence_can_be_allowed():
    assert value(Silence(SilenceOptions(seconds=1.5)), *CALL) == 1.0


@pytest.mark.parametrize("evaluator", [Interruption(), Silence(), TalkRatio(), TurnLatency()], ids=lambda e: e.name)
def test_a_written_conversation_has_no_voice(evaluator):
    assert score(evaluator, ("user", "a"), ("assistant", "b")) is None


def test_a_silence_is_not_told_where_the_end_of_a_turn_is_not_known():
    unended = (Message(role="user", content="a", metadata={"voice": {"start_s": 0}}), spoken("assistant", 30, 31))
    assert score(Silence(), *unended) is None
