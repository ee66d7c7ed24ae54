"""``hark train``: what labels teach."""

from __future__ import annotations

from typing import Any

import click

from bot.cli.setting import built, print_json, say
from bot.jobs.train import Trained


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def train(*, as_json: bool) -> None:
    """Learn the classifier of every evaluator that has labels, now; one that is better than the rules speaks from then on.

    \b
    Example: hark train --json
    """
    with built() as hark:
        found = hark.jobs.train.run(hark.clock.now(), always=True)
    if as_json:
        print_json({trained.head.evaluator: _json(trained) for trained in found})
        return
    for trained in found:
        head = trained.head
        click.echo(f"{head.evaluator:<20} {'speaks' if head.takes_over else 'waits':<7} {head.reason}")
    if not found:
        say("no evaluator has labels yet")


def _json(trained: Trained) -> dict[str, Any]:
    head = trained.head
    return {
        "takes_over": head.takes_over,
        "version": head.version,
        "n_labels": head.n_labels,
        "n_judged": head.n_weak,
        "auroc": head.auroc,
        "rules_auroc": head.prior_auroc,
        "reason": head.reason,
    }
