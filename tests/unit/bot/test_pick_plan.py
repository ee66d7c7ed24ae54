"""Once there are labels, reviewers are asked where a label teaches most; the chance of each is stored as it was."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from asked_streams import unlike
from made import DAY, MINUTE, NOW, calibration, ingest, label, talk

from bot.jobs.calibrate import Calibrating
from bot.jobs.evaluate import Cuts, Evaluation
from bot.jobs.pick import Picker, PickSettings
from traces.model import Direction, Score


@dataclass(frozen=True)
class Graded:
    """Scores a conversation by its number: mostly low, a few in the middle, a few high."""

    name = "graded"
    version = "1"
    when = "arrival"
    bad = Direction.UP
    summary = question = yes_label = no_label = ""

    def evaluate(self, conversation):
        number = int(conversation.conversation_id.partition("-")[2])
        return Score(name=self.name, value=grade(number), evaluator_version=self.version)


def grade(number: int) -> float:
    return 0.97 if number % 10 == 0 else 0.45 if number % 10 == 1 else 0.02 + number % 5 / 1_000


@pytest.fixture
def job(store):
    picker = Picker([Graded()], PickSettings(channel="#r", per_day=20, most_per_day=60))
    return Evaluation(store, [Graded()], Cuts(keys=(), max_values=10), picker)


def a_day(store, job, day: int, count: int = 400, said=unlike):
    """The items of a day's conversations that come in through the day."""
    at, ids = NOW + day * DAY, [f"c-{day * 10_000 + n}" for n in range(count)]
    for start in range(0, count, 50):
        moment = at + start * MINUTE
        ingest(store, *[talk(i, said(int(i[2:])), at=moment) for i in ids[start : start + 50]], at=moment)
        job.run(moment + MINUTE)
    with store.read() as tx:
        return tx.reviews.items_of(ids)


def labelled(store, job) -> None:
    """Two days of traffic, with labels that say: high scores are true, low ones are not, middling ones are either."""
    for day in range(2):
        a_day(store, job, day)
    with store.begin() as tx:
        for n in range(120):
            value = grade(n)
            tx.reviews.put_label(label(f"c-{n}", float(value > 0.9 or (value > 0.4 and n % 20 == 1)), name="graded"))
    Calibrating(store).run(NOW + 2 * DAY)


def test_what_nobody_is_sure_of_is_asked_more_often_than_what_everybody_knows(store, job):
    labelled(store, job)
    items = [item for day in (2, 3) for item in a_day(store, job, day)]
    chances = {grade(int(i.conversation_id[2:])): i.inclusion_probability for i in items}
    middling = [i for i in items if grade(int(i.conversation_id[2:])) == 0.45]
    assert len(middling) >= 5
    assert chances[0.45] > 2 * min(chances.values())
    assert any("sharpens the rate of graded most" in i.reason for i in middling)
    assert 10 <= len(items) / 2 <= 40


def test_some_are_drawn_at_random_from_what_everybody_is_sure_of(store, job):
    labelled(store, job)
    items = [item for day in (2, 3, 4) for item in a_day(store, job, day)]
    low = [i for i in items if grade(int(i.conversation_id[2:])) < 0.1]
    assert low
    assert all(0 < i.inclusion_probability < 0.5 for i in low)


def test_the_same_question_a_hundred_times_is_asked_less_and_less(store, job):
    labelled(store, job)
    same = a_day(store, job, 2, said=lambda _n: "Where is my order 12345?")
    varied = a_day(store, job, 3)
    assert len(same) < len(varied)


def test_before_there_are_labels_what_is_flagged_goes_first(store, job):
    with store.begin() as tx:
        tx.calibrations.put(calibration("graded", n_labels=5))
    items = a_day(store, job, 0)
    flagged = [i for i in items if grade(int(i.conversation_id[2:])) > 0.5]
    assert len(flagged) > len(items) / 2
