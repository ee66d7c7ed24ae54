"""What ``hark run`` does with memory: freed room goes back to the system, and nothing of it outlives the run."""

from __future__ import annotations

import threading

import pytest

from bot.cli.memory import memory_given_back


def givers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "memory"]


def test_memory_is_given_back_while_it_runs_and_no_longer():
    with memory_given_back():
        assert len(givers()) <= 1
    assert givers() == []


def test_it_ends_with_what_fails_inside():
    with pytest.raises(ValueError, match="stopped"), memory_given_back():
        raise ValueError("stopped")
    assert givers() == []
