"""A new version of an evaluator scores history again: only its own signals are folded again, and what is known is all the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

from folding import Folding
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made import HOUR
from stream import START
from test_refold_thresholds import Traffic, known, take_in, terrain

from alerts.watching import kept
from traces.store import Store

LAND = terrain({"refusal": 0.5, "toxicity": 0.4})
HOURS = 80


@dataclass(frozen=True)
class Backfill:
    """Conversations of some hours scored again; with ``fills_gaps`` those that had no score as well."""

    traffic: Traffic
    first: int
    shift: float
    fills_gaps: bool = False

    def facts(self, n: int) -> list:
        facts = list(self.traffic._hour(n))
        if n < self.first:
            return facts
        return [replace(fact, values=dict(self._values(fact.values))) for fact in facts]

    def _values(self, values):
        had = values.get("refusal", [0.2] if self.fills_gaps else None)
        yield from values.items()
        if had is not None:
            yield "refusal", [round(min(1.0, had[0] + self.shift), 1)]

    def run(self, store: Store, hours: range) -> None:
        """As the job does it: some conversations in each transaction."""
        for start in range(hours.start, hours.stop, 30):
            facts = [fact for n in range(start, min(start + 30, hours.stop)) for fact in self.facts(n)]
            with store.begin() as tx:
                tx.state.note_changed_signals(tx.rollups.record_by_signal(facts))

    def flow(self, store: Store, hours: range) -> None:
        """As if the new version had always been there."""
        with store.begin() as tx:
            for n in hours:
                tx.state.beat(START + HOUR * n)
            facts = [fact for n in hours for fact in self.facts(n)]
            tx.state.note_oldest_change(tx.rollups.record(facts) or START)


def anew(store: Store, backfill: Backfill, hours: int) -> Folding:
    backfill.flow(store, range(hours))
    fold = Folding()
    take_in(store, fold, hours, LAND)
    return fold


def test_what_is_known_after_a_backfill_is_what_a_fold_of_everything_knows_to_the_last_bit(new_store):
    @settings(max_examples=1, deadline=None)
    @given(
        st.builds(
            Backfill,
            st.builds(Traffic, seed=st.integers(0, 99), strong=st.sampled_from([1.0, 3.5]), has_parts=st.booleans()),
            st.integers(0, HOURS - 4),
            st.sampled_from([-0.2, 0.1, 0.4]),
            st.booleans(),
        ),
        st.booleans(),
    )
    @example(Backfill(Traffic(strong=2.5), 0, 0.4), True)
    @example(Backfill(Traffic(strong=2.5, crowd=70), 3, 0.4, fills_gaps=True), False)
    def holds(backfill, restarts):
        store = new_store()
        backfill.traffic.flow(store, range(HOURS))
        fold = Folding()
        take_in(store, fold, HOURS, LAND)
        backfill.run(store, range(backfill.first, HOURS))
        backfill.flow(store, range(HOURS, HOURS + 1))

        fold = Folding() if restarts else fold
        take_in(store, fold, HOURS + 1, LAND)

        assert known(fold) == known(anew(new_store(), backfill, HOURS + 1))
        with store.read() as tx:
            assert kept.stale(tx) == {}

    holds()


def test_what_the_others_show_is_not_folded_again_and_a_late_conversation_costs_a_few_hours_as_ever(new_store):
    store, backfill = new_store(), Backfill(Traffic(), 0, 0.3)
    backfill.traffic.flow(store, range(HOURS))
    fold = Folding()
    take_in(store, fold, HOURS, LAND)
    taken = fold.taken

    backfill.run(store, range(HOURS))
    backfill.flow(store, range(HOURS, HOURS + 1))
    take_in(store, fold, HOURS + 1, LAND)
    replace(backfill, traffic=Traffic(8)).flow(store, range(HOURS - 1, HOURS + 2))
    take_in(store, fold, HOURS + 2, LAND)

    assert fold.taken - taken <= 14
    again = Folding()
    with store.begin() as tx:
        kept.void_all_but(tx, ())
    take_in(store, again, HOURS + 2, LAND)
    assert known(fold) == known(again)


def test_an_evaluator_that_scores_history_for_the_first_time_has_all_of_it_folded_again(new_store):
    """All series share one budget of false alerts, so that more of them make each wait longer."""
    store, backfill = new_store(), Backfill(Traffic(), 0, 0.3)
    with store.begin() as tx:
        for n in range(HOURS):
            tx.state.beat(START + HOUR * n)
        facts = [fact for n in range(HOURS) for fact in backfill.facts(n)]
        tx.rollups.record([replace(f, values={k: v for k, v in f.values.items() if k != "refusal"}) for f in facts])
    fold = Folding()
    take_in(store, fold, HOURS, LAND)

    backfill.run(store, range(HOURS))
    backfill.flow(store, range(HOURS, HOURS + 1))
    take_in(store, fold, HOURS + 1, LAND)

    assert known(fold) == known(anew(new_store(), backfill, HOURS + 1))
