"""``hark run`` as a process of its own, as somebody starts it: with environment variables."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slack_house import eventually
from web_double import BOT_TOKEN, SlackDouble


@dataclass(frozen=True)
class Running:
    """A running ``hark run``: where it listens, and what it has said on standard error so far."""

    process: subprocess.Popen[bytes]
    log: Path
    database: str

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def url(self) -> str:
        found = re.search(r"listening on (http://\S+?),", self.said)
        assert found is not None, self.said
        return found[1]

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


@contextmanager
def hark_run(
    slack: SlackDouble, directory: Path, secrets: Mapping[str, str], *, verbose: bool = False
) -> Iterator[Running]:
    """Start it, wait until it listens, and end it."""
    database = f"sqlite:///{directory / 'hark.db'}"
    kept = {key: value for key, value in os.environ.items() if not key.upper().endswith("_PROXY")}
    environment = {
        **kept,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_API_URL": slack.url,
        "HARK_ALERTS_CHANNEL": "#llm-alerts",
        "HARK_REVIEW_CHANNEL": "#llm-review",
        "HARK_DATABASE_URL": database,
        **secrets,
    }
    log = directory / "hark.log"
    command = [str(Path(sys.executable).with_name("hark")), *(["-v"] if verbose else []), "run", "--port", "0"]
    with log.open("wb") as stream, subprocess.Popen(command, cwd=directory, env=environment, stderr=stream) as process:
        running = Running(process, log, database)
        try:
            eventually(lambda: "listening on" in running.said or process.poll() is not None, 30)
            assert "listening on" in running.said, running.said
            yield running
        finally:
            if process.poll() is None:
                process.kill()
