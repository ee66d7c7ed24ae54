"""``hark evaluators``: everything that scores conversations, and how each is doing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from bot.classifiers import Heads, learning
from bot.cli.setting import print_json, settings
from bot.names import told_of
from bot.slack.blocks.evaluators import CatalogueReport, EvaluatorCard, seconds_or_more, unjudged_text
from bot.slack.blocks.figures import money, percent
from bot.wiring.evaluators import catalogue_of, evaluators_of
from evaluators.base import JUDGE_LAYER
from evaluators.learned.naming import other_names
from traces.clock import SystemClock
from traces.model import Direction
from traces.store import open_store

_LAYERS: Final = ("code", "classifier", "judge")
_NOTHING: Final = "–"
_HEAD: Final = (
    "EVALUATOR",
    "LAYER",
    "RUNS",
    "VERSION",
    "SCORED",
    "FLAGGED",
    "FAILED",
    "LABELS",
    "KAPPA",
    "SPENT",
    "NEEDS; TAKES",
)
_WAYS: Final = {Direction.UP: "rise", Direction.DOWN: "fall"}
_FIGURES: Final = range(4, 10)


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluators(*, name: str | None, as_json: bool) -> None:
    """Everything that scores conversations: layer, needs, cost, on or off and why, its last 7 days, calibration, spending.

    With NAME, all about one; other products' names, signals' names and part names are explained as well.

    \b
    Example: hark evaluators
             hark evaluators --json
             hark evaluators jailbreak
    """
    report = _report()
    if name is None:
        shown, lines = list(report.cards), _text(report)
    else:
        told = told_of(name, {card.name for card in report.cards})
        shown = [card for card in report.cards if card.name in told.evaluators]
        lines = iter([*told.lines, *(line for card in shown for line in ("", *_all_of(card)))])
    if as_json:
        print_json([_card_json(card, report) for card in shown])
        return
    click.echo("\n".join(lines))


def _report() -> CatalogueReport:
    chosen, clock = settings(), SystemClock()
    store = open_store(chosen.database_url, seal=chosen.secrets.seal)
    try:
        heads = Heads()
        running = learning(evaluators_of(chosen, clock, store), heads)
        with store.read() as tx:
            heads.refresh(tx)
            return catalogue_of(chosen, running).report(tx, clock.now())
    finally:
        store.close()


def _card_json(card: EvaluatorCard, report: CatalogueReport) -> dict[str, Any]:
    return {
        "name": card.name,
        "version": card.version,
        "layer": card.layer,
        "when": card.when,
        "bad": card.bad.value,
        "summary": card.summary,
        "needs": list(card.needs),
        "cost": card.cost,
        "on": card.is_on,
        "why_off": card.why_off or None,
        "scores_7d": card.scored,
        "flagged_share": card.flagged,
        "failures_7d": card.failed,
        "calibration": {
            "labels": card.labels,
            "agreement": card.agreement,
            "threshold": card.threshold,
            "usable": card.usable,
        },
        "classifier": card.learned or None,
        "spent_usd_7d": card.spent_usd,
        "daily_usd": card.budget_usd,
        "unjudged_today": card.unjudged if card.layer == JUDGE_LAYER else None,
        "quiet_s": _quiet_json(report) if card.when == "quiet" else None,
    }


def _quiet_json(report: CatalogueReport) -> dict[str, float]:
    """Seconds by application; those of the empty name hold where nothing was learned."""
    return {"": report.quiet_s} | {line.application: line.after_s for line in report.quiet}


def _text(report: CatalogueReport) -> Iterator[str]:
    running = [card for card in report.cards if card.is_on]
    rows = [_HEAD, *(_row(card) for card in running)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    yield from (_line(row, widths) for row in rows)
    yield ""
    yield "Off:"
    yield from (f"  {card.name:<20} {card.why_off}" for card in report.cards if not card.is_on)
    yield from (f"{card.name}: {card.learned}" for card in running if card.learned)
    yield from (f"{card.name}: {unjudged_text(card)}" for card in running if card.unjudged)
    yield from (f"{card.name}: by the labels its verdicts tell too little" for card in running if card.usable is False)
    yield ""
    yield (
        "The last 7 days. FLAGGED is the share on the bad side of the threshold, KAPPA the agreement with reviewers."
    )
    yield _quiet_text(report)
    yield "hark evaluators NAME tells all of one, and what a name of other products is called here."


def _all_of(card: EvaluatorCard) -> Iterator[str]:
    """All that is known of one, line by line."""
    yield card.name
    yield f"  {card.summary}"
    yield f"  {_LAYERS[card.layer]}, version {card.version}, runs on {card.when}, reads {', '.join(card.needs)}, takes {card.cost}"
    yield f"  a {_WAYS[card.bad]} is bad" if card.bad is not Direction.BOTH else "  a change either way is bad"
    yield f"  off: {card.why_off}" if card.why_off else "  on"
    flagged = "" if card.flagged is None else f", {percent(card.flagged)} flagged"
    yield f"  last 7 days: {card.scored:,} scored{flagged}, {card.failed:,} failed"
    agreement = "" if card.agreement is None else f", agreement (kappa) {card.agreement:.2f}"
    yield f"  {card.labels:,} labels{agreement}, threshold {card.threshold:g}"
    if card.learned:
        yield f"  {card.learned}"
    if card.spent_usd is not None:
        yield f"  spent {money(card.spent_usd)} in 7 days"
    if card.unjudged:
        yield f"  {unjudged_text(card)}"
    if others := other_names(card.name):
        yield f"  labels of it may also be called {', '.join(others)}"


def _row(card: EvaluatorCard) -> tuple[str, ...]:
    return (
        card.name,
        _LAYERS[card.layer],
        card.when,
        card.version,
        f"{card.scored:,}",
        _NOTHING if card.flagged is None else percent(card.flagged),
        f"{card.failed:,}",
        f"{card.labels:,}",
        _NOTHING if card.agreement is None else f"{card.agreement:.2f}",
        _NOTHING if card.spent_usd is None else money(card.spent_usd),
        f"{', '.join(card.needs)}; {card.cost}",
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if place in _FIGURES else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _quiet_text(report: CatalogueReport) -> str:
    learned = [
        f"{seconds_or_more(line.after_s)} in {line.application or 'traffic without an application'} (from {line.pauses:,} pauses)"
        for line in report.quiet
    ]
    usual = f"{seconds_or_more(report.quiet_s)}{' elsewhere' if learned else ''}"
    return f"A conversation has gone quiet after {', '.join([*learned, usual])}."
