"""``hark backfill``: what an evaluator says of history."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import timedelta

import click

from bot.app import Hark
from bot.cli.setting import Span, built, print_json, say
from bot.jobs.backfill import Backfill, Done
from evaluators.base import Evaluator
from evaluators.options import hint
from traces.errors import BadInput


@click.command()
@click.argument("evaluator")
@click.option("--since", type=Span(), default="30d", show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
def backfill(*, evaluator: str, since: timedelta, as_json: bool) -> None:
    """Score what is stored with EVALUATOR, and bring the history of its signal in line.

    What has a score of the evaluator's current version is left alone: an interrupted run is simply started again. A judge
    keeps to its budget.

    \b
    Example: hark backfill refusal --since 30d
    """
    with built() as hark:
        done = _run(hark, _named(hark, evaluator), since)
    if as_json:
        print_json({"evaluator": evaluator, **asdict(done)})
    say(
        f"{done.scored} scored, {done.standing} were already, {done.does_not_apply} it does not apply to, "
        f"{done.failed} failed"
    )
    if done.is_spent:
        say("the judge's budget of today is spent; start this again tomorrow, and it goes on from here")


def _run(hark: Hark, evaluator: Evaluator, since: timedelta) -> Done:
    now = hark.clock.now()
    job = Backfill(hark.store, hark.jobs.evaluate, hark.settings.judge.at_once)
    watched = sys.stderr.isatty()
    length = job.count(evaluator, now - since, now) if watched else None
    with click.progressbar(length=length or 0, label="scoring", file=sys.stderr, hidden=not watched) as bar:
        return job.run(evaluator, now - since, now, lambda done: bar.update(done.seen))


def _named(hark: Hark, name: str) -> Evaluator:
    running = {e.name: e for e in hark.evaluators}
    if name not in running:
        raise BadInput(f"{name!r} is no evaluator that is switched on; {hint(name, list(running))}", "EVALUATOR")
    return running[name]
