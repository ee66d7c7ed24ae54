"""``hark signals``: what is watched, and what can be detected at the volume that there is."""

from __future__ import annotations

from typing import Any

import click

from bot.answers.signals import SignalLine
from bot.cli.setting import built, print_json
from bot.slack.blocks.signals import bad_way, least_effect, smallest, usual_level


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def signals(*, as_json: bool) -> None:
    """Every signal: kind, bad direction, smallest effect, usual level, values a day, state, and the smallest change that
    a day's traffic can prove at the set budget of false alerts.

    \b
    Example: hark signals
    """
    with built() as hark, hark.store.read() as tx:
        lines = hark.desk.signal_lines(tx, hark.clock.now())
    if as_json:
        print_json([signal_json(line) for line in lines])
        return
    rows = [("SIGNAL", "KIND", "BAD", "EFFECT", "USUAL", "A DAY", "SEEN WITHIN A DAY", "STATE"), *map(_row, lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _row(line: SignalLine) -> tuple[str, ...]:
    return (
        line.signal.name,
        line.signal.kind.value,
        bad_way(line.signal),
        least_effect(line.signal),
        usual_level(line),
        f"{line.a_day:,}",
        smallest(line),
        line.state,
    )


def signal_json(line: SignalLine) -> dict[str, Any]:
    """A signal as ``hark signals --json`` prints it; rates from 0 to 1, counts by the hour."""
    signal, found = line.signal, line.detectable
    return {
        "signal": signal.name,
        "summary": signal.summary,
        "origin": line.origin,
        "kind": signal.kind.value,
        "unit": signal.unit,
        "bad": signal.bad.value,
        "min_relative": signal.min_relative,
        "min_absolute": signal.min_absolute,
        "by_segment": signal.by_segment,
        "state": line.state,
        "verdicts": {"real": line.told.real, "expected": line.told.expected, "noise": line.told.noise},
        "precision": line.told.precision,
        "patience": line.signal.patience,
        "usual": line.usual,
        "values_a_day": line.a_day,
        "detectable_in_a_day": None if found is None or found.to is None else found.to,
        "detectable_relative": None if found is None else found.relative,
        "alerts": list(line.alerts),
    }
