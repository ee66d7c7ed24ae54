"""With which chances the conversations of each evaluator are picked, from a week's traffic and from what labels say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Final, TypeAlias

from bot.jobs.choice import Chooser
from bot.jobs.shares import fair_shares
from evaluators.base import Evaluator
from evaluators.calibration.next import DISAGREEMENT_SHARE, DOUBLE_SHARE, UNUSUAL_SHARE, Plan, Unsure, Why, plan_of
from traces.histogram import Rollup
from traces.model import Calibration, Direction
from traces.store.rollups import DAY_S, bucket_start

AUDIT_SHARE: Final = 0.2
"""Of the reviews of an evaluator that has few labels: drawn from what it did not flag."""
_PILOT: Final = 20
"""Labels with which it is known where further ones teach most; before that, what is flagged goes first."""
_THRESHOLD: Final = 0.5

Days: TypeAlias = Sequence[tuple[datetime, Rollup]]
Calibrations: TypeAlias = Mapping[str, Calibration]


class Plans:
    """Shares ``per_day`` reviews out among the evaluators, and plans how each spends its share."""

    def __init__(self, evaluators: Sequence[Evaluator], per_day: int, chooser: Chooser) -> None:
        self._evaluators = {e.name: e for e in evaluators}
        self._per_day = per_day
        self._chooser = chooser

    def of(self, week: Mapping[str, Days], calibrations: Calibrations, now: datetime) -> dict[str, Plan]:
        """A plan for each evaluator.

        Args:
            week: By signal, the days of the last week; those of evaluators count.
            calibrations: What labels say of evaluators.
            now: The time.
        """
        usual = {name: self._in_a_day(name, week[name], calibrations, now) for name in self._evaluators if name in week}
        flagged = fair_shares({name: f for name, (f, _) in usual.items()}, (1 - AUDIT_SHARE) * self._per_day)
        ordinary = fair_shares({name: o for name, (_, o) in usual.items()}, AUDIT_SHARE * self._per_day)
        plans = {
            name: self._first_plan(name, calibrations.get(name), 1.0, AUDIT_SHARE / len(self._evaluators))
            for name in self._evaluators.keys() - usual.keys()
        }
        for name, (f, o) in usual.items():
            share, found = flagged[name] + ordinary[name], calibrations.get(name)
            best = self._best_plan(name, found, week[name], share, f + o)
            plans[name] = best or self._plan_of_day(name, found, (f, o), (flagged[name], ordinary[name]))
        return plans

    def _plan_of_day(
        self, name: str, calibration: Calibration | None, usual: tuple[float, float], shares: tuple[float, float]
    ) -> Plan:
        """Before labels tell where further ones teach most: what is flagged goes first."""
        chances = [_chance(share, wanted) for share, wanted in zip(shares, usual, strict=True)]
        n, wanted = sum(usual), sum(shares)
        further = {
            why: _chance(share * wanted, n * self._chooser.share(name, why))
            for why, share in ((Why.DISAGREEMENT, DISAGREEMENT_SHARE), (Why.UNUSUAL, UNUSUAL_SHARE))
        }
        return self._first_plan(name, calibration, chances[0], chances[1], further)

    def _first_plan(
        self,
        name: str,
        calibration: Calibration | None,
        flagged: float,
        ordinary: float,
        further: Mapping[Why, float] | None = None,
    ) -> Plan:
        is_rise_bad = self._evaluators[name].bad is not Direction.DOWN
        return Plan(
            edges=(threshold_of(calibration),),
            precision=(0.0, flagged) if is_rise_bad else (flagged, 0.0),
            audit=ordinary,
            disagreement=(further or {}).get(Why.DISAGREEMENT, 0.0),
            unusual=(further or {}).get(Why.UNUSUAL, 0.0),
        )

    def _best_plan(
        self,
        name: str,
        calibration: Calibration | None,
        days: Days,
        share: float,
        in_a_day: float,
    ) -> Plan | None:
        """Where labels of an evaluator sharpen its rate most; ``None`` while it has too few to know."""
        told = None if calibration is None else calibration.detail.get("unsure")
        if calibration is None or told is None or calibration.n_labels < _PILOT or not in_a_day:
            return None
        week = reduce(Rollup.plus, (rollup for _, rollup in days), Rollup())
        unsure = Unsure(tuple(told["edges"]), tuple(told["deviations"]))
        others = (week.n * self._chooser.share(name, why) for why in (Why.DISAGREEMENT, Why.UNUSUAL))
        # Double reviews are drawn from what is picked.
        return plan_of(unsure, week, min(1.0, share / in_a_day) * week.n / (1 - DOUBLE_SHARE), *others)

    def _in_a_day(self, name: str, days: Days, calibrations: Calibrations, now: datetime) -> tuple[float, float]:
        """How many conversations of a day are flagged, and how many are not; today's so far where that is more."""
        threshold = threshold_of(calibrations.get(name))
        is_rise_bad = self._evaluators[name].bad is not Direction.DOWN
        counts = []
        for _, rollup in days:
            positive = rollup.at_least(threshold)
            counts.append((positive, rollup.n - positive) if is_rise_bad else (rollup.n - positive, positive))
        flagged, ordinary = (sum(count) / len(days) for count in zip(*counts, strict=True))
        if days[-1][0] == bucket_start(now, DAY_S):
            return max(flagged, counts[-1][0]), max(ordinary, counts[-1][1])
        return flagged, ordinary


def threshold_of(calibration: Calibration | None) -> float:
    """The score from which on what an evaluator says counts as yes."""
    return _THRESHOLD if calibration is None else calibration.threshold


def _chance(share: float, wanted: float) -> float:
    return 1.0 if wanted <= share else share / wanted
