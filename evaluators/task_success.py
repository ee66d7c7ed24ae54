"""Whether the task was done, as a team's own labels teach it."""

from __future__ import annotations

from evaluators.base import Layer, When
from traces.model import Conversation, Direction, Score


class TaskSuccess:
    """Has no rules: it says nothing until a classifier has been learned from labels of this name."""

    name = "task_success"
    version = "1"
    when: When = "quiet"
    layer: Layer = 1
    has_rules = False
    cost = "less than 2 ms"
    summary = (
        "Whether the task was done, by a classifier learned from your own labels: length, tools called, what they"
        " changed, errors, hand-overs, words. It says nothing until about a hundred conversations are labelled, and"
        " cannot see whether what was done is what was asked: a judge can."
    )
    question = "Was the user's task done?"
    yes_label = "Yes, done"
    no_label = "No, not done"
    bad = Direction.DOWN

    def evaluate(self, conversation: Conversation) -> Score | None:  # noqa: ARG002 - the classifier reads it
        return None
