"""``HARK_ENCRYPTION_KEY`` as an operator meets it: what stands in the file, and what is said where the key is not right."""

from __future__ import annotations

import base64

import orjson
import pytest
from click.testing import CliRunner
from made import talk

from bot.cli.main import hark
from traces.encryption import Unopened
from traces.errors import BadInput

USER = "heliotrope-tapir"
KEY, OTHER = (base64.b64encode(bytes([n]) * 32).decode() for n in (3, 4))


@pytest.fixture
def under(tmp_path, monkeypatch):
    """A command under a key; one conversation was stored before there was any."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{tmp_path}/hark.db")
    (tmp_path / "c.jsonl").write_bytes(orjson.dumps(talk("c-1", user_id=USER)))

    def run(key, *arguments):
        monkeypatch.setenv("HARK_ENCRYPTION_KEY", key)
        return CliRunner().invoke(hark, arguments, catch_exceptions=False)

    assert run("", "ingest", "c.jsonl").exit_code == 0
    return run


def in_file(tmp_path):
    return USER.encode() in b"".join(path.read_bytes() for path in tmp_path.glob("hark.db*"))


def test_what_was_stored_before_is_sealed_at_once_and_gone_from_the_file(under, tmp_path):
    assert in_file(tmp_path)
    said = under(KEY, "db", "seal")
    assert (said.exit_code, said.stdout.count("\n")) == (0, 1)
    assert not in_file(tmp_path)
    assert USER in under(KEY, "export", "conversations").stdout


def test_a_key_that_is_missing_or_another_is_said_in_one_line(under):
    under(KEY, "db", "seal")
    for key, said in (("", "HARK_ENCRYPTION_KEY: is missing"), (OTHER, '"$NEW,$OLD"')):
        with pytest.raises(Unopened) as refused:
            under(key, "export", "conversations")
        assert said in refused.value.message
        assert len(refused.value.message.splitlines()) == 1


def test_a_key_that_is_none_is_said_once_and_never_shown(under):
    refused = under("hunter2", "doctor")
    assert refused.exit_code == 1
    assert "HARK_ENCRYPTION_KEY" in refused.output
    assert "hunter2" not in refused.output


def test_there_is_nothing_to_seal_under_without_a_key(under):
    with pytest.raises(BadInput, match="HARK_ENCRYPTION_KEY: is not set"):
        under("", "db", "seal")


def test_the_key_before_can_go_once_all_is_sealed_anew(under):
    under(KEY, "db", "seal")
    assert under(f"{OTHER},{KEY}", "db", "seal").exit_code == 0
    assert USER in under(OTHER, "export", "conversations").stdout
