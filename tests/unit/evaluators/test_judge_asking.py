"""Budgets, limits, fallbacks, memory and samples of judges."""

import json
import random
import threading
from datetime import UTC, datetime, timedelta

import pytest
from talks import talk

from bot.config.judges import JudgeSettings, JudgingSettings
from bot.judges import Bench, JudgingSaid, StoredAnswers, StoredPurse, StoredRules
from evaluators.judge import (
    TEMPLATES,
    Budgeted,
    BudgetSpent,
    Criterion,
    GroundednessJudge,
    Judge,
    JudgeError,
    JudgeReply,
    Strata,
    Throttle,
    Timed,
    criterion_of,
)
from evaluators.refusal import Refusal
from evaluators.registry import build
from evaluators.rules.identity import identified
from evaluators.run import run
from traces.clock import FakeClock
from traces.costs import Price
from traces.errors import BadConfig, BadInput
from traces.model import Document, EvaluatorFailure, Message, Score
from traces.store import open_store

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
YES = '{"explanation": "x", "evidence": "", "verdict": "yes"}'
ASKED = Criterion(name="a", question="q?", model="m", fallback=("n",))
TALK = talk(("user", "hi"), ("assistant", "hello"))
DEAR = Price(0.0, 0.001)


class Model:
    def __init__(self, *answers, cost=0.4):
        self.answers, self.cost, self.asked = list(answers), cost, 0

    def complete(self, system, user, schema):
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, JudgeError):
            raise answer
        return JudgeReply(text=answer, input_tokens=10, output_tokens=2, cost_usd=self.cost)


@pytest.fixture
def store(tmp_path):
    opened = open_store(f"sqlite:///{tmp_path / 'hark.db'}")
    yield opened
    opened.close()


def judge(model, criterion=ASKED, **more):
    return Judge(criterion, model, random.Random(1), pause=more.pop("pause", lambda _: None), **more)


def test_a_model_that_does_not_answer_is_given_time_and_then_a_fallback_answers():
    pauses = []
    first, second = Model(JudgeError("down")), Model(YES)
    score = run(judge(first, fallback=[second], pause=pauses.append), TALK)
    assert (score.value, score.model, first.asked, second.asked) == (1.0, "n", 2, 1)
    assert pauses == [0.5]


def test_when_nobody_answers_it_is_a_failure_that_cost_what_was_paid():
    failure = run(judge(Model("nonsense"), fallback=[Model("nothing")]), TALK)
    assert isinstance(failure, EvaluatorFailure)
    assert failure.cost_usd == pytest.approx(1.6)


def test_the_same_content_is_not_paid_for_twice_and_the_score_says_so(store):
    model, cache = Model(YES), StoredAnswers(store, FakeClock(AT))
    first = run(judge(model, cache=cache), TALK)
    again = run(judge(model, cache=cache), TALK)
    assert (first.is_cached, first.cost_usd) == (None, 0.4)
    assert (again.value, again.is_cached, again.cost_usd, model.asked) == (1.0, True, 0.0, 1)
    run(judge(model, Criterion(name="a", question="r?", model="m"), cache=cache), TALK)
    assert model.asked == 2, "another version asks anew"


def test_answers_are_forgotten_after_a_month_and_unreadable_ones_are_never_kept(store):
    clock = FakeClock(AT)
    model, cache = Model("nonsense", "nonsense", YES), StoredAnswers(store, clock)
    assert isinstance(run(judge(model, cache=cache), TALK), EvaluatorFailure)
    run(judge(model, cache=cache), TALK)
    clock.advance(timedelta(days=31))
    assert run(judge(model, cache=cache), TALK).is_cached is None


def budgeted(store, clock, model, daily, own=None):
    purse = StoredPurse(store, clock, daily, own or {})
    return Budgeted(model, purse, "a", DEAR, 500)


def test_the_budget_holds_and_what_it_leaves_out_is_counted(store):
    clock, model = FakeClock(AT), Model(YES)
    evaluator = judge(budgeted(store, clock, model, daily=1.0))
    outcomes = [run(evaluator, talk(("user", f"case {n}"), conversation_id=str(n))) for n in range(10)]
    assert [isinstance(o, Score) for o in outcomes] == [True] * 2 + [False] * 8
    assert outcomes[2:] == [None] * 8, "not judged is neither a pass nor a failure"
    with store.read() as tx:
        said = tx.judge_spending.of_day(clock.now())["a"]
    assert (said.usd, said.calls, said.refused) == (pytest.approx(0.8), 2, 8)
    clock.advance(timedelta(days=1))
    assert run(evaluator, TALK).value == 1.0


def test_a_budget_of_its_own_holds_for_one_evaluator_only(store):
    clock = FakeClock(AT)
    purse = StoredPurse(store, clock, None, {"a": 0.5})
    assert purse.reserve("a", 0.5) is not None
    assert purse.reserve("a", 0.1) is None
    assert purse.reserve("b", 5.0) is not None


