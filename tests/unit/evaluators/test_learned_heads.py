"""Classifiers: they speak only where they are better than the rules by more than chance, and say why."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from talks import conversations, talk

from evaluators.learned.evaluator import Learning, is_learnable
from evaluators.learned.examples import Labelled, grouping, learn_from
from evaluators.learned.features import Seen
from evaluators.learned.head import head_of, learn
from evaluators.learned.logistic import Example, Shape, fit, moved
from evaluators.learned.measures import f1_at
from evaluators.learned.validate import FOLDS, folds_of
from evaluators.refusal import Refusal
from evaluators.registry import build
from evaluators.run import run
from evaluators.task_success import TaskSuccess
from traces.errors import BadInput
from traces.model import Message, Score, ToolCall
from traces.redacted import lasting

YES = ("assistant", "All done, your booking is changed and confirmed.")
NO = ("assistant", "I could not find the booking at all.")


def done(n, *, is_done):
    return talk(("user", f"Please change booking {n}."), YES if is_done else NO, conversation_id=f"c-{n}")


def lessons(count=60):
    return [Labelled(done(n, is_done=n % 3 == 0), n % 3 == 0) for n in range(count)]


def example(truth, prior=None, group="", **numbers):
    return Example(numbers=numbers, terms={}, truth=bool(truth), prior=prior, group=group)


def test_labels_teach_an_evaluator_that_has_no_rules():
    head = learn_from(TaskSuccess(), lessons())
    learned = Learning(TaskSuccess(), lambda _: head)
    good, bad = (run(learned, done(99, is_done=is_done)) for is_done in (True, False))
    assert head.takes_over
    assert good.value > 0.5 > bad.value


def test_the_explanation_names_what_told_most_and_how_many_labels_it_rests_on():
    head = learn_from(TaskSuccess(), lessons())
    said = run(Learning(TaskSuccess(), lambda _: head), done(99, is_done=True)).explanation
    assert said.startswith("By a classifier learned from 60 labels: ")
    assert "(+" in said


def test_words_are_weighed_together_and_the_ones_that_tell_most_are_named():
    rows = [
        Example(numbers={}, terms={"a:done": 2, "a:booked": 1} if n % 2 else {"a:sorry": 1}, truth=bool(n % 2))
        for n in range(60)
    ]
    head = learn("x", "1", rows)
    assert head.why(Seen({}, {"a:done": 2, "a:booked": 1}), None).startswith(
        "words, as the assistant says “done” and the assistant says “booked” (+"
    )


def test_without_labels_enough_the_rules_go_on_speaking():
    head = learn_from(TaskSuccess(), lessons(12))
    assert not head.takes_over
    assert "too few" in head.reason
    assert run(Learning(TaskSuccess(), lambda _: head), done(1, is_done=True)) is None


def test_where_the_rules_know_it_all_already_they_go_on_speaking():
    chance = np.random.default_rng(3)
    rows = [example(t, prior=0.9 if t else 0.1, noise=float(chance.normal())) for t in chance.random(80) < 0.4]
    assert not learn("x", "1", rows).takes_over


def test_noise_takes_over_no_more_often_than_chance_allows():
    taken = 0
    for seed in range(25):
        chance = np.random.default_rng(seed)
        priors = chance.random(60)
        rows = [
            example(t, prior=float(p), turns=float(chance.normal()), writes=float(chance.normal()))
            for p, t in zip(priors, chance.random(60) < priors, strict=True)
        ]
        taken += learn("x", "1", rows, seed).takes_over
    assert taken <= 4


def test_a_signal_that_the_rules_do_not_see_takes_over():
    chance = np.random.default_rng(1)
    truths = chance.random(120) < 0.5
    rows = [example(t, prior=0.5, writes=float(chance.normal(1.5 * t))) for t in truths]
    head = learn("x", "1", rows)
    assert head.takes_over
    assert head.auroc > 0.7


def test_what_only_marks_the_group_is_no_skill():
    chance = np.random.default_rng(2)
    rows = []
    for group in range(12):
        marks = {f"u:task{group}": 3}
        truth = bool(chance.random() < 0.5)
        rows += [Example(numbers={}, terms=marks, truth=truth, group=f"g{group}") for _ in range(8)]
    assert not learn("x", "1", rows).takes_over


def test_a_rare_class_is_still_found_at_one_half():
    chance = np.random.default_rng(4)
    truths = [n % 12 == 0 for n in range(240)]
    rows = [example(t, prior=0.1, writes=float(chance.normal(1.6 * t))) for t in truths]
    head = learn("x", "1", rows)
    said = [head.score(Seen(dict(e.numbers), {}), e.prior) >= 0.5 for e in rows]
    assert head.takes_over
    assert head.cut < 0.5
    assert sum(said) >= 10


@pytest.mark.parametrize("seed", range(6))
def test_who_takes_over_also_gives_no_worse_verdicts(seed):
    chance = np.random.default_rng(seed)
    truths = chance.random(80) < 0.3
    rows = [
        replace(
            example(t, prior=0.7 if chance.random() < 0.2 + 0.6 * t else 0.3, turns=float(chance.normal(t))),
            example_id=str(n),
        )
        for n, t in enumerate(truths)
    ]
    head = learn("x", "1", rows)
    ours = np.array([head.held_out[e.example_id] for e in rows])
    rules = np.array([e.prior for e in rows])
    assert not head.takes_over or f1_at(0.5, ours, truths) >= f1_at(0.5, rules, truths) - 0.01


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 0.5))
def test_moving_the_cut_to_one_half_keeps_the_order_and_the_bounds(one, other, cut):
    low, high = sorted((one, other))
    assert 0 <= moved(low, cut) <= moved(high, cut) <= 1
    assert moved(cut, cut) == pytest.approx(0.5)


@pytest.mark.parametrize("cut", [0, 1, -3, "x", None, float("nan")])
def test_a_stored_cut_that_is_no_chance_is_refused(cut):
    with pytest.raises(BadInput):
        head_of(learn_from(TaskSuccess(), lessons(24)).to_json() | {"cut": cut})


def test_judges_verdicts_teach_but_never_decide():
    people = [example(n % 2, prior=0.5, writes=0.0) for n in range(30)]
    judged = [replace(example(n % 2, prior=0.5, writes=float(n % 2)), weight=0.2) for n in range(300)]
    head = learn("x", "1", [*people, *judged])
    assert (head.n_labels, head.n_weak) == (30, 300)
    assert not head.takes_over


def test_the_same_labels_give_the_same_classifier():
    assert learn_from(TaskSuccess(), lessons()).version == learn_from(TaskSuccess(), lessons()).version


def test_other_labels_give_another_version():
    assert learn_from(TaskSuccess(), lessons(60)).version != learn_from(TaskSuccess(), lessons(72)).version


def test_each_labelled_conversation_has_a_chance_by_a_model_that_had_not_seen_it():
    head = learn_from(TaskSuccess(), lessons())
    assert set(head.held_out) == {f"c-{n}" for n in range(60)}


def test_a_classifier_survives_being_stored():
    head = learn_from(TaskSuccess(), lessons())
    again = head_of(json.loads(json.dumps(head.to_json())))
    assert again == head
    assert again.version == head.version


@pytest.fixture(scope="module")
def learned():
    """What is stored of a classifier."""
    return learn_from(TaskSuccess(), lessons(24)).to_json()


@given(
    model=st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda x: st.lists(x, max_size=3))
)
def test_anything_else_that_is_stored_is_refused_in_one_line(learned, model):
    if model is not None:
        with pytest.raises(BadInput):
            head_of(learned | {"model": model})


def test_a_classifier_of_features_computed_otherwise_is_void():
    assert head_of(learn_from(TaskSuccess(), lessons()).to_json() | {"features": 0}) is None


def test_the_version_says_who_speaks():
    head = replace(learn_from(TaskSuccess(), lessons()), evaluator="refusal", prior_version=Refusal().version)
    assert Learning(Refusal(), lambda _: head).version == f"{Refusal().version}+c{head.version}"
    assert Learning(Refusal(), lambda _: None).version == Refusal().version
    assert Learning(Refusal(), lambda _: replace(head, takes_over=False)).version == Refusal().version


def test_with_another_version_of_the_rules_a_classifier_is_void():
    head = replace(learn_from(TaskSuccess(), lessons()), prior_version="0")
    assert Learning(TaskSuccess(), lambda _: head).version == TaskSuccess().version


@given(conversations)
def test_a_classifier_never_fails_and_gives_a_chance(conversation):
    head = HEAD
    outcome = run(Learning(TaskSuccess(), lambda _: head), conversation)
    if conversation.messages:
        assert isinstance(outcome, Score)
        assert 0 <= outcome.value <= 1
    else:
        assert outcome is None


HEAD = learn_from(TaskSuccess(), lessons())


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=60))
def test_a_group_is_never_split_over_folds(rows):
    given_rows = [example(truth, group=str(group)) for group, truth in rows]
    folds = folds_of(given_rows, np.random.default_rng(1))
    assert all(0 <= fold < FOLDS for fold in folds)
    by_group = {}
    for row, fold in zip(given_rows, folds, strict=True):
        assert by_group.setdefault(row.group, fold) == fold


def test_conversations_of_one_scenario_or_else_of_one_user_belong_together():
    of_tasks = [talk(("user", "x"), metadata={"scenario": f"t{n % 12}"}) for n in range(48)]
    of_users = [talk(("user", "x"), user_id=f"u{n % 15}", metadata={"scenario": "one"}) for n in range(45)]
    alone = [talk(("user", "x"), conversation_id=f"c{n}") for n in range(5)]
    assert grouping(of_tasks)(of_tasks[0]) == "t0"
    assert grouping(of_users)(of_users[0]) == "u0"
    assert grouping(alone)(alone[0]) == "c0"


def test_a_feature_that_is_always_the_same_does_no_harm():
    model = fit([example(n % 2, turns=1.0) for n in range(20)], Shape())
    assert model.chance({"turns": 1.0}, {}, None) == pytest.approx(0.5, abs=0.05)


def test_judges_are_no_rules_to_take_over_from():
    class Judge:
        layer = 2

    assert not is_learnable(Judge())
    assert {e.name for e in build() if not is_learnable(e)} == {"pii_leak", "secret_leak"}


ADDRESSES = ("jo.bloggs@example.com", "call +49 151 23456789", "192.168.4.17", "card 4111 1111 1111 1111", "nobody")


def leaky(n, *, is_done):
    """A conversation whose outcome shows in nothing but personal data."""
    told = f"I wrote to {ADDRESSES[n % 4]}." if is_done else "I wrote to nobody."
    tool = Message(role="tool", name="lookup", content=json.dumps({"mail": f"u{n}@example.com", "n": n}))
    call = ToolCall(name="lookup", arguments=json.dumps({"phone": "+49 151 2345678" + str(n % 10)}))
    agent = Message(role="assistant", content=told, tool_calls=(call,))
    return talk(("user", f"I am u{n}@example.com, booking {n}."), tool, agent, conversation_id=f"c-{n}")


@pytest.mark.parametrize("rules", [TaskSuccess(), Refusal()], ids=lambda rules: rules.name)
@pytest.mark.parametrize("learned_from", [lasting, lambda c: c], ids=["words no longer kept", "all words"])
def test_a_conversation_has_the_same_score_before_and_after_its_words_are_hidden(rules, learned_from):
    rows = [Labelled(learned_from(leaky(n, is_done=n % 2 == 0)), n % 2 == 0) for n in range(60)]
    head = replace(learn_from(rules, rows), takes_over=True)
    learned = Learning(rules, lambda _: head)
    for n in range(100, 110):
        before = leaky(n, is_done=n % 2 == 0)
        said = run(learned, before)
        assert said == run(learned, lasting(before))
        assert (said.value > 0.5) is (n % 2 == 0)
