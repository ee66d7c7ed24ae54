"""Classifiers in a running Hark: labels teach them, history follows, withdrawn labels take it all back; and backfill."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from made import MINUTE, NOW, ingest, talk

from bot.app import build_hark
from bot.config import load
from bot.jobs.backfill import Backfill
from traces.clock import FakeClock
from traces.model import Label
from traces.store.classifiers import KEPT, Learned

LATER = NOW + timedelta(days=1)
GOOD, BAD = "All done, your booking is changed and confirmed.", "I could not find the booking at all."


@pytest.fixture
def hark(tmp_path):
    """A Hark with 60 evaluated conversations, a third of them well done."""
    (tmp_path / "hark.toml").write_text('[evaluators]\nenabled = ["task_success"]\n')
    settings = load({"HARK_DATABASE_URL": f"sqlite:///{tmp_path / 'hark.db'}"}, tmp_path)
    built = build_hark(settings, FakeClock(LATER), {})
    sent = [talk(f"c-{n}", f"Change booking {n}.", GOOD if n % 3 == 0 else BAD, at=NOW + n * MINUTE) for n in range(60)]
    ingest(built.store, *sent)
    built.jobs.evaluate.run(LATER)
    yield built
    built.store.close()


def label(hark, *numbers, value=None, at=LATER):
    with hark.store.begin() as tx:
        for n in numbers:
            truth = float(n % 3 == 0) if value is None else value
            tx.reviews.put_label(
                Label(conversation_id=f"c-{n}", name="task_success", value=truth, reviewer="U1", at=at)
            )


def scores(hark, name="task_success"):
    with hark.store.read() as tx:
        found = tx.scores.current([f"c-{n}" for n in range(60)])
    return {i: s for i, of in found.items() for s in of if s.name == name}


def test_labels_make_an_evaluator_speak_also_of_history(hark):
    assert scores(hark) == {}
    label(hark, *range(40))
    [trained] = hark.jobs.train.run(LATER)
    assert (trained.head.takes_over, trained.speaks_anew) == (True, True)
    said = scores(hark)
    assert len(said) == 60
    assert said["c-57"].value > 0.5 > said["c-58"].value
    assert "+c" in said["c-57"].evaluator_version


def test_history_counts_in_the_signal_too(hark):
    label(hark, *range(40))
    hark.jobs.train.run(LATER)
    with hark.store.read() as tx:
        assert "task_success" in tx.rollups.signals(since=NOW - MINUTE, until=LATER)


def test_nothing_is_learned_again_until_the_labels_grew(hark):
    label(hark, *range(40))
    assert len(hark.jobs.train.run(LATER)) == 1
    label(hark, *range(40, 45))
    assert hark.jobs.train.run(LATER + MINUTE) == []
    label(hark, *range(45, 50))
    assert len(hark.jobs.train.run(LATER + 2 * MINUTE)) == 1


def test_withdrawn_labels_give_the_word_back_to_the_rules(hark):
    label(hark, *range(30))
    hark.jobs.train.run(LATER)
    with hark.store.begin() as tx:
        for n in range(15):
            tx.reviews.withdraw_label(f"c-{n}", "task_success", "U1")
    [trained] = hark.jobs.train.run(LATER + MINUTE)
    assert not trained.head.takes_over
    assert "too few" in trained.head.reason
    assert [e.version for e in hark.evaluators if e.name == "task_success"] == ["1"]


def test_another_process_speaks_by_the_same_classifier(hark):
    label(hark, *range(40))
    [trained] = hark.jobs.train.run(LATER)
    other = build_hark(hark.settings, FakeClock(LATER), {})
    assert [e.version for e in other.evaluators if e.name == "task_success"] == [f"1+c{trained.head.version}"]
    other.store.close()


def test_a_classifier_that_cannot_be_read_leaves_the_rules_speaking(hark):
    broken = Learned(
        evaluator="task_success",
        learned_at=LATER,
        version="x",
        n_labels=9,
        takes_over=True,
        body={"features": 1, "model": 3},
    )
    with hark.store.begin() as tx:
        tx.classifiers.put(broken)
    hark.jobs.evaluate.run(LATER)
    assert [e.version for e in hark.evaluators if e.name == "task_success"] == ["1"]


def test_a_classifier_is_not_calibrated_on_what_it_has_learned_by_heart(hark):
    label(hark, *range(40))
    [trained] = hark.jobs.train.run(LATER)
    [found] = [c for c in hark.jobs.calibrate.run(LATER, always=True) if c.evaluator == "task_success"]
    assert found.evaluator_version == f"1+c{trained.head.version}"
    with hark.store.read() as tx:
        held_out = tx.classifiers.current("task_success").held_out
    assert len(held_out) == found.n_labels == 40


def test_the_latest_classifiers_are_kept(hark):
    with hark.store.begin() as tx:
        for n in range(KEPT + 5):
            tx.classifiers.put(
                Learned(
                    evaluator="x",
                    learned_at=NOW + n * MINUTE,
                    version=str(n),
                    n_labels=n,
                    takes_over=False,
                    body={},
                    held_out={"c": 0.5},
                )
            )
        assert [one.version for one in tx.classifiers.history("x")] == [str(n) for n in range(5, KEPT + 5)]
        assert tx.classifiers.current("x").held_out == {"c": 0.5}


class Constant:
    """Says the same of everything, in the version that it is given."""

    name, when, version = "refusal", "arrival", "9"

    def __init__(self, value=1.0):
        self._value = value

    def evaluate(self, _conversation):
        from traces.model import EvaluatorFailure, Score

        if self._value is None:
            return EvaluatorFailure(name="refusal", reason="timeout", message="30 s")
        return Score(name="refusal", value=self._value)


def test_a_backfill_puts_new_scores_in_place_of_old_ones_and_a_second_run_changes_nothing(hark):
    job = Backfill(hark.store, hark.jobs.evaluate)
    first = job.run(Constant(), NOW - MINUTE, LATER)
    assert (first.scored, first.standing) == (60, 0)
    assert {s.evaluator_version for s in scores(hark, "refusal").values()} == {"9"}
    second = job.run(Constant(), NOW - MINUTE, LATER)
    assert (second.scored, second.standing) == (0, 60)


def test_a_backfill_reaches_back_as_far_as_it_is_told(hark):
    done = Backfill(hark.store, hark.jobs.evaluate).run(Constant(), NOW + 50 * MINUTE, LATER)
    assert done.seen == 10


def test_a_failure_never_takes_the_place_of_a_score(hark):
    before = scores(hark, "refusal")
    done = Backfill(hark.store, hark.jobs.evaluate).run(Constant(None), NOW - MINUTE, LATER)
    assert (done.scored, done.failed) == (0, 60)
    assert scores(hark, "refusal") == before


def test_nobody_is_asked_to_review_history(hark):
    with hark.store.read() as tx:
        before = tx.reviews.unlabelled()
    Backfill(hark.store, hark.jobs.evaluate).run(Constant(), NOW - MINUTE, LATER)
    with hark.store.read() as tx:
        assert tx.reviews.unlabelled() == before


def written(tmp_path, name, numbers):
    path = tmp_path / name
    rows = [
        talk(
            f"c-{n}",
            f"Change booking {n}.",
            GOOD if n % 3 == 0 else BAD,
            labels=[{"name": "task_success", "value": int(n % 3 == 0), "reviewer": "ann"}],
        )
        for n in numbers
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run_command(monkeypatch, capsys, *arguments):
    import sys

    from bot.cli import main

    monkeypatch.setattr(sys, "argv", ["hark", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0, capsys.readouterr()


def test_a_labelled_file_teaches_what_scores_another(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, said = run_command(
        monkeypatch, capsys, "evaluate", written(tmp_path, "new.jsonl", range(60, 90)), "--evaluator", "task_success",
        "--learn-from", written(tmp_path, "old.jsonl", range(60)), "--labels", "--json",
    )  # fmt: skip
    assert code == 0
    assert json.loads(said.out)["task_success"]["auroc"]["value"] > 0.95
    assert "learned from 60 labels" in said.err


def test_backfill_and_train_work_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", "sqlite:///hark.db")
    (tmp_path / "hark.toml").write_text('[evaluators]\nenabled = ["task_success"]\n')
    run_command(monkeypatch, capsys, "ingest", written(tmp_path, "old.jsonl", range(60)))
    run_command(monkeypatch, capsys, "tick", "--at", "2026-12-20T00:00Z")
    code, said = run_command(monkeypatch, capsys, "train", "--json")
    assert code == 0
    assert json.loads(said.out)["task_success"]["takes_over"] is True
    code, said = run_command(monkeypatch, capsys, "backfill", "refusal", "--since", "500w", "--json")
    assert code == 0
    assert json.loads(said.out)["evaluator"] == "refusal"
    code, said = run_command(monkeypatch, capsys, "backfill", "refusl")
    assert code == 2
    assert "did you mean refusal?" in said.err
