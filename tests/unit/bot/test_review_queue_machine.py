"""Whatever reviewers do in whatever order, the queue keeps its promises."""

from __future__ import annotations

import itertools
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from made import HOUR, NOW, ingest, talk

from bot.reviewing.queue import RESERVED_FOR, Queue
from bot.reviewing.review import Answer, Review
from bot.reviewing.rules import QueueRules, Votes
from bot.slack.access import Person
from traces.clock import FakeClock
from traces.errors import BadInput
from traces.store import open_store
from traces.store.queue import EntryState
from traces.store.reviews import ReviewItem

PEOPLE = tuple(Person(user_id=f"U{name}", name=name, team_id="T1") for name in ("Ann", "Ben", "Eve"))
ITEMS = tuple("abcdefgh")
people, items = st.sampled_from(PEOPLE), st.sampled_from(ITEMS)


class TheQueue(RuleBasedStateMachine):
    """Three people and eight questions, a part of which are asked twice."""

    @initialize(several=st.integers(1, 3), share=st.sampled_from([0.0, 0.5, 1.0]), taps=st.integers(0, 6))
    def open(self, several, share, taps):
        self.store, self.clock = open_store("sqlite://"), FakeClock(NOW)
        self.rules = QueueRules(taps_per_day=taps, votes=Votes(several=several, double_share=share))
        self.queue = Queue(self.store, self.clock, self.rules)
        self.review = Review(self.store, self.clock)
        self.keys = itertools.count()
        self.answered, self.skipped, self.assigned = set(), set(), {}
        ingest(self.store, *(talk(f"c-{name}", at=NOW - HOUR) for name in ITEMS))
        with self.store.begin() as tx:
            for name in ITEMS:
                tx.reviews.pick(
                    ReviewItem(item_id=name, conversation_id=f"c-{name}", evaluator="refusal", reason="", picked_at=NOW)
                )

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()

    @rule(person=people, n=st.integers(1, 5), after=st.integers(0, 3))
    def serve(self, person, n, after):
        now = self.clock.now()
        with self.store.begin() as tx:
            served = [i.item_id for i in self.queue.next_for(tx, person, n, now, after=after)]
            taps = tx.queue.taps(person.user_id, now.replace(hour=0, minute=0))
            held = tx.queue.entries(served)
        assert len(served) == len(set(served)) <= n
        for name in served:
            assert (name, person) not in self.answered
            assert (name, person) not in self.skipped
            assert self.assigned.get(name, person) == person
            kept_for = [e.reviewer for e in held.get(name, ()) if e.holds(now)]
            assert kept_for == [person.user_id] or (not taps and name != served[0] and not kept_for)
        if self.rules.taps_per_day:
            assert taps + len(served) <= max(taps, self.rules.taps_per_day)

    @rule(person=people, name=items, value=st.sampled_from([0.0, 1.0, "unsure"]))
    def answer(self, person, name, value):
        self.clock.advance(timedelta(seconds=1))
        self.review.label(name, Answer(value=value), person, f"k{next(self.keys)}")
        self.answered.add((name, person))
        if self.assigned.get(name) == person:
            del self.assigned[name]

    @rule(person=people, name=items)
    def undo(self, person, name):
        try:
            self.review.undo(name, person, f"k{next(self.keys)}")
        except BadInput:
            assert (name, person) not in self.answered
        self.answered.discard((name, person))

    @rule(person=people, name=items)
    def skip(self, person, name):
        self.queue.skip(name, person, f"k{next(self.keys)}")
        self.skipped.add((name, person))
        if self.assigned.get(name) == person:
            del self.assigned[name]

    @rule(person=people, to=people, name=items)
    def assign(self, person, to, name):
        self.queue.assign(name, to.user_id, person, f"k{next(self.keys)}")
        self.assigned[name] = to
        self.skipped.discard((name, to))

    @rule(quarters=st.integers(1, 3))
    def wait(self, quarters):
        self.clock.advance(quarters * RESERVED_FOR / 2)

    @invariant()
    def nothing_is_kept_for_two(self):
        if not hasattr(self, "store"):
            return
        with self.store.read() as tx:
            for entries in tx.queue.entries(ITEMS).values():
                assert sum(e.holds(self.clock.now()) for e in entries) <= 1
                assert sum(e.state is EntryState.ASSIGNED for e in entries) <= 1


TestTheQueue = TheQueue.TestCase
TestTheQueue.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
