"""A team's own evaluators: a Python class, or a function with a decorator, from a package, a module or a file."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from evaluators.base import BUTTON_CHARS, Evaluator, Verdict, When, excerpt
from traces.errors import BadConfig
from traces.model import Conversation, Direction, EvaluatorFailure, Score

GROUP: Final = "hark.evaluators"
"""The group of entry points under which packages offer evaluators; an entry point's name is the evaluator's."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TEXTS: Final = ("version", "summary", "question", "yes_label", "no_label")

Answer = Score | EvaluatorFailure | float | bool | None
"""What an evaluator's function may return; a number or a bool is the score's value."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """An evaluator of a team: ``make()``, or ``make(options)`` where it has a class ``Options``, a frozen dataclass."""

    name: str
    make: Callable[..., Evaluator]
    options: type[Any] | None = None


@dataclass(frozen=True, kw_only=True)
class FunctionEvaluator:
    """A function as an evaluator."""

    function: Callable[[Conversation], Answer]
    name: str
    question: str
    summary: str
    version: str = "1"
    yes_label: str = "Yes"
    no_label: str = "No"
    bad: Direction = Direction.UP
    when: When = "arrival"

    def evaluate(self, conversation: Conversation) -> Verdict:
        answer = self.function(conversation)
        if answer is None or isinstance(answer, Score | EvaluatorFailure):
            return answer
        return Score(name=self.name, value=float(answer))


def evaluator(
    question: str,
    *,
    name: str | None = None,
    version: str = "1",
    yes_label: str = "Yes",
    no_label: str = "No",
    bad: Direction = Direction.UP,
    when: When = "arrival",
) -> Callable[[Callable[[Conversation], Answer]], FunctionEvaluator]:
    """Make an evaluator of a function that takes a conversation and returns a bool, a number, a ``Score`` or ``None``.

    Args:
        question: What reviewers are asked; yes is the value 1.
        name: The score's name; default: the function's.
        version: Raise it whenever the function may say something else of the same conversation.
        yes_label: The button for yes.
        no_label: The button for no.
        bad: Whether a rise or a fall is bad.
        when: ``arrival`` for every change, ``quiet`` for once when the conversation has gone quiet.
    """

    def decorate(function: Callable[[Conversation], Answer]) -> FunctionEvaluator:
        called = getattr(function, "__name__", "")
        return FunctionEvaluator(
            function=function,
            name=name or called,
            question=question,
            summary=" ".join((function.__doc__ or question).split()),
            version=version,
            yes_label=yes_label,
            no_label=no_label,
            bad=bad,
            when=when,
        )

    return decorate


def installed() -> Mapping[str, str]:
    """The paths of the evaluators that installed packages offer, by name; none of their code is run."""
    return dict(_offered(tuple(sys.path)))


@cache
def _offered(_places: tuple[str, ...]) -> Mapping[str, str]:
    """As ``installed``, looked up once: every package's own file is read for it."""
    return {point.name: point.value for point in importlib.metadata.entry_points(group=GROUP)}


def load_plugin(path: str, key: str, name: str | None = None) -> Plugin:
    """The evaluator at ``path``.

    Args:
        path: ``module:name`` or ``path/to/file.py:name``.
        key: The key of the configuration that names it, for the line about a mistake.
        name: The name that it is known by; default: its own.

    Raises:
        BadConfig: When there is none, its code fails, or it is no evaluator.
    """
    module_name, colon, attribute = path.rpartition(":")
    if not colon or not module_name or not attribute.isidentifier():
        raise BadConfig([f"{key}: {path!r} is no path; write module:name or path/to/file.py:name"])
    try:
        module = _module(module_name)
        found = getattr(module, attribute)
        options = getattr(found, "Options", None)
        made = _made(found)
    except AttributeError as error:
        raise BadConfig([f"{key}: {path}: {excerpt(str(error))}"]) from error
    except Exception as error:  # noqa: BLE001, RUF100 - what a team's module raises while it is imported may be anything
        raise BadConfig([f"{key}: {path} cannot be loaded: {type(error).__name__}: {excerpt(str(error))}"]) from error
    if mistake := _mistake_in(made, name):
        raise BadConfig([f"{key}: {path}: {mistake}"])
    return Plugin(made.name, found if isinstance(found, type) else lambda: made, options)


def _module(name: str) -> ModuleType:
    if not name.endswith(".py"):
        return importlib.import_module(name)
    path = Path(name).resolve()
    called = f"hark_plugin_{re.sub(r'[^a-z0-9]', '_', str(path.with_suffix('')).lower())}"
    if called in sys.modules:
        return sys.modules[called]
    spec = importlib.util.spec_from_file_location(called, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"there is no file {name}")
    module = importlib.util.module_from_spec(spec)
    with ExitStack() as undone:
        # Dataclasses look their module up while it is run; one that failed must not stay.
        sys.modules[called] = module
        undone.callback(sys.modules.pop, called)
        spec.loader.exec_module(module)
        undone.pop_all()
    return module


def _made(found: Any) -> Any:
    return found() if isinstance(found, type) else found


def _mistake_in(made: Any, name: str | None) -> str | None:
    if not isinstance(made, Evaluator):
        lacks = [part for part in (*_TEXTS, "name", "when", "bad", "evaluate") if not hasattr(made, part)]
        return f"no evaluator: it lacks {', '.join(lacks)}; a function needs the decorator evaluators.plugins.evaluator"
    if _NAME.fullmatch(str(made.name)) is None:
        return f"the name {str(made.name)[:80]!r} is not of the form {_NAME.pattern}"
    if name is not None and made.name != name:
        return f"its name is {made.name}, its entry point's {name}; they have to be the same"
    return _mistake_in_parts(made)


def _mistake_in_parts(made: Any) -> str | None:
    for part in _TEXTS:
        text = getattr(made, part)
        if not isinstance(text, str) or not text:
            return f"{part} has to be a text"
        if part.endswith("_label") and len(text) > BUTTON_CHARS:
            return f"{part} may have at most {BUTTON_CHARS} characters"
    if made.when not in ("arrival", "quiet") or made.bad not in tuple(Direction):
        return "when has to be arrival or quiet, and bad a Direction"
    return None
