"""What was answered with success is on the disk: each answer comes after a sync of the write-ahead log, shown by strace."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import closing, suppress
from http.client import HTTPConnection

import pytest
from crash_process import HARK, ROOT, free_port
from slack_house import conversation, eventually

from traces.clock import SystemClock

_CALLS = "pwrite64,fdatasync,fsync,sendto,sendmsg,write,writev"
_ANSWER, _WRITTEN, _SYNCED = "answer", "written", "synced"


@pytest.fixture
def traced(tmp_path):
    """``hark run`` under strace: its port, and the file with its calls."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    calls, port = tmp_path / "calls", free_port()
    environment = {
        "HARK_DATABASE_URL": f"sqlite:///{tmp_path / 'hark.db'}",
        "PYTHONPATH": str(ROOT),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "HOME": str(tmp_path),
    }
    hark = [sys.executable, "-c", HARK, "run", "--port", str(port)]
    strace = ["strace", "-f", "--seccomp-bpf", "-s", "16", "-y", "-o", str(calls), "-e", f"trace={_CALLS}"]
    said = tmp_path / "said"
    with (
        said.open("wb") as stream,
        subprocess.Popen(
            [*strace, *hark], cwd=tmp_path, env=environment, stderr=stream, start_new_session=True
        ) as process,
    ):
        try:
            eventually(lambda: process.poll() is not None or _answers(port), 60)
            if process.poll() is not None:
                pytest.skip(f"strace cannot trace here: {said.read_text()[-200:]}")
            yield port, calls
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _answers(port: int) -> bool:
    with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", "/healthz")
        return connection.getresponse().read() is not None
    return False


@pytest.mark.slow
@pytest.mark.parametrize("requests", [20, 200])
def test_no_answer_comes_before_the_write_ahead_log_was_synced(traced, requests):
    port, calls = traced
    now = SystemClock().now()
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for number in range(requests):
            body = json.dumps(conversation(f"c-{number}", now)).encode()
            connection.request("POST", "/v1/conversations", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (200, True)
    eventually(lambda: calls.read_text(errors="replace").count('"HTTP/1.1 200 OK') > requests, 60)
    events = [event for line in calls.read_text(errors="replace").splitlines() if (event := _event(line)) is not None]
    answers = [place for place, event in enumerate(events) if event == _ANSWER][-requests:]
    assert len(answers) == requests
    for before, place in zip([answers[0] - 10**6, *answers], answers, strict=False):
        since = events[max(0, before) : place]
        assert _WRITTEN in since, "answered without a write"
        assert _SYNCED in since[since.index(_WRITTEN) :], "answered before the sync"


def _event(line: str) -> str | None:
    """What a call was: an answer once it begins, the others once they have returned."""
    if '"HTTP/1.1 200 OK' in line:
        return _ANSWER
    if "<unfinished" in line:
        return None
    if re.search(r"\b(fdatasync|fsync)\b", line) and line.rstrip().endswith("= 0"):
        return _SYNCED
    return _WRITTEN if "pwrite64" in line and ("-wal>" in line or "resumed" in line) else None
