"""Ports that others have: the demo says so in one line, or takes another."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest
from made import NOW

from bot.demo.stage import PAGE_PORT, staged
from bot.playground.serving import loopback_socket
from traces.clock import FakeClock
from traces.errors import BadInput


@pytest.fixture
def taken():
    with closing(loopback_socket()) as held:
        yield held.getsockname()[1]


def bound_only():
    """A port that somebody has bound and will listen on in a moment."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


@pytest.mark.parametrize(("option", "named"), [("port", "--port"), ("page_port", "--playground-port")])
def test_a_port_that_is_taken_is_told_with_the_option_that_chooses_another(tmp_path, taken, option, named):
    with (
        pytest.raises(BadInput, match=f"cannot listen on 127.0.0.1:{taken}: .* choose another with {named}"),
        staged(FakeClock(NOW), tmp_path / "hark.db", seed=1, **{option: taken}),
    ):
        pass


def test_where_hark_takes_the_pages_usual_port_the_page_takes_another(tmp_path):
    try:
        loopback_socket(PAGE_PORT).close()
    except OSError:
        pytest.skip(f"something listens on {PAGE_PORT}")
    with staged(FakeClock(NOW), tmp_path / "hark.db", seed=1, port=PAGE_PORT, page_port=None) as made:
        assert made.hark_url == f"http://127.0.0.1:{PAGE_PORT}"
        assert made.page_url != made.hark_url


def test_the_same_port_for_both_is_told(tmp_path):
    with closing(bound_only()) as held:
        free = held.getsockname()[1]
    with (
        pytest.raises(BadInput, match="choose another with --playground-port"),
        staged(FakeClock(NOW), tmp_path / "hark.db", seed=1, port=free, page_port=free),
    ):
        pass
