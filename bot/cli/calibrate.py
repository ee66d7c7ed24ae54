"""``hark calibrate``: what reviewers' labels say of the evaluators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from bot.cli.setting import opened, print_json
from bot.jobs.calibrate import Calibrating
from evaluators.report import report_of
from traces.clock import format_time
from traces.model import Calibration

_SHOWN = (
    "n_labels", "threshold", "tpr", "tnr", "kappa", "raw_rate", "corrected_rate", "ci_low", "ci_high"
)  # fmt: skip


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def calibrate(*, as_json: bool) -> None:
    """Measure every labelled evaluator against its labels, now; detection uses the result from its next run on.

    \b
    Example: hark calibrate --json
    """
    with opened() as (store, clock):
        found = Calibrating(store).run(clock.now(), always=True)
    if as_json:
        print_json({c.evaluator: calibration_json(c) for c in found})
        return
    for c in found:
        usable = "" if c.usable else "  not usable: its verdicts tell too little"
        numbers = "  ".join(f"{name} {_number(getattr(c, name))}" for name in _SHOWN)
        more = report_of(c).more_labels
        missing = f"  about {more:,} more labels for an interval of ten points" if more else ""
        click.echo(f"{c.evaluator}  {numbers}{usable}{missing}")
    if not found:
        click.echo("no evaluator has labels yet", err=True)


def calibration_json(calibration: Calibration) -> dict[str, Any]:
    """A calibration as ``hark calibrate --json`` prints it; rates from 0 to 1."""
    values, report = asdict(calibration), report_of(calibration)
    at = calibration.computed_at
    return {
        "evaluator": calibration.evaluator,
        **{name: values[name] for name in _SHOWN},
        "n_scores": calibration.n_scores,
        "precision": calibration.precision,
        "miss_rate": calibration.miss_rate,
        "precision_interval": None if report.precision is None else list(report.precision[1:]),
        "informedness": None if report.informedness is None else report.informedness[0],
        "informedness_interval": None if report.informedness is None else list(report.informedness[1:]),
        "ac1": report.ac1,
        "more_labels": report.more_labels,
        "usable": calibration.usable,
        "evaluator_version": calibration.evaluator_version,
        "computed_at": None if at is None else format_time(at),
    }


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
