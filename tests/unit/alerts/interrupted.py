"""A replay of a good day in which a model breaks, people act, and the model is mended; run whole, or killed anywhere.

As a program it goes on from wherever the store stands: ``python interrupted.py DATABASE_FILE``.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from made import HOUR
from stream import BREAK, BROKEN_MODEL, LATE, Stream, Weather

from bot.alerting import Alerting
from bot.slack.access import Person
from traces.clock import FakeClock
from traces.store import open_store

HOURS = 30
END = BREAK + HOURS * HOUR
ANN = Person(user_id="U1", name="Ann", team_id="T1")
_TABLES = ("alerts", "decisions", "outbox", "review_items", "mutes", "audit")


def forecast(hour):
    """Broken for a day, slow for some hours of it, and then well again."""
    since = hour - BREAK
    if since >= timedelta(hours=18):
        return Weather(new_model=0.5)
    if timedelta(hours=4) <= since < timedelta(hours=14):
        return Weather(refusal=BROKEN_MODEL.refusal, new_model=0.5, slower=1.9)
    return BROKEN_MODEL


def act(stream: Stream) -> None:
    """What people do after some hours; each click has a key, so that it counts once however often it comes."""
    alerting = Alerting(stream.store, FakeClock(stream.hour + LATE))
    since = round((stream.hour - BREAK) / HOUR)
    for alert in stream.alerts:
        if since == 9:
            alerting.acknowledge(alert.alert_id, ANN, f"ack-{alert.alert_id}")
        if since == 12:
            alerting.snooze(alert.alert_id, ANN, f"snooze-{alert.alert_id}", 4 * HOUR)
    if since == 14:
        alerting.mute("error_rate", timedelta(hours=6), ANN, request_key="mute")


def step(stream: Stream) -> None:
    """What is to be done at the end of an hour that has been stored."""
    stream.detection.run(stream.hour + LATE)
    act(stream)


def replay(stream: Stream, told: Callable[[], None] = lambda: None) -> None:
    """Go on from the last hour that the store has; ``told`` is called before each hour's work."""
    with stream.store.read() as tx:
        stored = tx.state.beats(BREAK, END)
    stream.at(max(stored) + HOUR if stored else BREAK)
    if stored:
        step(stream)
    while stream.hour < END:
        told()
        stream.flow()
        step(stream)


def left_behind(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that a replay leaves: alerts, why they are as they are, what is to be posted, what people did."""
    with closing(sqlite3.connect(path)) as db:
        # The tables are ours, and few.
        return {table: sorted(db.execute(f"SELECT * FROM {table}"), key=repr) for table in _TABLES}  # noqa: S608


if __name__ == "__main__":
    with closing(open_store(f"sqlite:///{sys.argv[1]}")) as opened:
        replay(Stream(opened, forecast), lambda: print("an hour", flush=True))
