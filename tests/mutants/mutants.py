"""Takes each defence out of a copy of the repository and sees that a test notices.

    python tests/mutants/mutants.py                    every line of the tables
    python tests/mutants/mutants.py --threat T3 T14    of these threats
    python tests/mutants/mutants.py --filters          every filter by workspace in the store, one by one

The copy is a clone of what is committed. Told is, for each line, whether its tests failed; a line whose tests stay green is a
survivor, and one whose tests fail without it too, or cannot run, is broken. Ends with 1 if there is either.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from mutants_table import ROOT, Mutant, mutants, workspace_filters

FAILED, GREEN = 1, 0
LONGEST_S = 600


def cloned(at: Path) -> Path:
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", ROOT, at], check=True)
    return at


def outcome(copy: Path, tests: Sequence[str]) -> int:
    """What pytest ends with; the packages are those of the copy, although another checkout may be installed."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_PROFILE": "repeatable",
    }
    arguments = ["-x", "-q", "--no-header", "--tb=line", "-m", "not soak", *tests]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return FAILED
    return done.returncode


def verdict(mutant: Mutant, copy: Path) -> str:
    """``killed`` by its tests, ``SURVIVED``, or ``BROKEN``: the text is not there, or the tests do not run."""
    path = copy / mutant.file
    whole = path.read_text()
    if mutant.applied_to(whole) == whole:
        return "BROKEN"
    path.write_text(mutant.applied_to(whole))
    try:
        return {FAILED: "killed", GREEN: "SURVIVED"}.get(outcome(copy, mutant.tests), "BROKEN")
    finally:
        path.write_text(whole)


def run(table: Sequence[Mutant], copies: int) -> int:
    free: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(copies) as threads:
        for number in range(copies):
            free.put(cloned(Path(folder) / str(number)))

        def judged(mutant: Mutant) -> str:
            copy, began = free.get(), time.monotonic()
            try:
                said = verdict(mutant, copy)
            finally:
                free.put(copy)
            print(f"{said:9} {mutant.threat:4} {mutant.part}  ({time.monotonic() - began:.0f} s)", flush=True)
            return said

        said = list(threads.map(judged, table))
        print(f"{said.count('killed')} of {len(said)} killed")
        whole = sorted({test for mutant in table for test in mutant.tests})
        sound = outcome(free.get(), whole) == GREEN
        print("the tests are green without mutants" if sound else "BROKEN: the tests fail without any mutant")
    return 0 if sound and set(said) == {"killed"} else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threat", nargs="*", metavar="T", help="only these threats")
    parser.add_argument("--filters", action="store_true", help="every filter by workspace in the store")
    parser.add_argument("--copies", type=int, default=2, help="how many are tried side by side")
    said = parser.parse_args()
    table = list(workspace_filters()) if said.filters else mutants()
    return run([m for m in table if not said.threat or m.threat in said.threat], said.copies)


if __name__ == "__main__":
    raise SystemExit(main())
