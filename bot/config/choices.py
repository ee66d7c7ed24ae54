"""What is wrong with the choice of evaluators, told together with whatever else is wrong in the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from bot.config.evaluators import EvaluatorSettings
from bot.config.judges import JudgeSettings, JudgingSettings
from bot.config.section import Section
from bot.judges import Bench
from evaluators.registry import build
from traces.clock import SystemClock
from traces.errors import BadConfig

_S = TypeVar("_S", bound=Section)


def evaluator_mistakes(content: Mapping[str, Any]) -> list[str]:
    """Names that are no evaluator's or are taken, options that are wrong, judges that cannot work as they are set.

    Where plugins are named nothing is said of names and options: reading settings does not run a team's code, and the
    evaluators check them once more when they are made.

    Args:
        content: The settings file. Parts of it that are wrong in themselves are passed over: they are told elsewhere.
    """
    if not content.get("evaluators") and not content.get("judges"):
        return []
    chosen = _read(EvaluatorSettings, content.get("evaluators", {}))
    written = content.get("judges")
    read = [_read(JudgeSettings, judge) for judge in (written if isinstance(written, list) else [])]
    judges = list({judge.name: judge for judge in read if judge is not None}.values())
    mistakes: list[str] = []
    sound = []
    for judge in judges:
        try:
            Bench([judge], JudgingSettings(), None, SystemClock())
        except BadConfig as error:
            mistakes += error.mistakes
        else:
            sound.append(judge)
    if chosen is None or chosen.plugins:
        return mistakes
    bench = Bench(sound, JudgingSettings(), None, SystemClock())
    try:
        build(
            chosen.disabled,
            bench.criteria,
            judge_of=bench.judge_of,
            enabled=chosen.enabled,
            options=chosen.option_tables,
        )
    except BadConfig as error:
        mistakes += error.mistakes
    return mistakes


def _read(section: type[_S], content: Any) -> _S | None:
    try:
        return section.model_validate(content)
    except ValidationError:
        return None
