"""``[retention] raw_days``: personal data goes by itself, figures stay, and readers are told that nothing can be revealed."""

from __future__ import annotations

import base64
from contextlib import closing
from datetime import timedelta

import pytest
from made import DAY, HOUR, NOW, ingest, talk

from bot.app import build_hark
from bot.config import load
from bot.slack.blocks.transcript import transcript_view
from bot.slack.blocks.transcript_values import Transcript
from traces.clock import FakeClock
from traces.model import EVERYTHING
from traces.redacted import lasting
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


def answer(hark):
    with hark.store.read() as tx:
        return tx.conversations.get("c-1").messages[1].content


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
