"""Reviewers' time is shared out fairly among evaluators, however much one of them flags."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from asked_streams import unlike
from hypothesis import given
from hypothesis import strategies as st
from made import DAY, HOUR, MINUTE, NOW, ingest, talk

from bot.jobs.evaluate import Cuts, Evaluation
from bot.jobs.pick import Picker, PickSettings
from bot.jobs.shares import fair_shares
from traces.model import Direction, Score

AMOUNTS = st.floats(0, 1e6, allow_subnormal=False)


@given(st.dictionaries(st.text(max_size=3), AMOUNTS, max_size=30), AMOUNTS)
def test_nobody_gets_more_than_it_wants_nor_all_more_than_there_is(wanted, total):
    shares = fair_shares(wanted, total)
    assert shares.keys() == wanted.keys()
    assert all(0 <= shares[name] <= want for name, want in wanted.items())
    assert sum(shares.values()) <= total * (1 + 1e-9)


@given(st.dictionaries(st.text(max_size=3), AMOUNTS, min_size=1, max_size=30), AMOUNTS)
def test_who_gets_less_than_it_wants_gets_no_less_than_anybody_else(wanted, total):
    shares = fair_shares(wanted, total)
    most = max(shares.values())
    assert all(shares[name] >= most - 1e-9 * (total + 1) for name, want in wanted.items() if shares[name] < want)


@dataclass(frozen=True)
class Flags:
    """Flags one conversation of so many."""

    name: str
    one_of: int
    version = "1"
    when = "arrival"
    bad = Direction.UP
    summary = question = yes_label = no_label = ""

    def evaluate(self, conversation):
        number = int(conversation.conversation_id.partition("-")[2])
        return Score(name=self.name, value=float(number % self.one_of == 0))


def picked_on(store, job, day, count=300):
    """How many were picked by evaluator, of a day's conversations that come in through the day."""
    at, ids = NOW + day * DAY, [f"c-{day * 10_000 + n}" for n in range(count)]
    for start in range(0, count, 50):
        moment = at + start * MINUTE
        ingest(store, *[talk(i, unlike(int(i[2:])), at=moment) for i in ids[start : start + 50]], at=moment)
        job.run(moment + MINUTE)
    with store.read() as tx:
        return Counter(item.evaluator for item in tx.reviews.items_of(ids) if "Random" not in item.reason)


def evaluation(store, *evaluators, per_day=20, most_per_day=40):
    picker = Picker(evaluators, PickSettings(channel="#r", per_day=per_day, most_per_day=most_per_day))
    return Evaluation(store, evaluators, Cuts(keys=(), max_values=10), picker)


def test_a_noisy_evaluator_leaves_the_others_their_share(store):
    job = evaluation(store, Flags("noisy", 1), Flags("rare", 100), Flags("other", 100))
    for day in range(3):
        picked_on(store, job, day)
    picked = picked_on(store, job, 3)
    assert (picked["rare"], picked["other"]) == (3, 3)
    assert 3 <= picked["noisy"] <= 20


def test_one_that_begins_to_flag_everything_gets_no_more_than_a_third_of_the_day(store):
    job = evaluation(store, Flags("noisy", 1), Flags("rare", 100))
    picked = picked_on(store, job, 0)
    assert picked["noisy"] <= 13
    assert picked["rare"] == 3


def test_the_evaluators_that_have_nothing_to_say_leave_their_share_to_the_others(store):
    silent = [Flags(f"silent_{n}", 10**9) for n in range(20)]
    job = evaluation(store, Flags("refusal", 10), *silent)
    for day in range(3):
        picked_on(store, job, day)
    assert picked_on(store, job, 3)["refusal"] >= 8


def test_what_was_picked_before_is_not_picked_again_when_a_judge_says_more(store):
    job = evaluation(store, Flags("rare", 1))
    ingest(store, talk("c-1", "Hi"))
    job.run(NOW + MINUTE)
    job.run(NOW + HOUR)
    with store.read() as tx:
        assert len(tx.reviews.items_of(["c-1"])) == 1
