"""A Hark that is killed again and again loses nothing and says nothing twice."""

from __future__ import annotations

import pytest
from crash_world import Plan
from kill import at_both

from traces import crash_points
from traces.crash_points import POINTS
from traces.errors import BadInput

SMALL = Plan(scenarios=2, cards=14, doubt_s=1.0, kept=8)
STEPS = ("label.given", "label.stored", "ingest.stored", "deliver.claimed", "deliver.posted")


def test_nothing_is_lost_or_doubled_by_a_process_that_is_killed_ten_times(tmp_path):
    found = at_both(tmp_path, 7, 5, STEPS, SMALL)
    assert found.wrong == {}
    assert min(found.acknowledged, found.alerts, found.posts, found.labels) > 0


@pytest.mark.parametrize("crash_at", ["nowhere", "deliver.posted:soon", ":1"])
def test_a_step_that_does_not_exist_is_refused_with_those_that_do(crash_at):
    with pytest.raises(BadInput, match=POINTS[0]):
        crash_points.arm(crash_at)


def test_nothing_happens_at_a_step_unless_asked_for():
    crash_points.arm("")
    for point in POINTS:
        crash_points.passing(point)
