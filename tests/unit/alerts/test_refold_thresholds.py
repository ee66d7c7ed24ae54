"""A threshold that moves has only its own signal folded again, and what is known then is what a whole fold would know."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

import pytest
from folding import Folding
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made import HOUR
from stream import LATE, START

from alerts.signals import all_signals
from alerts.watching import kept
from alerts.watching.fold import Fold
from alerts.watching.refold import Refold
from alerts.watching.terrain import Terrain, WatchSettings
from alerts.watching.watch import Watch
from traces.model import EVERYTHING, Calibration, Change, Direction, Segment
from traces.store import Store
from traces.store.rollups import Fact

NAMES = ("refusal", "toxicity")
BAD = dict.fromkeys(NAMES, Direction.UP)
CHANGES = (Change(kind="model", value="m3", at=START + HOUR * 40, application="shop"),)


def terrain(thresholds: Mapping[str, float]) -> Terrain:
    calibrations = {
        name: Calibration(
            evaluator=name,
            evaluator_version="1",
            n_labels=50,
            n_scores=1_000,
            threshold=threshold,
            tpr=0.9,
            tnr=0.9,
            kappa=0.8,
            raw_rate=0.1,
            corrected_rate=0.1,
            ci_low=0.05,
            ci_high=0.15,
        )
        for name, threshold in thresholds.items()
    }
    signals = all_signals(sorted({*NAMES, "volume", "latency"}), BAD, {})
    return Terrain(signals=signals, calibrations=calibrations, changes=CHANGES)


@dataclass(frozen=True)
class Traffic:
    """Models come and go, some hours are silent, and a signal changes; with ``crowd`` many releases come in one hour."""

    seed: int = 7
    strong: float = 1.0
    has_parts: bool = True
    crowd: int = -1

    def flow(self, store: Store, hours: range) -> None:
        facts = [fact for n in hours for fact in self._hour(n)]
        with store.begin() as tx:
            for n in hours:
                tx.state.beat(START + HOUR * n)
            tx.state.note_oldest_change(tx.rollups.record(facts) or START)

    def _hour(self, n: int) -> Iterator[Fact]:
        rng = random.Random(f"{self.seed} {n}")
        models = [f"m{k}" for k in range(1, 5) if 13 * k <= n + 13 and rng.random() < 0.9]
        for k in range(rng.randrange(40) if models else 0):
            values = {"volume": [1.0], "latency": [rng.lognormvariate(0.5, 0.4)]}
            if rng.random() < 0.9:
                values["toxicity"] = [round(rng.random() ** 4, 1)]
                values["refusal"] = [round(rng.random() ** (self.strong if n > 60 else 5), 1)]
            parts = [Segment.of(application="shop"), Segment.of(model=rng.choice(models))] if self.has_parts else []
            if n == self.crowd:
                parts.append(Segment.of(release=f"r{k}"))
            at = START + HOUR * (n + rng.random() * 0.99)
            yield Fact(conversation_id=f"c-{n}-{k}", at=at, segments=(EVERYTHING, *parts), values=values)


def take_in(store: Store, fold: Fold, hours: int, land: Terrain) -> None:
    with store.begin() as tx:
        list(fold.hours(tx, START + HOUR * hours + LATE, land))
        fold.save(tx)


def known(fold: Fold) -> dict:
    """All that is remembered of each series."""
    return known_of(fold.watch)


def known_of(watch: Watch) -> dict:
    found = {}
    for kind, track in watch.tracks.items():
        state = track.detector.state
        arrays = {f.name: getattr(state, f.name) for f in fields(state)}
        own = {name: array for name, array in arrays.items() if getattr(array, "shape", ())[-1:] == (state.series,)}
        for series, place in track.places.items():
            columns = {name: array[..., place].tobytes() for name, array in own.items()}
            found[kind, series] = {**columns, "last": state.last}
    return found


def test_what_is_known_after_a_threshold_moved_is_what_a_fold_of_everything_knows_to_the_last_bit(new_store):
    @settings(max_examples=3, deadline=None)
    @given(
        st.builds(Traffic, seed=st.integers(0, 99), strong=st.sampled_from([1.0, 2.5, 3.5]), has_parts=st.booleans()),
        st.integers(2, 80),
        st.sampled_from([0.1, 0.3, 0.7, 0.9]),
        st.sampled_from([{}, {"toxicity": 0.2}]),
    )
    @example(Traffic(strong=2.5, crowd=79), 80, 0.3, {})
    @example(Traffic(strong=3.5, crowd=79, seed=8), 80, 0.3, {})
    @example(Traffic(strong=2.5, has_parts=False), 80, 0.3, {"toxicity": 0.2})
    def holds(traffic, hours, moved_to, others):
        store, fresh, after = new_store(), new_store(), terrain({"refusal": moved_to} | others)
        traffic.flow(store, range(hours))
        fold = Folding()
        take_in(store, fold, hours, terrain({"refusal": 0.5} | others))
        taken = fold.taken

        take_in(store, fold, hours, after)

        anew = Folding()
        traffic.flow(fresh, range(hours))
        take_in(fresh, anew, hours, after)
        assert fold.taken == taken, "what is judged as before is not folded again"
        assert known(fold) == known(anew)

    holds()


@pytest.fixture
def flowing(store):
    Traffic().flow(store, range(60))
    return store


def test_a_conversation_that_changes_after_a_threshold_moved_costs_a_few_hours_as_ever(flowing):
    fold, before, after = Folding(), terrain({"refusal": 0.5}), terrain({"refusal": 0.3})
    take_in(flowing, fold, 60, before)
    take_in(flowing, fold, 60, after)
    taken = fold.taken

    Traffic(8).flow(flowing, range(58, 61))
    take_in(flowing, fold, 61, after)

    assert fold.taken - taken <= 6
    assert known(fold) == known(_anew(flowing, 61, after))


def test_a_restart_after_a_threshold_moved_goes_on_with_what_was_folded_again(flowing):
    take_in(flowing, fold := Folding(), 60, terrain({"refusal": 0.5}))
    take_in(flowing, fold, 60, after := terrain({"refusal": 0.3}))

    again = Folding()
    take_in(flowing, again, 60, after)

    assert again.taken == 0
    assert known(again) == known(fold)


@pytest.mark.parametrize("hours", [1, 7])
def test_folding_in_small_parts_while_hours_change_comes_to_the_same(flowing, hours):
    after = terrain({"refusal": 0.3})
    fold = Folding()
    take_in(flowing, fold, 60, terrain({"refusal": 0.5}))
    beside = Watch(WatchSettings(), fold.watch.counting())
    through = START + HOUR * 60
    refold = Refold(beside, after, {"refusal"}, fold.watch.began, [START + HOUR * 20, START + HOUR * 45])

    _in_parts(refold, flowing, START + HOUR * 50, hours)
    Traffic(9).flow(flowing, range(47, 48))
    refold.go_back(START + HOUR * 47)
    assert refold.through == START + HOUR * 45
    _in_parts(refold, flowing, through, hours)

    anew = _anew(flowing, 60, after)
    folded = known_of(beside)
    assert folded
    assert {series: of for series, of in known(anew).items() if series[1][0] == "refusal"} == folded
    assert refold.parts(START + HOUR * 20) is not None
    assert refold.parts(START + HOUR * 21) is None


def test_of_what_is_kept_only_what_was_reached_is_amended_and_the_rest_is_given_up(flowing):
    fold, after = Folding(), terrain({"refusal": 0.3})
    take_in(flowing, fold, 60, terrain({"refusal": 0.5}))
    with flowing.begin() as tx:
        stops = kept.settled(tx)
        assert len(stops) > 1
        refold = Refold(Watch(WatchSettings(), fold.watch.counting()), after, {"refusal"}, fold.watch.began, stops[:1])
        while refold.through < START + HOUR * 60:
            refold.go_on(tx, START + HOUR * 60, lambda: False)
        (amended,) = kept.amended(tx, stops[0], refold, ())
        assert kept.read(amended, ()).thresholds["refusal"] == 0.3
        assert kept.amended(tx, stops[1], refold, ()) == []
        kept.void_all_but(tx, {stops[0]})
        assert kept.settled(tx) == stops[:1]


def _in_parts(refold: Refold, store: Store, until: datetime, hours: int) -> None:
    while refold.through < until:
        before, asked = refold.through, iter(range(100))
        with store.read() as tx:
            refold.go_on(tx, until, lambda asked=asked: next(asked) + 1 >= hours)
        assert HOUR <= refold.through - before <= HOUR * hours


def _anew(store: Store, hours: int, land: Terrain) -> Folding:
    """Another that begins with nothing but the hours."""
    with store.begin() as tx:
        kept.void_all_but(tx, ())
    fold = Folding()
    take_in(store, fold, hours, land)
    return fold
