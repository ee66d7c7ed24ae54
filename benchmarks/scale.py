"""Whether answers, detection and calibration keep their pace over a long history, and in how much memory.

Run: python -m benchmarks.scale [--turns 10000000] [--conversations 100000] [--weeks 8] [--only answers detection]

The rollups are those of so many turns in 90 days; conversations, with 50 scores each, stand besides. Each part runs in a
process of its own, so that its largest resident size is its own. The processor's time stands beside the wall's, and beside
each figure what it takes SQLite alone to read the same rows and orjson to parse them.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import orjson

from alerts.telling.pipeline import Posting
from alerts.watching import kept
from alerts.watching.watch import WatchSettings
from benchmarks.metrics import QUESTIONS
from benchmarks.quantiles import p95
from benchmarks.scale_folds import HEAD, sliced
from benchmarks.scale_history import (
    FEW_VALUES,
    HOUR,
    NOW,
    SIZES,
    TURNS_OF_A_CONVERSATION,
    VALUES,
    Extent,
    rate_name,
    repeat_hour,
    write_conversations,
    write_rollups,
)
from bot.jobs.calibrate import Calibrating
from bot.jobs.detect import Detection
from bot.slack.ask import Desk
from bot.slack.render import Renderer
from evaluators.refusal import Refusal
from traces.clock import FakeClock
from traces.columns import microseconds
from traces.model import Label
from traces.store import Store, open_store
from traces.store.rollups import DAY_S, HOUR_S
from traces.store.state import ALL_SIGNALS

DAYS = 90
EVALUATORS = 50
LABELS = 200
_SIGNALS_DETECTED = 500
_PARTS = ("answers", "detection", "calibration", "folds")
_RENAMED = {"refusal": "check_001", "task_success": "check_002"}
_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the wall's and of the processor's time."""

    wall_s: float
    cpu_s: float


@contextmanager
def _timed(into: list[Took]) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    into.append(Took(time.perf_counter() - wall, time.process_time() - cpu))


def _once(work: Callable[[], object]) -> Took:
    found: list[Took] = []
    with _timed(found):
        work()
    return found[0]


def _row(name: str, took: Took, raw: Took | None = None, target: str = "") -> None:
    ratio = "" if raw is None else f"{took.cpu_s / max(raw.cpu_s, 1e-4):.1f}"
    print(f"| {name} | {took.wall_s:.3f} | {took.cpu_s:.3f} | {ratio} | {target} |", flush=True)


class _Check(Refusal):
    """An evaluator by the name of one of the signals."""

    def __init__(self, name: str) -> None:
        self.name = name


def _desk(store: Store) -> Desk:
    return Desk(
        store=store,
        clock=FakeClock(NOW),
        renderer=Renderer((), {}),
        evaluators=[_Check(rate_name(n)) for n in range(EVALUATORS)],
        segment_keys=tuple(VALUES),
        overrides={},
    )


def _raw(file: Path, where: str, *values: object) -> Took:
    """SQLite and orjson alone over the same rows of rollups."""
    asked = f"SELECT body FROM rollups WHERE workspace_id = 'default' AND {where}"  # noqa: S608  of this file's own texts
    with sqlite3.connect(file) as connection:
        took = _once(lambda: deque((orjson.loads(body) for (body,) in connection.execute(asked, values)), maxlen=0))
    connection.close()
    return took


def _hours_raw(file: Path, since: int, until: int) -> Took:
    return _raw(file, "resolution_s = ? AND bucket_at >= ? AND bucket_at < ?", HOUR_S, since, until)


def answers(file: Path, rounds: int) -> None:
    """Each question from its words to the message."""
    store = open_store(f"sqlite:///{file}")
    desk = _desk(store)
    everything: list[Took] = []
    for asked in QUESTIONS:
        question = " ".join(_RENAMED.get(word, word) for word in asked.split())
        took: list[Took] = []
        for _ in range(rounds):
            with _timed(took):
                desk.answer(question)
        everything += took
        middle = Took(statistics.median(t.wall_s for t in took), statistics.median(t.cpu_s for t in took))
        raw = _raw(file, "resolution_s = ? AND segment = ''", DAY_S) if question.endswith("90d") else None
        _row(f"`{question}`", middle, raw)
    _row("p95 of all questions", _p95(everything), target="0.5")
    store.close()


