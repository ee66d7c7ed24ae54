"""The jobs: what has arrived is scored and measured, some of it is picked, labels calibrate, everything can be repeated."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from made import DAY, HOUR, MINUTE, NOW, ingest, label, talk

from bot.jobs.calibrate import Calibrating
from bot.jobs.evaluate import Cuts, Evaluation
from bot.jobs.pick import REVIEW, Picker, PickSettings
from traces.model import EVERYTHING, Direction, EvaluatorFailure, Score, Segment
from traces.store.rollups import HOUR_S

KEYS = ("application", "model")


@dataclass
class Says:
    """An evaluator of the tests: says what it is told, and remembers what it was shown."""

    name: str = "refusal"
    when: str = "arrival"
    version: str = "1"
    verdict: object = 1.0
    bad: Direction = Direction.UP

    def __post_init__(self) -> None:
        self.seen = []

    summary = question = yes_label = no_label = ""

    def evaluate(self, conversation):
        self.seen.append(len(conversation.messages))
        if isinstance(self.verdict, Exception):
            raise self.verdict
        if self.verdict is None:
            return None
        value = self.verdict(conversation) if callable(self.verdict) else self.verdict
        return Score(name=self.name, value=value, explanation="because")


def evaluation(store, *evaluators, channel=None, per_day=20, max_values=100):
    picker = Picker(evaluators, PickSettings(channel=channel, per_day=per_day))
    return Evaluation(store, evaluators, Cuts(keys=KEYS, max_values=max_values), picker)


def series(store, signal, segment=EVERYTHING):
    with store.read() as tx:
        found = tx.rollups.series(signal, segment, since=NOW - DAY, until=NOW + DAY, resolution_s=HOUR_S)
    return [(at, rollup.n, rollup.total) for at, rollup in found]


def test_a_conversation_is_scored_at_once_and_judged_when_it_is_quiet(store):
    quick, judge = Says("refusal"), Says("judged", when="quiet")
    job = evaluation(store, quick, judge)
    ingest(store, talk("c-1", "Hello?", "Hello!"))
    assert job.run(NOW + MINUTE) == 1
    assert (quick.seen, judge.seen) == ([2], [])
    assert job.run(NOW + 2 * MINUTE) == 0
    assert job.run(NOW + HOUR) == 1
    assert (quick.seen, judge.seen) == ([2], [2])
    assert job.run(NOW + 2 * HOUR) == 0


def test_a_conversation_that_grew_is_scored_again_and_counted_once(store):
    grows = Says(verdict=lambda c: float(len(c.messages) > 2))
    job = evaluation(store, grows)
    ingest(store, talk("c-1", "Hello?", "Hello!"))
    job.run(NOW + MINUTE)
    assert series(store, "refusal") == [(NOW, 1, 0.0)]
    ingest(store, talk("c-1", "Hello?", "Hello!", "No!"))
    job.run(NOW + 2 * MINUTE)
    assert series(store, "refusal") == [(NOW, 1, 1.0)]
    assert series(store, "volume") == [(NOW, 1, 1.0)]


def test_what_ends_in_the_future_waits(store):
    job = evaluation(store, Says())
    ingest(store, talk("c-1", at=NOW + DAY))
    assert job.run(NOW) == 0
    assert job.run(NOW + 2 * DAY) == 1


@pytest.mark.parametrize("broken", [ValueError("a bug"), lambda _: float("nan")])
def test_a_broken_evaluator_is_a_failure_that_counts_nowhere_and_stops_no_other(store, broken):
    job = evaluation(store, Says("broken", verdict=broken), Says("refusal"))
    ingest(store, talk())
    assert job.run(NOW + HOUR) == 1
    with store.read() as tx:
        outcomes = {o.name: o for o in tx.scores.current(["c-1"])["c-1"]}
    assert isinstance(outcomes["broken"], EvaluatorFailure)
    assert outcomes["refusal"].value == 1.0
    assert series(store, "broken") == []


def test_more_than_a_batch_is_evaluated_in_one_run(store):
    ingest(store, *[talk(f"c-{n}", "Hi") for n in range(450)])
    assert evaluation(store, Says()).run(NOW + HOUR) == 450
    assert series(store, "refusal") == [(NOW, 450, 450.0)]


def test_traffic_is_counted_by_segment_and_new_values_are_noted_as_changes(store):
    job = evaluation(store, Says(), max_values=2)
    ingest(store, *[talk(f"c-{n}", "Hi", metadata={"application": "shop", "model": f"m{n}"}) for n in range(3)])
    job.run(NOW + HOUR)
    assert series(store, "volume", Segment.of(application="shop")) == [(NOW, 3, 3.0)]
    with store.read() as tx:
        changes = {(c.kind, c.value, c.application) for c in tx.state.changes_between(NOW - DAY, NOW + DAY)}
    assert changes == {("model", f"m{n}", "shop") for n in range(3)}


def items(store, ids):
    with store.read() as tx:
        return tx.reviews.items_of(ids), tx.outbox.counts()


def test_nothing_is_picked_where_nothing_is_posted(store):
    ingest(store, talk())
    evaluation(store, Says()).run(NOW + HOUR)
    assert items(store, ["c-1"]) == ([], {})


def test_a_flagged_conversation_is_put_before_reviewers_once_with_its_chance(store):
    job = evaluation(store, Says(), channel="#review")
    ingest(store, talk())
    job.run(NOW + HOUR)
    ingest(store, talk("c-1", "Hello?", "Hello!", "More"))
    job.run(NOW + 2 * HOUR)
    [item], _ = items(store, ["c-1"])
    assert (item.evaluator, item.inclusion_probability) == ("refusal", 1.0)
    assert "because" in item.reason
    with store.read() as tx:
        delivery = tx.outbox.get(f"{REVIEW}:{item.item_id}")
    assert (delivery.channel, delivery.revision) == ("#review", 1)


def test_history_that_is_brought_in_is_not_put_before_reviewers(store):
    ingest(store, *[talk(f"c-{n}", at=NOW - 2 * DAY) for n in range(30)])
    evaluation(store, Says(), channel="#review").run(NOW)
    assert items(store, [f"c-{n}" for n in range(30)])[0] == []


def test_about_as_many_are_picked_in_a_day_as_the_settings_say(store):
    job = evaluation(store, Says(verdict=lambda c: float(int(c.conversation_id[2:]) % 2)), channel="#r", per_day=20)
    picked = {}
    for day in range(6):
        ids = [f"c-{day * 300 + n}" for n in range(300)]
        at = NOW + day * DAY
        for start in range(0, 300, 60):
            ingest(store, *[talk(i, "Hi", at=at) for i in ids[start : start + 60]], at=at)
            job.run(at + MINUTE)
        picked[day] = len(items(store, ids)[0])
    assert all(5 <= picked[day] <= 45 for day in (3, 4, 5)), picked


def test_labels_calibrate_and_only_when_something_changed(store):
    job = Calibrating(store)
    assert job.run(NOW) == []
    with store.begin() as tx:
        tx.scores.put({f"c-{n}": [Score(name="refusal", value=float(n < 10))] for n in range(40)}, NOW)
        for n in range(20):
            tx.reviews.put_label(label(f"c-{n}", float(n < 8)))
    [first] = job.run(NOW)
    assert (first.evaluator, first.n_labels, first.n_scores, first.raw_rate) == ("refusal", 20, 40, 0.25)
    assert job.run(NOW + MINUTE) == []
    with store.begin() as tx:
        tx.reviews.put_label(label("c-9", 1.0, at=NOW + MINUTE))
    [second] = job.run(NOW + 2 * MINUTE)
    assert second.precision > first.precision
    assert [c.computed_at for c in job.run(NOW + 2 * HOUR)] == [NOW + 2 * HOUR]
    with store.begin() as tx:
        tx.reviews.withdraw_label("c-0", "refusal", "U1")
    assert job.run(NOW + 2 * HOUR)[0].n_labels == 19


def test_labels_of_unscored_conversations_and_of_words_calibrate_nothing(store):
    with store.begin() as tx:
        tx.reviews.put_label(label("nowhere"))
        tx.reviews.put_label(label("c-1", name="tone"))
        tx.scores.put({"c-1": [Score(name="refusal", value=1.0)]}, NOW)
    [found] = Calibrating(store).run(NOW)
    assert (found.evaluator, found.n_labels) == ("refusal", 0)


def test_reviewers_who_disagree_count_as_neither(store):
    with store.begin() as tx:
        tx.scores.put({"c-1": [Score(name="refusal", value=1.0)]}, NOW)
        tx.reviews.put_label(label("c-1", 1.0))
        tx.reviews.put_label(label("c-1", 0.0, reviewer="U2"))
    [found] = Calibrating(store).run(NOW)
    assert found.n_labels == 0
