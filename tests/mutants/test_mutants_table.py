"""The table of mutants fits the code: what is taken out still stands there, and the tests that have to fail exist."""

from __future__ import annotations

import pytest
from mutants_table import ROOT, mutants

THREATS = {f"T{number}" for number in range(1, 17)}


def test_every_threat_has_mutants():
    assert {mutant.threat for mutant in mutants()} == THREATS


def test_no_part_is_named_twice():
    parts = [(mutant.threat, mutant.part) for mutant in mutants()]
    assert len(parts) == len(set(parts))


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: f"{mutant.threat} {mutant.part}")
def test_what_is_taken_out_stands_in_its_file_exactly_once(mutant):
    found = (ROOT / mutant.file).read_text().count(mutant.old)
    assert found >= 1 if mutant.everywhere else found == 1
    assert mutant.old != mutant.new
    assert [
        test for test in mutant.tests if test.startswith("tests/") and not (ROOT / test.partition("::")[0]).exists()
    ] == []
