"""Thresholds that labels move: at once or by approval, told, audited and undone; and calibrations of other versions."""

from __future__ import annotations

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import booleans, sampled_from
from made import DAY, HOUR, MINUTE, NOW, fact, label, workspace_in

from bot.calibration.labelled import Epochs, reviewed
from bot.calibration.thresholds import Thresholds, settle, standing
from bot.jobs.calibrate import Calibrating, CalibrationRules
from evaluators.calibration.promise import Measure, Promise
from traces.clock import FakeClock
from traces.errors import BadInput
from traces.model import Change, Score, Segment
from traces.store import open_store

PRECISE = {"refusal": Promise(Measure.PRECISION, 0.8)}
AUTOMATIC, BY_APPROVAL = (CalibrationRules(are_automatic=a, promises=PRECISE) for a in (True, False))


def scored(store, labels: int = 120, name: str = "refusal") -> None:
    """Scores of which the upper seventy percent are true, with labels of most."""
    values = {f"c-{n:03}": n / 200 for n in range(200)}
    with store.begin() as tx:
        tx.scores.put({i: [Score(name=name, value=v)] for i, v in values.items()}, NOW)
        for i, value in [*values.items()][:: 200 // labels]:
            tx.reviews.put_label(label(i, float(value >= 0.3), name=name))


def calibrated(store, rules, at=NOW):
    [found] = Calibrating(store, rules).run(at, always=True)
    return found


def test_labels_move_a_threshold_to_where_its_promise_is_proven_and_that_is_audited(store):
    scored(store)
    found = calibrated(store, AUTOMATIC)
    assert 0.1 < found.threshold < 0.4
    assert found.detail["promise"]["is_kept"]
    with store.read() as tx:
        [move] = tx.thresholds.moves("refusal")
        [entry] = tx.audit.entries("evaluator:refusal")
    assert (move.before, move.threshold, move.by) == (0.5, found.threshold, "hark")
    assert (entry.action, entry.actor, entry.before, entry.after) == (
        "threshold.applied", "hark", 0.5, found.threshold,
    )  # fmt: skip


def test_the_same_labels_do_not_move_it_again(store):
    scored(store)
    first, again = calibrated(store, AUTOMATIC), calibrated(store, AUTOMATIC, NOW + HOUR)
    assert first.threshold == again.threshold
    with store.read() as tx:
        assert len(tx.thresholds.moves("refusal")) == 1


def test_by_approval_it_is_proposed_once_and_moves_when_a_person_says_so(store):
    scored(store)
    thresholds = Thresholds(store, FakeClock(NOW + MINUTE))
    assert calibrated(store, BY_APPROVAL).threshold == 0.5
    assert calibrated(store, BY_APPROVAL).threshold == 0.5
    with store.read() as tx:
        moves = tx.thresholds.moves("refusal")
    assert len(moves) == 1
    assert thresholds.approve("refusal", "U1") == moves[0].threshold
    assert calibrated(store, BY_APPROVAL, NOW + 2 * MINUTE).threshold == moves[0].threshold
    with store.read() as tx:
        assert [e.actor for e in tx.audit.entries("evaluator:refusal")] == ["hark", "U1"]


def test_a_word_of_a_person_has_the_next_run_calibrate_at_once(store):
    scored(store)
    job = Calibrating(store, BY_APPROVAL)
    job.run(NOW)
    assert job.run(NOW + MINUTE) == []
    Thresholds(store, FakeClock(NOW + MINUTE)).approve("refusal", "U1")
    assert [c.evaluator for c in job.run(NOW + MINUTE)] == ["refusal"]


def test_what_was_rejected_is_not_proposed_again(store):
    scored(store)
    calibrated(store, BY_APPROVAL)
    assert Thresholds(store, FakeClock(NOW)).reject("refusal", "U1") == 0.5
    calibrated(store, BY_APPROVAL, NOW + HOUR)
    with store.read() as tx:
        assert standing(tx.thresholds.moves("refusal")).proposed is None


def test_undo_goes_back_and_stays_there_until_a_person_approves(store):
    scored(store)
    calibrated(store, AUTOMATIC)
    thresholds = Thresholds(store, FakeClock(NOW + MINUTE))
    assert thresholds.undo("refusal", "U1") == 0.5
    assert calibrated(store, AUTOMATIC, NOW + HOUR).threshold == 0.5
    with pytest.raises(BadInput, match="no move to undo"):
        thresholds.undo("refusal", "U1")


@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_without_a_proposal_there_is_nothing_to_answer(store, answer):
    with pytest.raises(BadInput, match="waits for approval"):
        getattr(Thresholds(store, FakeClock(NOW)), answer)("refusal", "U1")


def test_with_few_labels_there_is_no_other_threshold_but_how_many_are_missing(store):
    scored(store, labels=10)
    found = calibrated(store, AUTOMATIC)
    assert found.threshold == 0.5
    promise = found.detail["promise"]
    assert not promise["is_kept"]
    assert promise["more_labels"] >= 5


class Moves(RuleBasedStateMachine):
    """Whatever Hark wants and people say, the threshold in force is one that was applied, or gone back to."""

    def __init__(self) -> None:
        super().__init__()
        self.store = workspace_in(open_store("sqlite://"))
        self.thresholds = Thresholds(self.store, FakeClock(NOW))
        self.in_force, self.held = [0.5], False

    @rule(wanted=sampled_from([0.2, 0.35, 0.5, 0.8]), automatically=booleans())
    def wants(self, *, wanted: float, automatically: bool) -> None:
        with self.store.begin() as tx:
            found = settle(tx, "x", (wanted, "why"), NOW, automatically=automatically)
        if automatically and not self.held and wanted != self.in_force[-1]:
            self.in_force.append(wanted)
        assert found == self.in_force[-1]

    @rule(says=sampled_from(["approve", "reject"]))
    def answered(self, says: str) -> None:
        with self.store.read() as tx:
            proposed = standing(tx.thresholds.moves("x")).proposed
        if proposed is None:
            with pytest.raises(BadInput):
                getattr(self.thresholds, says)("x", "U1")
        else:
            getattr(self.thresholds, says)("x", "U1")
            if says == "approve":
                self.in_force.append(proposed.threshold)
                self.held = False

    @rule()
    def undone(self) -> None:
        with self.store.read() as tx:
            moves = tx.thresholds.moves("x")
        last = next((m for m in reversed(moves) if m.state.value in ("applied", "undone")), None)
        if last is not None and last.state.value == "applied":
            self.in_force.append(self.thresholds.undo("x", "U1"))
            assert self.in_force[-1] == last.before
            self.held = True

    @invariant()
    def every_move_is_audited(self) -> None:
        with self.store.read() as tx:
            moves = tx.thresholds.moves("x")
            assert len(tx.audit.entries("evaluator:x")) == len(moves)
            now = standing(moves)
        assert now.in_force == self.in_force[-1]
        assert now.is_held is self.held


Moves.TestCase.settings = hypothesis_settings(max_examples=25, stateful_step_count=15, deadline=None)
test_thresholds_stand_where_their_moves_lead = Moves.TestCase


# --- versions ----------------------------------------------------------------------------------------------


def rolled(store, at, ids, *, positive: int, application: str = "shop", version: str = "1") -> None:
    with store.begin() as tx:
        tx.scores.put(
            {
                i: [Score(name="refusal", value=float(k < positive), evaluator_version=version)]
                for k, i in enumerate(ids)
            },
            at,
        )
        segment = Segment.of(application=application)
        tx.rollups.record([fact(i, at, segments=(segment,), refusal=float(k < positive)) for k, i in enumerate(ids)])


def labelled_half_right(store, ids, positive: int, every: int = 1) -> None:
    with store.begin() as tx:
        for k, i in [*enumerate(ids)][::every]:
            tx.reviews.put_label(label(i, float(k < positive) if k % 10 else float(k >= positive)))


OLD, NEW = [f"o-{n:03}" for n in range(200)], [f"n-{n:03}" for n in range(200)]


def changed(store, *at, application: str = "shop") -> None:
    with store.begin() as tx:
        tx.state.note_changes(
            [Change(kind="release", value=f"r{k}", at=moment, application=application) for k, moment in enumerate(at)]
        )


def test_after_a_new_release_the_calibration_is_transported_until_labels_of_it_refresh_it(store):
    rolled(store, NOW - 3 * DAY, OLD, positive=60)
    labelled_half_right(store, OLD, 60)
    changed(store, NOW - 30 * DAY)
    before = calibrated(store, CalibrationRules())
    assert not before.is_transported

    rolled(store, NOW - HOUR, NEW, positive=120)
    changed(store, NOW - 30 * DAY, NOW - DAY)
    carried = calibrated(store, CalibrationRules(), NOW + HOUR)
    assert (carried.is_transported, carried.n_scores, carried.raw_rate) == (True, 200, 0.6)
    assert carried.refresh == (20, 20)
    assert carried.ci_high - carried.ci_low > before.ci_high - before.ci_low

    labelled_half_right(store, NEW, 120, every=4)
    refreshed = calibrated(store, CalibrationRules(), NOW + 2 * HOUR)
    assert (refreshed.is_transported, refreshed.refresh) == (False, (0, 0))
    assert refreshed.ci_high - refreshed.ci_low < carried.ci_high - carried.ci_low


def test_another_application_s_release_leaves_it_alone(store):
    rolled(store, NOW - 3 * DAY, OLD, positive=60)
    labelled_half_right(store, OLD, 60)
    changed(store, NOW - 30 * DAY, NOW - DAY, application="help")
    assert not calibrated(store, CalibrationRules()).is_transported


def test_a_new_version_of_the_evaluator_is_another_evaluator(store):
    rolled(store, NOW - 3 * DAY, OLD, positive=60)
    labelled_half_right(store, OLD, 60)
    rolled(store, NOW - HOUR, NEW, positive=100, version="2")
    found = calibrated(store, CalibrationRules())
    assert (found.evaluator_version, found.is_transported, found.n_scores) == ("2", True, 200)


def test_the_first_release_that_is_seen_is_no_change(store):
    changed(store, NOW - DAY)
    with store.read() as tx:
        assert Epochs(tx, NOW).latest == {}


# --- reviewers ----------------------------------------------------------------------------------------------


def test_a_question_that_people_answer_by_chance_is_called_too_vague_and_that_survives_the_store(store):
    scored(store)
    with store.begin() as tx:
        for n in range(0, 200, 4):
            tx.reviews.put_label(label(f"c-{n:03}", float(n % 8 == 0), reviewer="U2"))
    calibrated(store, CalibrationRules())
    with store.read() as tx:
        question = tx.calibrations.current()["refusal"].detail["question"]
    assert question["is_vague"]
    assert question["n_double"] == 50
    assert question["alpha"][1] < question["alpha"][0] < 0.4
    assert {one["reviewer"] for one in question["reviewers"]} == {"U1", "U2"}


# --- truth -------------------------------------------------------------------------------------------------


def test_what_is_known_goes_before_what_people_say(store):
    with store.begin() as tx:
        for reviewer in ("U1", "U2"):
            tx.reviews.put_label(label("c-1", 1.0, reviewer=reviewer))
        tx.reviews.put_label(label("c-1", 0.0, reviewer="gold"))
        assert reviewed(tx, "refusal")["c-1"].truth is False
