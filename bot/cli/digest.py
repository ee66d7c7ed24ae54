"""``hark digest``: what a day or a week brought, as text or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from bot.answers.digest import Period
from bot.cli.setting import built, one_printed, print_json
from bot.slack.blocks.digest import DigestReport, first_line, taught_text, true_share, unanswered_text, useful_text
from bot.slack.blocks.figures import figure, money
from traces.clock import format_time


@click.command()
@click.option("--weekly", is_flag=True, help="Of the last seven days, in place of the last one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def digest(*, weekly: bool, as_json: bool) -> None:
    """What moved, alerts, labels, unanswered questions and spend, as of now.

    \b
    Example: hark digest --weekly
    """
    with built() as hark, hark.store.read() as tx:
        found = hark.desk.digests.report(tx, Period(rhythm="weekly" if weekly else "daily", until=hark.clock.now()))
    if as_json:
        print_json(_json(found))
    else:
        for line in _lines(found):
            click.echo(one_printed(line))


def _lines(found: DigestReport) -> Iterator[str]:
    yield first_line(found)
    yield f"{format_time(found.since)} to {format_time(found.until)}, {found.conversations:,} conversations"
    for mover in found.movers:
        corrected = "" if mover.corrected is None else f"  true rate {true_share(mover.corrected)}"
        value, usual = figure(mover.value, mover.signal), figure(mover.usual, mover.signal)
        yield f"  {mover.signal.name:<24} {value:>12}  usually {usual:>12}{corrected}"
    yield f"alerts: {len(found.opened)} opened, {len(found.closed)} closed, {found.open_now} open now"
    if found.judged:
        yield f"  in four weeks {useful_text(found)}"
    yield f"labels: {found.labels:,} by {found.reviewers} reviewers, {found.waiting:,} to review"
    for taught in found.taught:
        yield f"  {taught_text(taught)}"
    for topic in found.unanswered:
        yield f"not helped: {topic.segment}: {unanswered_text(topic)}"
    yield f"spent: judges {money(found.judge_usd)}, conversations {money(found.agent_usd)}"


def _json(found: DigestReport) -> dict[str, Any]:
    return {
        "rhythm": found.rhythm,
        "from": format_time(found.since),
        "to": format_time(found.until),
        "conversations": found.conversations,
        "usually": found.usually,
        "signals_compared": found.watched,
        "moved": [
            {
                "signal": mover.signal.name,
                "value": mover.value,
                "usual": mover.usual,
                "n": mover.n,
                "corrected": None if mover.corrected is None else asdict(mover.corrected),
            }
            for mover in found.movers
        ],
        "alerts": {
            "opened": [alert.alert_id for alert, _ in found.opened],
            "closed": [alert.alert_id for alert, _ in found.closed],
            "open_now": found.open_now,
            "closed_in_four_weeks": found.judged,
            "not_noise_or_expected": found.useful,
        },
        "labels": {"given": found.labels, "reviewers": found.reviewers, "waiting": found.waiting},
        "taught": [
            {"evaluator": one.evaluator, "threshold_before": one.before, "threshold": one.after} for one in found.taught
        ],
        "not_helped": [
            {
                "segment": one.segment.as_map(),
                "signal": one.signal.name,
                "failed": one.failed,
                "n": one.n,
                "usual": one.usual,
            }
            for one in found.unanswered
        ],
        "judge_usd": found.judge_usd,
        "agent_usd": found.agent_usd,
    }
