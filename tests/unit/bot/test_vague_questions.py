"""Where reviewers agree hardly more than chance, they are told once, with what they answered differently."""

from __future__ import annotations

from datetime import timedelta

import pytest
from made import DAY, HOUR, MINUTE, NOW, ingest, label, talk

from bot.reviewing.taxonomy import Draft, Taxonomy
from bot.reviewing.vague import VAGUE, LookingForVague, VagueQuestions
from bot.slack.access import Person
from bot.slack.blocks.vague import CHANGE, DISMISS
from bot.slack.check import check
from bot.slack.render import Renderer
from evaluators.refusal import Refusal
from traces.clock import FakeClock
from traces.errors import BadInput

ADA = Person(user_id="UADA", name="Ada <!channel>", team_id="T1")
SECRET = "Write to mia.muster@example.com, <!channel> https://evil.example.com"


@pytest.fixture
def taxonomy(store):
    ingest(store, *(talk(f"c-{n}", SECRET, "No.", at=NOW - HOUR) for n in range(40)))
    return Taxonomy(store, FakeClock(NOW), [Refusal()])


def answered(store, taxonomy, name="refusal", first=0, count=40, *, at=NOW, version=True, agree=False):
    """Two reviewers, who agree on every second conversation only."""
    with store.begin() as tx:
        asked = taxonomy.question_version(tx, name) if version else None
        for n in range(first, first + count):
            for k, who in enumerate(("U1", "U2")):
                value = float(n % 4 < 2 if agree or k == 0 else n % 2 == 0)
                moment = at + timedelta(seconds=n)
                tx.reviews.put_label(label(f"c-{n}", value, name=name, reviewer=who, at=moment, question_version=asked))


def look(store, taxonomy, now=NOW):
    return LookingForVague(store, taxonomy, "#review").run(now)


def cards(store, taxonomy):
    vague = VagueQuestions(store, FakeClock(NOW), Renderer([Refusal()], {}), taxonomy)
    with store.read() as tx:
        due = [d for d in tx.outbox.due(NOW + DAY, 10) if d.kind == VAGUE]
        return [(d.subject_id, vague.delivered(tx, d)) for d in due]


def test_it_is_told_once_with_the_evidence_and_nothing_personal(store, taxonomy):
    answered(store, taxonomy)
    assert look(store, taxonomy) == 1
    assert look(store, taxonomy, NOW + HOUR) == 0
    [(_, card)] = cards(store, taxonomy)
    payload = card.payload()
    assert check(payload, "message") == []
    said = str(payload)
    assert "do not agree" in said
    assert "yes: U" in said
    assert "mia.muster" not in said
    assert {CHANGE, DISMISS} <= {
        e["action_id"] for b in payload["blocks"] if b["type"] == "actions" for e in b["elements"]
    }


def test_reviewers_who_agree_are_told_nothing(store, taxonomy):
    answered(store, taxonomy, agree=True)
    assert look(store, taxonomy) == 0
    assert cards(store, taxonomy) == []


def test_a_few_contradictions_are_not_enough(store, taxonomy):
    answered(store, taxonomy, count=12)
    assert look(store, taxonomy) == 0


def test_labels_that_come_later_are_looked_at_within_a_minute(store, taxonomy):
    looking = LookingForVague(store, taxonomy, "#review")
    assert looking.run(NOW) == 0
    answered(store, taxonomy)
    assert looking.run(NOW + timedelta(seconds=5)) == 0
    assert looking.run(NOW + MINUTE) == 1


def test_dismissed_it_says_so_and_stays_so(store, taxonomy):
    answered(store, taxonomy)
    look(store, taxonomy)
    vague = VagueQuestions(store, FakeClock(NOW), Renderer([Refusal()], {}), taxonomy)
    [(ref, _)] = cards(store, taxonomy)
    assert vague.dismiss(ref, ADA, "key-1")
    assert not vague.dismiss(ref, ADA, "key-1")
    assert not vague.dismiss(ref, ADA, "key-2")
    [(_, card)] = cards(store, taxonomy)
    assert "Left as it is by" in str(card.payload())
    assert "<!channel>" not in str(card.payload())
    assert DISMISS not in str(card.payload())
    with pytest.raises(BadInput):
        vague.dismiss("0" * 32, ADA, "key-3")


def test_a_question_that_was_said_more_clearly_is_judged_by_its_new_answers(store, taxonomy):
    taxonomy.add(Draft(title="Rude", question="Was it rude?"), ADA, "key-1")
    answered(store, taxonomy, "rude")
    assert look(store, taxonomy) == 1
    later = Taxonomy(store, FakeClock(NOW + HOUR), [Refusal()])
    later.rename("rude", Draft(title="Rude", question="Did it insult the user?"), ADA, "key-2")
    answered(store, later, "rude", at=NOW + 2 * HOUR, agree=True)
    assert look(store, later, NOW + 3 * HOUR) == 0
    answered(store, later, "rude", at=NOW + 4 * HOUR)
    assert look(store, later, NOW + 5 * HOUR) == 1
    assert len(cards(store, later)) == 2


def test_what_is_known_is_nobody_s_opinion(store, taxonomy):
    with store.begin() as tx:
        for n in range(40):
            tx.reviews.put_label(label(f"c-{n}", float(n % 2), reviewer="U1"))
            tx.reviews.put_label(label(f"c-{n}", float(n % 3 == 0), reviewer="gold"))
    assert look(store, taxonomy) == 0
