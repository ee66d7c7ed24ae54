"""Whether dissatisfied turns stand above others, on turns written for Hark."""

import json
from pathlib import Path

from talks import talk

from evaluators.frustration import Frustration

TURNS = json.loads((Path(__file__).parent / "dissatisfied_turns.json").read_text(encoding="utf-8"))["turns"]


def values(is_dissatisfied):
    return [
        Frustration().evaluate(talk(("user", "Hello."), ("assistant", row["agent"]), ("user", row["user"]))).value
        for row in TURNS
        if row["dissatisfied"] is is_dissatisfied
    ]


def test_a_dissatisfied_turn_is_ranked_above_others():
    worse, better = values(is_dissatisfied=True), values(is_dissatisfied=False)
    pairs = [(high > low) + (high == low) / 2 for high in worse for low in better]
    assert sum(pairs) / len(pairs) >= 0.9


def test_nobody_who_only_answers_or_has_a_problem_is_called_frustrated():
    assert max(values(is_dissatisfied=False)) < 0.5
