"""Whatever bytes come, what reads them either reads them or refuses them."""

from __future__ import annotations

import random

import pytest
from fuzz import mutate
from fuzz_targets import SEEDS, TARGETS
from hypothesis import given
from hypothesis import strategies as st

RUNS = 300


@pytest.mark.parametrize("name", TARGETS)
def test_a_seed_and_what_becomes_of_it_by_mutation_breaks_nothing(name):
    left = iter(range(RUNS))
    for seed in SEEDS[name]:
        TARGETS[name](seed)
    assert mutate(TARGETS[name], list(SEEDS[name]), random.Random(name), lambda: next(left, None) is None) == RUNS


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_break_nothing(name):
    @given(st.binary(max_size=300))
    def read(data: bytes) -> None:
        TARGETS[name](data)

    read()
