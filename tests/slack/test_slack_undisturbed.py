"""One channel is broken for ten minutes: what the other one is told comes as soon as it does without that."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from simulated_slack import Course, SimulatedSlack, cut, page, refused, timed_out
from simulated_time import SimulatedTime
from slack_house import NOON

from bot.jobs.deliver import Delivering
from bot.slack.blocks.surface import Message, delivery
from bot.slack.render import Renderer
from traces.clock import FakeClock
from traces.store import open_store

BROKEN, OTHER = "C0BROKEN", "C0OTHER"
LASTS = timedelta(minutes=10)
STANDING = 10
EVERY = timedelta(seconds=4)
WITHIN = 1.10

FAULTS = {
    "archived": Course(done=None, error=lambda: refused("is_archived")),
    "the bot was removed": Course(done=None, error=lambda: refused("not_in_channel")),
    "503": Course(done=None, error=lambda: page(503)),
    "internal error": Course(done=None, error=lambda: refused("internal_error")),
    "cut after it was done": Course(error=cut),
    "no answer": Course(takes=15.0, done=None, error=timed_out),
}


class Channels:
    """Two channels that are each told something new, or something else, every two seconds on average."""

    def __init__(self, url: str) -> None:
        self.clock = FakeClock(NOON)
        self.time = SimulatedTime(self.clock)
        self.slack = SimulatedSlack(self.time)
        self.store = open_store(url)
        renderer = Renderer((), {})
        renderer.also_draws("note", self._drawn)
        self.deliver = Delivering(
            self.store, self.slack, self.clock, renderer, pool=self.time, pause=self.time.pause  # type: ignore[arg-type]
        )  # fmt: skip
        self.asked_at = {}

    def _drawn(self, tx, one):
        version = tx.state.job_outcome(f"version {one.subject_id}")
        return Message(text=f"{one.subject_id} {version}", blocks=(), metadata=delivery(one.delivery_id))

    def ask(self, channel, number):
        now, name = self.clock.now(), f"{channel}-{number}"
        version = 1 + max((v for n, v in self.asked_at if n == name), default=0)
        self.asked_at[name, version] = now
        with self.store.begin() as tx:
            tx.state.job_ran(f"version {name}", now, version)
            tx.outbox.request(kind="note", subject_id=name, channel=channel, at=now)

    def asks_for(self, chance, lasts):
        """Of what is asked for, a half is about messages that stand already."""
        for channel in (BROKEN, OTHER):
            for number in range(int(lasts / EVERY)):
                seconds = chance.uniform(0, lasts.total_seconds())
                self.time.after(seconds, lambda c=channel, n=number: self.ask(c, n))
                again = chance.uniform(0, lasts.total_seconds())
                self.time.after(again, lambda c=channel, n=number % STANDING: self.ask(c, -1 - n))

    def live(self, span):
        """A pass begins every second, as the schedule has it, unless the one before still runs."""
        until = self.clock.now() + span
        while self.clock.now() < until:
            following = self.clock.now() + timedelta(seconds=1)
            self.deliver.run(per_channel=4)
            self.time.run_until(following)

    def delays_s(self, channel):
        """How long it took until each thing stood in Slack, or something newer in its place."""
        shown = [(at, *text.split()) for at, where, text in self.slack.shown if where == channel]
        return sorted(
            min(
                ((at - asked).total_seconds() for at, n, v in shown if n == name and int(v) >= version), default=3_600.0
            )
            for (name, version), asked in self.asked_at.items()
            if name.startswith(channel)
        )


def _p95_s(url, fault, lasts):
    channels = Channels(url)
    for channel in (BROKEN, OTHER):
        for number in range(STANDING):
            channels.ask(channel, -1 - number)
    channels.live(timedelta(seconds=10))
    channels.asked_at = {key: at for key, at in channels.asked_at.items() if key[1] > 1}
    channels.slack.course_of = lambda _, channel: fault if channel == BROKEN else None
    channels.asks_for(random.Random(5), lasts)
    channels.live(lasts)
    channels.slack.course_of = lambda *_: None
    channels.live(timedelta(seconds=30))
    channels.store.close()
    delays = channels.delays_s(OTHER)
    return delays[int(len(delays) * 0.95)]


def test_a_channel_whose_calls_hang_for_a_minute_delays_no_other(tmp_path):
    undisturbed, disturbed = (
        _p95_s(f"sqlite:///{tmp_path}/{number}.db", fault, timedelta(minutes=1))
        for number, fault in enumerate((None, FAULTS["no answer"]))
    )
    assert disturbed <= WITHIN * undisturbed


@pytest.mark.slow
def test_a_channel_that_is_broken_for_ten_minutes_delays_no_other(tmp_path):
    p95_s = {
        name: _p95_s(f"sqlite:///{tmp_path}/{number}.db", fault, LASTS)
        for number, (name, fault) in enumerate({"none": None, **FAULTS}.items())
    }
    print({name: round(p95, 3) for name, p95 in p95_s.items()})
    assert max(p95_s.values()) <= WITHIN * p95_s["none"], p95_s
    assert p95_s["none"] < 1.5
