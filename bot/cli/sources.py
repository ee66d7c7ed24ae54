"""``hark sources``: how each polled trace store is, and each client that sends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import click

from bot.cli.setting import opened, print_json, say, settings
from bot.slack.blocks.figures import counted, duration
from bot.sources import SourceReport, reports_of
from traces.clock import format_time
from traces.errors import BadInput

_HEAD: Final = ("SOURCE", "KIND", "LAST TRACE", "LAG", "IN 1 H", "IN 24 H", "ERRORS", "REJECTED", "")
_LEFT: Final = (0, 1, 2, 3, 8)
_KINDS: Final = {"push": "sends", "file": "file"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--forget", metavar="NAME", help="Forget a client or file that will not send again.")
def sources(*, as_json: bool, forget: str | None) -> None:
    """Each trace store that is polled and each client that sends: last trace, lag, rate, errors, what was rejected.

    Lag is the time since the newest trace of a polled store began, or since a client last sent. Errors (polls that failed,
    requests that were refused) and what could not be read are counted over 24 hours.

    \b
    Example: hark sources
             hark sources --forget "otlp · key old"
    """
    if forget is not None:
        _forget(forget)
        return
    configured = {source.name: source.kind for source in settings().sources}
    with opened() as (store, clock), store.read() as tx:
        found = reports_of(tx, tuple(configured), clock.now())
    if as_json:
        print_json([_json(report, _kind(report, configured)) for report in found])
        return
    if not found:
        click.echo("nothing was received yet, and no source is named in hark.toml under [[sources]]")
        return
    for line in _table([_HEAD, *(_row(report, _kind(report, configured)) for report in found)]):
        click.echo(line)
    for problem in (problem for report in found for problem in report.problems):
        click.echo(f"✗ {problem}")


def _forget(name: str) -> None:
    with opened() as (store, _clock), store.begin() as tx:
        if not tx.arrivals.forget(name):
            raise BadInput(f"no client or file is called {name!r}; hark sources lists them")
    say(f"forgot {name}")


def _kind(report: SourceReport, configured: dict[str, Any]) -> str:
    return str(configured[report.name]) if report.kind == "poll" else _KINDS[report.kind]


def _row(report: SourceReport, kind: str) -> tuple[str, ...]:
    waiting = f"{counted(report.labels_waiting, 'label')} to write back" if report.labels_waiting else ""
    polled = "never polled" if report.kind == "poll" and report.polled_at is None else ""
    return (
        report.name,
        kind,
        "never" if report.last_trace_at is None else format_time(report.last_trace_at)[:19].replace("T", " "),
        "–" if report.lag_s is None else duration(report.lag_s),
        f"{report.traces_1h:,}",
        f"{report.traces_24h:,}",
        f"{report.errors:,}",
        f"{report.rejected:,}",
        waiting or polled,
    )


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if place in _LEFT else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _json(report: SourceReport, kind: str) -> dict[str, Any]:
    return {
        "name": report.name,
        "kind": kind,
        "last_trace_at": _time(report.last_trace_at),
        "source_lag": report.lag_s,
        "traces_1h": report.traces_1h,
        "traces_24h": report.traces_24h,
        "spans_24h": report.spans_24h,
        "errors": report.errors,
        "error": report.error,
        "rejected": report.rejected,
        "polled_at": _time(report.polled_at),
        "succeeded_at": _time(report.succeeded_at),
        "failing_polls": report.failures,
        "problem": report.problem,
        "labels_waiting": report.labels_waiting,
        "labels_given_up": report.labels_given_up,
        "label_problem": report.label_problem,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)
