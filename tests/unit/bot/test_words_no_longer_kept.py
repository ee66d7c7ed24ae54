"""``[retention] raw_days``: personal data goes by itself, figures stay, and readers are told that nothing can be revealed."""

from __future__ import annotations

import base64
from contextlib import closing
from datetime import timedelta

import pytest
from click.testing import CliRunner
from made import DAY, HOUR, NOW, ingest, talk
from sqlalchemy import delete

from bot.app import build_hark
from bot.cli.main import hark as cli
from bot.config.settings import load
from bot.judges import StoredAnswers
from bot.slack.blocks.transcript import transcript_view
from bot.slack.blocks.transcript_values import Transcript
from traces import schema
from traces.clock import FakeClock
from traces.errors import BadConfig
from traces.model import EVERYTHING
from traces.redacted import lasting
from traces.store import open_store
from traces.store.conversations import Pending

KEY = base64.b64encode(bytes(32)).decode()
LEAK = ("Who else is in?", "Tessa Tapir, tessa.tapir@example.org.")


@pytest.fixture
def running(tmp_path):
    """A Hark by what its file says of raw_days, with one conversation that leaks."""
    opened = []

    def run(raw_days=None):
        said = "" if raw_days is None else f"raw_days = {raw_days}"
        (tmp_path / "hark.toml").write_text(f"[retention]\n{said}\n")
        key = {"HARK_ENCRYPTION_KEY": KEY} if raw_days else {}
        settings = load({"HARK_DATABASE_URL": f"sqlite:///{tmp_path / 'hark.db'}", **key}, tmp_path)
        hark = build_hark(settings, FakeClock(NOW), {})
        opened.append(hark.store)
        ingest(hark.store, talk("c-1", *LEAK, at=NOW))
        return hark

    yield run
    for store in opened:
        store.close()


def answer(hark, conversation_id="c-1"):
    with hark.store.read() as tx:
        return tx.conversations.get(conversation_id).messages[1].content


def leaks(hark):
    with hark.store.read() as tx:
        total = tx.rollups.series("pii_leak", EVERYTHING, since=NOW - DAY, until=NOW + DAY, resolution_s=86_400)
        return tx.scores.values("pii_leak"), [(r.n, r.total) for _, r in total]


def test_with_0_they_go_as_soon_as_it_was_evaluated_and_the_figures_stay(running):
    hark = running(0)
    hark.jobs.tick(NOW + timedelta(minutes=2))
    assert "tessa.tapir" in answer(hark)
    hark.jobs.tick(NOW + HOUR)
    assert answer(hark) == "Tessa Tapir, [email]."
    assert leaks(hark) == ({"c-1": 1.0}, [(1, 1.0)])


def test_with_days_they_stay_for_so_long(running):
    hark = running(2)
    hark.jobs.tick(NOW + DAY)
    assert "tessa.tapir" in answer(hark)
    hark.jobs.tick(NOW + 3 * DAY)
    assert "tessa.tapir" not in answer(hark)


def test_evaluating_it_again_leaves_the_scores_of_what_can_no_longer_be_seen(running):
    hark = running(0)
    hark.jobs.tick(NOW + HOUR)
    evaluators = [e for e in hark.evaluators if e.name == "pii_leak"]
    with hark.store.read() as tx:
        stored = tx.conversations.get("c-1")
        version = tx.conversations.known(["c-1"])["c-1"].version
    again = Pending(conversation=stored, version=version, has_arrived=True, has_settled=True)
    outcomes = {"c-1": [e.evaluate(stored) for e in evaluators]}
    assert outcomes["c-1"][0].value == 0.0
    hark.jobs.evaluate.rescore([again], outcomes, NOW + HOUR)
    assert leaks(hark) == ({"c-1": 1.0}, [(1, 1.0)])


def test_a_conversation_that_goes_on_keeps_its_leak_and_is_scored_anew(running):
    hark = running(0)
    hark.jobs.tick(NOW + HOUR)
    with hark.store.begin() as tx:
        tx.conversations.refresh_feedback("c-1", NOW + HOUR)
    hark.jobs.tick(NOW + 2 * HOUR)
    assert leaks(hark) == ({"c-1": 1.0}, [(1, 1.0)])
    ingest(hark.store, talk("c-1", *LEAK, "More?", "No."), at=NOW + 2 * HOUR)
    hark.jobs.tick(NOW + 3 * HOUR)
    assert answer(hark) == "Tessa Tapir, [email]."
    with hark.store.read() as tx:
        assert len(tx.conversations.get("c-1").messages) == 4


