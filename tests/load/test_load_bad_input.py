"""Whatever is sent, Hark answers with what is wrong, and others notice nothing."""

from __future__ import annotations

import sys
from pathlib import Path

_TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(_TESTS / "slack"), str(_TESTS / "crash")]

from bad_input import attack
from crash_process import Lives


def test_no_bad_body_and_no_slow_socket_is_a_fault_or_keeps_a_good_client_from_being_taken(tmp_path):
    with Lives(tmp_path, {"HARK_DATABASE_URL": f"sqlite:///{tmp_path / 'hark.db'}"}) as lives:
        lives.start()
        found = attack(lives, rounds=1, bomb_mib=64, sockets=100, warm_s=0.5, paths=["/v1/conversations"])
        assert found.wrong == []
        assert found.bad[0] == 0, "answered nothing"
        assert lives.tracebacks() == []
