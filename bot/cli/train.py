"""``hark train``: what labels teach."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bot.classifier_files import write_heads
from bot.cli.files import Opened, Rejects, values
from bot.cli.setting import built, print_json, say, settings
from bot.evaluating import Job, Sent, learned_from
from evaluators.learned.head import Head
from traces.clock import SystemClock
from traces.errors import BadInput


@click.command()
@click.option("--labels", type=click.Path(path_type=Path), help="Learn from these labelled conversations; no database.")
@click.option("--evaluator", "names", multiple=True, metavar="NAME", help="With --labels: only these, on or off.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the classifiers to this file, as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def train(*, labels: Path | None, names: tuple[str, ...], out: Path | None, as_json: bool) -> None:
    """Learn the classifier of every evaluator that has labels, now; one that is better than the rules speaks from then on.

    With --labels, a file is learned from, as `hark evaluate` reads it, and nothing is stored. What --out writes is what
    `hark evaluate --classifier` reads.

    \b
    Example: hark train --json
             hark train --labels labelled.jsonl --evaluator task_success --out classifiers.json
    """
    rejects = Rejects()
    heads = _of_store(names) if labels is None else of_file(labels, names, rejects)
    if out is not None:
        write_heads(out, heads)
    if as_json:
        print_json({head.evaluator: _json(head) for head in heads})
    else:
        for head in heads:
            click.echo(f"{head.evaluator:<20} {'speaks' if head.takes_over else 'waits':<7} {head.reason}")
    if not heads:
        say("no evaluator has labels" + (" yet" if labels is None else " in this file; name one with --evaluator"))
    rejects.tell("line")


def _of_store(names: Sequence[str]) -> list[Head]:
    if names:
        raise BadInput("goes with --labels: from the database everything is learned", "--evaluator")
    with built() as hark:
        return [trained.head for trained in hark.jobs.train.run(hark.clock.now(), always=True)]


def of_file(file: Path, names: tuple[str, ...], rejects: Rejects) -> list[Head]:
    """What the labelled conversations of ``file`` teach the evaluators ``names``, or those that are switched on."""
    job = Job(settings=settings(), at=SystemClock().now(), names=names)
    with Opened(file) as opened_file:
        heads, refused = learned_from((Sent(where, value) for where, value in values(opened_file, rejects)), job)
    for reason in refused:
        rejects.add(reason)
    return heads


def _json(head: Head) -> dict[str, Any]:
    return {
        "takes_over": head.takes_over,
        "version": head.version,
        "n_labels": head.n_labels,
        "n_judged": head.n_weak,
        "auroc": head.auroc,
        "rules_auroc": head.prior_auroc,
        "reason": head.reason,
    }