@pytest.mark.parametrize("is_raw", [False, True])
def test_who_reads_it_is_told_that_nothing_can_be_revealed(running, is_raw):
    hark = running(0)
    with closing(hark.store), hark.store.read() as tx:
        stored = lasting(tx.conversations.get("c-1"))
    view = transcript_view(Transcript(conversation=stored, is_raw=is_raw, can_reveal=True, are_words_kept=False))
    said = str(view.blocks)
    assert "no longer kept" in said
    assert "Reveal " not in said
    assert "without redaction" not in said


def test_by_default_nothing_personal_is_kept_once_it_was_evaluated(running):
    hark = running()
    hark.jobs.tick(NOW + HOUR)
    assert answer(hark) == "Tessa Tapir, [email]."
    assert leaks(hark) == ({"c-1": 1.0}, [(1, 1.0)])


def test_keeping_words_without_a_key_is_refused_with_both_ways_out(tmp_path):
    (tmp_path / "hark.toml").write_text("[retention]\nraw_days = 7\n")
    with pytest.raises(BadConfig) as refused:
        load({}, tmp_path)
    [mistake] = refused.value.mistakes
    assert "retention.raw_days" in mistake
    assert "openssl rand -base64 32" in mistake
    assert "raw_days = 0" in mistake


@pytest.fixture
def older(tmp_path):
    """A database as an older Hark left it: with a conversation, and nobody has said what is to become of it."""
    store = open_store(f"sqlite:///{tmp_path / 'hark.db'}")
    ingest(store, talk("c-0", *LEAK, at=NOW - DAY))
    with store._engine.begin() as connection:
        connection.execute(delete(schema.job_runs))
    store.close()


@pytest.mark.usefixtures("older")
def test_what_an_older_hark_stored_waits_for_a_decision_and_only_what_is_new_goes(running, caplog):
    hark = running()
    for hours in (-1, 1, 24 * 30):
        hark.jobs.tick(NOW + hours * HOUR)
    assert answer(hark) == "Tessa Tapir, [email]."
    assert "tessa.tapir" in answer(hark, "c-0")
    [line] = [r.getMessage() for r in caplog.records if "raw_days" in r.getMessage()]
    assert "1 conversation that was stored by an older Hark" in line
    running(0).jobs.tick(NOW + 3 * HOUR)
    assert answer(hark, "c-0") == "Tessa Tapir, [email]."


@pytest.mark.usefixtures("older")
def test_the_doctor_says_what_waits_for_a_decision(running, tmp_path, monkeypatch):
    running().jobs.tick(NOW + HOUR)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{tmp_path / 'hark.db'}")
    monkeypatch.delenv("HARK_ENCRYPTION_KEY", raising=False)
    told = CliRunner().invoke(cli, ["doctor"])
    assert told.exit_code == 1
    assert "set raw_days = 0 to have them replaced" in told.output


def test_words_wait_for_a_judge_that_does_not_answer_and_for_a_week_at_most(running):
    hark = running()
    with hark.store.begin() as tx:
        tx.conversations.evaluated(tx.conversations.pending(NOW + HOUR, 10), ["c-1"])
    hark.jobs.hide.run(NOW + 6 * DAY)
    assert "tessa.tapir" in answer(hark)
    hark.jobs.hide.run(NOW + 8 * DAY)
    assert "tessa.tapir" not in answer(hark)


def test_what_is_old_but_came_only_now_is_evaluated_before_its_words_go(running):
    hark = running()
    ingest(hark.store, talk("c-2", *LEAK, at=NOW - 100 * DAY))
    hark.jobs.hide.run(NOW)
    assert "tessa.tapir" in answer(hark, "c-2")
    hark.jobs.tick(NOW + HOUR)
    assert "tessa.tapir" not in answer(hark, "c-2")


def test_what_a_judge_answered_is_kept_without_personal_data(running):
    hark = running()
    answers = StoredAnswers(hark.store, FakeClock(NOW))
    answers.put("k", '{"verdict": "yes", "evidence": "write to tessa.tapir@example.org"}')
    assert answers.get("k") == '{"verdict": "yes", "evidence": "write to [email]"}'


def test_what_says_that_it_ends_in_the_future_loses_its_words_after_a_week_too(running):
    hark = running()
    ingest(hark.store, talk("c-3", *LEAK, at=NOW + 900 * DAY))
    hark.jobs.hide.run(NOW + 8 * DAY)
    assert "tessa.tapir" not in answer(hark, "c-3")
