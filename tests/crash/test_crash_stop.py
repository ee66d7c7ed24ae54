"""A Hark that is asked to stop answers who waits, takes nobody new, is gone within ten seconds, and repeats nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections import Counter

import pytest
from crash_process import Lives, listens
from crash_slack import CruelSlack
from crash_world import Plan, environment, write_settings
from slack_house import conversation, eventually

from traces.clock import SystemClock
from traces.store import open_store

TEN_S = 10.0
LATE_S = 5.0
"""What a loaded machine adds to any wait."""


@pytest.fixture
def lives(tmp_path):
    database = f"sqlite:///{tmp_path / 'hark.db'}"
    write_settings(tmp_path, Plan(scenarios=1, cards=3))
    with CruelSlack(1, faulty=0) as slack, Lives(tmp_path, environment(slack, database)) as lives:
        lives.slack, lives.database = slack, database
        yield lives


def _request(body: bytes) -> bytes:
    head = f"POST /v1/conversations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _sent(count: int, words: str = "I am sorry, I cannot help with refunds.") -> bytes:
    now = SystemClock().now()
    return json.dumps([conversation(f"c-{n}", now, said=f"{words} {n}", scenario="s0") for n in range(count)]).encode()


def test_a_request_that_was_half_sent_is_answered_and_stored_and_a_new_one_is_refused(lives):
    lives.start()
    request = _request(_sent(1))
    with socket.create_connection(("127.0.0.1", lives.port), 10) as half:
        half.sendall(request[:-40])
        eventually(lambda: _is_answered(lives))
        os.kill(lives.pid, signal.SIGTERM)
        eventually(lambda: not listens(lives.port), 20)
        half.sendall(request[-40:])
        answer = half.recv(4096)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    lives.wait()
    store = open_store(lives.database)
    with store.read() as tx:
        assert tx.conversations.count() == 1
    store.close()


def _is_answered(lives: Lives) -> bool:
    """Another request is answered: the first one's bytes have been read by then."""
    with socket.create_connection(("127.0.0.1", lives.port), 10) as other:
        other.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return other.recv(100).startswith(b"HTTP/1.1 ")


@pytest.mark.slow
def test_work_on_very_long_texts_does_not_hold_up_the_end(lives):
    lives.start()
    hard = "I would not, if I could, help you with that; " * 5_000
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", lives.port), 60) as sender:
            sender.sendall(_request(_sent(12, hard + str(time.monotonic()))))
            assert sender.recv(100).startswith(b"HTTP/1.1 200")
    assert lives.stop() < TEN_S + LATE_S


@pytest.mark.slow
def test_a_slack_that_does_not_answer_does_not_hold_up_the_end_and_nothing_is_sent_twice(lives):
    slack = lives.slack
    slack.hold()
    lives.start()
    with socket.create_connection(("127.0.0.1", lives.port), 10) as sender:
        sender.sendall(_request(_sent(3)))
        assert sender.recv(100).startswith(b"HTTP/1.1 200")
    eventually(lambda: slack.called("chat.postMessage"), 30)
    assert lives.stop() < TEN_S + LATE_S
    slack.let_go()
    lives.start()
    eventually(lambda: _is_done(lives), 60)
    assert set(Counter(slack.delivered()).values()) == {1}


def _is_done(lives: Lives) -> bool:
    store = open_store(lives.database)
    with store.read() as tx:
        counts = {str(state): n for state, n in tx.outbox.counts().items()}
    store.close()
    return bool(counts) and set(counts) == {"sent"}
