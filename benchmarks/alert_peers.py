"""What others do, on the same readings: each gives a score per hour that alarms above 1.

Every one sees the hourly value only (a share, a mean, a count), as these rules do in the products that ship them. A floor
under each band, a fiftieth of the series' mean, keeps quantised and nearly empty series from collapsing to no width at all.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.alert_cases import EPISODE_H, SIGNALS, Alerts, readings
from benchmarks.simulate_signals import HOURS_OF_WEEK, WARM_UP_WEEKS, Simulated, What
from traces.model import Direction, Kind

Floats: TypeAlias = npt.NDArray[np.float64]
_FLOOR: Final = 0.02
_ENOUGH: Final = 30
_DAY_H, _GRAFANA_H, _MARGIN = 24, 26, 0.5


def seasonal_mad(values: Floats, row: int) -> tuple[Floats, Floats]:
    """Median and 4 scaled MAD of the same hour of the last four weeks and the hours beside it."""
    weeks = np.arange(1, WARM_UP_WEEKS + 1) * HOURS_OF_WEEK
    past = values[np.concatenate([row - weeks + beside for beside in (-1, 0, 1)])]
    middle = np.nanmedian(past, axis=0)
    return middle, 4 * np.maximum(1.4826 * np.nanmedian(np.abs(past - middle), axis=0), _FLOOR * np.abs(middle))


def rolling_sd(values: Floats, row: int) -> tuple[Floats, Floats]:
    """Mean and 3 standard deviations of the last seven days."""
    past = values[row - HOURS_OF_WEEK : row]
    middle = np.nanmean(past, axis=0)
    return middle, 3 * np.maximum(np.nanstd(past, axis=0), _FLOOR * np.abs(middle))


def last_week(values: Floats, row: int) -> tuple[Floats, Floats]:
    """The same hour a week ago, give or take half of it."""
    before = values[row - HOURS_OF_WEEK]
    return before, _MARGIN * np.abs(before)


def adaptive_band(values: Floats, row: int) -> tuple[Floats, Floats]:
    """After Grafana's adaptive rules: 2 sd of 26 hours, the same hour a day and a week ago, and 50 % around all that."""
    past = values[row - _GRAFANA_H : row]
    middle, step = np.nanmean(past, axis=0), 2 * np.nanstd(past, axis=0)
    before = np.stack([values[row - _DAY_H], values[row - HOURS_OF_WEEK]])
    high = np.fmax(middle + step, np.nanmax(before, axis=0)) * (1 + _MARGIN)
    low = np.fmin(middle - step, np.nanmin(before, axis=0)) * (1 - _MARGIN)
    return (high + low) / 2, np.maximum((high - low) / 2, _FLOOR * np.abs(middle))


@dataclass(frozen=True, slots=True)
class Peer:
    """A rule, and from how many conversations an hour on it looks at a share or a mean."""

    band: Callable[[Floats, int], tuple[Floats, Floats]]
    least_n: int = 1


PEERS: Final[Mapping[str, Peer]] = {
    "± 50 % against last week": Peer(last_week),
    "rolling 7 d, 3 sd": Peer(rolling_sd),
    "Grafana-like adaptive band": Peer(adaptive_band),
    "seasonal median/MAD, z > 4": Peer(seasonal_mad),
    "the same, n ≥ 30": Peer(seasonal_mad, _ENOUGH),
}


def scores(simulated: Simulated, what: What, peer: Peer) -> Floats:
    """How far each hour is out of the band, in half widths, in the direction that is bad; shape (B, S)."""
    worst = np.zeros((len(simulated.panels[0].starts), simulated.series))
    for panel, signal in zip(simulated.panels, SIGNALS[what], strict=True):
        values = readings(panel)
        values[simulated.excluded] = np.nan
        if panel.kind is not Kind.COUNT:
            values[np.asarray(panel.n) < peer.least_n] = np.nan
        narrowest = _narrowest(values[: WARM_UP_WEEKS * HOURS_OF_WEEK])
        for row in range(WARM_UP_WEEKS * HOURS_OF_WEEK, len(values)):
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                middle, width = peer.band(values, row)
                far = (values[row] - middle) / np.fmax(width, narrowest)
            signed = {Direction.UP: far, Direction.DOWN: -far, Direction.BOTH: np.abs(far)}[signal.bad]
            worst[row] = np.fmax(worst[row], signed)
    return worst


def _narrowest(warm_up: Floats) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean = np.nanmean(np.abs(warm_up), axis=0)
    return np.nan_to_num(_FLOOR * mean, nan=1.0)


def episodes(flagged: npt.NDArray[np.bool_]) -> Alerts:
    """The first hour of each run of alarms that is not broken by six quiet hours."""
    return [_starts(np.flatnonzero(flagged[:, series])) for series in range(flagged.shape[1])]


def _starts(hours: npt.NDArray[np.int64]) -> list[int]:
    return [int(hour) for i, hour in enumerate(hours) if i == 0 or hour - hours[i - 1] > EPISODE_H]
