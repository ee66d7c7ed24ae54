"""The evaluators that there are, and which of them run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from evaluators.abandonment import Abandonment
from evaluators.base import Evaluator
from evaluators.csat import Csat, CsatOptions
from evaluators.disagreement import Disagreement
from evaluators.escalation import Escalation
from evaluators.format import Format, FormatOptions
from evaluators.frustration import Frustration
from evaluators.groundedness import Groundedness, GroundednessOptions
from evaluators.indirect_injection import IndirectInjection
from evaluators.judge import (
    TEMPLATES,
    Criterion,
    Judge,
    JudgeModel,
    Line,
    LiteLLMJudgeModel,
    ScriptedJudgeModel,
    criterion_of,
)
from evaluators.language_mismatch import LanguageMismatch, LanguageOptions
from evaluators.learned.naming import evaluators_called
from evaluators.missing_disclaimer import MissingDisclaimer, MissingDisclaimerOptions
from evaluators.options import hint, read_options
from evaluators.pii_leak import PiiLeak, PiiLeakOptions
from evaluators.plugins import Plugin, installed, load_plugin
from evaluators.prompt_injection import PromptInjection
from evaluators.reactions import Accepted, Copied, ReactionOptions
from evaluators.refusal import Refusal
from evaluators.repetition import Repetition
from evaluators.rephrase import Rephrase
from evaluators.rules import RuleAdherence
from evaluators.secret_leak import SecretLeak, SecretLeakOptions
from evaluators.steps import Steps, StepsOptions
from evaluators.task_success import TaskSuccess
from evaluators.tool_error import ToolError
from evaluators.tool_loop import ToolLoop, ToolLoopOptions
from evaluators.toxicity import Toxicity
from evaluators.unsafe_tool_use import UnsafeToolUse, UnsafeToolUseOptions
from evaluators.user_feedback import UserFeedback
from evaluators.voice import (
    Interruption,
    InterruptionOptions,
    Silence,
    SilenceOptions,
    SpeechConfidence,
    SpeechConfidenceOptions,
    TalkRatio,
    TurnLatency,
    TurnLatencyOptions,
)
from traces.errors import BadConfig

_NOTHING: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """How an evaluator is made: ``make()``, or ``make(options)`` where it has a frozen dataclass of ``options``.

    ``off`` says why it does not run until it is enabled; one that ``takes_options`` runs as soon as it is given some.
    """

    make: Callable[..., Evaluator]
    options: type[Any] | None = None
    off: str = ""
    takes_options: bool = False


BUILT_IN: Final[Mapping[str, Entry]] = {
    "user_feedback": Entry(UserFeedback),
    "csat": Entry(Csat, CsatOptions),
    "copied": Entry(Copied, ReactionOptions),
    "accepted": Entry(Accepted, ReactionOptions),
    "refusal": Entry(Refusal),
    "tool_error": Entry(ToolError),
    "rephrase": Entry(Rephrase),
    "frustration": Entry(Frustration),
    "disagreement": Entry(Disagreement),
    "repetition": Entry(Repetition),
    "abandonment": Entry(Abandonment),
    "escalation": Entry(Escalation),
    "language_mismatch": Entry(LanguageMismatch, LanguageOptions),
    "format": Entry(
        Format, FormatOptions, off="needs configuration: what an answer has to look like", takes_options=True
    ),
    "tool_loop": Entry(ToolLoop, ToolLoopOptions),
    "steps": Entry(Steps, StepsOptions),
    "interruption": Entry(Interruption, InterruptionOptions),
    "silence": Entry(Silence, SilenceOptions),
    "talk_ratio": Entry(TalkRatio),
    "turn_latency": Entry(TurnLatency, TurnLatencyOptions),
    "speech_confidence": Entry(SpeechConfidence, SpeechConfidenceOptions),
    "prompt_injection": Entry(PromptInjection),
    "indirect_injection": Entry(IndirectInjection),
    "pii_leak": Entry(PiiLeak, PiiLeakOptions),
    "secret_leak": Entry(SecretLeak, SecretLeakOptions),
    "toxicity": Entry(Toxicity),
    "missing_disclaimer": Entry(
        MissingDisclaimer,
        MissingDisclaimerOptions,
        off="needs configuration: your topics, and what an answer on each has to say",
        takes_options=True,
    ),
    "unsafe_tool_use": Entry(UnsafeToolUse, UnsafeToolUseOptions),
    "groundedness": Entry(Groundedness, GroundednessOptions),
    "rule_adherence": Entry(
        RuleAdherence, off="enable it, or a judge of rules: each rule of a system prompt is a signal of its own"
    ),
    "task_success": Entry(TaskSuccess),
}
"""Every evaluator that Hark brings, by name."""

DEFAULT_ON: Final = tuple(name for name, entry in BUILT_IN.items() if not entry.off)
"""Those that run unless they are disabled; the others have to be enabled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An evaluator of the catalogue. ``why_off``: why it does not run; empty where it does."""

    evaluator: Evaluator
    why_off: str = ""


def catalogue(running: Sequence[Evaluator], disabled: Collection[str] = ()) -> list[Listed]:
    """Everything that runs, and every built-in evaluator and judge's template that does not, with the reason.

    Args:
        running: What :func:`build` made.
        disabled: The names that the settings switch off.
    """
    names = {e.name for e in running}
    asked = {e.question for e in running}
    judged = (judge for judge in _judged() if judge.name not in names and judge.question not in asked)
    off = [
        Listed(evaluator=entry.make(), why_off="switched off in the settings" if name in disabled else entry.off)
        for name, entry in BUILT_IN.items()
        if name not in names
    ]
    off += [Listed(evaluator=judge, why_off=_takes_a_judge(judge.name)) for judge in judged]
    return [*(Listed(evaluator=e) for e in running), *off]


def _judged() -> list[Judge]:
    """The judges of the templates that share no name with an evaluator of code, as nobody has set them up."""
    names = [name for name in TEMPLATES if name not in BUILT_IN]
    criteria = [criterion_of(name, policy="–", goal="–", model="a model of your choice") for name in names]
    return [Judge(criterion, ScriptedJudgeModel((), Line("", "no", ""))) for criterion in criteria]


def _takes_a_judge(template: str) -> str:
    return f'needs a judge: [[judges]] with template = "{template}" and a model'


def build(
    disabled: Collection[str] = (),
    criteria: Sequence[Criterion] = (),
    model_of: Callable[[Criterion], JudgeModel] = LiteLLMJudgeModel.of,
    *,
    judge_of: Callable[[Criterion], Evaluator] | None = None,
    enabled: Collection[str] = (),
    options: Mapping[str, Mapping[str, Any]] = _NOTHING,
    plugins: Sequence[str] = (),
) -> tuple[Evaluator, ...]:
    """The evaluators that run: those on by default, those enabled, plugins and criteria, but for those disabled.

    A criterion of the name of a built-in evaluator takes its place, unless that is enabled by name.

    Args:
        disabled: Names of evaluators that are not to run.
        criteria: What judges are asked.
        model_of: Who answers a criterion.
        judge_of: Makes the evaluator of a criterion, in place of a plain judge that asks ``model_of``.
        enabled: Names of evaluators to run besides ``DEFAULT_ON``: built-in, or of the entry points ``hark.evaluators``.
        options: Tables of options by the evaluator's name.
        plugins: A team's own, as ``module:name`` or ``path/to/file.py:name``; to be named is to be enabled.

    Raises:
        BadConfig: When a name is no evaluator's, two have the same name, a plugin cannot be loaded, or an option is
            unknown or wrong; lists every mistake.
    """
    mistakes: list[str] = []
    entries = dict(BUILT_IN)
    own = _plugins(enabled, plugins, mistakes)
    judged = {criterion.name for criterion in criteria} - set(enabled)
    configured = {name for name, entry in entries.items() if entry.takes_options and options.get(name)}
    running = {name for name in entries if name in {*DEFAULT_ON, *configured, *enabled} and name not in judged}
    taken = [*(plugin.name for plugin in own), *(criterion.name for criterion in criteria)]
    taken += [name for name in entries if name in running or any(name == plugin.name for plugin in own)]
    mistakes += [f"evaluators: the name {name} is taken" for name in dict.fromkeys(taken) if taken.count(name) > 1]
    entries |= {plugin.name: Entry(plugin.make, plugin.options) for plugin in own if plugin.name not in entries}
    names = list(dict.fromkeys([*entries, *taken, *installed()]))
    for key, given in (("disabled", disabled), ("enabled", enabled), ("options", options)):
        mistakes += [f"evaluators.{key}: {n!r} is no evaluator; {_meant(n, names)}" for n in given if n not in names]
    wanted = {*running, *enabled, *(plugin.name for plugin in own)} - set(disabled)
    read = {name: _options(entry, options.get(name, {}), name, mistakes) for name, entry in entries.items()}
    if mistakes:
        raise BadConfig(mistakes)
    code = [entry.make(*read[name]) for name, entry in entries.items() if name in wanted]
    make = judge_of if judge_of is not None else lambda criterion: Judge(criterion, model_of(criterion))
    return (*code, *(make(criterion) for criterion in criteria if criterion.name not in disabled))


def _meant(name: str, names: Sequence[str]) -> str:
    if name in TEMPLATES:
        return f"it {_takes_a_judge(name)}"
    same = evaluators_called(name)
    return f"did you mean {same[0]}?" if same else hint(name, names)


def _plugins(enabled: Collection[str], named: Sequence[str], mistakes: list[str]) -> list[Plugin]:
    """The team's own: those named by path, and the installed ones that are enabled."""
    there = installed()
    wanted: list[tuple[str, str, str | None]] = [("evaluators.plugins", path, None) for path in named]
    wanted += [("evaluators.enabled", there[name], name) for name in enabled if name in there and name not in BUILT_IN]
    found = []
    for key, path, name in wanted:
        try:
            found.append(load_plugin(path, key, name))
        except BadConfig as error:
            mistakes += error.mistakes
    return found


def _options(entry: Entry, table: Mapping[str, Any], name: str, mistakes: list[str]) -> tuple[Any, ...]:
    try:
        found = read_options(entry.options, table, f"evaluators.options.{name}")
    except BadConfig as error:
        mistakes += error.mistakes
        return ()
    return () if found is None else (found,)
