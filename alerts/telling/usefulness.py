"""How often people found a signal's alerts right, and how much more rarely it may be wrong because of that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from scipy import special

from traces.model import Alert, Signal

NOISE, EXPECTED, RESOLVED = "noise", "expected", "resolved"
ALERTS_READ: Final = 100
"""Of so many alerts, the latest, it is read what people said of them."""
_JUDGED: Final = frozenset({NOISE, EXPECTED, RESOLVED})
_PRIOR: Final = 0.5
_TOLERATED: Final = 0.2
"""Share of noise among a signal's alerts up to which nothing changes."""
_SURE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Usefulness:
    """What people said of a signal's alerts: real, expected (true, but nobody had to be told), or noise."""

    real: int = 0
    expected: int = 0
    noise: int = 0

    @property
    def judged(self) -> int:
        return self.real + self.expected + self.noise

    @property
    def precision(self) -> float | None:
        """The share of alerts that told of a true change; ``None`` before anybody said anything."""
        return None if not self.judged else (self.judged - self.noise) / self.judged

    @property
    def patience(self) -> float:
        """By how much more rarely than others the signal may raise a false alert: 1 to 5.

        It follows the share of noise that is exceeded with nine chances in ten (Beta posterior, Jeffreys prior), so that one
        click does little and five in a row do a lot. It is never less than 1: what one signal is not allowed to spend of the
        team's budget of false alerts, no other spends instead.
        """
        right = self.judged - self.noise
        least = float(special.betaincinv(self.noise + _PRIOR, right + _PRIOR, _SURE))
        return max(1.0, least / _TOLERATED)


def usefulness_of(alerts: Iterable[Alert]) -> dict[str, Usefulness]:
    """By signal what people said of alerts that are over; those that ended by themselves say nothing."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_JUDGED, 0))
    for alert in alerts:
        outcome = alert.detail.get("outcome")
        if alert.resolved_at is not None and outcome in _JUDGED:
            counts[alert.signal][outcome] += 1
    return {name: Usefulness(real=of[RESOLVED], expected=of[EXPECTED], noise=of[NOISE]) for name, of in counts.items()}


def as_found(signals: Mapping[str, Signal], found: Mapping[str, Usefulness]) -> dict[str, Signal]:
    """The signals, with the patience that people's verdicts ask for; one whose sensitivity a team has set keeps that."""
    return {
        name: replace(signal, patience=found[name].patience) if name in found and signal.patience == 1 else signal
        for name, signal in signals.items()
    }
