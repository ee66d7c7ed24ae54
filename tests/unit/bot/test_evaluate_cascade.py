"""A judge behind its classifier in a running Hark: who answers, what that saves, and that the audit goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from made import MINUTE, NOW, ingest, talk

from bot.answers.digest import Digests, Period
from bot.app import build_hark
from bot.catalogue import Catalogue
from bot.config.settings import load
from evaluators.registry import catalogue
from traces.clock import FakeClock
from traces.errors import BadConfig
from traces.model import Label

LATER = NOW + timedelta(days=1)
AFTER = LATER + timedelta(days=2)
GOOD, BAD = "All done, your booking is changed and confirmed.", "I could not find the booking at all."
JUDGE = """
[[judges]]
name = "helped"
question = "Was the user helped?"
bad = "down"
model = "scripted"
script_default = "no"
cascade = true
cascade_audit = 0.2
[[judges.script]]
pattern = "All done"
verdict = "yes"
"""


def talks(first, count):
    numbers = range(first, first + count)
    at = NOW if first == 0 else AFTER
    return [talk(f"c-{n}", f"Change booking {n}.", GOOD if n % 2 else BAD, at=at + n * MINUTE) for n in numbers]


@pytest.fixture
def hark(tmp_path):
    """A Hark whose judge has answered 150 conversations, with reviewers who agree with it."""
    (tmp_path / "hark.toml").write_text(JUDGE)
    built = build_hark(load({"HARK_DATABASE_URL": f"sqlite:///{tmp_path / 'hark.db'}"}, tmp_path), FakeClock(LATER), {})
    ingest(built.store, *talks(0, 150))
    built.jobs.evaluate.run(LATER)
    with built.store.begin() as tx:
        for n in range(150):
            tx.reviews.put_label(
                Label(conversation_id=f"c-{n}", name="helped", value=float(n % 2), reviewer="U1", at=LATER)
            )
    yield built
    built.store.close()


def answers(hark, first, count):
    with hark.store.read() as tx:
        found = tx.scores.current([f"c-{n}" for n in range(first, first + count)])
    return {int(i[2:]): s for i, of in found.items() for s in of if s.name == "helped"}


def by_classifier(score):
    return (score.explanation or "").startswith("By a classifier")


def test_until_labels_have_taught_a_classifier_the_judge_is_asked_everything(hark):
    said = answers(hark, 0, 150)
    assert len(said) == 150
    assert not any(by_classifier(score) for score in said.values())


def test_a_classifier_that_is_right_answers_most_and_the_judge_checks_a_share(hark):
    [trained] = hark.jobs.train.run(LATER)
    assert trained.head.band is not None
    ingest(hark.store, *talks(1_000, 100))
    hark.jobs.evaluate.run(AFTER + timedelta(days=2))
    said = answers(hark, 1_000, 100)
    spared = [n for n, score in said.items() if by_classifier(score)]
    assert len(said) == 100
    assert 60 <= len(spared) < 100
    assert all(said[n].value == float(n % 2) for n in said)
    assert {score.evaluator_version[-8:] for score in said.values()} == {"+cascade"}
    with hark.store.read() as tx:
        book = tx.judge_spending.since(NOW, AFTER + timedelta(days=3))["helped"]
    assert (book.spared, book.audited) == (len(spared), 100 - len(spared))
    assert book.agreed == book.audited


def test_what_the_judge_said_of_history_stays(hark):
    before = answers(hark, 0, 150)
    hark.jobs.train.run(LATER)
    assert answers(hark, 0, 150) == before


def test_the_digest_says_what_was_saved_and_how_the_audit_went(hark):
    at = AFTER.replace(hour=6)
    with hark.store.begin() as tx:
        assert tx.judge_spending.reserve("helped", 0.02, at, daily=None, own=None)
        tx.judge_spending.spare("helped", at, spared=300, audited=20, agreed=19)
    digests = Digests(lambda _tx, _now: {}, ())
    with hark.store.read() as tx:
        report = digests.report(tx, Period(rhythm="daily", until=at + timedelta(days=1)))
        other = digests.report(tx, Period(rhythm="daily", until=at + timedelta(days=3)))
    assert report.spared is not None
    assert (report.spared.conversations, report.spared.usd) == (300, pytest.approx(6.0))
    assert (report.spared.audited, report.spared.agreed) == (20, 19)
    assert other.spared is None


def test_the_catalogue_says_who_answers(hark):
    listed = Catalogue(catalogue(hark.evaluators), hark.settings.judges)
    hark.jobs.train.run(LATER)
    with hark.store.read() as tx:
        card = next(card for card in listed.report(tx, LATER).cards if card.name == "helped")
    assert card.learned.startswith("a classifier answers at most 0.")
    assert "the judge what is in between" in card.learned


def test_a_cascade_goes_by_its_own_classifier_and_not_by_another_evaluator_too(tmp_path):
    (tmp_path / "hark.toml").write_text(JUDGE.replace("cascade = true", 'cascade = true\nstratify_by = "refusal"'))
    with pytest.raises(BadConfig, match="cascade goes neither with stratify_by"):
        load({}, tmp_path)