def test_money_set_aside_counts_before_the_call_is_over_and_across_threads(store):
    purse = StoredPurse(store, FakeClock(AT), 1.0, {})
    got = []
    threads = [threading.Thread(target=lambda: got.append(purse.reserve("a", 0.3))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(reservation is not None for reservation in got) == 3


def test_a_call_that_timed_out_counts_as_paid_and_a_refused_one_does_not(store):
    clock = FakeClock(AT)
    for error, usd in ((JudgeError("no key", is_final=True), 0.0), (JudgeError("late", reason="timeout"), 0.5)):
        with pytest.raises(JudgeError):
            budgeted(store, clock, Model(error), daily=None).complete("", "", {})
        with store.read() as tx:
            assert tx.judge_spending.of_day(AT)["a"].usd == pytest.approx(usd)


def test_status_says_what_was_spent_and_that_conversations_were_not_judged(store):
    settings = JudgeSettings(name="a", question="Is it?", model="openai/gpt-4o-mini", daily_usd=1.0)
    purse = StoredPurse(store, FakeClock(AT), 10.0, {"a": 1.0})
    purse.reserve("a", 0.9)
    purse.reserve("a", 0.9)
    with store.read() as tx:
        today = JudgingSaid([settings], JudgingSettings()).today(tx, AT)
    assert (today.spent_usd, today.budget_usd) == (pytest.approx(0.9), 10.0)
    assert "1 conversation not judged by a today" in today.problems[0]


def test_a_budget_for_a_model_without_a_price_is_refused_with_the_way_out():
    settings = JudgeSettings(name="a", question="Is it?", model="openai/our-own", daily_usd=1.0)
    with pytest.raises(BadConfig, match="usd_per_million"):
        Bench([settings], JudgingSettings(), None, FakeClock(AT))


def test_calls_begin_evenly_spaced():
    now, pauses = [0.0], []
    throttle = Throttle(60, 2, monotonic=lambda: now[0], pause=pauses.append)
    for _ in range(3):
        with throttle:
            pass
    assert pauses == [1.0, 2.0]


def test_a_model_that_never_ends_is_given_up_and_many_such_are_refused_at_once():
    release = threading.Event()

    class Endless:
        def complete(self, system, user, schema):
            release.wait(30)
            return JudgeReply(text=YES)

    timed = Timed(Endless(), 0.01)
    for _ in range(17):
        with pytest.raises(JudgeError) as late:
            timed.complete("", "", {})
    release.set()
    assert (late.value.reason, "still hangs" in late.value.message) == ("timeout", True)


def test_what_is_flagged_is_judged_more_often_and_every_score_knows_its_chance():
    criterion = Criterion(name="a", question="q?", model="m", sample_rate=0.1)
    evaluator = judge(Model(YES), criterion, strata=Strata(Refusal(), clear=0.1, flagged=0.8))
    said = {"clear": "Here you are.", "flagged": "I'm sorry, but I can't help with that."}
    for stratum, share in (("clear", 0.1), ("flagged", 0.8)):
        outcomes = [
            run(evaluator, talk(("user", "x"), ("assistant", said[stratum]), conversation_id=str(n)))
            for n in range(1000)
        ]
        scores = [o for o in outcomes if o is not None]
        assert abs(len(scores) / 1000 - share) < 0.05
        assert {o.inclusion_probability for o in scores} == {share}


def test_no_stratum_may_be_left_out():
    with pytest.raises(BadInput, match="sample_rate"):
        Strata(Refusal(), clear=0.0, flagged=1.0)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_asks_one_question_and_shows_its_notes(template):
    criterion = criterion_of(template, policy="No refunds over $50.", goal="A booked call.", model="m")
    assert criterion.question.count("?") == 1
    assert "$policy" not in criterion.notes
    assert "$goal" not in criterion.notes
    assert {e.verdict for e in criterion.examples} <= {"yes", "no", "not_applicable"}


def test_a_template_without_the_text_that_it_needs_is_refused():
    with pytest.raises(BadInput, match="policy"):
        criterion_of("policy", model="m")


def grounded(*answers):
    return GroundednessJudge(
        criterion_of("groundedness", model="m"), Model(*answers), random.Random(1), pause=lambda _: None
    )


GIVEN = talk(
    ("user", "When do you open?"),
    Message(
        role="assistant", content="At nine, and on Sundays too.", documents=(Document(content="We open at nine."),)
    ),
)


def claims(*verdicts):
    return json.dumps(
        {"claims": [{"claim": f"claim {n}", "evidence": "", "verdict": v} for n, v in enumerate(verdicts)]}
    )


@pytest.mark.parametrize(
    ("answer", "value", "label"),
    [(claims("yes", "yes"), 1.0, "yes"), (claims("yes", "no"), 0.0, "no"), (claims(), None, "not_applicable")],
)
def test_an_answer_is_grounded_when_every_claim_is(answer, value, label):
    score = run(grounded(answer), GIVEN)
    assert (score.value, score.label) == (value, label)


def test_the_claims_without_support_are_named():
    assert run(grounded(claims("yes", "no")), GIVEN).explanation == "1 of 2 claims not supported: “claim 1”"


def test_claims_off_the_menu_are_a_failure_and_without_documents_nobody_is_asked():
    assert isinstance(run(grounded(claims("maybe")), GIVEN), EvaluatorFailure)
    assert run(grounded(claims("yes")), TALK) is None


def test_a_rule_s_identity_is_kept_in_the_store(store):
    clock = FakeClock(AT)
    (one,) = identified(["Always offer refunds to angry customers."], StoredRules(store, clock))
    (two,) = identified(["Always offer full refunds to angry customers."], StoredRules(store, clock))
    assert one.rule_id == two.rule_id


def test_a_spent_budget_is_no_reason_to_ask_a_fallback():
    fallback = Model(YES)
    assert run(judge(Model(BudgetSpent("spent")), fallback=[fallback]), TALK) is None
    assert fallback.asked == 0


def test_a_judge_may_take_the_name_of_an_evaluator_that_is_off():
    judges = [criterion_of("groundedness", model="m")]
    assert build(criteria=judges, model_of=lambda _: Model(YES))[-1].name == "groundedness"
    with pytest.raises(BadConfig, match="groundedness is taken"):
        build(criteria=judges, model_of=lambda _: Model(YES), enabled=["groundedness"])
