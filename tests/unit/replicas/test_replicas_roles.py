"""What one process of several does: named on the command line, and refused where it cannot be."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.main import hark
from bot.replicas.roles import EVERY_ROLE, checked, roles_in
from traces.errors import BadInput


@pytest.mark.parametrize(
    "said", [(), ("all",), ("",), ("work", "all"), ("ingest,work,slack",), ("ingest", "work", " slack ")]
)
def test_without_a_role_or_with_all_of_them_a_process_does_everything(said):
    assert roles_in(said) == EVERY_ROLE


@given(st.lists(st.sampled_from(sorted(EVERY_ROLE)), min_size=1))
def test_roles_are_the_same_with_commas_and_one_by_one(names):
    assert roles_in(names) == roles_in([",".join(names)]) == frozenset(names)


def test_a_role_that_there_is_not_is_named():
    with pytest.raises(BadInput, match="--role: there is no role 'wrok'; write all, ingest, work or slack"):
        roles_in(["ingest,wrok"])


def test_one_role_alone_needs_a_database_that_several_share():
    with pytest.raises(BadInput, match=r"--role: work alone needs .* HARK_DATABASE_URL to postgresql://"):
        checked(frozenset({"work"}), "sqlite")
    assert checked(frozenset({"work"}), "postgresql") == {"work"}
    assert checked(EVERY_ROLE, "sqlite") == EVERY_ROLE


def test_hark_run_says_in_one_line_that_a_role_needs_postgresql(tmp_path, monkeypatch):
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{tmp_path / 'hark.db'}")
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(hark, ["run", "--role", "work", "--port", "0"])
    assert isinstance(ended.exception, BadInput)
    assert "work alone needs a database that several processes share" in str(ended.exception)
    assert "listening on" not in ended.output
