"""What others make of the same labels, in a few lines each: 95 % intervals for a rate from a judge's verdicts.

``judgy`` is the estimator of Rogan and Gladen (1978) with a bootstrap, as the package of that name has it; ``PPI`` and
``PPI++`` are prediction-powered inference (Angelopoulos et al. 2023; Angelopoulos, Duchi, Zrnic 2023), as ppi-python has it.
Each returns ``None`` where it has no answer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Span = tuple[float, float] | None
Floats = NDArray[np.float64]
_Z = 1.959964
_RESAMPLES = 1000


def labels_alone(said: Floats, truths: Floats, share: float, size: int, rng: np.random.Generator) -> Span:
    """Wilson's interval (1927)."""
    del said, share, size, rng
    n, p = len(truths), float(truths.mean())
    middle, root = p + _Z**2 / (2 * n), _Z * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    return (middle - root) / (1 + _Z**2 / n), (middle + root) / (1 + _Z**2 / n)


def judgy(said: Floats, truths: Floats, share: float, size: int, rng: np.random.Generator) -> Span:
    """Bootstrapped over the labels; resamples without both classes, or of a judge no better than chance, are left out."""
    del size
    cells = np.array([((said == s) & (truths == t)).sum() for s, t in ((1, 1), (0, 1), (1, 0), (0, 0))])
    drawn = np.vstack([cells, rng.multinomial(len(truths), cells / cells.sum(), _RESAMPLES)]).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        tpr, tnr = drawn[:, 0] / drawn[:, :2].sum(axis=1), drawn[:, 3] / drawn[:, 2:].sum(axis=1)
        rates = np.clip((share + tnr - 1) / (tpr + tnr - 1), 0, 1)
    fit = tpr + tnr - 1 > 0
    if not fit[0] or not fit[1:].any():
        return None
    low, high = np.quantile(rates[1:][fit[1:]], [0.025, 0.975])
    return float(low), float(high)


def ppi(said: Floats, truths: Floats, share: float, size: int, rng: np.random.Generator) -> Span:
    """Prediction-powered inference with the verdicts taken whole."""
    del rng
    return _powered(said, truths, share, size, 1.0)


def ppi_tuned(said: Floats, truths: Floats, share: float, size: int, rng: np.random.Generator) -> Span:
    """PPI++: the verdicts weigh what the labels say that they are worth."""
    del rng
    n = len(truths)
    variance = share * (1 - share)
    power = float(np.cov(truths, said)[0, 1]) / (variance * (1 + n / size)) if variance else 0.0
    return _powered(said, truths, share, size, min(1.0, max(0.0, power)))


def _powered(said: Floats, truths: Floats, share: float, size: int, power: float) -> Span:
    left = truths - power * said
    middle = power * share + float(left.mean())
    root = _Z * np.sqrt(power**2 * share * (1 - share) / size + float(left.var(ddof=1)) / len(truths))
    return middle - root, middle + root


PEERS: dict[str, Callable[[Floats, Floats, float, int, np.random.Generator], Span]] = {
    "labels alone": labels_alone,
    "judgy": judgy,
    "PPI": ppi,
    "PPI++": ppi_tuned,
}
