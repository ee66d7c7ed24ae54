"""Quantiles of what a benchmark has timed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def share_of(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values are below; infinity of none."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("inf")


def p95(values: Sequence[float]) -> float:
    """The 95 % quantile between the values, never beyond the largest; 0 of none."""
    if len(values) < 2:
        return max(values, default=0.0)
    return statistics.quantiles(values, n=20, method="inclusive")[-1]
