"""``hark backtest``: what detection would have said, of a signal's stored history or of a file of values."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from alerts.trying.backtest import Rehearsal, Sensitivity, WouldBe
from bot.cli.plot import Drawing
from bot.cli.setting import Span, built, print_json
from bot.cli.value_series import Columns, judge_file
from bot.settings.rehearsal import preview
from bot.slack.blocks.figures import figure, span
from bot.wiring.jobs import watch_settings_of
from traces.clock import format_time
from traces.errors import BadInput
from traces.model import Signal


@click.command()
@click.argument("signal", required=False)
@click.option("--by", metavar="SEGMENT", help="Watch each value of this segment, e.g. model, instead of all traffic.")
@click.option("--since", type=Span(), default="90d", show_default=True, help="How far back alerts count.")
@click.option(
    "--sensitivity",
    type=click.Choice([s.value for s in Sensitivity]),
    default=Sensitivity.USUAL.value,
    show_default=True,
    help="Accept a tenth of the false alerts, as many as are set, or ten times as many.",
)
@click.option("--csv", "file", type=click.Path(path_type=Path, allow_dash=True), help="Of a CSV file instead.")
@click.option("--timestamp", default="timestamp", show_default=True, help="The file's column of times.")
@click.option("--value", default="value", show_default=True, help="The file's column of values.")
@click.option("--count", help="The file's column of how many observations a value stands for.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only. Of a file, JSON is always printed.")
def backtest(
    signal: str | None,
    by: str | None,
    since: timedelta,
    sensitivity: str,
    file: Path | None,
    timestamp: str,
    value: str,
    count: str | None,
    *,
    as_json: bool,
) -> None:
    """When SIGNAL would have raised an alert, by what is stored; nothing is changed.

    With --csv, each row of a series from elsewhere is judged by the rows before it, and printed as one JSON line: timestamp,
    value, expected_low, expected_high, score (0 to 1, higher is stranger, comparable across series), alert (whether one is
    open).

    \b
    Example: hark backtest refusal --by model --since 30d
             hark backtest --csv series.csv --timestamp time --value latency
    """
    if (signal is None) == (file is None):
        raise BadInput("give either a signal or --csv FILE")
    if file is not None:
        judge_file(file, Columns(timestamp=timestamp, value=value, count=count), drawn=not as_json)
        return
    with built() as hark, hark.store.read() as tx:
        now = hark.clock.now()
        known = hark.desk.signals(tx, now, now - since)
        level = Sensitivity(sensitivity)
        watch, keys = watch_settings_of(hark.settings.detect), hark.settings.segments.keys
        found = preview(tx, signal or "", known, watch, now, keys=keys, back=since, by=by, sensitivity=level)
    if as_json:
        print_json(rehearsal_json(found))
    else:
        click.echo(rehearsal_text(found))


def rehearsal_json(found: Rehearsal) -> dict[str, Any]:
    """What would have been, as ``hark backtest SIGNAL --json`` prints it; rates from 0 to 1, times in UTC."""
    question = found.question
    return {
        "signal": question.signal.name,
        "from": format_time(question.since),
        "to": format_time(question.until),
        "by": question.by,
        "sensitivity": question.sensitivity.value,
        "series": found.series,
        "summary": found.sentence,
        "alerts": [_would_be_json(alert) for alert in found.alerts],
    }


def _would_be_json(alert: WouldBe) -> dict[str, Any]:
    anomaly = alert.anomaly
    return {
        "segment": alert.segment.as_map(),
        "direction": anomaly.direction.value,
        "started_at": format_time(anomaly.started_at),
        "detected_at": format_time(anomaly.detected_at),
        "open_until": format_time(alert.until),
        "value": anomaly.value,
        "expected": anomaly.expected,
        "expected_low": anomaly.expected_low,
        "expected_high": anomaly.expected_high,
        "n": anomaly.n,
        "k": anomaly.k,
        "alert_id": None if alert.alert is None else alert.alert.alert_id,
        "opinion": None if alert.opinion is None else alert.opinion.value,
    }


def rehearsal_text(found: Rehearsal) -> str:
    """The sentence, each alert that would have been, and a chart of the hours."""
    question = found.question
    watched = f"{found.series:,} series, {question.since:%Y-%m-%d} to {question.until:%Y-%m-%d} UTC"
    lines = [f"{question.signal.name}: {found.sentence} ({watched}, sensitivity {question.sensitivity.value})"]
    lines += [_would_be_text(alert, question.signal) for alert in found.alerts]
    drawing = Drawing()
    spans = [(a.anomaly.started_at, a.until) for a in found.alerts if a.segment == found.charted]
    for point in found.points:
        is_open = any(start <= point.start < end for start, end in spans)
        drawing.add(
            f"{point.start:%Y-%m-%d %H:%M}", point.value, point.expected_low, point.expected_high, alert=is_open
        )
    if found.points:
        lines += [f"\n{found.charted}, by the hour:", drawing.text()]
    return "\n".join(lines)


def _would_be_text(alert: WouldBe, signal: Signal) -> str:
    anomaly = alert.anomaly
    told = f", {alert.opinion.value}" if alert.opinion else ""
    return (
        f"  {anomaly.detected_at:%Y-%m-%d %H:%M}  {alert.segment}: {figure(anomaly.value, signal)} since "
        f"{anomaly.started_at:%Y-%m-%d %H:%M}, usually {span(anomaly.expected_low, anomaly.expected_high, signal)}, "
        f"open until {alert.until:%Y-%m-%d %H:%M}{told}"
    )
