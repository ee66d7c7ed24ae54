"""The words that reviewers label with: what is offered, what each change keeps, and how merged words count."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.jobs.calibrate import reviewed
from bot.reviewing.taxonomy import Draft, Taxonomy
from bot.slack.access import Person
from evaluators.registry import build
from traces.clock import FakeClock, parse_time
from traces.errors import BadInput
from traces.model import Label
from traces.store import open_store
from traces.store.origins import Origin
from traces.store.reviews import ReviewItem
from traces.store.taxonomy import WordState

NOON = parse_time("2026-11-20T12:00:00Z")
ADA = Person(user_id="U0ADA", name="ada", team_id="T0HOME")
EVALUATORS = build()


class Room:
    """A taxonomy over a store of its own."""

    def __init__(self) -> None:
        self.store = open_store("sqlite://")
        self.clock = FakeClock(NOON)
        self.taxonomy = Taxonomy(self.store, self.clock, EVALUATORS)
        self._keys = count()

    def key(self) -> str:
        return f"k{next(self._keys)}"

    def add(self, title: str, **more: str) -> None:
        self.taxonomy.add(Draft(title=title, **more), ADA, self.key())

    def label(self, name: str, reviewer: str = "U0MIA", conversation: str = "c-1", value: float = 1.0) -> None:
        self.clock.advance(timedelta(seconds=1))
        with self.store.begin() as tx:
            version = self.taxonomy.question_version(tx, name)
            tx.reviews.put_label(
                Label(
                    conversation_id=conversation, name=name, value=value, reviewer=reviewer, at=self.clock.now(),
                    question_version=version,
                )
            )  # fmt: skip

    def labels(self, name: str) -> list[Label]:
        with self.store.read() as tx:
            return tx.reviews.labels_named(name)

    def entry(self, name: str):
        return next((e for e in self.taxonomy.read() if e.name == name), None)

    def offered(self, evaluator: str) -> list[str]:
        with self.store.read() as tx:
            return [e.name for e in self.taxonomy.offered(tx, evaluator)]

    def audit(self) -> list[str]:
        with self.store.read() as tx:
            return [entry.action for entry in tx.audit.entries()]


@pytest.fixture
def room():
    made = Room()
    yield made
    made.store.close()


def test_every_evaluators_question_is_a_word_from_the_start(room):
    entries = {e.name: e for e in room.taxonomy.read()}
    assert entries.keys() == {e.name for e in EVALUATORS}
    assert all(e.is_offered and e.is_question and e.question for e in entries.values())


def test_a_word_is_offered_beside_the_question_it_is_about_first(room):
    room.add("Made up a price", question="Did it name a price?", evaluator="refusal")
    room.add("Other thing")
    assert room.offered("refusal")[0] == "made_up_a_price"
    assert "refusal" not in room.offered("refusal")
    assert "refusal" in room.offered("tool_error")


def test_renaming_keeps_the_labels_and_makes_a_new_version(room):
    room.add("Rude")
    room.label("rude")
    room.taxonomy.rename("rude", Draft(title="Impolite", question="Was it impolite?"), ADA, room.key())
    room.label("rude", "U0NOAH")
    entry = room.entry("rude")
    assert (entry.title, entry.version, entry.labels) == ("Impolite", 2, 2)
    assert len(entry.answered) == 2
    assert {version.partition("#")[0] for version in entry.answered} == {"rude@1", "rude@2"}


def test_labels_of_an_evaluators_question_keep_its_version_and_the_digest_of_its_text(room):
    refusal = next(e for e in EVALUATORS if e.name == "refusal")
    with room.store.read() as tx:
        version = room.taxonomy.question_version(tx, "refusal")
        asked_of_a_signal = room.taxonomy.question_version(tx, "latency", "Was it slow?")
    assert version.startswith(f"refusal@{refusal.version}#")
    assert asked_of_a_signal.startswith("latency#")
    with room.store.read() as tx:
        assert room.taxonomy.question_version(tx, "latency", "Was it very slow?") != asked_of_a_signal


def test_a_merged_word_counts_as_the_other_everywhere_and_keeps_what_was_asked(room):
    room.add("Rude")
    room.add("Impolite")
    for name, reviewer in (("rude", "U0MIA"), ("impolite", "U0NOAH"), ("rude", "U0NOAH")):
        room.label(name, reviewer, f"c-{reviewer}-{name}")
    with room.store.begin() as tx:
        tx.reviews.pick(ReviewItem(item_id="i", conversation_id="c-9", evaluator="rude", reason="sent", picked_at=NOON))
    room.taxonomy.merge("rude", "impolite", ADA, room.key())
    room.label("rude", "U0LATE", "c-late")
    with room.store.read() as tx:
        assert len(reviewed(tx, "impolite")) == len(reviewed(tx, "rude")) == 4
        assert tx.reviews.label_counts() == {"impolite": 4}
        assert tx.reviews.item("i").evaluator == "impolite"
        assert tx.reviews.standing_label("c-late", "rude", "U0LATE").name == "impolite"
    versions = [label.question_version.partition("@")[0] for label in room.labels("impolite")]
    assert sorted(versions) == ["impolite", "rude", "rude", "rude"]
    assert room.entry("rude").merged_into == "impolite"


def test_where_a_reviewer_gave_both_words_the_later_counts_and_the_other_is_in_the_audit_trail(room):
    for title in ("Rude", "Impolite"):
        room.add(title)
    room.label("rude", value=1.0)
    room.label("impolite", value=0.0)
    room.taxonomy.merge("rude", "impolite", ADA, room.key())
    assert [label.value for label in room.labels("impolite")] == [0.0]
    with room.store.read() as tx:
        superseded = [entry for entry in tx.audit.entries() if entry.action == "label.superseded"]
    assert [entry.before["value"] for entry in superseded] == [1.0]


def test_merging_twice_leads_to_the_last_word(room):
    for title in ("One", "Two", "Three"):
        room.add(title)
    room.label("one")
    room.taxonomy.merge("one", "two", ADA, room.key())
    room.taxonomy.merge("two", "three", ADA, room.key())
    room.label("one", "U0NOAH")
    assert {label.name for label in room.labels("one")} == {"three"}
    assert len(room.labels("three")) == 2


def test_what_an_evaluator_asks_cannot_be_merged_away_but_takes_others_in(room):
    room.add("It refused")
    with pytest.raises(BadInput, match="merge the other one into it"):
        room.taxonomy.merge("refusal", "it_refused", ADA, room.key())
    room.label("it_refused")
    room.taxonomy.merge("it_refused", "refusal", ADA, room.key())
    assert len(room.labels("refusal")) == 1


def test_a_retired_word_is_offered_no_longer_keeps_its_labels_and_can_come_back(room):
    room.add("Rude")
    room.label("rude")
    room.taxonomy.retire("rude", ADA, room.key())
    assert "rude" not in room.offered("refusal")
    assert (room.entry("rude").state, room.entry("rude").labels) == (WordState.RETIRED, 1)
    room.taxonomy.restore("rude", ADA, room.key())
    assert "rude" in room.offered("refusal")


def test_labels_that_came_from_elsewhere_are_told_and_can_be_taken_in(room):
    room.label("from <a> file")
    assert not room.entry("from <a> file").is_listed
    assert "from <a> file" not in room.offered("refusal")
    room.taxonomy.add(Draft(title="From a file"), ADA, room.key(), name="from <a> file")
    assert room.entry("from <a> file").is_offered
    assert room.entry("from <a> file").labels == 1


@pytest.mark.parametrize(
    ("title", "says"),
    [
        ("", "letter or a digit"),
        (" \n ", "letter or a digit"),
        ("!?", "letter or a digit"),
        ("x" * 61, "at most 60"),
        ("rude", "already"),
        ("REFUSAL", "already"),
    ],
)
def test_a_title_that_says_nothing_or_is_taken_is_refused_at_its_field(room, title, says):
    room.add("Rude")
    with pytest.raises(BadInput, match=says) as caught:
        room.add(title)
    assert caught.value.field == "title"


def test_the_same_request_again_changes_nothing(room):
    room.add("Rude")
    for change in (
        lambda key: room.taxonomy.add(Draft(title="New"), ADA, key),
        lambda key: room.taxonomy.rename("rude", Draft(title="Ruder"), ADA, key),
        lambda key: room.taxonomy.retire("rude", ADA, key),
        lambda key: room.taxonomy.merge("rude", "new", ADA, key),
    ):
        key = room.key()
        assert change(key) is True
        before = room.audit()
        assert change(key) is False
        assert room.audit() == before
    assert room.audit() == [f"taxonomy.{d}" for d in ("add", "add", "rename", "retire", "merge")]


def test_after_a_merger_the_trace_store_is_told_the_new_name_and_gives_up_the_old(room):
    room.add("Rude")
    room.add("Impolite")
    room.label("rude")
    trace = f"{1:032x}"
    with room.store.begin() as tx:
        tx.spans.assign({trace: "c-1"}, {trace: b"told"})
        tx.origins.put([Origin(trace_id=trace, source="phoenix", target="t-1", at=NOON)])
        tx.label_writes.request(["phoenix"], NOON)
        (write,) = tx.label_writes.due("phoenix", NOON)
        tx.label_writes.written(write, "w-1")
    room.taxonomy.merge("rude", "impolite", ADA, room.key())
    with room.store.begin() as tx:
        assert tx.label_writes.request(["phoenix"], NOON) == 2
        due = {(write.name, write.is_withdrawal) for write in tx.label_writes.due("phoenix", NOON)}
    assert due == {("impolite", False), ("rude", True)}


TITLES = st.sampled_from(["Alpha", "Beta", "Gamma", "Delta"])
CHANGES = st.tuples(st.sampled_from(["add", "rename", "merge", "retire", "restore", "label"]), TITLES, TITLES)


@settings(max_examples=40, deadline=None)
@given(st.lists(CHANGES, max_size=14))
def test_whatever_admins_do_no_label_is_lost_and_every_name_leads_to_one_word(changes):
    room = Room()
    given_labels = 0
    for number, (change, one, other) in enumerate(changes):
        name, into = one.lower(), other.lower()
        try:
            if change == "add":
                room.add(one)
            elif change == "rename":
                room.taxonomy.rename(name, Draft(title=f"{other} {number}"), ADA, room.key())
            elif change == "merge":
                room.taxonomy.merge(name, into, ADA, room.key())
            elif change == "label":
                room.label(name, conversation=f"c-{number}")
                given_labels += 1
            else:
                getattr(room.taxonomy, change)(name, ADA, room.key())
        except BadInput:
            continue
    entries = room.taxonomy.read()
    assert sum(entry.labels for entry in entries) == given_labels
    with room.store.read() as tx:
        names = [entry.name for entry in entries]
        targets = tx.taxonomy.targets(names)
        assert all(tx.taxonomy.targets([target])[target] == target for target in targets.values())
        assert all(not entry.labels or targets[entry.name] == entry.name for entry in entries)
    room.store.close()


def test_two_admins_who_change_the_same_version_do_not_overwrite_each_other(room):
    room.add("Rude")
    with room.store.begin() as tx:
        word = tx.taxonomy.current()["rude"]
        assert tx.taxonomy.put(replace(word, version=2, title="Mine"))
        assert not tx.taxonomy.put(replace(word, version=2, title="Yours"))
        assert tx.taxonomy.current()["rude"].title == "Mine"
        assert [w.version for w in tx.taxonomy.history("rude")] == [1, 2]
