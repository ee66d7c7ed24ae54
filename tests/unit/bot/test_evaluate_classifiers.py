"""Classifiers in a running Hark: labels teach them, history follows, withdrawn labels take it all back; and backfill."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from made import MINUTE, NOW, ingest, talk

from bot.app import build_hark
from bot.config.settings import load
from bot.jobs.backfill import Backfill
from traces.clock import FakeClock
from traces.model import Label
from traces.store.classifiers import KEPT, Learned

LATER = NOW + timedelta(days=1)
GOOD, BAD = "All done, your booking is changed and confirmed.", "I could not find the booking at all."


def sixty():
    return [talk(f"c-{n}", f"Change booking {n}.", GOOD if n % 3 == 0 else BAD, at=NOW + n * MINUTE) for n in range(60)]


@pytest.fixture
def hark(tmp_path):
    """A Hark with 60 evaluated conversations, a third of them well done."""
    (tmp_path / "hark.toml").write_text('[evaluators]\nenabled = ["task_success"]\n')
    settings = load({"HARK_DATABASE_URL": f"sqlite:///{tmp_path / 'hark.db'}"}, tmp_path)
    built = build_hark(settings, FakeClock(LATER), {})
    ingest(built.store, *sixty())
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
    [trained] = hark.jobs.train.run(LATER)
    assert trained.head.takes_over
    hark.jobs.evaluate.run(LATER)
    assert [e.version for e in hark.evaluators if e.name == "task_success"] == [f"1+c{trained.head.version}"]
    with hark.store.begin() as tx:
        for n in range(15):
            tx.reviews.withdraw_label(f"c-{n}", "task_success", "U1")
    [trained] = hark.jobs.train.run(LATER + MINUTE)
    assert not trained.head.takes_over
    assert "too few" in trained.head.reason
    hark.jobs.evaluate.run(LATER + MINUTE)
    assert [e.version for e in hark.evaluators if e.name == "task_success"] == ["1"]


def test_a_changed_label_is_learned_from_a_day_later(hark):
    label(hark, *range(40))
    hark.jobs.train.run(LATER)
    label(hark, 1, value=1.0, at=LATER + MINUTE)
    assert hark.jobs.train.run(LATER + timedelta(hours=23)) == []
    assert len(hark.jobs.train.run(LATER + timedelta(hours=25))) == 1


def test_who_is_stopped_while_history_is_scored_goes_on_with_it_the_next_time(hark):
    label(hark, *range(40))
    asked = iter([False, True])
    hark.jobs.train.run(LATER, lambda: next(asked))
    with hark.store.read() as tx:
        assert tx.state.job_outcome("rescore:task_success") == {"is_done": False}
    assert hark.jobs.train.run(LATER + MINUTE) == []
    assert len(scores(hark)) == 60
    with hark.store.read() as tx:
        assert tx.state.job_outcome("rescore:task_success") == {"is_done": True}


def test_verdicts_of_a_judge_of_the_same_question_teach_besides(tmp_path):
    (tmp_path / "hark.toml").write_text(
        '[evaluators]\nenabled = ["task_success"]\n[[judges]]\nname = "resolved"\ntemplate = "task_success"\n'
        'model = "scripted"\nscript_default = "no"\n[[judges.script]]\npattern = "All done"\nverdict = "yes"\n'
    )
    built = build_hark(load({"HARK_DATABASE_URL": f"sqlite:///{tmp_path / 'hark.db'}"}, tmp_path), FakeClock(LATER), {})
    ingest(built.store, *sixty())
    built.jobs.evaluate.run(LATER)
    built.jobs.evaluate.judge(LATER)
    label(built, *range(25))
    [trained] = built.jobs.train.run(LATER)
    built.store.close()
    assert (trained.head.n_labels, trained.head.n_weak) == (25, 35)


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


def test_a_classifier_that_takes_over_is_calibrated_at_once(hark):
    label(hark, *range(40))
    hark.jobs.calibrate.run(LATER)
    [trained] = hark.jobs.train.run(LATER + MINUTE)
    versions = {c.evaluator: c.evaluator_version for c in hark.jobs.calibrate.run(LATER + 2 * MINUTE)}
    assert versions["task_success"] == f"1+c{trained.head.version}"


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


class Judge(Constant):
    """Costs money; ``spend`` is called with each conversation before it answers."""

    name, when, layer = "careful", "quiet", 2

    def __init__(self, spend=lambda _conversation: True):
        super().__init__()
        self._spend = spend

    def evaluate(self, conversation):
        return replace(super().evaluate(conversation), name="careful") if self._spend(conversation) else None


def test_a_backfill_that_is_stopped_goes_on_where_it_was(hark):
    job = Backfill(hark.store, hark.jobs.evaluate)
    first = job.run(Judge(), NOW - MINUTE, LATER, is_enough=lambda: True)
    assert (first.is_whole, first.scored) == (False, 20)
    second = job.run(Judge(), NOW - MINUTE, LATER)
    assert (second.is_whole, second.standing, second.scored) == (True, 20, 40)


def test_a_backfill_ends_when_the_budget_of_the_judge_is_spent(hark):
    def spend(_conversation):
        with hark.store.begin() as tx:
            return tx.judge_spending.reserve("careful", 0.1, LATER, daily=0.55, own=None)

    done = Backfill(hark.store, hark.jobs.evaluate).run(Judge(spend), NOW - MINUTE, LATER)
    assert (done.is_spent, done.is_whole) == (True, False)
    assert (done.scored, done.seen) == (5, 20)


def test_a_conversation_that_grows_while_history_is_scored_is_left_to_its_own_evaluation(hark):
    def grow(conversation):
        if conversation.conversation_id == "c-7":
            ingest(hark.store, talk("c-7", "Change booking 7.", BAD, "Try again!", GOOD, at=NOW + 7 * MINUTE))
        return True

    Backfill(hark.store, hark.jobs.evaluate).run(Judge(grow), NOW - MINUTE, LATER)
    assert set(scores(hark, "careful")) == {f"c-{n}" for n in range(60)} - {"c-7"}


def test_what_still_awaits_its_evaluation_is_not_scored_before(hark):
    ingest(hark.store, talk("c-new", "Hello", "Hi", at=NOW))
    job = Backfill(hark.store, hark.jobs.evaluate)
    assert job.count(Constant(), NOW - MINUTE, LATER) == 60
    assert job.run(Constant(), NOW - MINUTE, LATER).seen == 60


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


def test_what_one_machine_learned_another_scores_by(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, said = run_command(
        monkeypatch, capsys, "train", "--labels", written(tmp_path, "old.jsonl", range(60)), "--evaluator", "task_success",
        "--out", "classifiers.json", "--json",
    )  # fmt: skip
    assert code == 0
    assert json.loads(said.out)["task_success"]["n_labels"] == 60
    new = written(tmp_path, "new.jsonl", range(60, 90))
    code, said = run_command(
        monkeypatch, capsys, "evaluate", new, "--evaluator", "task_success", "--classifier", "classifiers.json"
    )
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert code == 0
    assert len(lines) == 30
    assert {line["version"][:3] for line in lines} == {"1+c"}


def test_of_a_classifier_that_does_not_speak_one_hears_why(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    few = written(tmp_path, "few.jsonl", range(9))
    run_command(
        monkeypatch, capsys, "train", "--labels", few, "--evaluator", "task_success", "--out", "classifiers.json"
    )
    code, said = run_command(
        monkeypatch, capsys, "evaluate", few, "--evaluator", "task_success", "--classifier", "classifiers.json"
    )
    assert (code, said.out) == (0, "")
    assert "task_success: the rules speak: 9 labels are too few" in said.err
    code, said = run_command(
        monkeypatch, capsys, "evaluate", few, "--evaluator", "refusal", "--classifier", "classifiers.json"
    )
    assert "task_success: has a classifier, but does not run" in said.err


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": "hark classifiers 1", "classifiers": [3]}', '{"format": "x"}', "\x80"]
)
def test_a_file_without_classifiers_is_refused_in_one_line(content, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text(content, encoding="latin-1")
    code, said = run_command(monkeypatch, capsys, "evaluate", "missing.jsonl", "--classifier", "bad.json")
    assert code == 2
    assert "bad.json holds no classifiers" in said.err
    code, said = run_command(monkeypatch, capsys, "evaluate", "missing.jsonl", "--classifier", "nowhere.json")
    assert code == 2
    assert "cannot read nowhere.json" in said.err


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
