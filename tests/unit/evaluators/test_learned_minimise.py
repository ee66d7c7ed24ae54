"""The search for the least value: it ends where SciPy's ends, the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from evaluators.learned.minimise import minimise


def ridge(seed, rows, columns):
    """A ridge logistic regression on noise."""
    chance = np.random.default_rng(seed)
    matrix, signs = chance.normal(size=(rows, columns)), chance.choice([-1.0, 1.0], rows)

    def loss(x):
        margins = signs * (matrix @ x)
        pull = -signs / (1 + np.exp(np.clip(margins, -40, 40)))
        return float(np.logaddexp(0, -margins).sum() + 0.5 * x @ x), matrix.T @ pull + x

    return loss


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 40))
def test_it_ends_where_scipy_ends(seed, rows, columns):
    loss = ridge(seed, rows, columns)
    ours = minimise(loss, np.zeros(columns), 200)
    theirs = minimize(loss, np.zeros(columns), jac=True, method="L-BFGS-B").x
    assert loss(ours)[0] <= loss(theirs)[0] + 1e-5


def test_it_is_the_same_each_time():
    assert (minimise(ridge(1, 30, 20), np.zeros(20), 100) == minimise(ridge(1, 30, 20), np.zeros(20), 100)).all()


def test_where_nothing_is_to_be_gained_it_stays():
    start = np.array([1.0, 2.0])
    assert (minimise(lambda _x: (0.0, np.zeros(2)), start, 10) == start).all()


def test_a_narrow_valley_is_followed():
    scales = np.array([1.0, 1_000.0])
    found = minimise(lambda x: (float(scales @ x**2) / 2, scales * x), np.array([5.0, 5.0]), 100)
    assert found == pytest.approx([0, 0], abs=1e-3)
