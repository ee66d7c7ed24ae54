"""How reviewers' time is shared out among evaluators, so that a noisy one does not take that of all others."""

from __future__ import annotations

from collections.abc import Mapping


def fair_shares(wanted: Mapping[str, float], total: float) -> dict[str, float]:
    """Max-min fair shares: each gets what it wants, or as much as anybody gets.

    Args:
        wanted: How much each could use, at least 0.
        total: How much there is.

    Returns:
        How much each gets: no more than it wants, ``total`` together at most, and whoever gets less than it wants gets no
        less than anybody else.
    """
    shares: dict[str, float] = {}
    left = max(0.0, total)
    for place, (name, want) in enumerate(sorted(wanted.items(), key=lambda pair: (pair[1], pair[0]))):
        shares[name] = min(max(0.0, want), left / (len(wanted) - place))
        left -= shares[name]
    return shares