def _p95(took: list[Took]) -> Took:
    return Took(p95([t.wall_s for t in took]), p95([t.cpu_s for t in took]))


def _detection(store: Store, weeks: int) -> Detection:
    return Detection(store, WatchSettings(history=timedelta(weeks=weeks)), Posting(channel="#alerts"), {}, {})


def detection(file: Path, weeks: int) -> None:
    """500 signals in 20 segments: the first fold, an hour more, late conversations, a threshold that moved."""
    store = open_store(f"sqlite:///{file}")
    detect, end = _detection(store, weeks), NOW.replace(minute=0)
    hours = weeks * 7 * 24
    first = _once(lambda: detect.run(NOW))
    micros = [microseconds(end - HOUR * n) for n in (hours, 1, 0)]
    _row(f"first fold of {hours:,} hours", first, _hours_raw(file, micros[0], micros[2]))
    _row("one hour of it", Took(first.wall_s / hours, first.cpu_s / hours), _hours_raw(file, micros[1], micros[2]))
    # Each next hour after a conversation of another hour has changed, as they do in real life.
    for n, back in enumerate((0, 1, 2, 5)):
        hour = end + HOUR * n
        repeat_hour(file, hour)
        with store.begin() as tx:
            tx.state.note_oldest_change(hour - HOUR * back)
        took = _once(partial(detect.run, NOW + HOUR * (n + 1)))
        raw = _hours_raw(file, microseconds(hour), microseconds(hour + HOUR))
        late = f"after a change {back} h before it" if back else "nothing else changed"
        _row(f"the next hour, {late}", took, raw, "5")
    store.close()


def folds(file: Path, weeks: int) -> None:
    """The first fold, an hour more, a late conversation and a backfill, slice by slice."""
    store = open_store(f"sqlite:///{file}")
    detect, end = _detection(store, weeks), NOW.replace(minute=0)
    print(f"\n{HEAD}")
    print(sliced(store, detect, FakeClock(NOW)).row(f"first fold of {weeks} weeks"), flush=True)
    changes = (
        ("the next hour", {}),
        ("the next hour, after a change 5 h before", {ALL_SIGNALS: end - HOUR * 3}),
        ("the next hour, after one evaluator has scored all of it again", {"check_001": end - timedelta(weeks=weeks)}),
    )
    for n, (name, changed) in enumerate(changes):
        repeat_hour(file, end + HOUR * n)
        with store.begin() as tx:
            tx.state.note_changed_signals(changed)
        print(sliced(store, detect, FakeClock(NOW + HOUR * (n + 1))).row(name), flush=True)
    store.close()


def calibration(file: Path) -> None:
    """All evaluators anew, the corrected rates of all segments of one, and a click to the corrected rate and the card."""
    store = open_store(f"sqlite:///{file}")
    job, detect = Calibrating(store), _detection(store, 8)
    raw = _raw(file, "resolution_s = ? AND segment = ''", DAY_S)
    _row(f"{EVALUATORS} evaluators calibrated", _once(lambda: job.run(NOW, always=True)), raw, "2")
    desk = _desk(store)
    _row("one of them, corrected in 20 segments", _once(lambda: desk.answer("metrics check_001 90d by scenario")))
    _row("first fold of 8 weeks", _once(lambda: detect.run(NOW)))
    clicks: list[Took] = []
    now = NOW
    for n in range(5):
        now += timedelta(seconds=10)
        with _timed(clicks):
            _click(store, n)
            job.run(now)
            detect.run(now)
            desk.answer("metrics check_001 7d")
    _row("a click, to the corrected rate and detection", max(clicks, key=lambda t: t.wall_s), target="3")
    runs = _moved(store, detect, now + timedelta(seconds=10))
    whole = Took(sum(run.wall_s for run in runs), sum(run.cpu_s for run in runs))
    _row(f"a threshold that moved, until all of it is folded again, {len(runs)} runs", whole)
    _row("the longest of them", max(runs, key=lambda t: t.wall_s))
    store.close()


