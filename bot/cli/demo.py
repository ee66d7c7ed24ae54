"""``hark demo``: the whole loop on this machine, without a Slack workspace."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from bot.cli.setting import Span, print_json, say
from traces.clock import SystemClock
from traces.errors import BadInput

_PORT = click.IntRange(0, 65_535)
_NOT_CLOSED = 1
_SHOWN = ("conversations", "injected", "posts", "labels", "slash", "elapsed_s")


@click.command()
@click.option("--port", type=_PORT, help="Port that Hark listens on; default: a free one.")
@click.option("--playground-port", type=_PORT, help="Port of the page; default 8788, or a free one.")
@click.option("--seed", type=int, default=1, show_default=True, help="Makes the conversations repeatable.")
@click.option("--history", type=Span(), default="3w", show_default=True, help="Length of the simulated past.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep the database in this directory.")
@click.option("--headless", is_flag=True, help="Play with scripted clicks, without a browser, and exit.")
@click.option("--json", "as_json", is_flag=True, help="With --headless: print what happened as JSON.")
def demo(
    *,
    port: int | None,
    playground_port: int | None,
    seed: int,
    history: timedelta,
    keep: Path | None,
    headless: bool,
    as_json: bool,
) -> None:
    """Show the whole loop in a browser page, on simulated conversations.

    \b
    Example: hark demo
             hark demo --headless --json
    """
    if headless:
        _play_headless(seed, history, keep, as_json=as_json)
        return
    if as_json:
        raise BadInput("--json goes with --headless")
    from bot.demo.play import Options, play

    play(
        Options(
            now=SystemClock().now(),
            seed=seed,
            history=history,
            port=port,
            playground_port=playground_port,
            keep=keep,
        )
    )


def _play_headless(seed: int, history: timedelta, keep: Path | None, *, as_json: bool) -> None:
    from bot.demo.headless import Script, play
    from bot.demo.play import database_in

    with database_in(keep) as database:
        result = play(Script(now=SystemClock().now(), seed=seed, history=history), database)
    if as_json:
        print_json(result.report)
    else:
        _tell(result.report)
    if result.failures:
        say(f"hark: the loop did not close: {'; '.join(result.failures)}")
        sys.exit(_NOT_CLOSED)


def _tell(report: dict[str, Any]) -> None:
    for alert in report["alerts"]:
        segment = " · ".join(f"{key} {value}" for key, value in alert["segment"].items()) or "all traffic"
        click.echo(f"{alert['state']:<13} {alert['signal']:<14} {segment:<30} since {alert['started_at']}")
    for name in _SHOWN:
        click.echo(f"{name:<13} {report[name]}")
