"""`hark export` leaves personal data out unless `--raw` says otherwise, and what was exported is read back as no news."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner
from made import NOW, ingest, label, talk

from bot.cli.main import hark
from traces.model import AuditEntry, Score
from traces.store import open_store
from traces.store.datasets import DatasetItem

EMAIL = "tessa.tapir@example.org"
WHAT = ("conversations", "audit", "labels", "dataset", "scores")


@pytest.fixture
def run(monkeypatch, nobodys_settings):
    """Runs a command on a database in which every kind of export has an address in it."""
    monkeypatch.setenv("HARK_DATABASE_URL", "sqlite:///hark.db")
    store = open_store("sqlite:///hark.db")
    ingest(store, talk("c-1", f"I am {EMAIL}.", "Hello!", metadata={"contact": EMAIL, "application": "shop"}))
    with store.begin() as tx:
        tx.reviews.put_label(label(name="refusal", note=f"Ask {EMAIL}", at=NOW))
        kept = DatasetItem(conversation_id="c-1", label="refusal", added_by="U1", added_at=NOW, expected=f"To {EMAIL}.")
        tx.datasets.add(kept)
        tx.scores.put({"c-1": [Score(name="refusal", value=1.0, explanation=f"Names {EMAIL}", evidence=EMAIL)]}, NOW)
        tx.audit.add(AuditEntry(at=NOW, actor="U1", action="label", subject="conversation:c-1", after={"note": EMAIL}))
    store.close()
    runner = CliRunner()

    def run(*arguments, given=None):
        result = runner.invoke(hark, arguments, input=given)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


@pytest.mark.parametrize("what", WHAT)
def test_personal_data_is_left_out_unless_raw_is_asked_for(run, what):
    said = run("export", what)
    assert EMAIL not in said
    assert "[email]" in said
    assert EMAIL in run("export", what, "--raw")


def test_a_csv_file_holds_no_personal_data_either(run):
    for what in WHAT[1:]:
        rows = list(csv.DictReader(io.StringIO(run("export", what, "--format", "csv"))))
        assert rows
        assert EMAIL not in str(rows)


def test_who_takes_the_words_out_stands_in_the_audit_trail(run):
    run("export", "labels")
    run("export", "labels", "--raw")
    run("export", "conversations", "--raw")
    entries = [json.loads(line) for line in run("export", "audit").splitlines()]
    assert [(e["actor"], e["action"], e["subject"]) for e in entries[1:]] == [
        ("command line", "export.raw", "export:labels"),
        ("command line", "export.raw", "export:conversations"),
    ]


@pytest.mark.parametrize("raw", [(), ("--raw",)], ids=["left out", "raw"])
def test_reading_back_what_was_exported_changes_nothing_that_is_stored(run, raw):
    conversations, labels = run("export", "conversations", *raw), run("export", "labels", *raw)
    told = json.loads(run("ingest", "--json", "-", given=conversations))
    assert (told["new"], told["updated"]) == (0, 0)
    run("labels", "import", "-", given=labels)
    assert EMAIL in run("export", "conversations", "--raw")
    assert f"Ask {EMAIL}" in run("export", "labels", "--raw")


def test_what_was_exported_is_taken_up_by_another_hark(run, monkeypatch):
    conversations, labels = run("export", "conversations"), run("export", "labels")
    monkeypatch.setenv("HARK_DATABASE_URL", "sqlite:///other.db")
    run("ingest", "-", given=conversations)
    run("labels", "import", "-", given=labels)
    assert run("export", "conversations") == conversations
    assert run("export", "labels") == labels
