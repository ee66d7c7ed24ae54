"""``hark metrics``, ``hark alerts``: the answers of ``/hark``, as text or JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from bot.answers.metrics import answer
from bot.cli.setting import built, one_printed, opened, print_json
from bot.cli.story import tell_why
from bot.slack.blocks.corrected import correction_text, correction_title
from bot.slack.blocks.figures import figure, span
from bot.slack.blocks.metrics import counted_text, headline, movement_text
from bot.slack.blocks.values import MetricAnswer, MetricGroup, MetricPoint
from bot.slack.queries import MetricsQuery
from traces.clock import format_time
from traces.errors import BadInput
from traces.model import Alert, Signal


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def metrics(query: tuple[str, ...], *, as_json: bool) -> None:
    """A signal's value, its course and its parts: SIGNAL [7d] [by KEY] [where KEY=VALUE] [vs last week].

    \b
    Example: hark metrics refusal 7d by model
             hark metrics refusal 7d where model=gpt-4o by prompt_version
    """
    with built() as hark, hark.store.read() as tx:
        now = hark.clock.now()
        asked, signals = hark.desk.understood(tx, f"metrics {' '.join(query)}", now)
        if not isinstance(asked, MetricsQuery):
            raise BadInput("write a signal and, if you like, a period")
        found = answer(tx, asked, signals, now)
    if as_json:
        print_json(_metric_json(found))
    else:
        click.echo(_metric_text(found))


def _metric_json(found: MetricAnswer) -> dict[str, Any]:
    return {
        "signal": found.signal.name,
        "unit": found.signal.unit,
        "from": format_time(found.since),
        "to": format_time(found.until),
        "segment": found.segment.as_map(),
        "value": found.value,
        "n": found.n,
        "last_data_on": None if found.last_day is None else f"{found.last_day:%Y-%m-%d}",
        "previous": found.previous,
        "compared_with": found.compared_with,
        "corrected": None if found.corrected is None else asdict(found.corrected),
        "points": [{"at": format_time(p.at), "value": p.value, "low": p.low, "high": p.high} for p in found.points],
        "group_by": found.group_by,
        "counted_from": found.counted,
        "groups": [{"name": g.name, "value": g.value, "n": g.n, "previous": g.previous} for g in found.groups],
    }


def _metric_text(found: MetricAnswer) -> str:
    signal = found.signal
    lines = [headline(found), movement_text(found)]
    if found.corrected is not None:
        lines.append(f"{correction_title(found.corrected)}: {correction_text(found.corrected)}")
    lines.append(f"{found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC, {found.segment}")
    if found.counted is not None:
        lines.append(counted_text(found.counted))
    if found.group_by is None:
        lines += [f"  {p.at:%Y-%m-%d %H:%M}  {_point_text(p, signal)}" for p in found.points]
    lines += [_group_text(group, signal) for group in found.groups]
    return "\n".join(map(one_printed, lines))


def _group_text(group: MetricGroup, signal: Signal) -> str:
    before = "" if group.previous is None else f"  before {figure(group.previous, signal)}"
    corrected = "" if group.corrected is None else f"  corrected {correction_text(group.corrected)}"
    return f"  {group.name:<32} {figure(group.value, signal):>12}  n {group.n:,}{before}{corrected}"


def _point_text(point: MetricPoint, signal: Signal) -> str:
    value = "–" if point.value is None else figure(point.value, signal)
    if point.low is None or point.high is None:
        return value
    return f"{value:<12}  usually {span(point.low, point.high, signal)}"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--why", metavar="ID", help="Every decision about one alert, and the reason for each.")
@click.option("--held-back", is_flag=True, help="What was last held back, and why nobody was told.")
def alerts(*, as_json: bool, why: str | None, held_back: bool) -> None:
    """Every alert with its state, oldest first; or why one is as it is.

    \b
    Example: hark alerts --json
             hark alerts --why 3f2a
    """
    if why is not None or held_back:
        tell_why(why, as_json=as_json)
        return
    with opened() as (store, _clock), store.read() as tx:
        found = tx.alerts.all()
    if as_json:
        print_json([alert_json(a) for a in found])
        return
    for a in found:
        click.echo(
            f"{a.alert_id[:8]}  {a.state.value:<13} {a.signal:<20} {a.segment!s:<40} since {format_time(a.started_at)}"
        )


def alert_json(alert: Alert) -> dict[str, Any]:
    """An alert as ``hark alerts --json`` prints it; rates from 0 to 1, times in UTC."""
    return {
        "alert_id": alert.alert_id,
        "signal": alert.signal,
        "segment": alert.segment.as_map(),
        "state": alert.state.value,
        "direction": alert.direction.value,
        "started_at": format_time(alert.started_at),
        "detected_at": format_time(alert.detected_at),
        "resolved_at": None if alert.resolved_at is None else format_time(alert.resolved_at),
        "value": alert.value,
        "expected": alert.expected,
        "expected_low": alert.expected_low,
        "expected_high": alert.expected_high,
        "n": alert.n,
        "k": alert.k,
        "users": alert.users,
        "explained_by": alert.detail.get("attribution"),
        "nearest_change": alert.detail.get("change"),
        "correction": alert.detail.get("correction"),
        "outcome": alert.detail.get("outcome"),
        "snoozed_until": None if alert.snoozed_until is None else format_time(alert.snoozed_until),
        "origin": alert.detail.get("origin"),
        "also": list(dict.fromkeys(other.get("signal") for other in alert.detail.get("also", ()))),
        "chance_weeks": alert.detail.get("chance_weeks"),
    }
