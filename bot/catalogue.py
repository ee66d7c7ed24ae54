"""Everything that scores conversations: what runs, what does not and why, and how each is doing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.config.judges import JudgeSettings
from bot.slack.blocks.evaluators import CatalogueReport, EvaluatorCard, QuietLine
from evaluators.base import JUDGE_LAYER, traits_of
from evaluators.registry import Listed
from traces.histogram import Rollup
from traces.model import EVERYTHING, Calibration, Direction
from traces.quiet import QUIET, quiet_times
from traces.store import Tx
from traces.store.classifiers import Learned
from traces.store.rollups import DAY_S, bucket_start

DAYS: Final = 7
_THRESHOLD: Final = 0.5
_FEWEST_LABELS: Final = 30


class Catalogue:
    """The evaluators of one Hark, running and not.

    Args:
        listed: Every evaluator, with the reason where it does not run.
        judges: The settings of judges, for their budgets.
        quiet: How long it takes until a conversation has gone quiet where nothing was learned.
    """

    def __init__(
        self, listed: Sequence[Listed], judges: Iterable[JudgeSettings] = (), quiet: timedelta = QUIET
    ) -> None:
        self._listed = tuple(listed)
        self._judges = {judge.name: judge for judge in judges}
        self._quiet = quiet

    def report(self, tx: Tx, now: datetime) -> CatalogueReport:
        """How each did on the conversations that ended in the last seven days (UTC, today included)."""
        start = bucket_start(now, DAY_S) - timedelta(days=DAYS - 1)
        measured = tx.rollups.every_series(EVERYTHING, since=start, until=now + timedelta(days=1), resolution_s=DAY_S)
        kept = _Kept(
            rollups={name: _sum(rollup for _, rollup in days) for name, days in measured.items()},
            failures=tx.scores.failures(start),
            spent={name: said.usd for name, said in tx.judge_spending.since(start, now).items()},
            calibrations=tx.calibrations.current(),
            labels=tx.reviews.label_counts(),
            learned=_learned(tx, {name for name, judge in self._judges.items() if judge.cascade}),
            unjudged={name: said.refused for name, said in tx.judge_spending.of_day(now).items()},
        )
        times = quiet_times(tx, self._quiet)
        return CatalogueReport(
            cards=tuple(self._card(listed, kept) for listed in self._listed),
            quiet_s=times.usual.total_seconds(),
            quiet=tuple(
                QuietLine(application=name, after_s=one.after.total_seconds(), pauses=one.pauses)
                for name, one in times.learned.items()
            ),
        )

    def _card(self, listed: Listed, kept: _Kept) -> EvaluatorCard:
        evaluator, traits = listed.evaluator, traits_of(listed.evaluator)
        calibration = kept.calibrations.get(evaluator.name)
        threshold = _THRESHOLD if calibration is None else calibration.threshold
        rollup = kept.rollups.get(evaluator.name, Rollup.of(()))
        judge = self._judges.get(evaluator.name)
        is_judge = traits.layer == JUDGE_LAYER
        return EvaluatorCard(
            name=evaluator.name,
            layer=traits.layer,
            version=evaluator.version,
            when=evaluator.when,
            needs=traits.needs,
            cost=traits.cost.rstrip(","),
            summary=" ".join(evaluator.summary.split()),
            bad=evaluator.bad,
            why_off=listed.why_off,
            threshold=threshold,
            scored=rollup.n,
            flagged=_flagged(rollup, threshold, evaluator.bad),
            failed=kept.failures.get(evaluator.name, 0),
            labels=kept.labels.get(evaluator.name, 0),
            agreement=None if calibration is None else calibration.kappa,
            usable=None if calibration is None or calibration.n_labels < _FEWEST_LABELS else calibration.usable,
            learned="" if traits.looks_for_hidden else kept.learned.get(evaluator.name, ""),
            spent_usd=kept.spent.get(evaluator.name) if is_judge else None,
            budget_usd=None if judge is None or not is_judge else judge.daily_usd,
            unjudged=kept.unjudged.get(evaluator.name, 0) if is_judge else 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What the store holds of all evaluators, read at once."""

    rollups: Mapping[str, Rollup]
    failures: Mapping[str, int]
    spent: Mapping[str, float]
    calibrations: Mapping[str, Calibration]
    labels: Mapping[str, int]
    learned: Mapping[str, str]
    unjudged: Mapping[str, int]


def _sum(rollups: Iterable[Rollup]) -> Rollup:
    total = Rollup.of(())
    for rollup in rollups:
        total.add(rollup)
    return total


def _flagged(rollup: Rollup, threshold: float, bad: Direction) -> float | None:
    if not rollup.n:
        return None
    positive = rollup.at_least(threshold) / rollup.n
    return 1 - positive if bad is Direction.DOWN else positive


def _learned(tx: Tx, cascades: Collection[str]) -> dict[str, str]:
    """In words what was learned, by evaluator; ``cascades`` are the judges with a classifier of their own."""
    said = {}
    for name in tx.classifiers.stamps():
        learned = tx.classifiers.current(name)
        if learned is None:
            continue
        who = "a classifier speaks" if learned.takes_over else "the rules speak"
        if name in cascades:
            who = _cascade(learned)
        reason = learned.body.get("reason")
        said[name] = f"{who} ({learned.n_labels} labels{f': {reason}' if isinstance(reason, str) else ''})"
    return said


def _cascade(learned: Learned) -> str:
    band = learned.body.get("band")
    if not learned.takes_over or not isinstance(band, list):
        return "the judge is asked everything"
    low, high = band
    return f"a classifier answers at most {low:.2f} and at least {high:.2f}, the judge what is in between"
