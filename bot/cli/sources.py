"""``hark sources``: how each polled trace store is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from bot.cli.setting import opened, print_json, settings
from bot.slack.blocks.figures import duration
from bot.sources import SourceReport, reports_of
from traces.clock import format_time


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def sources(*, as_json: bool) -> None:
    """Each trace store that is polled: last trace, lag, rate, errors, labels to write back.

    \b
    Example: hark sources
    """
    configured = {source.name: source.kind for source in settings().sources}
    with opened() as (store, clock), store.read() as tx:
        found = reports_of(tx, tuple(configured), clock.now())
    if as_json:
        print_json([_json(report, configured[report.name]) for report in found])
        return
    if not found:
        click.echo("no sources; name one in hark.toml under [[sources]]")
    for report in found:
        click.echo(_line(report, configured[report.name]))
        for problem in report.problems:
            click.echo(f"  ✗ {problem}")


def _line(report: SourceReport, kind: str) -> str:
    lag = "no trace yet" if report.lag_s is None else f"last trace {duration(report.lag_s)} ago"
    polled = "never polled" if report.polled_at is None else f"polled {format_time(report.polled_at)}"
    waiting = f"  {report.labels_waiting} labels to write back" if report.labels_waiting else ""
    return (
        f"{report.name:<20} {kind:<11} {lag:<24} {report.traces_1h:>6,} in 1 h {report.traces_24h:>8,} in 24 h"
        f"  {report.failures} errors  {polled}{waiting}"
    )


def _json(report: SourceReport, kind: str) -> dict[str, Any]:
    return {
        "name": report.name,
        "kind": kind,
        "last_trace_at": _time(report.last_trace_at),
        "source_lag": report.lag_s,
        "traces_1h": report.traces_1h,
        "traces_24h": report.traces_24h,
        "polled_at": _time(report.polled_at),
        "succeeded_at": _time(report.succeeded_at),
        "errors": report.failures,
        "problem": report.problem,
        "refused": report.refused,
        "refused_reason": report.reason,
        "labels_waiting": report.labels_waiting,
        "labels_given_up": report.labels_given_up,
        "label_problem": report.label_problem,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)
