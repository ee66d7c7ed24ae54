"""Whatever goes out to an address that somebody typed goes through the guard, or is named here with its reason."""

from __future__ import annotations

import ast
import socket
from contextlib import closing
from pathlib import Path

import pytest
from made import NOW
from pydantic import SecretStr

from alerts.telling.severity import Severity
from bot.app import build_hark
from bot.config.export import ExportSettings
from bot.config.routes import ReceiverSettings
from bot.config.settings import DatabaseSettings, Settings, SourceSettings
from bot.jobs.poll import sources_of
from bot.receivers.base import Notice
from bot.receivers.registry import receivers_of
from traces.clock import FakeClock
from traces.errors import BadInput
from traces.model import AlertState

ROOT = Path(__file__).parents[3]
CALLS = frozenset(
    {
        *("httpx.Client", "httpx.AsyncClient", "httpx.get", "httpx.post", "httpx.request", "httpx.stream"),
        *("urllib.request.urlopen", "urlopen", "HTTPConnection", "HTTPSConnection", "socket.create_connection"),
        *("WebClient", "smtplib.SMTP", "smtplib.SMTP_SSL", "litellm.completion", "httpx.HTTPTransport"),
    }
)
MAY = {
    "traces/urlguard.py": "the guard itself",
    "bot/slack/client.py": "Slack, at the address that the environment names",
    "bot/receivers/email.py": "a mail server in the team's own network is the usual case",
    "evaluators/judge/litellm_model.py": "a model on the team's own machine is the usual case",
    "bot/demo/": "its own double on loopback",
    "bot/playground/": "its own double on loopback",
    "bot/cli/demo.py": "its own double on loopback",
}
"""Who opens connections without the guard, and why: each of these addresses stands in the settings, never in Slack."""
PROVIDERS = ["phoenix", "langfuse", "langsmith", "mlflow"]


def test_nothing_opens_a_connection_past_the_guard():
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("bot", "alerts", "evaluators", "traces")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in CALLS
    }
    assert {file for file in found if not file.startswith(tuple(MAY))} == set()
    assert "traces/urlguard.py" in found


@pytest.fixture
def inside():
    """An address within the private network, and how many have connected to it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.0)
        yield server


def url_of(server, scheme="http"):
    return f"{scheme}://127.0.0.1:{server.getsockname()[1]}"


def connections_to(server):
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return 0
    return 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", PROVIDERS)
def test_no_source_is_polled_within_the_private_network(inside, kind, scheme):
    keys = {"KEY": "pk-lf-a:sk-lf-b"}
    said = SourceSettings(name="inner", kind=kind, url=url_of(inside, scheme), api_key_env="KEY", project="p")
    [polled] = sources_of([said], keys, FakeClock(NOW))
    with pytest.raises(BadInput, match="not public"):
        polled.source.poll(None, NOW)
    assert connections_to(inside) == 0


@pytest.mark.parametrize("kind", ["webhook", "pagerduty", "opsgenie"])
def test_no_receiver_is_told_within_the_private_network(inside, kind):
    settings = {"inner": ReceiverSettings(kind=kind, url=url_of(inside), key_env="KEY")}
    receiver = receivers_of(settings, {"inner": SecretStr("k")}, FakeClock(NOW))["inner"]
    notice = Notice(
        alert_id="a", state=AlertState.OPEN, severity=Severity.HIGH, signal="s", line="l", text="t", segment={},
        value=1.0, expected_low=0.0, expected_high=0.5, started_at=NOW, updated_at=NOW,
    )  # fmt: skip
    with pytest.raises(BadInput, match="not public"):
        receiver.tell(notice)
    assert connections_to(inside) == 0


@pytest.fixture
def hark(tmp_path, inside):
    settings = Settings(
        database=DatabaseSettings(url=SecretStr(f"sqlite:///{tmp_path / 'hark.db'}")),
        heartbeat_url=SecretStr(url_of(inside)),
        export=ExportSettings(
            otlp_endpoint=f"{url_of(inside)}/v1/metrics", otlp_logs_endpoint=f"{url_of(inside)}/v1/logs"
        ),
    )
    built = build_hark(settings, FakeClock(NOW), {})
    with closing(built.store):
        yield built


def test_neither_the_heartbeat_nor_the_figures_go_into_the_private_network(hark, inside):
    assert hark.jobs.heartbeat is not None
    assert not hark.jobs.heartbeat.run()
    [figures] = hark.jobs.beats
    assert not figures.run()
    assert connections_to(inside) == 0
