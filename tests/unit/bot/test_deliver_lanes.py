"""What may be on its way to Slack at once: no channel waits for another, and no click for what is still to be posted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from made import NOW, alert
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from alerts.telling.pipeline import ALERT
from bot.jobs.deliver import Delivering, Report
from bot.slack.render import Renderer
from traces.clock import FakeClock
from traces.store import Store, open_store

PATIENCE_S = 30


class Slack:
    """Takes everything; what ``meanwhile`` does happens while a call is under way. ``calls`` are (method, channel, subject)."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str]] = []
        self.meanwhile: Callable[[str, str, str], object] = lambda *_: None

    def chat_postMessage(self, *, channel: str, metadata: dict, **_) -> dict:  # noqa: N802 - Slack's name
        self._take("post", channel, metadata)
        return {"channel": channel, "ts": f"{len(self.calls)}.0"}

    def chat_update(self, *, channel: str, ts: str, metadata: dict, **_) -> dict:
        self._take("edit", channel, metadata)
        return {"channel": channel, "ts": ts}

    def chat_getPermalink(self, *, channel: str, message_ts: str) -> dict:  # noqa: N802 - Slack's name
        return {"channel": channel, "permalink": f"https://acme.slack.com/archives/{channel}/p{message_ts}"}

    def _take(self, method: str, channel: str, metadata: dict) -> None:
        subject = metadata["event_payload"]["delivery_id"].partition(":")[2]
        self.calls.append((method, channel, subject))
        self.meanwhile(method, channel, subject)


class Channel:
    """A store, a Slack, and what brings the one in line with the other."""

    def __init__(self, store: Store) -> None:
        self.store, self.slack, self.clock = store, Slack(), FakeClock(NOW)
        self.deliver = Delivering(store, self.slack, self.clock, Renderer((), {}))

    def ask(self, *subjects: str, channel: str = "C0ONE") -> None:
        for subject in subjects:
            with self.store.begin() as tx:
                if tx.alerts.get(subject) is None:
                    tx.alerts.add(alert(alert_id=subject))
                tx.outbox.request(kind=ALERT, subject_id=subject, channel=channel, at=self.clock.now())
            self.clock.advance(timedelta(milliseconds=1))

    def run(self, **limits: int) -> Report:
        return self.deliver.run(**limits)


@pytest.fixture
def hark(tmp_path) -> Iterator[Channel]:
    store = open_store(f"sqlite:///{tmp_path / 'hark.db'}")
    yield Channel(store)
    store.close()


def limited(_method: str, channel: str, _subject: str) -> None:
    if channel == "C0ONE":
        answer = {"ok": False, "error": "ratelimited"}
        headers = {"Retry-After": "30"}
        raise SlackApiError(
            "no", SlackResponse(client=None, http_verb="POST", api_url="", req_args={}, data=answer, headers=headers, status_code=429)
        )  # fmt: skip


def test_a_click_shows_while_new_messages_of_its_channel_wait_for_their_turn(hark):
    hark.ask("a-0")
    hark.run()
    hark.clock.advance(timedelta(seconds=1))
    hark.ask(*(f"a-{n}" for n in range(1, 9)))
    hark.ask("a-0")
    hark.run(per_channel=1)
    assert ("edit", "C0ONE", "a-0") in hark.slack.calls
    assert sum(method == "post" for method, _, _ in hark.slack.calls) == 2


def test_a_channel_whose_calls_hang_keeps_no_other_waiting(hark):
    reached = threading.Event()

    def hang(_method: str, channel: str, _subject: str) -> None:
        if channel == "C0TWO":
            reached.set()
        assert reached.wait(PATIENCE_S)

    hark.slack.meanwhile = hang
    hark.ask("a-1", "a-2", channel="C0ONE")
    hark.ask("b-1", channel="C0TWO")
    assert hark.run() == Report(sent=3)


def test_edits_of_different_messages_are_under_way_at_once(hark):
    subjects = [f"a-{n}" for n in range(20)]
    hark.ask(*subjects)
    hark.run()
    together = threading.Barrier(20)
    hark.slack.meanwhile = lambda *_: together.wait(PATIENCE_S)
    hark.ask(*subjects)
    assert hark.run() == Report(sent=20)


def test_new_messages_of_a_channel_come_in_their_order_and_one_at_a_time(hark):
    under_way = threading.Lock()

    def alone(*_: str) -> None:
        assert under_way.acquire(blocking=False)
        under_way.release()

    hark.slack.meanwhile = alone
    hark.ask(*(f"a-{n}" for n in range(30)))
    hark.run()
    assert [subject for _, _, subject in hark.slack.calls] == [f"a-{n}" for n in range(30)]


def test_a_message_that_changes_while_it_is_edited_is_edited_once_more_and_by_one_sender(hark):
    hark.ask("a-0")
    hark.run()
    left = [3]

    def changes(*_: str) -> None:
        if left[0]:
            left[0] -= 1
            hark.ask("a-0")

    hark.slack.meanwhile = changes
    hark.ask("a-0")
    hark.run()
    assert [method for method, _, _ in hark.slack.calls] == ["post", "edit", "edit", "edit", "edit"]


def test_where_slack_limits_edits_they_rest_everywhere_and_new_messages_elsewhere_do_not(hark):
    hark.ask("a-0", channel="C0ONE")
    hark.ask("b-0", channel="C0TWO")
    hark.run()
    hark.slack.meanwhile = limited
    hark.ask("a-0", channel="C0ONE")
    hark.run()
    hark.slack.calls.clear()
    hark.ask("b-0", "b-1", channel="C0TWO")
    hark.run()
    assert hark.slack.calls == [("post", "C0TWO", "b-1")]
    hark.slack.meanwhile = lambda *_: None
    hark.clock.advance(timedelta(seconds=31))
    hark.run()
    assert sorted(hark.slack.calls[1:]) == [("edit", "C0ONE", "a-0"), ("edit", "C0TWO", "b-0")]


def test_where_calls_fail_one_at_a_time_finds_out_whether_they_still_do(hark):
    subjects = [f"a-{n}" for n in range(10)]
    hark.ask(*subjects)
    hark.run()

    def refuse(*_: str) -> None:
        raise ConnectionRefusedError

    hark.slack.meanwhile = refuse
    hark.ask(*subjects)
    hark.run()
    hark.slack.calls.clear()
    hark.clock.advance(timedelta(minutes=10))
    hark.run()
    assert len(hark.slack.calls) == 1


def test_a_fault_of_ours_is_raised_by_the_pass_and_keeps_no_other_message_waiting(hark):
    def breaks(_method: str, _channel: str, subject: str) -> None:
        if subject == "a-0":
            raise ZeroDivisionError

    hark.slack.meanwhile = breaks
    hark.ask("a-0", channel="C0ONE")
    hark.ask("b-0", channel="C0TWO")
    with pytest.raises(ZeroDivisionError):
        hark.run()
    hark.run()
    assert ("post", "C0TWO", "b-0") in hark.slack.calls
