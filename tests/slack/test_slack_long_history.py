"""A post whose answer was lost is found in its channel however much was said there since."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from slack_house import House, an_alert, put_alert
from slack_people import words_of
from web_double import ALERTS, BOT_TOKEN, Fault

DOUBT = timedelta(seconds=61)
CUT_AFTER = Fault(cut=True, after=True)


def _chatter(hark: House, count: int, **where: str) -> None:
    for number in range(count):
        hark.slack.answer("chat.postMessage", {"channel": ALERTS, "text": f"word {number}", **where}, BOT_TOKEN)


def _delivered(hark: House) -> Counter[str]:
    return Counter(m["metadata"]["event_payload"]["delivery_id"] for m in hark.slack.posted(ALERTS) if "metadata" in m)


@pytest.mark.parametrize("chatter", [0, 250, 450])
def test_a_post_is_found_behind_many_newer_ones(hark, chatter):
    put_alert(hark.store, an_alert(), examples=0)
    hark.slack.fail("chat.postMessage", CUT_AFTER)
    hark.deliver()
    _chatter(hark, chatter)
    hark.clock.advance(DOUBT)
    hark.deliver()
    assert _delivered(hark)["alert:a1"] == 1
    assert "possible repeat" not in words_of(hark.slack.posted(ALERTS))


def test_an_answer_is_found_in_a_long_thread(hark):
    put_alert(hark.store, an_alert(), examples=1)
    hark.deliver(per_channel=1)
    roots = hark.slack.roots(ALERTS)
    _chatter(hark, 300, thread_ts=roots[0]["ts"])
    hark.slack.fail("chat.postMessage", CUT_AFTER)
    hark.deliver()
    hark.clock.advance(DOUBT)
    hark.deliver()
    assert set(_delivered(hark).values()) == {1}


def test_beyond_what_is_looked_through_a_repeat_says_that_it_may_be_one(hark):
    put_alert(hark.store, an_alert(), examples=0)
    hark.slack.fail("chat.postMessage", CUT_AFTER)
    hark.deliver()
    _chatter(hark, 2_100)
    hark.clock.advance(DOUBT)
    hark.deliver()
    assert "possible repeat" in words_of(hark.slack.posted(ALERTS))
