"""Classifiers in a file of their own: JSON, to carry from where the labels are to where ``hark evaluate`` runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from evaluators.base import Evaluator
from evaluators.learned.head import Head, head_of
from traces.errors import BadInput

_FORMAT: Final = "hark classifiers 1"
_MOST_BYTES: Final = 64_000_000


def write_heads(path: Path, heads: Iterable[Head]) -> None:
    """Write classifiers to ``path``.

    Raises:
        BadInput: The file cannot be written.
    """
    body = {"format": _FORMAT, "classifiers": [head.to_json() for head in heads]}
    try:
        path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}", "--out") from error


def read_heads(path: Path) -> list[Head]:
    """What ``write_heads`` wrote.

    Raises:
        BadInput: The file cannot be read, is something else, or is of a version of Hark that looks at conversations
            in another way.
    """
    heads = [head_of(body) for body in _bodies(path)]
    found = [head for head in heads if head is not None]
    if len(found) < len(heads):
        raise BadInput(f"{path} was learned by another version of Hark; learn it again", "--classifier")
    return found


def _bodies(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            read = orjson.loads(file.read(_MOST_BYTES))
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}", "--classifier") from error
    except orjson.JSONDecodeError:
        read = None
    bodies = read.get("classifiers") if isinstance(read, dict) and read.get("format") == _FORMAT else None
    if not isinstance(bodies, list) or not all(isinstance(body, dict) for body in bodies):
        raise BadInput(f"{path} holds no classifiers; `hark train --out` writes such a file", "--classifier")
    return bodies


def silent(heads: Sequence[Head], evaluators: Sequence[Evaluator]) -> list[str]:
    """Why classifiers do not speak, a line for each: the rules are better, are others by now, or do not run."""
    versions = {e.name: e.version for e in evaluators}
    return [
        f"{head.evaluator}: {reason}" for head in heads if (reason := _why_silent(head, versions.get(head.evaluator)))
    ]


def _why_silent(head: Head, version: str | None) -> str | None:
    if version is None:
        return "has a classifier, but does not run; name it with --evaluator"
    if not head.takes_over:
        return f"the rules speak: {head.reason}"
    if head.prior_version != version:
        return f"the rules speak: the classifier was learned beside their version {head.prior_version}; learn it again"
    return None
