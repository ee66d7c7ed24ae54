"""What a name of the field is here: an evaluator, a part of one, a signal, or something that a team says itself."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from types import MappingProxyType
from typing import Final, NamedTuple

from alerts.signals import BUILT_IN
from evaluators.learned.naming import evaluators_called
from traces.errors import BadInput

PARTS: Final = MappingProxyType(
    {
        "jailbreak": (
            "prompt_injection",
            "one of its techniques: putting the assistant into a role without rules. Its explanation names the technique",
        ),
        "over_refusal": (
            "refusal",
            "whether a refusal was right takes a judge: [[judges]] with a question of your own",
        ),
        "answer_relevancy": ("relevance", "asked of a judge"),
        "conversation_completeness": ("task_success", "learned from labels, or asked of a judge"),
        "tool_permission": ("unsafe_tool_use", "its lists of allowed and denied tools"),
        "step_efficiency": ("steps", "by its limit"),
        "json_correctness": ("format", "with the option json or schema"),
        "prompt_alignment": ("rule_adherence", "each rule of the system prompt by itself"),
        "bias": ("policy", "a judge of your own text"),
        "completeness": ("relevance", "asked of a judge; a [[judges]] question of your own says it more closely"),
    }
)
"""By a name of the field, the evaluator that covers it, and how."""

ELSEWHERE: Final = MappingProxyType(
    {
        "length": ("answer_length",),
        "no_data": ("source_lag", "volume"),
        "budget": ("judge_spend",),
        "drift": ("input_drift", "output_drift", "new_topic"),
    }
)
"""By a name of the field, the built-in signals that say it."""
_ALIKE: Final = 0.7


class Told(NamedTuple):
    """What there is to say of a name, and the evaluators to be shown with it."""

    lines: tuple[str, ...]
    evaluators: tuple[str, ...]


def told_of(name: str, evaluators: Collection[str]) -> Told:
    """What ``name`` is.

    Args:
        name: As a person wrote it; case, spaces and hyphens do not matter.
        evaluators: The names of those that there are.

    Raises:
        BadInput: It is nothing that is known.
    """
    plain = "_".join(name.lower().replace("-", " ").split())
    if plain in evaluators:
        return Told((), (plain,))
    if plain in PARTS:
        whole, how = PARTS[plain]
        return Told((f"{plain}: a part of {whole}: {how}.",), (whole,))
    if meant := [one for one in evaluators_called(plain) if one in evaluators]:
        return Told((f"{plain}: called {' and '.join(meant)} here.",), tuple(meant))
    signals = {signal.name: signal for signal in BUILT_IN}
    if found := [signals[one] for one in ELSEWHERE.get(plain, (plain,)) if one in signals]:
        lines = [f"{signal.name}: a signal, not an evaluator. {signal.summary}" for signal in found]
        return Told((*lines, f"See hark signals, and hark metrics {found[0].name}."), ())
    known = [*evaluators, *PARTS, *signals, *ELSEWHERE]
    near = difflib.get_close_matches(plain, known, n=1, cutoff=_ALIKE)
    meant_one = f"; did you mean {near[0]}?" if near else "; hark evaluators lists all"
    raise BadInput(f"no evaluator and no signal {name[:60]!r}{meant_one}")
