"""A topic that nobody watches yet comes up: one alert names it, with its count and examples, and then it is listed."""

from __future__ import annotations

import json
import random
from contextlib import closing
from datetime import timedelta

import pytest
from click.testing import CliRunner
from made import DAY, HOUR, MINUTE, NOW, ingest, talk

from bot.app import build_hark
from bot.cli.main import hark as command
from bot.config.settings import load
from bot.jobs.drift import BOOK, NEW
from traces.clock import FakeClock
from traces.model import AlertState, Segment

_ASKED = (
    "where is my order number and when does the parcel arrive",
    "please cancel my subscription before the next invoice",
    "i want to change the delivery address of my order",
    "how do i reset the password of my account",
)
_NEW = "my wallet shows a bitcoin withdrawal that is pending, where is the crypto transfer"
_START = NOW - 8 * DAY


def traffic(day: int, count: int, what, prefix: str):
    rng = random.Random(f"{prefix}{day}")
    for n in range(count):
        words = rng.choice(what).split()
        rng.shuffle(words)
        at = _START + day * DAY + n * (20 * HOUR / count)
        said = " ".join(words[: rng.randint(6, len(words))])
        yield talk(f"{prefix}-{day}-{n}", said, "I am happy to help with that.", at=at, user_id=f"u{day}-{n}")


@pytest.fixture
def hark(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'hark.db'}"
    monkeypatch.setenv("HARK_DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    clock = FakeClock(_START)
    built = build_hark(load({"HARK_DATABASE_URL": url}, tmp_path), clock, {})
    with closing(built.store):
        yield built


def live(hark, day: int, count: int = 50, what=_ASKED, prefix: str = "c"):
    ingest(hark.store, *traffic(day, count, what, prefix), at=_START + (day + 1) * DAY)


def tick(hark, day: int) -> None:
    hark.jobs.tick(_START + (day + 1) * DAY - 2 * HOUR + 15 * MINUTE)


def alerts(hark):
    with hark.store.read() as tx:
        return [a for a in tx.alerts.all() if a.signal == "new_topic"]


def test_a_new_topic_raises_one_alert_with_its_name_count_and_examples_and_ends_when_it_is_gone(hark):
    for day in range(6):
        live(hark, day)
        tick(hark, day)
    assert alerts(hark) == []

    live(hark, 6)
    live(hark, 6, count=24, what=(_NEW,), prefix="new")
    tick(hark, 6)

    [alert] = alerts(hark)
    [(key, name)] = alert.segment.pairs
    assert key == "topic"
    assert set(name.split(", ")) <= set(_NEW.replace(",", "").split())
    assert alert.k >= 15
    assert all(example.startswith("new-") for example in alert.examples)
    assert "alike and unlike what was before" in alert.detail["rule"]["text"]

    live(hark, 7)
    hark.jobs.tick(_START + 8 * DAY + 4 * HOUR)
    hark.jobs.tick(_START + 8 * DAY + 5 * HOUR + timedelta(minutes=1))
    assert [a.state for a in alerts(hark)] == [AlertState.RESOLVED]

    [topic] = json.loads(CliRunner().invoke(command, ["topics", "--json"]).output)
    assert (topic["name"], topic["is_new"]) == (name, False)
    assert Segment.of(topic=topic["name"]) == alert.segment
    assert name in CliRunner().invoke(command, ["topics"]).output


def test_usual_traffic_has_no_topics_and_the_baseline_survives_a_restart(hark):
    for day in range(7):
        live(hark, day)
        tick(hark, day)
    with hark.store.read() as tx:
        assert tx.state.checkpoint("drift") is not None
        assert not tx.state.job_outcome(BOOK)
        assert not tx.state.job_outcome(NEW)
        assert "input_drift" in tx.rollups.signals(since=_START, until=NOW)
