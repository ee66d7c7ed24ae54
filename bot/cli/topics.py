"""``hark topics``: what users began to ask that nobody watched yet."""

from __future__ import annotations

import click

from bot.cli.setting import opened, print_json
from bot.jobs.drift import BOOK, topics_told


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def topics(*, as_json: bool) -> None:
    """New topics of the last two months, the latest first: name, conversations a day, trend and examples.

    \b
    Example: hark topics --json
    """
    with opened() as (store, _clock), store.read() as tx:
        found = topics_told(tx.state.job_outcome(BOOK))
    if as_json:
        print_json(found)
        return
    for topic in found:
        state = "new" if topic["is_new"] else "seen"
        trend = " ".join(str(n) for n in topic["trend"].values())
        click.echo(
            f"{state:<4}  {topic['name']:<44} {topic['conversations_a_day']:>5} a day  since {topic['first_at']}  {trend}"
        )
    if not found:
        click.echo("No new topics.", err=True)
