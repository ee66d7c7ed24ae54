"""What has not arrived is listed with its reason, and what was given up is tried again when somebody asks."""

from __future__ import annotations

import orjson
import pytest
from click.testing import CliRunner
from made import HOUR, NOW, label
from sqlalchemy import insert

from bot.cli.main import hark
from traces import schema
from traces.store import open_store
from traces.store.outbox import DeliveryState


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'hark.db'}"
    monkeypatch.setenv("HARK_DATABASE_URL", url)
    opened = open_store(url)
    with opened.begin() as tx:
        for subject in ("a-1", "a-2"):
            tx.outbox.request(kind="alert", subject_id=subject, channel="#gone", at=NOW)
        tx.outbox.request(kind="example", subject_id="i-1", channel="#gone", thread_of="alert:a-1", at=NOW)
    yield opened
    opened.close()


def bury(store, delivery_id="alert:a-1"):
    with store.begin() as tx:
        tx.outbox.bury(delivery_id, problem="channel_not_found: invite\nthe bot")


def give_up_a_label(store):
    with store.begin() as tx:
        tx.reviews.put_label(label("c-1"))
        row = {
            "workspace_id": "default", "source": "phoenix", "conversation_id": "c-1", "name": "refusal",
            "reviewer": "U1", "target": "t-1", "label_at": NOW, "is_withdrawal": False, "state": "dead",
            "attempts": 16, "due_at": NOW + HOUR, "problem": "403",
        }  # fmt: skip
        tx._connection.execute(insert(schema.label_writes), row)


def run(*words):
    return CliRunner().invoke(hark, ["deliveries", *words])


def states(store):
    with store.read() as tx:
        return {d: tx.outbox.get(d).state for d in ("alert:a-1", "alert:a-2", "example:i-1")}


def test_what_waits_and_what_was_given_up_is_listed_with_its_reason(store):
    bury(store)
    shown = run().stdout
    assert "given up alert:a-1  to #gone, 0 attempts" in shown
    assert "waiting  alert:a-2" in shown
    assert "  ✗ channel_not_found: invite the bot" in shown
    failed = run("--failed").stdout
    assert "alert:a-2" not in failed
    assert [one["delivery_id"] for one in orjson.loads(run("--failed", "--json").stdout)] == [
        "alert:a-1",
        "example:i-1",
    ]


def test_another_try_makes_everything_due_that_was_given_up(store):
    bury(store)
    give_up_a_label(store)
    assert "label:phoenix:refusal:U1:c-1" in run("--failed").stdout
    assert "3 deliveries will be tried again" in run("--retry").stderr
    assert set(states(store).values()) == {DeliveryState.PENDING}
    assert "nothing was given up" in run("--failed").stdout
    with store.read() as tx:
        (write,) = tx.label_writes.due("phoenix", tx.label_writes.due("phoenix", NOW.replace(year=2030))[0].due_at)
    assert (write.attempts, write.problem) == (0, "403")


def test_one_can_be_named_and_takes_its_thread_with_it(store):
    bury(store)
    bury(store, "alert:a-2")
    assert run("--retry", "alert:a-1").exit_code == 0
    found = states(store)
    assert found["alert:a-2"] is DeliveryState.DEAD
    assert found["alert:a-1"] is found["example:i-1"] is DeliveryState.PENDING


def test_a_name_that_is_nothing_is_told_and_changes_nothing(store):
    bury(store)
    assert run("--retry", "alert:a-1", "alert:none").exit_code != 0
    assert states(store)["alert:a-1"] is DeliveryState.DEAD
    assert run("alert:a-1").exit_code != 0


def test_when_all_is_delivered_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    assert run().stdout == "everything has been delivered\n"
