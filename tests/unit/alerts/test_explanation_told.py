"""Which segment an alert speaks of, from conversations alone: one cause, a part of it, another mix, all of it."""

from __future__ import annotations

import math
import random
import re
import shutil
from contextlib import closing

import pytest
from made import DAY, HOUR, alert
from stream import LATE, START

from alerts.telling.pipeline import Posting, Reason
from alerts.watching.watch import WatchSettings
from bot.jobs.detect import Detection
from bot.slack.blocks.alert import alert_message
from bot.slack.blocks.saying import others
from traces.model import EVERYTHING, Change, Direction, Kind, Segment, Signal
from traces.store import open_store
from traces.store.rollups import Fact

DAYS, PER_HOUR = 12, 60
SHARES = {
    "model": {"m1": 0.7, "m2": 0.3},
    "prompt_version": {"12": 1.0},
    "scenario": {"order": 0.5, "refund": 0.3, "legal": 0.2},
    "language": {"en": 0.7, "de": 0.3},
}
HARD = {("scenario", "legal"): 1.8}
"""In log odds: questions of law are refused more often by nature."""
BROKEN = START + DAYS * DAY


def an_hour(store, hour, *, here=None, by=0.0, shares=None):
    rng = random.Random(hour.isoformat())
    facts = []
    for i in range(PER_HOUR):
        cut = {key: rng.choices(list(of), list(of.values()))[0] for key, of in (SHARES | (shares or {})).items()}
        is_hit = here is not None and all(cut[key] == value for key, value in here.items())
        odds = -3.2 + sum(HARD.get(pair, 0.0) for pair in cut.items()) + by * is_hit
        facts.append(
            Fact(
                conversation_id=f"{hour:%m%dT%H}-{i:02d}",
                at=hour + HOUR * rng.random() * 0.99,
                segments=(EVERYTHING, *(Segment(((key, value),)) for key, value in cut.items())),
                values={"volume": [1.0], "refusal": [float(rng.random() < 1 / (1 + math.exp(-odds)))]},
            )
        )
    with store.begin() as tx:
        tx.state.beat(hour)
        seen = {pair for fact in facts for segment in fact.segments for pair in segment.pairs}
        kinds = ("model", "prompt_version")
        tx.state.note_changes([Change(kind=k, value=v, at=hour) for k, v in sorted(seen) if k in kinds])
        tx.rollups.record(facts)


def watching(store):
    return Detection(store, WatchSettings(), Posting(channel="#a", examples=2), {"refusal": Direction.UP}, {})


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    path = tmp_path_factory.mktemp("shop") / "hark.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        for h in range(DAYS * 24):
            an_hour(store, START + h * HOUR)
        detection = watching(store)
        assert detection.run(BROKEN + LATE) == []
        detection.save()
    return path


@pytest.fixture
def after(quiet, tmp_path):
    """Hours in which something is wrong, and the alert on refusals after them, with its story."""

    def play(hours=20, **wrong):
        path = tmp_path / "hark.db"
        shutil.copy(quiet, path)
        with closing(open_store(f"sqlite:///{path}")) as store:
            detection = watching(store)
            for h in range(hours):
                an_hour(store, BROKEN + h * HOUR, **wrong)
                detection.run(BROKEN + (h + 1) * HOUR + LATE)
            with store.read() as tx:
                [one] = [a for a in tx.alerts.all() if "merged_into" not in a.detail]
                return one, [d.reason for d in tx.decisions.of(one.alert_id)]

    return play


def test_a_broken_model_is_named_and_compared_with_what_it_usually_is_itself(after):
    one, _ = after(here={"model": "m2"}, by=2.2)
    assert one.segment == Segment.of(model="m2")
    assert one.detail["attribution"]["cause"] == "segment"
    assert one.expected_low < one.expected < one.expected_high < one.value


def test_hard_questions_are_compared_with_hard_questions(after):
    one, _ = after(here={"scenario": "legal"}, by=1.8)
    assert one.segment == Segment.of(scenario="legal")
    assert 0.12 < one.expected < 0.3, "all traffic has 0.07"


def test_a_part_of_a_model_that_carries_its_change_is_named_with_its_own_figures(after):
    one, _ = after(here={"model": "m2", "scenario": "refund"}, by=4.0)
    assert one.segment == Segment.of(model="m2", scenario="refund")
    assert one.value > 0.5
    assert one.k <= one.n < 20 * PER_HOUR * 0.2


def test_more_hard_questions_are_told_as_another_mix_and_not_as_something_that_broke(after):
    one, _ = after(shares={"scenario": {"order": 0.2, "refund": 0.1, "legal": 0.7}})
    assert one.segment == EVERYTHING
    assert (one.detail["attribution"]["cause"], one.detail["attribution"]["value"]) == ("mix_shift", "legal")
    shown = str(alert_message(one, signal(), delivery_id="d").payload())
    assert "another mix of the traffic, mostly" in shown


def test_what_is_wrong_everywhere_is_told_of_all_traffic(after):
    one, reasons = after(by=1.3, here={})
    assert one.segment == EVERYTHING
    assert one.detail.get("attribution") is None
    assert set(reasons) <= set(Reason)


def signal():
    return Signal(name="refusal", kind=Kind.RATE, unit="%", evaluator="refusal")


def test_of_many_signals_that_are_off_too_those_not_shown_are_counted():
    also = [
        {"key": f"s{i}|up|", "signal": f"s{i}", "origin": "", "value": 0.5, "low": 0.0, "high": 0.1} for i in range(24)
    ]
    shown = alert(detail={"series": [""], "chart": {"points": []}, "also": also})
    told = [(other, signal()) for other in others(shown)]
    assert len(told) == 24
    text = str(alert_message(shown, signal(), delivery_id="d", others=told).payload())
    assert re.search(r"and \d+ others", text)