def _moved(store: Store, detect: Detection, now: datetime) -> list[Took]:
    """Each run until what was folded by another threshold is stored."""
    with store.begin() as tx:
        standing = tx.calibrations.current()["check_001"]
        tx.calibrations.put(replace(standing, threshold=0.3, computed_at=now))
    runs: list[Took] = []
    while not runs or not _is_known(store):
        at = now + timedelta(seconds=5 * len(runs))
        runs.append(_once(partial(detect.go_on, at, lambda: False)))
        runs.append(_once(partial(detect.run, at, lambda: False)))
        detect.keep()
    return runs


def _is_known(store: Store) -> bool:
    with store.read() as tx:
        known = kept.newest(tx, ())
    return known is not None and known.thresholds["check_001"] == 0.3


def _click(store: Store, number: int) -> None:
    with store.begin() as tx:
        tx.reviews.put_label(
            Label(conversation_id=f"c{number:07d}", name="check_001", value=1.0, reviewer="U2", at=NOW)
        )  # fmt: skip


def _child(part: str, file: Path, arguments: argparse.Namespace) -> None:
    if part == "answers":
        answers(file, arguments.rounds)
    elif part == "detection":
        detection(file, arguments.weeks)
    elif part == "folds":
        folds(file, arguments.weeks)
    else:
        calibration(file)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {part}: largest resident size, MB | {peak:,.0f} | | | 500 |")


def _hourly(arguments: argparse.Namespace) -> int:
    return max(1, arguments.turns // TURNS_OF_A_CONVERSATION // (DAYS * 24))


def _detected(arguments: argparse.Namespace) -> Extent:
    rates = _SIGNALS_DETECTED - len(SIZES) - 1
    return Extent(rates, FEW_VALUES, _hourly(arguments), arguments.weeks * 7, fine_days=0)


def _made(directory: Path, arguments: argparse.Namespace) -> dict[str, Path]:
    """The databases of the parts that were asked for."""
    history, detected = directory / "history.db", directory / "detected.db"
    if {"answers", "calibration"} & set(arguments.only):
        extent = Extent(EVALUATORS, VALUES, _hourly(arguments), DAYS)
        rows = _told("history", history, lambda: write_rollups(history, extent))
        took = _once(lambda: write_conversations(history, extent, arguments.conversations, LABELS))
        print(
            f"{arguments.turns:,} turns in {DAYS} days: {rows:,} rows of rollups; {arguments.conversations:,} conversations "
            f"with {arguments.conversations * EVALUATORS:,} scores besides, in {took.wall_s:.0f} s; "
            f"{history.stat().st_size / _MEGA:,.0f} MB"
        )
    if {"detection", "folds"} & set(arguments.only):
        _told("what detection reads", detected, lambda: write_rollups(detected, _detected(arguments)))
    # Both begin with a first fold.
    folded = directory / "folded.db"
    if {"detection", "folds"} <= set(arguments.only):
        shutil.copy(detected, folded)
    else:
        folded = detected
    return {"answers": history, "detection": detected, "calibration": history, "folds": folded}


def _told(name: str, file: Path, work: Callable[[], int]) -> int:
    began = time.perf_counter()
    rows = work()
    print(
        f"{name}: {rows:,} rows, {file.stat().st_size / _MEGA:,.0f} MB in {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=10_000_000)
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--weeks", type=int, default=8, help="weeks of history that detection learns from")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=_PARTS)
    parser.add_argument("--database", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.database is not None:
        _child(arguments.only[0], arguments.database, arguments)
        return
    with tempfile.TemporaryDirectory() as directory:
        files = _made(Path(directory), arguments)
        print(
            "| | Wall s | CPU s | Times the raw limit's CPU | Target |\n| --- | ---: | ---: | ---: | ---: |", flush=True
        )
        for part in arguments.only:
            given = [f"--{name}={getattr(arguments, name)}" for name in ("turns", "conversations", "weeks", "rounds")]
            command = [sys.executable, "-m", "benchmarks.scale", *given, "--only", part, "--database", str(files[part])]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
