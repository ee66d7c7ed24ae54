"""No statement is put together from text: SQL is written down, and what differs is bound."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
RUN = frozenset({"text", "execute", "exec_driver_sql", "executemany", "literal_column", "scalar", "scalars"})
OURS = {
    "traces/store/partitions.py": "names of partitions are made of days, by Hark alone",
    "traces/store/opening.py": "numbers of Hark's own, where SQLite binds nothing",
    "traces/store/leases.py": "a number of Hark's own, where PostgreSQL binds nothing",
    "traces/migrations": "migrations read nothing from outside",
}
"""Where statements are put together all the same, and why nobody else's text can be in them."""


def is_put_together(node: ast.expr) -> bool:
    """Whether a text is made of others when it runs."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(
            isinstance(side, ast.JoinedStr) or _is_text(side) or is_put_together(side)
            for side in (node.left, node.right)
        )
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"format", "join", "replace", "format_map"}
        and _is_text(node.func.value)
    )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def put_together_in(source: str) -> list[int]:
    """The lines in which a statement is put together, in place or in a name that is given to what runs it."""
    tree = ast.parse(source)
    made = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and is_put_together(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node.func) in RUN
        for argument in node.args[:1]
        if is_put_together(argument) or (isinstance(argument, ast.Name) and argument.id in made)
    ]


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_no_statement_is_put_together_from_text():
    found = {
        path.relative_to(ROOT).as_posix(): lines
        for package in ("traces", "alerts", "evaluators", "bot")
        for path in (ROOT / package).rglob("*.py")
        if "sqlalchemy" in (source := path.read_text()) and (lines := put_together_in(source))
    }
    assert {file: lines for file, lines in found.items() if not file.startswith(tuple(OURS))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "connection.execute(text(f\"SELECT * FROM t WHERE a = '{a}'\"))",
        "select(t).where(text('a = ' + a))",
        "text('a = %s' % a)",
        "text('a = {}'.format(a))",
        "connection.exec_driver_sql(f'DELETE FROM {table}')",
        "statement = f'DELETE FROM {table}'\nconnection.execute(statement)",
        "text(' OR '.join(conditions))",
    ],
)
def test_the_rule_sees_each_way_of_putting_one_together(line):
    assert put_together_in(line)


@pytest.mark.parametrize(
    "line", ["text('version < 3')", "connection.execute(select(t).where(t.c.a == a))", "text(f'a')"]
)
def test_the_rule_leaves_what_is_bound_alone(line):
    assert put_together_in(line) == []
