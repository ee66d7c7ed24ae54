"""The evaluators that there are, and which of them run."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from evaluators.base import Evaluator
from evaluators.judge import Criterion, Judge, JudgeModel, LiteLLMJudgeModel
from evaluators.refusal import Refusal
from evaluators.rephrase import Rephrase
from evaluators.tool_error import ToolError
from evaluators.user_feedback import UserFeedback
from traces.errors import BadConfig

BUILT_IN: Final[Mapping[str, Callable[[], Evaluator]]] = {
    "user_feedback": UserFeedback,
    "refusal": Refusal,
    "tool_error": ToolError,
    "rephrase": Rephrase,
}


def build(
    disabled: Collection[str] = (),
    criteria: Sequence[Criterion] = (),
    model_of: Callable[[Criterion], JudgeModel] = LiteLLMJudgeModel.of,
) -> tuple[Evaluator, ...]:
    """The evaluators that run: every built-in one and every criterion, but for those disabled.

    Args:
        disabled: Names of evaluators that are not to run.
        criteria: What judges are asked.
        model_of: Who answers a criterion.

    Raises:
        BadConfig: When a disabled name is no evaluator's, or two have the same name; lists every mistake.
    """
    names = [*BUILT_IN, *(criterion.name for criterion in criteria)]
    mistakes = [_unknown(name, names) for name in disabled if name not in names]
    mistakes += [f"judges: the name {name} is taken" for name in dict.fromkeys(names) if names.count(name) > 1]
    if mistakes:
        raise BadConfig(mistakes)
    built_in = [make() for name, make in BUILT_IN.items() if name not in disabled]
    judges = [Judge(criterion, model_of(criterion)) for criterion in criteria if criterion.name not in disabled]
    return (*built_in, *judges)


def _unknown(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
    return f"evaluators.disabled: {name!r} is no evaluator; {hint}"
