"""``hark`` and its commands."""

from __future__ import annotations

import gc
import os
import sys

import click

# No look-up of models or prices over the network, whatever imports litellm.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

from bot.cli.backfill import backfill
from bot.cli.backtest import backtest
from bot.cli.calibrate import calibrate
from bot.cli.db import db
from bot.cli.deliveries import deliveries
from bot.cli.demo import demo
from bot.cli.digest import digest
from bot.cli.doctor import doctor
from bot.cli.evaluate import evaluate
from bot.cli.evaluators import evaluators
from bot.cli.export import export
from bot.cli.ingest import ingest
from bot.cli.judges import judges
from bot.cli.keys import keys
from bot.cli.labels import labels
from bot.cli.query import alerts, metrics
from bot.cli.run import run
from bot.cli.settings import settings
from bot.cli.signals import signals
from bot.cli.sources import sources
from bot.cli.tick import tick
from bot.cli.topics import topics
from bot.cli.train import train
from bot.cli.workspaces import workspaces
from bot.logs import set_up
from traces.errors import HarkError

BAD_USE = 2
_ALLOCATIONS = 20_000


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="hark", prog_name="hark")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
def hark(*, verbose: bool) -> None:
    """Watch LLM applications from Slack.

    \b
    Try it without a Slack workspace:  hark demo
    Run it:                            hark run
    """
    # Commands that read no settings have the environment's word; a running Hark takes up the settings'.
    set_up("json" if os.environ.get("HARK_LOG_FORMAT", "").strip().lower() == "json" else "text", verbose=verbose)


for command in (
    run,
    demo,
    ingest,
    tick,
    metrics,
    digest,
    alerts,
    signals,
    topics,
    evaluators,
    evaluate,
    backfill,
    train,
    calibrate,
    judges,
    backtest,
    labels,
    keys,
    workspaces,
    export,
    sources,
    settings,
    deliveries,
    db,
    doctor,
):
    hark.add_command(command)


def main() -> None:
    """The console script: a known error is one clear line and exit code 2."""
    # Conversations live as long as their batch; by the default the collector walks them all again and again, for a
    # quarter of the time that a batch takes.
    gc.set_threshold(_ALLOCATIONS, 10, 10)
    try:
        hark(prog_name="hark")
    except HarkError as error:
        click.echo(f"hark: {error}", err=True)
        sys.exit(BAD_USE)


__all__ = ["hark", "main"]
