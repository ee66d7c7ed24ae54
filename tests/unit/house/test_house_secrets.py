"""What proves who somebody is is compared in a time that tells nothing of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

BOT = Path(__file__).parents[3] / "bot"
PROOFS = re.compile(r"(?:^|_)(?:digest|signature|secret|mac|hmac|expected_signature|hexdigest)(?:$|_)")


def compared_in(source: str) -> list[int]:
    """The lines in which a digest, a signature or a secret is compared by ``==`` or ``in``."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(o, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for o in node.ops)
        for side in (node.left, *node.comparators)
        if PROOFS.search(_name(side))
    ]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_no_proof_is_compared_by_equality():
    edges = [*BOT.glob("keys.py"), *(BOT / "http").rglob("*.py"), *(BOT / "slack").glob("*.py")]
    assert len(edges) > 20
    assert {path.name: lines for path in edges if (lines := compared_in(path.read_text()))} == {}


@pytest.mark.parametrize(
    "line", ["key.digest == shown", "given != signature", "mac.hexdigest() == x", "secret in known"]
)
def test_the_rule_sees_a_comparison(line):
    assert compared_in(line)
