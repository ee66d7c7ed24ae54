"""Whether dissatisfied turns stand above others, on turns written for Hark."""

import json
from pathlib import Path

from talks import talk

from evaluators.frustration import Frustration

TURNS = json.loads((Path(__file__).parent / "dissatisfied_turns.json").read_text(encoding="utf-8"))["turns"]


def values(is_dissatisfied, before=("user", "assistant")):
    rows = (row for row in TURNS if row["dissatisfied"] is is_dissatisfied)
    return [
        Frustration()
        .evaluate(
            talk(*[(role, "Hello." if role == "user" else row["agent"]) for role in before], ("user", row["user"]))
        )
        .value
        for row in rows
    ]


def area(worse, better):
    pairs = [(high > low) + (high == low) / 2 for high in worse for low in better]
    return sum(pairs) / len(pairs)


def test_a_dissatisfied_turn_is_ranked_above_others():
    assert area(values(is_dissatisfied=True), values(is_dissatisfied=False)) >= 0.9


def test_turns_of_which_the_agents_part_is_not_recorded_are_ranked_too():
    assert area(values(is_dissatisfied=True, before=()), values(is_dissatisfied=False, before=())) >= 0.9
    assert max(values(is_dissatisfied=False, before=())) < 0.5


def test_nobody_who_only_answers_or_has_a_problem_is_called_frustrated():
    assert max(values(is_dissatisfied=False)) < 0.5
