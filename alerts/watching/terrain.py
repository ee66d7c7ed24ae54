"""What detection takes as given, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.correction import Reviewed, line_of
from alerts.detector import Anomaly, Terms, Verdict
from alerts.excluded import Excluded
from alerts.signals import threshold_of
from alerts.watching.hours import HOUR
from alerts.watching.track import Track
from traces.model import Calibration, Change, Kind, Segment, Signal
from traces.store import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """How detection runs: time zone of the week's rhythm, the false-alarm budget, how far back baselines learn.

    What is ``excluded`` is neither tested nor learned.
    """

    timezone: str = "UTC"
    weeks_between_false_alerts: float = 1.0
    history: timedelta = timedelta(weeks=8)
    grace: timedelta = timedelta(minutes=10)
    excluded: tuple[Excluded, ...] = ()


def _nobody(_tx: Tx, _evaluator: str) -> Mapping[str, Reviewed]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """What detection takes as given in one run: the signals, what calibration says of them, the changes known.

    ``accepted`` are signals whose changed level was said to be expected, and when.
    ``reviewed`` reads what reviewers said of an evaluator's question, by conversation.
    """

    signals: Mapping[str, Signal]
    calibrations: Mapping[str, Calibration]
    changes: Sequence[Change]
    accepted: Sequence[tuple[str, datetime]] = ()
    reviewed: Callable[[Tx, str], Mapping[str, Reviewed]] = _nobody

    @property
    def thresholds(self) -> dict[str, float]:
        """By which threshold each share of verdicts is judged; scores of other kinds are not cut."""
        return {
            name: threshold_of(signal, self.calibrations)
            for name, signal in self.signals.items()
            if signal.evaluator is not None and signal.kind is Kind.RATE
        }

    def expected(self, hour: datetime) -> set[str]:
        """The signals whose changed level people called expected within an hour."""
        return {name for name, at in self.accepted if hour <= at < hour + HOUR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A series that is off its baseline after an hour."""

    signal: Signal
    segment: Segment
    anomaly: Anomaly
    verdict: Verdict


def terms_of(track: Track, terrain: Terrain, run_length: float) -> Terms:
    """The terms on which the series of a track are judged."""
    # A signal that was switched off keeps its place; nobody is told of what it finds.
    fallback = next(iter(terrain.signals.values()))
    signals = [terrain.signals.get(name, fallback) for name, _ in track.series]
    return Terms.of(
        signals,
        run_length=run_length,
        parent=[track.parent(series, terrain.changes) for series in track.series],
        corrections=[line_of(signal, terrain.calibrations) for signal in signals],
    )
