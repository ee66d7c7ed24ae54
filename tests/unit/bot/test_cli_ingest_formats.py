"""``hark ingest`` takes files of many kinds, marks them, and can be started again after anything."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from made import talk

from bot.cli import main

CAPTURED = Path(__file__).parents[4] / "shared" / "data" / "captured"


@pytest.fixture
def hark(monkeypatch, nobodys_settings, capsys):
    monkeypatch.setenv("HARK_DATABASE_URL", "sqlite:///hark.db")

    def run(*arguments, given=b""):
        monkeypatch.setattr(sys, "argv", ["hark", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr()

    return run


def exported(hark, *arguments):
    return [json.loads(line) for line in hark("export", "conversations", *arguments)[1].out.splitlines()]


def zipped(name, *values):
    Path(name).write_bytes(gzip.compress("\n".join(map(json.dumps, values)).encode()))
    return name


def test_a_zipped_file_is_read_and_a_second_run_changes_nothing(hark):
    file = zipped("talks.jsonl.gz", talk("c-1"), talk("c-2"))
    assert "2 new" in hark("ingest", file)[1].err
    assert "0 new, 0 updated, 2 unchanged" in hark("ingest", file)[1].err


def test_a_file_that_breaks_off_is_named_and_costs_neither_its_first_lines_nor_the_other_files(hark):
    zipped_lines = gzip.compress("\n".join(json.dumps(talk(f"c-{n}")) for n in range(2000)).encode())
    Path("cut.jsonl.gz").write_bytes(zipped_lines[: len(zipped_lines) // 2])
    code, told = hark("ingest", "cut.jsonl.gz", "gone.jsonl", zipped("whole.jsonl.gz", talk("whole")))
    assert code == 2
    assert told.err.splitlines()[0].startswith("hark: cut.jsonl.gz: cannot be read")
    assert told.err.splitlines()[1].startswith("hark: gone.jsonl: cannot be read")
    _, exported = hark("export", "conversations")
    ids = {json.loads(line)["id"] for line in exported.out.splitlines()}
    assert told.err.splitlines()[-1] == f"{len(ids)} new, 0 updated, 0 unchanged"
    assert {"c-0", "whole"} < ids


def test_a_zipped_file_that_is_cut_short_is_one_clear_line(hark):
    Path("cut.jsonl.gz").write_bytes(gzip.compress(json.dumps(talk("c-1")).encode() * 50)[:-20])
    code, told = hark("ingest", "cut.jsonl.gz")
    assert code == 2
    assert told.err.startswith("hark: cut.jsonl.gz: cannot be read")
    assert len(told.err.splitlines()) == 1


def test_files_are_marked_as_of_an_application_and_environment(hark):
    file = zipped("talks.jsonl.gz", talk("c-1"))
    hark("ingest", file, "--application", "shop", "--environment", "staging")
    (conversation,) = exported(hark)
    assert conversation["metadata"]["application"] == "shop"
    assert conversation["metadata"]["environment"] == "staging"


def test_the_summary_as_json_tells_what_was_rejected(hark):
    Path("talks.jsonl").write_text(json.dumps(talk("c-1")) + "\n{}\n")
    code, told = hark("ingest", "talks.jsonl", "--json")
    summary = json.loads(told.out)
    assert (code, summary["new"], summary["rejected"]) == (1, 1, 1)
    assert summary["reasons"][0].startswith("talks.jsonl:2:")


@pytest.mark.skipif(not CAPTURED.exists(), reason="the captured payloads are not beside this checkout")
@pytest.mark.parametrize("form", ["auto", "otlp"])
@pytest.mark.parametrize("file", ["openinference_agent/001.pb", "vercel_ai_json/001.json"])
def test_an_otlp_file_is_told_from_others_by_its_content(hark, file, form):
    code, told = hark("ingest", CAPTURED / file, "--format", form, "--application", "marked")
    assert (code, " 0 updated" in told.err) == (0, True)
    found = exported(hark)
    assert found
    assert {c["metadata"]["application"] for c in found} == {"marked"}


def test_a_part_of_what_is_stored_can_be_exported(hark):
    talks = [
        talk(f"c-{day}", started_at=f"2026-11-0{day}T10:00:00Z", ended_at=f"2026-11-0{day}T11:00:00Z")
        for day in (1, 2, 3)
    ]
    talks[1]["metadata"] = {"application": "shop"}
    hark("ingest", zipped("talks.jsonl.gz", *talks))
    assert [c["id"] for c in exported(hark, "--since", "2026-11-02")] == ["c-2", "c-3"]
    assert [c["id"] for c in exported(hark, "--until", "2026-11-02")] == ["c-1"]
    assert [c["id"] for c in exported(hark, "--application", "shop")] == ["c-2"]


def test_a_key_is_printed_once_and_then_only_listed(hark):
    code, told = hark("keys", "create", "shop", "--application", "shop")
    key = told.out.strip()
    assert (code, key.startswith("hark_")) == (0, True)
    (listed,) = json.loads(hark("keys", "list", "--json")[1].out)
    assert (listed["name"], listed["application"], listed["revoked_at"]) == ("shop", "shop", None)
    assert key not in json.dumps(listed)
    second = hark("keys", "rotate", listed["id"])[1].out.strip()
    assert second != key
    assert hark("keys", "revoke", listed["id"])[0] == 0
    assert [k["revoked_at"] is None for k in json.loads(hark("keys", "list", "--json")[1].out)] == [False, True]
    code, told = hark("keys", "revoke", listed["id"])
    assert (code, len(told.err.splitlines())) == (2, 1)


def test_a_database_that_cannot_be_written_is_told_in_one_line_and_what_was_stored_stays(hark):
    hark("ingest", zipped("first.jsonl.gz", talk("c-1")))
    with closing(sqlite3.connect("hark.db")) as other:
        other.execute("ALTER TABLE arrivals RENAME TO away")
    code, told = hark("ingest", zipped("more.jsonl.gz", talk("c-2")))
    (line,) = told.err.splitlines()
    assert code == 2
    assert line.startswith("hark: more.jsonl.gz: ")
    assert "start it again" in line
    with closing(sqlite3.connect("hark.db")) as other:
        other.execute("ALTER TABLE away RENAME TO arrivals")
    assert len(exported(hark)) == 1
    assert "1 new" in hark("ingest", "more.jsonl.gz")[1].err
