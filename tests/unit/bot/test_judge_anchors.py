"""A judge that moves is told: conversations with known labels are put before it again and again."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import DAY, HOUR, MINUTE, NOW, ingest, label, talk

from alerts.judged import Mover, drift_of, judge_said, mcnemar, mover_of
from alerts.signals import signal_of_score
from bot.app import build_hark
from bot.config.settings import load
from traces.clock import FakeClock
from traces.model import AlertState, Direction, Segment

HONEST = '{ pattern = "refund", verdict = "yes" }'
EAGER = '{ pattern = "o", verdict = "yes" }'
IDS = [f"c-{n:02}" for n in range(40)]


class House:
    """One database, and a judge whose script may change between two starts."""

    def __init__(self, path) -> None:
        self.path = path

    def tick(self, at, script: str = HONEST):
        (self.path / "hark.toml").write_text(
            '[[judges]]\nname = "promise"\nquestion = "Was a refund promised?"\nmodel = "scripted"\n'
            f"script = [{script}]\n[calibration]\nanchors = 20\n"
        )
        environment = {"HARK_DATABASE_URL": f"sqlite:///{self.path / 'hark.db'}"}
        hark = build_hark(load(environment, self.path), FakeClock(at), {})
        with closing(hark.store):
            hark.jobs.tick(at)
            with hark.store.read() as tx:
                return [a for a in tx.alerts.all() if a.signal == "judge_drift"], tx.anchors.runs("promise")

    def begin(self):
        hark = build_hark(
            load({"HARK_DATABASE_URL": f"sqlite:///{self.path / 'hark.db'}"}, self.path), FakeClock(NOW), {}
        )
        said = [
            ("Can I have a refund?", "No, sorry.") if n % 2 else ("Hello, who is it?", "It is me.") for n in range(40)
        ]
        with closing(hark.store):
            ingest(hark.store, *[talk(i, *s, at=NOW - HOUR) for i, s in zip(IDS, said, strict=True)])
        self.tick(NOW)
        hark = build_hark(
            load({"HARK_DATABASE_URL": f"sqlite:///{self.path / 'hark.db'}"}, self.path), FakeClock(NOW), {}
        )
        with closing(hark.store), hark.store.begin() as tx:
            for n, i in enumerate(IDS):
                tx.reviews.put_label(label(i, float(n % 2), name="promise"))


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.begin()
    return made


def test_anchors_are_frozen_with_labels_of_both_kinds_and_judged_once_a_day(house):
    _, runs = house.tick(NOW + MINUTE)
    [first] = runs
    assert sorted(first.values.values()) == [0.0] * 10 + [1.0] * 10
    assert len(house.tick(NOW + HOUR)[1]) == 1
    assert len(house.tick(NOW + DAY + HOUR)[1]) == 2


def test_anchors_are_forgotten_with_their_conversations_and_then_others_take_their_place(house, tmp_path):
    house.tick(NOW + MINUTE)
    hark = build_hark(load({"HARK_DATABASE_URL": f"sqlite:///{tmp_path / 'hark.db'}"}, tmp_path), FakeClock(NOW), {})
    with closing(hark.store):
        with hark.store.begin() as tx:
            tx.retention.purge(NOW + DAY)
        with hark.store.read() as tx:
            assert tx.anchors.of("promise") == []
            assert tx.conversations.count() == 0


def test_a_judge_that_says_otherwise_twice_in_a_row_opens_one_alert_that_ends_when_it_is_itself_again(house):
    house.tick(NOW + MINUTE)
    assert house.tick(NOW + DAY + HOUR, EAGER)[0] == []
    [alert], _ = house.tick(NOW + 2 * DAY + 2 * HOUR, EAGER)
    assert alert.segment == Segment.of(evaluator="promise")
    assert (alert.n, alert.k, alert.value) == (20, 10, 0.5)
    assert "10 of 20 known conversations turned to yes" in alert.detail["rule"]["text"]
    [still], _ = house.tick(NOW + 3 * DAY + 3 * HOUR, EAGER)
    assert still.alert_id == alert.alert_id
    for day in (4, 5, 6):
        house.tick(NOW + day * DAY + (day + 4) * HOUR)
    [ended], _ = house.tick(NOW + 7 * DAY)
    assert ended.state is AlertState.RESOLVED


def test_an_alert_on_what_it_judges_says_that_the_judge_moved(house, tmp_path):
    house.tick(NOW + MINUTE)
    for day in (1, 2):
        house.tick(NOW + day * DAY + day * HOUR, EAGER)
    hark = build_hark(load({"HARK_DATABASE_URL": f"sqlite:///{tmp_path / 'hark.db'}"}, tmp_path), FakeClock(NOW), {})
    with closing(hark.store), hark.store.read() as tx:
        signal = signal_of_score("promise")
        moved = judge_said(tx, signal, Direction.UP, 0.7, (0.15, 0.25))["judge"]
        both = judge_said(tx, signal, Direction.UP, 0.95, (0.15, 0.25))["judge"]
        fell = judge_said(tx, signal, Direction.DOWN, 0.05, (0.15, 0.25))["judge"]
        other = judge_said(tx, signal_of_score("refusal"), Direction.UP, 0.7, (0.15, 0.25))
    assert (moved["mover"], both["mover"], fell["mover"]) == ("judge", "both", "agent")
    assert moved["text"].startswith("the judge moved, perhaps not the agent: of 20 known conversations")
    assert other == {}


# --- the statistics ----------------------------------------------------------------------------------------

TRUTHS = {i: n % 2 == 1 for n, i in enumerate(IDS)}
FIRST = {i: float(t) for i, t in TRUTHS.items()}


def turned(n: int, to: float = 1.0):
    """The first run with ``n`` verdicts turned."""
    others = [i for i, v in FIRST.items() if v != to][:n]
    return FIRST | dict.fromkeys(others, to)


def test_mcnemar_s_test_is_the_exact_one():
    assert mcnemar(0, 0) == 1
    assert mcnemar(1, 9) == pytest.approx(0.0215, abs=1e-4)


def test_one_run_that_is_off_is_not_drift_two_are():
    assert not drift_of(TRUTHS, [FIRST, turned(12)]).has_moved
    assert not drift_of(TRUTHS, [FIRST, FIRST, turned(12)]).has_moved
    found = drift_of(TRUTHS, [FIRST, turned(12), turned(10)])
    assert found.has_moved
    assert (found.to_yes, found.to_no, found.right_before, found.right_now) == (10, 0, 1.0, 0.75)


def test_a_judge_that_wavers_has_not_moved():
    assert not drift_of(TRUTHS, [FIRST, turned(12), turned(12, 0.0)]).has_moved
    wavering = FIRST | turned(5, 0.0) | {i: 1.0 for i in turned(6) if turned(6)[i] != FIRST[i]}
    assert not drift_of(TRUTHS, [FIRST, wavering, wavering]).has_moved


def test_with_few_answers_nothing_is_said():
    few = dict([*turned(12).items()][:9])
    assert drift_of(TRUTHS, [FIRST, few, few]) is None
    assert drift_of(TRUTHS, [FIRST]) is None
    assert mover_of(None, rises=True, is_explained=True) is Mover.UNKNOWN


verdicts = st.fixed_dictionaries({i: st.sampled_from([0.0, 1.0]) for i in IDS[:15]})


@given(st.lists(verdicts, min_size=2, max_size=4))
def test_what_turned_adds_up_whatever_was_said(runs):
    found = drift_of(TRUTHS, runs)
    assert found.to_yes + found.to_no == sum(runs[0][i] != runs[-1][i] for i in runs[0])
    assert 0 <= found.chance <= 1
    assert 0 <= found.right_now <= 1
