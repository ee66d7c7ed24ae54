"""``hark calibrate``: what reviewers' labels say of the evaluators, and the thresholds that they move."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from bot.calibration.thresholds import Standing, Thresholds, standing
from bot.cli.setting import opened, print_json, say, settings
from bot.jobs.calibrate import Calibrating
from bot.slack.blocks.evaluator import points, scores_text
from bot.slack.text import one_line
from bot.wiring.jobs import rules_of_calibration
from evaluators.calibration.lessons import lessons_in
from evaluators.report import Bounds, EvaluatorReport, report_of
from traces.clock import format_time
from traces.model import Calibration, Json
from traces.store.thresholds import Move

_SHOWN = (
    "n_labels", "threshold", "tpr", "tnr", "kappa", "raw_rate", "corrected_rate", "ci_low", "ci_high"
)  # fmt: skip
_PERSON = "command line"
_NAME = 64


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--approve", metavar="NAME", help="Put the proposed threshold of an evaluator in force.")
@click.option("--reject", metavar="NAME", help="Turn the proposed threshold of an evaluator down.")
@click.option("--undo", metavar="NAME", help="Go back to an evaluator's threshold before the last move.")
@click.option("--history", metavar="NAME", help="Print every move of an evaluator's threshold.")
def calibrate(*, as_json: bool, approve: str | None, reject: str | None, undo: str | None, history: str | None) -> None:
    """Measure every labelled evaluator against its labels, now; detection uses the result from its next run on.

    \b
    Example: hark calibrate --json
    """
    with opened() as (store, clock):
        thresholds = Thresholds(store, clock)
        for name, answer in ((approve, thresholds.approve), (reject, thresholds.reject), (undo, thresholds.undo)):
            if name is not None:
                say(f"the threshold of {name} is {answer(name, _PERSON):.3g}")
        found = Calibrating(store, rules_of_calibration(settings())).run(clock.now(), always=True)
        with store.read() as tx:
            stands = {c.evaluator: standing(tx.thresholds.moves(c.evaluator)) for c in found}
            moves = [] if history is None else tx.thresholds.moves(history)
    if as_json:
        print_json(_json(found, stands, moves, history))
        return
    for move in moves:
        click.echo(_move_text(move))
    for c in found:
        for line in _lines(c, stands[c.evaluator]):
            click.echo(line)
    if not found:
        say("no evaluator has labels yet")


def calibration_json(calibration: Calibration, stands: Standing | None = None) -> dict[str, Any]:
    """A calibration as ``hark calibrate --json`` prints it; rates from 0 to 1, intervals as ``[low, high]``."""
    values, report = asdict(calibration), report_of(calibration)
    at = calibration.computed_at
    return {
        "evaluator": calibration.evaluator,
        **{name: values[name] for name in _SHOWN},
        "n_scores": calibration.n_scores,
        "precision": calibration.precision,
        "miss_rate": calibration.miss_rate,
        **_bounds_json(report),
        "ac1": report.ac1,
        "calibration_error": report.calibration_error,
        "reliability": (calibration.detail.get("reliability") or {}).get("bins"),
        "more_labels": report.more_labels,
        "lessons": [asdict(lesson) for lesson in lessons_in(calibration.detail)],
        "usable": calibration.usable,
        "transported": calibration.is_transported,
        "labels_to_refresh": {"positive": calibration.refresh[0], "negative": calibration.refresh[1]},
        "promise": calibration.detail.get("promise"),
        "question": calibration.detail.get("question"),
        "proposed_threshold": None if stands is None or stands.proposed is None else stands.proposed.threshold,
        "evaluator_version": calibration.evaluator_version,
        "computed_at": None if at is None else format_time(at),
    }


def _bounds_json(report: EvaluatorReport) -> dict[str, Json]:
    named = {"tpr": report.tpr, "tnr": report.tnr, "precision": report.precision, "kappa": report.kappa}
    found = {f"{name}_interval": None if b is None else list(b[1:]) for name, b in named.items()}
    return found | {
        "informedness": None if report.informedness is None else report.informedness[0],
        "informedness_interval": None if report.informedness is None else list(report.informedness[1:]),
        "ac1_interval": None if report.ac1_bounds is None else list(report.ac1_bounds[1:]),
        "alpha": None if report.alpha is None else report.alpha[0],
        "alpha_interval": None if report.alpha is None else list(report.alpha[1:]),
    }


def _json(found: list[Calibration], stands: dict[str, Standing], moves: list[Move], history: str | None) -> Json:
    told: dict[str, Any] = {c.evaluator: calibration_json(c, stands[c.evaluator]) for c in found}
    if history is not None and history in told:
        told[history]["history"] = [
            {**{n: getattr(m, n) for n in ("threshold", "before", "by", "reason")}, "state": str(m.state),
             "at": format_time(m.at)}
            for m in moves
        ]  # fmt: skip
    return told


def _lines(c: Calibration, stands: Standing) -> list[str]:
    usable = "" if c.usable else "  not usable: its verdicts tell too little; the rate rests on the labels alone"
    numbers = "  ".join(f"{name} {_number(getattr(c, name))}" for name in _SHOWN)
    report = report_of(c)
    more = f"  about {report.more_labels:,} more labels for an interval of ten points" if report.more_labels else ""
    lines = [f"{c.evaluator}  {numbers}{usable}{more}"]
    figures = {"TPR": report.tpr, "TNR": report.tnr, "precision": report.precision, "J": report.informedness,
               "kappa": report.kappa, "AC1": report.ac1_bounds, "alpha": report.alpha}  # fmt: skip
    if told := [f"{name} {_bounds(b)}" for name, b in figures.items() if b is not None]:
        lines.append("  " + "  ".join(told))
    if lessons := lessons_in(c.detail):
        best = lessons[0]
        lines.append(
            f"  one more label teaches most at scores {scores_text(best.low, best.high)}: "
            f"it narrows the rate by about {points(best.gain)}"
        )
    if c.is_transported:
        positive, negative = c.refresh
        lines.append(
            "  transported: most labels are of another version of the evaluator or the application; "
            f"{positive} labels of flagged and {negative} of other conversations would refresh it"
        )
    if promise := c.detail.get("promise"):
        lines.append(f"  {_promise_text(promise)}")
    if question := c.detail.get("question"):
        lines += _question_lines(question)
    if stands.proposed is not None:
        lines.append(
            f"  proposed: threshold {stands.proposed.threshold:.3g} ({stands.proposed.reason}); "
            f"hark calibrate --approve {c.evaluator}, or --reject"
        )
    return lines


def _promise_text(promise: dict[str, Any]) -> str:
    said = f"promised {promise['measure']} {promise['at_least']:.0%}"
    if promise["is_kept"]:
        return f"{said}: kept, at least {promise['bound']:.0%}"
    more = promise["more_labels"]
    if more is None:
        return f"{said}: no threshold comes near it"
    where = "" if promise["from_score"] is None else f" at scores from {promise['from_score']:.3g}"
    return f"{said}: not proven; about {max(more, 1):,} more labels{where}"


def _question_lines(question: dict[str, Any]) -> list[str]:
    """What is worth saying of a question and of those who answer it."""
    lines = []
    if (alpha := question["alpha"]) is not None:
        lines.append(
            f"  reviewers agree on {question['agreement']:.0%} of {question['n_double']:,} conversations that several "
            f"answered: alpha {_bounds(alpha)}"
        )
    if question["is_vague"]:
        lines.append("  the question is too vague: reviewers agree hardly more than chance; say it more clearly")
    drifted = [one_line(one["reviewer"], _NAME) for one in question["reviewers"] if one["has_drifted"]]
    return [*lines, *(f"  {name} agrees with the others less often than before" for name in drifted)]


def _move_text(move: Move) -> str:
    said = f"{move.before:.3g} -> {move.threshold:.3g}"
    return f"{format_time(move.at)}  {move.evaluator}  {move.state}  {said}  by {move.by}: {move.reason}"


def _bounds(bounds: Bounds) -> str:
    assert bounds is not None
    return "{:.2f} ({:.2f} to {:.2f})".format(*bounds)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
