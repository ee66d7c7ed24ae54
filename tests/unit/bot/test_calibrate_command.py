"""``hark calibrate`` tells what labels say, with bounds, and takes a person's word on thresholds."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from made import DAY, NOW, label

from bot.cli.main import hark as command
from traces.model import Change, Score
from traces.store import open_store

APPROVAL = '[calibration]\nthresholds = "approval"\n[calibration.promises.refusal]\nat_least = 0.8\n'


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{tmp_path / 'hark.db'}")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hark.toml").write_text(APPROVAL)

    def call(*arguments):
        return CliRunner().invoke(command, ["calibrate", *arguments])

    return call


@pytest.fixture
def tx(run, tmp_path):
    """A transaction on the very database, with scores and labels in it."""
    store = open_store(f"sqlite:///{tmp_path / 'hark.db'}")
    with store.begin() as tx:
        values = {f"c-{n:03}": n / 200 for n in range(200)}
        tx.scores.put({i: [Score(name="refusal", value=v)] for i, v in values.items()}, NOW)
        for n, (i, value) in enumerate(values.items()):
            tx.reviews.put_label(label(i, float(value >= 0.3)))
            if n % 5 == 0:
                tx.reviews.put_label(label(i, float(value >= 0.35), reviewer="U2"))
    yield store
    store.close()


def test_every_figure_is_told_with_its_bounds(run, tx):
    said = run().stdout
    for figure in ("TPR", "TNR", "precision", "J", "kappa", "AC1", "alpha"):
        assert f"{figure} 0." in said or f"{figure} 1." in said, figure
    assert "reviewers agree on 95% of 40 conversations that several answered" in said


def test_as_json_intervals_are_pairs_around_their_figures(run, tx):
    told = json.loads(run("--json").stdout)["refusal"]
    for name in ("tpr", "tnr", "precision", "kappa", "informedness", "alpha", "ac1"):
        low, high = told[f"{name}_interval"]
        assert low <= high
        assert low - 0.03 <= told[name] <= high + 0.03
    assert told["calibration_error"] > 0
    assert len(told["reliability"]) == 10
    assert told["transported"] is False
    assert told["question"]["n_double"] == 40


def test_a_proposed_threshold_is_named_with_the_way_to_approve_it_and_then_holds(run, tx):
    proposed = json.loads(run("--json").stdout)["refusal"]["proposed_threshold"]
    assert 0.1 < proposed < 0.4
    assert "hark calibrate --approve refusal" in run().stdout
    approved = run("--approve", "refusal", "--json", "--history", "refusal")
    told = json.loads(approved.stdout)["refusal"]
    assert (told["threshold"], told["proposed_threshold"]) == (proposed, None)
    assert [(m["state"], m["by"]) for m in told["history"]] == [("proposed", "hark"), ("applied", "command line")]
    undone = run("--undo", "refusal", "--history", "refusal")
    assert "the threshold of refusal is 0.5" in undone.stderr
    assert "undone" in undone.stdout


@pytest.mark.parametrize("option", ["--approve", "--reject", "--undo"])
def test_an_answer_to_nothing_is_one_clear_line(run, tx, option):
    result = run(option, "nothing")
    assert result.exit_code != 0
    assert "nothing" in str(result.exception) + result.stderr


def test_a_missing_proof_is_told_as_labels_that_are_missing(run, tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'hark.db'}")
    with store.begin() as tx:
        tx.scores.put({f"c-{n}": [Score(name="refusal", value=n / 20)] for n in range(20)}, NOW)
        for n in range(20):
            tx.reviews.put_label(label(f"c-{n}", float(n > 12)))
    store.close()
    assert "promised precision 80%: not proven; about" in run().stdout


def test_after_a_change_it_says_which_labels_would_refresh_it(run, tx):
    with tx.begin() as written:
        written.state.note_changes([Change(kind="model", value=v, at=NOW - d * DAY) for v, d in (("a", 9), ("b", 1))])
        written.scores.put(
            {f"n-{n}": [Score(name="refusal", value=0.1, evaluator_version="2")] for n in range(9)}, NOW + DAY
        )
    assert "transported: most labels are of another version" in run().stdout
    told = json.loads(run("--json").stdout)["refusal"]
    assert told["labels_to_refresh"] == {"positive": 20, "negative": 20}
