"""Fixtures: Slack as a double, and Hark talking to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from slack_house import House, house
from web_double import SlackDouble


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    """A workspace that knows every method Hark uses."""
    with SlackDouble() as double:
        yield double


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The URL of a database of its own."""
    return f"sqlite:///{tmp_path / 'hark.db'}"


@pytest.fixture
def hark(slack: SlackDouble, database: str) -> Iterator[House]:
    """Hark over HTTP; no roles are configured."""
    with house(slack, database) as running:
        yield running
