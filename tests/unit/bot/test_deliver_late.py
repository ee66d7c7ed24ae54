"""A process that was parted from the database, or stood still, posts nothing that others may be posting by now."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from datetime import timedelta

import pytest
from made import NOW, alert

from alerts.telling.pipeline import ALERT
from bot.jobs.deliver import Delivering
from bot.slack.render import Renderer
from traces.clock import FakeClock
from traces.store.outbox import DeliveryState

DOUBT = timedelta(seconds=60)


class Slack:
    def __init__(self) -> None:
        self.posts = 0

    def chat_postMessage(self, *, channel, **_):  # noqa: N802 - Slack's name
        self.posts += 1
        return {"channel": channel, "ts": f"{self.posts}.0"}

    def chat_getPermalink(self, **_):  # noqa: N802 - Slack's name
        return {}


class AtOnce(Executor):
    """Works in the thread that asks."""

    def submit(self, work, /, *about, **named):
        done: Future = Future()
        done.set_result(work(*about, **named))
        return done


class Slow(Renderer):
    """Draws, while time passes: as long as the process stands still, or waits for the database."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__((), {})
        self.clock, self.takes = clock, timedelta(0)

    def message(self, tx, delivery):
        self.clock.advance(self.takes)
        return super().message(tx, delivery)


@pytest.fixture
def hark(store):
    clock, slack = FakeClock(NOW), Slack()
    renderer = Slow(clock)
    with store.begin() as tx:
        tx.alerts.add(alert(alert_id="a"))
        tx.outbox.request(kind=ALERT, subject_id="a", channel="C0ONE", at=NOW)
    return store, slack, renderer, Delivering(store, slack, clock, renderer, doubt=DOUBT, pool=AtOnce())


@pytest.mark.parametrize(("takes_s", "posts"), [(0, 1), (29, 1), (31, 0), (180, 0)])
def test_what_was_claimed_half_the_doubt_ago_is_not_posted(hark, takes_s, posts):
    _, slack, renderer, deliver = hark
    renderer.takes = timedelta(seconds=takes_s)
    deliver.run()
    assert slack.posts == posts


def test_what_came_too_late_is_claimed_anew_and_posted_once(hark):
    store, slack, renderer, deliver = hark
    renderer.takes = timedelta(seconds=40)
    deliver.run()
    with store.read() as tx:
        assert tx.outbox.get(f"{ALERT}:a").state is DeliveryState.PENDING
    renderer.takes = timedelta(0)
    renderer.clock.advance(timedelta(seconds=5))
    deliver.run()
    assert slack.posts == 1
