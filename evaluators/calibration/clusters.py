"""Labels of one user's conversations say the same several times: how much less they tell than labels of as many users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_ENOUGH_AGAIN: Final = 10
"""Users with several labels each without which the likeness of their labels is chance."""


def design_effect(verdicts: NDArray[np.bool_], truths: NDArray[np.bool_], users: Sequence[str | None]) -> float:
    """How many labels of clusters tell as much as one that is by itself: 1 + (m - 1) rho (Kish 1965).

    Rho, the likeness of labels of one user beyond what the verdict tells, is estimated by analysis of variance; m is the
    mean number of labels of the user that a label is of.

    Args:
        verdicts: Of the evaluator, one for each label.
        truths: What reviewers say.
        users: Whose conversation it is; ``None`` stands for a user by itself.

    Returns:
        At least 1; 1 with fewer than ten users who have several labels.
    """
    if sum(user is not None for user in users) < 2 * _ENOUGH_AGAIN:
        return 1.0
    names = [f"\n{place}" if user is None else user for place, user in enumerate(users)]
    _, of, sizes = np.unique(np.array(names, dtype=np.str_), return_inverse=True, return_counts=True)
    if int((sizes > 1).sum()) < _ENOUGH_AGAIN:
        return 1.0
    left = truths.astype(np.float64)
    for verdict in (True, False):
        among = verdicts == verdict
        left[among] -= left[among].mean() if among.any() else 0.0
    n, groups = len(left), len(sizes)
    means = np.bincount(of, weights=left) / sizes
    between = float((sizes * means**2).sum()) / (groups - 1)
    within = float(((left - means[of]) ** 2).sum()) / (n - groups)
    usual = (n - float((sizes**2).sum()) / n) / (groups - 1)
    spread = between + (usual - 1) * within
    likeness = (between - within) / spread if spread > 0 else 0.0
    return 1 + max(0.0, likeness) * (float((sizes**2).sum()) / n - 1)
