"""A judge that answers after a script, 200 ms after it was asked, as a team's own evaluator."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from evaluators.judge.criterion import Criterion
from evaluators.judge.evaluator import Judge
from evaluators.judge.model import JudgeReply
from evaluators.judge.scripted import Line, ScriptedJudgeModel

TAKES_S = 0.2


class SlowModel:
    """A script that takes its time."""

    def __init__(self) -> None:
        said = Line(pattern="cannot help", verdict="yes", explanation="It does not help.")
        otherwise = Line(pattern="", verdict="no", explanation="It helps.")
        self._script = ScriptedJudgeModel([said], otherwise, (0.0, 0.0))

    def complete(self, system: str, user: str, schema: Mapping[str, Any]) -> JudgeReply:
        time.sleep(TAKES_S)
        return self._script.complete(system, user, schema)


slow_judge = Judge(
    Criterion(name="left_alone", question="Was the user left alone with the problem?", model="scripted"), SlowModel()
)
