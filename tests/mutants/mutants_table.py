"""The table of mutants: for each threat the parts of its defence, how each is taken out, and the tests that must fail then."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_OF_A_WORKSPACE = re.compile(r"\w+\.c\.workspace_id == self\._workspace_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A defence taken out.

    Attributes:
        threat: As in docs/reliability.md, such as ``T3``.
        part: What is taken out, in words.
        file: The file of the defence, from the root.
        old: The text that is replaced; it occurs once in the file, unless ``everywhere``.
        new: What stands there instead.
        tests: What is given to pytest, which has to fail.
        everywhere: Replace each occurrence.
        number: Which occurrence, counted from 0, where only one of several is replaced.
    """

    threat: str
    part: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    everywhere: bool = False
    number: int = 0

    def applied_to(self, text: str) -> str:
        """The file's text with the defence taken out."""
        if self.everywhere:
            return text.replace(self.old, self.new)
        before = self.old.join(text.split(self.old)[: self.number + 1])
        return before + self.new + text[len(before) + len(self.old) :]


def mutants() -> list[Mutant]:
    """Every line of the tables, threat by threat."""
    tables = sorted(HERE.glob("T*.toml"), key=lambda path: int(path.stem[1:]))
    return [_mutant(path.stem, line) for path in tables for line in tomllib.loads(path.read_text())["mutant"]]


def _mutant(threat: str, line: dict[str, str]) -> Mutant:
    return Mutant(**{**line, "threat": threat, "tests": tuple(line["tests"].split())})


def workspace_filters() -> Iterator[Mutant]:
    """Every comparison with the own workspace in the store, taken out by itself: a call of the same part has to notice."""
    parts = _parts_of_the_store()
    for path in sorted((ROOT / "traces" / "store").glob("*.py")):
        text, file = path.read_text(), path.relative_to(ROOT).as_posix()
        seen: dict[str, int] = {}
        for found in _OF_A_WORKSPACE.finditer(text):
            number = seen[found[0]] = seen.get(found[0], -1) + 1
            line = text.count("\n", 0, found.start()) + 1
            calls = " or ".join(f"{part}." for part in parts[path.stem])
            yield Mutant(
                threat="T12",
                part=f"workspace filter, {file}:{line}",
                file=file,
                old=found[0],
                new="True",
                tests=("tests/contract/test_store_workspaces.py", "-k", f"(memory or own_rows) and ({calls})"),
                number=number,
            )


def _parts_of_the_store() -> dict[str, list[str]]:
    """Under the name of each module of the store the parts of a transaction that it holds."""
    from traces.store import Tx

    found: dict[str, list[str]] = defaultdict(list)
    for name, part in vars(Tx).items():
        if isinstance(part, cached_property):
            kind = inspect.get_annotations(part.func, eval_str=True)["return"]
            found[kind.__module__.rpartition(".")[2]].append(name)
    return found
