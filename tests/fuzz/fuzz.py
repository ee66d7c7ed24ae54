"""Feeds hostile bytes to whatever reads them, for a while: by coverage where atheris is installed, else by mutation.

Usage: python tests/fuzz/fuzz.py [--seconds 60] [TARGET...]

Ends with 1 at the first error that is not foreseen, with the bytes that caused it.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

_PIECES = (b"\0", b"\xff", b"<", b'"', b"\\u0000", b"\xed\xa0\x80", b"[" * 70, b"1e999", b"NaN", b"\n", b"-" * 9)
_LONGEST = 4096


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """The seed with a few bytes changed, taken out, doubled or put in."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 6)):
        place = chance.randint(0, len(data))
        match chance.randrange(4):
            case 0:
                data[place : place + 1] = chance.randbytes(1)
            case 1:
                del data[place : place + chance.randint(1, 8)]
            case 2:
                data[place:place] = data[place : place + chance.randint(1, 64)]
            case _:
                data[place:place] = chance.choice(_PIECES)
    return bytes(data[:_LONGEST])


def mutate(
    target: Callable[[bytes], None], seeds: list[bytes], chance: random.Random, is_over: Callable[[], bool]
) -> int:
    """Run until it is over; how many runs that were."""
    runs = 0
    while not is_over():
        data = mutated(chance.choice(seeds), chance)
        try:
            target(data)
        except BaseException:  # noqa: BLE001, RUF100 - whatever breaks, the input that broke it is told
            print(f"{target.__name__} broke at {data!r}", flush=True)
            raise
        runs += 1
    return runs


def by_coverage(name: str, seconds: int) -> int:
    """Run one target under atheris, in a process of its own, since it never gives back the one that it has."""
    with tempfile.TemporaryDirectory() as corpus:
        command = [sys.executable, __file__, "--guided", name, corpus, str(seconds)]
        return subprocess.run(command, check=False).returncode


def guided(name: str, corpus: str, seconds: str) -> None:
    import atheris

    with atheris.instrument_imports(include=["traces", "bot", "evaluators"]):
        from fuzz_targets import SEEDS, TARGETS
    for number, seed in enumerate(SEEDS[name]):
        (Path(corpus) / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", f"-max_len={_LONGEST}", "-verbosity=0", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], corpus, *options], TARGETS[name])
    atheris.Fuzz()


def main() -> None:
    from fuzz_targets import SEEDS, TARGETS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("targets", nargs="*")
    asked = parser.parse_args()
    for name in asked.targets or TARGETS:
        if find_spec("atheris") is not None:
            if code := by_coverage(name, asked.seconds):
                sys.exit(code)
            continue
        until = time.monotonic() + asked.seconds
        runs = mutate(TARGETS[name], list(SEEDS[name]), random.Random(name), lambda end=until: time.monotonic() > end)
        print(f"{name}: {runs:,} runs without atheris, nothing unforeseen", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--guided"]:
        guided(*sys.argv[2:5])
    else:
        main()
