"""The demo for people: a page to look at, three weeks of past, and hours of live traffic in under a minute."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import click

from bot.cli.run import serve
from bot.cli.setting import say
from bot.demo.live import Live, Player
from bot.demo.simulate import Rollout, Traffic
from bot.demo.stage import Stage, staged
from bot.demo.world import StageClock, fill
from bot.playground.server import PAGE_DIR
from traces.errors import BadInput

LIVE: Final = timedelta(hours=9)
SPEED: Final = 600.0
_UNTIL_ROLLOUT: Final = timedelta(minutes=30)
_READ_LATER: Final = timedelta(hours=6)
DATABASE: Final = "hark.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may be chosen. A port of ``None`` is the usual one, or a free one where that is taken."""

    now: datetime
    seed: int = 1
    history: timedelta = timedelta(weeks=3)
    port: int | None = None
    playground_port: int | None = None
    keep: Path | None = None


def require_page() -> None:
    """Raises:
    BadInput: The page of the playground is not built.
    """
    if not (PAGE_DIR / "app.js").is_file():
        raise BadInput("the playground's page is not built: run `make setup`")


@contextlib.contextmanager
def database_in(keep: Path | None) -> Iterator[Path]:
    """A path for a fresh database, in a directory that goes away afterwards or in ``keep``.

    Raises:
        BadInput: There is a database in ``keep`` already.
    """
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="hark-demo-") as directory:
            yield Path(directory) / DATABASE
        return
    keep.mkdir(parents=True, exist_ok=True)
    if (keep / DATABASE).exists():
        raise BadInput(f"{keep / DATABASE} is there already; choose another directory with --keep")
    yield keep / DATABASE


def play(options: Options) -> None:
    """Run until stopped with Ctrl-C.

    Raises:
        BadInput: The page is not built, or a port is taken.
        StoreUnavailable: The database cannot be opened.
    """
    require_page()
    start = options.now - LIVE
    clock = StageClock(start, SPEED)
    traffic = Traffic(
        seed=options.seed,
        since=start - options.history,
        rollout=Rollout(at=start + _UNTIL_ROLLOUT),
        labelled_until=start - _READ_LATER,
    )
    with (
        database_in(options.keep) as database,
        staged(clock, database, seed=options.seed, port=options.port, page_port=options.playground_port) as stage,
    ):
        say(f"The page is at {stage.page_url}; putting in {options.history.days} days of simulated conversations …")
        count = fill(stage.hark, traffic.between(traffic.since, start), start)
        click.echo(_invitation(stage, count, options.history))
        player = Player(stage, Live(traffic, start), clock)
        clock.begin()
        player.start()
        try:
            serve(stage.hark, stage.bound)
        finally:
            player.stop()


def _invitation(stage: Stage, count: int, history: timedelta) -> str:
    seconds = LIVE.total_seconds() / SPEED
    return f"""
  Look here          {stage.page_url}
  Hark listens on    {stage.hark_url}  (database {stage.hark.store.location}, its HARK_ENCRYPTION_KEY beside it)

{count:,} simulated conversations of {history.days} days are in. Now {LIVE // timedelta(hours=1)} hours of live traffic play in \
{seconds:.0f} seconds, then it goes
on in real time. A new prompt version, support-v13, takes over most of it and cannot refund any more.

Try:
  1. #llm-alerts: wait for the red message that names support-v13, press Acknowledge, open its thread.
  2. Label an example with one tap, take it back with Undo, say more with More… .
  3. #llm-review: conversations that Hark picked, each with the reason; label a few.
  4. Type /hark status, /hark metrics refusal 24h by prompt_version, /hark evaluators.
  5. Act as Tomás, who may only look, or Robin, a guest, and press the same buttons.

Ctrl-C stops it; nothing leaves this machine."""
