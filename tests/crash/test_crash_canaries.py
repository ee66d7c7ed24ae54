"""Secrets and personal data of many kinds, sent down every path on which something fails, come out nowhere."""

from __future__ import annotations

import json
import random
import string
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection

import pytest
from crash_client import is_taken
from crash_process import Lives
from crash_slack import CruelSlack
from crash_world import SECRET, Plan, environment, write_settings
from slack_house import conversation, eventually
from slack_people import signed
from web_double import Fault

from traces.clock import SystemClock

PLUGIN = """
from evaluators.plugins import evaluator


@evaluator("Does it break?")
def breaks(conversation):
    raise ValueError(conversation.messages[0].content)
"""


def _letters(count: int, *, of: str = string.ascii_letters + string.digits) -> str:
    # Not written out, so that nothing here looks like a key that somebody has lost.
    return "".join(random.Random(f"{count} {of}").choices(of, k=count - 2)) + "7k"


HEX = "0123456789abcdef"
CANARIES = {
    "e-mail": "jane.canary@example.org",
    "telephone": "+49 170 5551234",
    "telephone of the US": "(415) 555-0132",
    "card": "4111 1111 1111 1111",
    "card of 15 digits": "378282246310005",
    "IBAN": "DE89 3704 0044 0532 0130 00",
    "social security number": "078-05-1120",
    "IP address": "203.0.113.77",
    "IPv6 address": "2001:db8:85a3::8a2e:370:7334",
    "OpenAI": f"sk-proj-{_letters(48)}",
    "Anthropic": f"sk-ant-api03-{_letters(90)}",
    "Slack bot": f"xoxb-123456789012-1234567890123-{_letters(24)}",
    "Slack app": f"xapp-1-A0123456789-1234567890123-{_letters(64)}",
    "Slack webhook": f"services/T00000000/B00000000/{_letters(24)}",
    "AWS id": f"AKIA{_letters(16, of=string.ascii_uppercase).upper()}",
    "AWS secret": f"aws_secret_access_key={_letters(40)}",
    "GitHub": f"ghp_{_letters(36)}",
    "GitHub fine-grained": f"github_pat_{_letters(60)}",
    "GitLab": f"glpat-{_letters(20)}",
    "Google": f"AIza{_letters(35)}",
    "Stripe": f"sk_live_{_letters(24)}",
    "JWT": f"eyJhbGciOiJIUzI1NiJ9.{_letters(40)}.{_letters(30)}",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{_letters(120)}\n-----END RSA PRIVATE KEY-----",
    "Hugging Face": f"hf_{_letters(34)}",
    "npm": f"npm_{_letters(36)}",
    "PyPI": f"pypi-{_letters(64)}",
    "SendGrid": f"SG.{_letters(22)}.{_letters(43)}",
    "bearer": f"Authorization: Bearer {_letters(32)}",
    "basic": "Authorization: Basic amFuZTpjYW5hcnlwYXM5",
    "password": "password=Tr0ub4dor-canary",
    "database": "postgresql://hark:s3cretcanary@db.example.org/x",
    "key of Hark": f"hark_abcdefgh_{_letters(43)}",
    "named key": f"api_key: {_letters(32, of=HEX)}",
}
TOLD = {
    name: f"see https://hooks.slack.com/{c}" if name == "Slack webhook" else f"use {c} now"
    for name, c in CANARIES.items()
}


def _secret_part(canary: str) -> str:
    """What must not be seen: the value, not the name before it."""
    value = canary.replace("-----BEGIN RSA PRIVATE KEY-----\n", "").partition("\n")[0]
    return value.rpartition(" ")[2] if value.startswith(("Authorization", "api_key")) else value.rpartition("=")[2]


@pytest.mark.slow
def test_thirty_kinds_of_secrets_come_out_of_no_path_that_fails(tmp_path):
    write_settings(tmp_path, Plan(scenarios=1, cards=40, doubt_s=1.0))
    (tmp_path / "broken.py").write_text(PLUGIN)
    with (tmp_path / "hark.toml").open("a") as settings:
        settings.write('\n[evaluators]\nplugins = ["broken.py:breaks"]\n')
    with (
        CruelSlack(1, faulty=0.0) as slack,
        Lives(tmp_path, environment(slack, f"sqlite:///{tmp_path}/hark.db")) as lives,
    ):
        page = json.dumps({"ok": False, "error": " ".join(TOLD.values())}).encode()
        slack.fail("chat.postMessage", Fault(status=500, body=page), Fault(body=page))
        lives.start()
        shown = [_answer(lives, path, body) for told in TOLD.values() for path, body in _refused(told)]
        now = SystemClock().now()
        for number, told in enumerate(TOLD.values()):
            said = conversation(f"c-{number}", now, said=f"I am sorry, I cannot help: {told}", scenario="s0")
            said["messages"][0]["content"] = told
            assert _answer(lives, "/v1/conversations", json.dumps(said).encode()).startswith("200")
        assert is_taken(lives, "c-last", scenario="s0")
        eventually(lambda: len(slack.delivered()) > 15, 60)
        shown += [_answer(lives, path, b"", "GET") for path in ("/metrics", "/readyz", "/healthz")]
        lives.kill()
        exports = [_exported(lives, what) for what in ("conversations", "audit", "labels", "dataset", "scores")]
        seen = {
            "exports": "\n".join(exports),
            "answers": "\n".join(shown),
            "log": lives.log.read_text(),
            "Slack": json.dumps([payload for _, payload in slack.payloads()], ensure_ascii=False),
        }
    assert "[secret]" in seen["exports"], "nothing was exported that had to be left out"
    assert "ValueError" in seen["log"], "the evaluator that breaks was never run"
    found = [(name, where) for name, c in CANARIES.items() for where, text in seen.items() if _secret_part(c) in text]
    assert found == []


def _exported(lives: Lives, what: str) -> str:
    command = [sys.executable, "-c", "from bot.cli import main; main()", "export", what]
    return subprocess.run(
        command, cwd=lives.directory, env=lives.environment, capture_output=True, text=True, check=True, timeout=120
    ).stdout


def _refused(told: str):
    """Requests that are refused, each with the text in another place."""
    for path in ("/v1/conversations", "/v1/traces", "/v1/feedback"):
        yield path, json.dumps({"id": 5, told: told, "messages": told}).encode()
        yield path, json.dumps(told).encode()[:-1]
    yield "/slack/events", f"payload={told}".encode()


def _answer(lives: Lives, path: str, body: bytes, method: str = "POST") -> str:
    headers = {"Content-Type": "application/json"}
    if path == "/slack/events":
        headers = signed(SECRET, SystemClock().now().timestamp(), body)
    with closing(HTTPConnection("127.0.0.1", lives.port, timeout=20)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return f"{answer.status} {answer.read().decode()}"
