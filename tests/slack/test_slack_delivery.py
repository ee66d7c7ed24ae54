"""Messages reach Slack once, whatever goes wrong on the way, and what cannot be delivered says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from slack_house import NOON, House, an_alert, house, put_alert, put_review
from slack_people import words_of
from web_double import ALERTS, ALL_METHODS, MINIMAL_METHODS, REVIEW, Fault, SlackDouble, limited, refused

from alerts.telling.pipeline import ALERT
from traces.store.outbox import Delivery, DeliveryState

GRACE = timedelta(seconds=61)
SOON = timedelta(seconds=11)
ROOT, CARD = "alert:a1", "review:item-9"
CUT_BEFORE = Fault(cut=True)
CUT_AFTER = Fault(cut=True, after=True)


def _row(hark: House, delivery_id: str = ROOT) -> Delivery:
    with hark.store.read() as tx:
        row = tx.outbox.get(delivery_id)
    assert row is not None
    return row


def _alert(hark: House, alert_id: str = "a1", channel: str = ALERTS, examples: int = 0) -> None:
    put_alert(hark.store, an_alert(alert_id), channel, examples=examples)


def _posts(hark: House) -> int:
    return len(hark.slack.called("chat.postMessage"))


def _change(hark: House, alert_id: str = "a1") -> None:
    """Something about an alert changes, and its message is to be brought up to date."""
    with hark.store.begin() as tx:
        alert = tx.alerts.get(alert_id)
        assert alert is not None
        tx.alerts.replace(replace(alert, n=alert.n + 1, version=alert.version + 1), expecting=alert.version)
        tx.outbox.request(kind=ALERT, subject_id=alert_id, channel=ALERTS, at=hark.clock.now())


def _until_delivered(hark: House, most: timedelta = timedelta(hours=2)) -> timedelta:
    """Run deliveries every ten seconds of fake time until nothing waits; how long that took."""
    began = hark.clock.now()
    while hark.clock.now() - began < most:
        hark.deliver()
        with hark.store.read() as tx:
            counts = tx.outbox.counts()
        if not counts.get(DeliveryState.PENDING) and not counts.get(DeliveryState.SENDING):
            return hark.clock.now() - began
        hark.clock.advance(timedelta(seconds=10))
    raise AssertionError(counts)


# --- faults that heal ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [1, 5, 30, 600])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_slack_is_left_alone_for_as_long_as_it_asks(hark, seconds, method):
    _alert(hark)
    if method == "chat.update":
        hark.deliver()
        _change(hark)
    hark.slack.fail(method, limited(seconds))
    hark.deliver()
    _alert(hark, "a2")
    before = len(hark.slack.calls)
    hark.clock.advance(timedelta(seconds=seconds - 0.5))
    hark.deliver()
    assert len(hark.slack.calls) == before
    hark.clock.advance(timedelta(seconds=1))
    hark.deliver()
    assert len(hark.slack.roots(ALERTS)) == 2
    assert _row(hark).state is DeliveryState.SENT


def test_a_limit_on_one_channel_does_not_hold_back_another(hark):
    hark.slack.fail("chat.postMessage", limited(60))
    _alert(hark)
    put_review(hark.store)
    hark.deliver()
    assert [len(hark.slack.roots(c)) for c in (ALERTS, REVIEW)].count(1) == 1


HEALING = {
    "503": Fault(status=503, body=b'{"ok": false, "error": "service_unavailable"}'),
    "503 with a page": Fault(status=503, body=b"<html>busy</html>"),
    "500": Fault(status=500, body=b"<html>oops</html>"),
    "500 that was done": Fault(status=500, body=b"<html>oops</html>", after=True),
    "internal_error": refused("internal_error"),
    "internal_error that was done": Fault(after=True),
    "fatal_error": refused("fatal_error"),
    "a page": Fault(body=b"<html>maintenance</html>"),
    "a page after it was done": Fault(body=b"<html>maintenance</html>", after=True),
    "half an answer": Fault(body=b'{"ok": tr', after=True),
    "an answer without a ts": Fault(body=b'{"ok": true}', after=True),
    "an unknown code": refused("a_code_of_next_year"),
    "429 without a time": Fault(status=429, body=b'{"ok": false, "error": "ratelimited"}'),
    "429 with a word": Fault(status=429, body=b"x", headers={"Retry-After": "soon"}),
    "cut before": CUT_BEFORE,
    "cut after": CUT_AFTER,
}
CERTAIN = {"503", "an unknown code", "429 without a time"}
"""After these Slack has certainly not done what it was asked."""


@pytest.mark.parametrize("fault", HEALING)
@pytest.mark.parametrize("times", [1, 2])
def test_what_heals_is_delivered_once_and_unmarked(hark, fault, times):
    _alert(hark, examples=2)
    hark.slack.fail("chat.postMessage", *[HEALING[fault]] * times)
    _until_delivered(hark)
    roots = hark.slack.roots(ALERTS)
    assert len(roots) == 1
    assert len(hark.slack.thread(ALERTS, roots[0]["ts"])) == 2
    assert "possible repeat" not in words_of(hark.slack.posted(ALERTS))


@pytest.mark.parametrize("fault", sorted(HEALING.keys() - {"an answer without a ts"}))
def test_an_update_that_fails_is_tried_again(hark, fault):
    _alert(hark)
    hark.deliver()
    _change(hark)
    hark.slack.fail("chat.update", HEALING[fault], HEALING[fault])
    _until_delivered(hark)
    assert _posts(hark) == 1
    assert _row(hark).delivered_revision == 2
    # Where it is not known whether Slack did an edit, the older one may come last: the newest is sent once more.
    assert len(hark.slack.called("chat.update")) == (3 if fault in CERTAIN else 4)


def test_an_alert_in_whose_thread_a_reply_was_cut_has_that_reply_once(hark):
    _alert(hark, examples=2)
    hark.deliver(per_channel=1)
    hark.slack.fail("chat.postMessage", CUT_AFTER)
    _until_delivered(hark)
    assert len(hark.slack.thread(ALERTS, hark.slack.roots(ALERTS)[0]["ts"])) == 2


def test_a_slack_that_cannot_be_reached_at_all_has_nothing_twice_and_nothing_marked(slack, database):
    with house(slack, database) as hark:
        _alert(hark)
        client = hark.hark.client
        assert client is not None
        client.base_url = "http://127.0.0.1:9/api/"
        hark.deliver()
        assert _row(hark).state is DeliveryState.PENDING
        client.base_url = slack.url
        assert _until_delivered(hark) < GRACE
        assert "possible repeat" not in words_of(slack.posted(ALERTS))


# --- faults that do not ---------------------------------------------------------------------------------------

PERMANENT = [
    "channel_not_found", "is_archived", "missing_scope", "msg_too_long", "not_allowed_token_type", "not_in_channel",
    "restricted_action", "team_access_not_granted", "thread_not_found", "unknown_method", "metadata_too_large",
    "no_permission",
]  # fmt: skip
TOKEN_REFUSED = ["account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"]


@pytest.mark.parametrize("code", TOKEN_REFUSED)
def test_a_token_that_is_refused_loses_nothing_and_what_waits_is_posted_with_the_next_one(hark, code):
    _alert(hark)
    hark.slack.fail("chat.postMessage", refused(code))
    hark.deliver()
    row = _row(hark)
    assert row.state is DeliveryState.PENDING
    assert code in str(row.problem)
    assert _until_delivered(hark) < GRACE
    assert len(hark.slack.roots(ALERTS)) == 1


@pytest.mark.parametrize("code", PERMANENT)
def test_what_cannot_heal_is_given_up_at_once_with_its_reason(hark, code):
    _alert(hark, examples=2)
    hark.slack.fail("chat.postMessage", refused(code))
    hark.deliver()
    row = _row(hark)
    assert (row.state, row.attempts) == (DeliveryState.DEAD, 1)
    assert code in str(row.problem)
    assert _posts(hark) == 1


def test_what_was_to_stand_in_the_thread_of_a_lost_message_does_not_wait_for_ever(hark):
    _alert(hark, examples=2)
    hark.slack.fail("chat.postMessage", refused("is_archived"))
    hark.deliver()
    with hark.store.read() as tx:
        assert tx.outbox.counts() == {DeliveryState.DEAD: 3}
    answer = hark.hark.desk.answer("status")
    assert "3 messages could not be delivered" in words_of(answer.payload())


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_an_update_of_a_message_that_is_gone_is_given_up(hark, code):
    _alert(hark)
    hark.deliver()
    _change(hark)
    hark.slack.fail("chat.update", refused(code))
    hark.deliver()
    assert _row(hark).state is DeliveryState.DEAD


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
def test_an_alert_whose_blocks_are_refused_goes_out_as_plain_text(hark, code):
    _alert(hark)
    hark.slack.fail("chat.postMessage", refused(code))
    hark.deliver()
    root = hark.slack.roots(ALERTS)[0]
    assert "Refusal" in root["text"]
    assert not root.get("blocks")
    assert root["metadata"]["event_payload"]["delivery_id"] == ROOT


def test_an_update_as_plain_text_takes_the_old_blocks_away(hark):
    _alert(hark)
    hark.deliver()
    _change(hark)
    hark.slack.fail("chat.update", refused("invalid_blocks"))
    hark.deliver()
    assert hark.slack.roots(ALERTS)[0]["blocks"] == []


# --- posts whose answer was lost ------------------------------------------------------------------------------


def test_a_post_whose_answer_was_lost_is_found_by_its_delivery_id(hark):
    _alert(hark)
    hark.slack.fail("chat.postMessage", CUT_AFTER)
    hark.deliver()
    hark.clock.advance(SOON - timedelta(seconds=3))
    hark.deliver()
    assert not hark.slack.called("conversations.history")
    hark.clock.advance(timedelta(seconds=3))
    hark.deliver()
    assert _posts(hark) == 1
    assert _row(hark).posted_ts == hark.slack.roots(ALERTS)[0]["ts"]


def test_a_post_that_never_arrived_is_posted_after_seconds_where_the_history_shows_that_it_is_not_there(hark):
    _alert(hark)
    hark.slack.fail("chat.postMessage", CUT_BEFORE)
    assert _until_delivered(hark) <= timedelta(seconds=20)
    assert len(hark.slack.roots(ALERTS)) == 1
    assert "possible repeat" not in hark.slack.roots(ALERTS)[0]["text"]


def test_a_message_that_another_process_may_still_be_posting_is_looked_for_once_and_not_posted_before_a_minute(hark):
    _alert(hark)
    with hark.store.begin() as tx:
        tx.outbox.claim(ROOT, hark.clock.now())
    for _ in range(29):
        hark.clock.advance(timedelta(seconds=2))
        hark.deliver()
    assert _posts(hark) == 0
    assert len(hark.slack.called("conversations.history")) == 1
    assert _until_delivered(hark) <= timedelta(seconds=10)


@pytest.mark.parametrize("fault", [CUT_BEFORE, CUT_AFTER], ids=["before", "after"])
def test_where_the_history_cannot_be_read_the_alert_is_repeated_and_marked(database, fault):
    with SlackDouble(MINIMAL_METHODS) as slack, house(slack, database) as hark:
        _alert(hark)
        slack.fail("chat.postMessage", fault)
        _until_delivered(hark)
        repeat = slack.roots(ALERTS)[-1]
        assert "possible repeat" in repeat["text"]
        assert "possible repeat" in words_of(repeat["blocks"])
        assert _posts(hark) == 2


@pytest.mark.parametrize("fault", [None, HEALING["503"], CUT_BEFORE], ids=["no fault", "503", "cut before"])
def test_a_possible_repeat_says_so_as_long_as_it_stands(database, fault):
    with SlackDouble(MINIMAL_METHODS) as slack, house(slack, database) as hark:
        _alert(hark)
        slack.fail("chat.postMessage", CUT_AFTER)
        _until_delivered(hark)
        for told in ("20 of 51", "20 of 52"):
            slack.fail("chat.update", *[fault] * 2 if fault else [])
            _change(hark)
            _until_delivered(hark)
            first, repeat = slack.roots(ALERTS)
            assert told in words_of(repeat)
            assert "possible repeat" in repeat["text"]
            assert "possible repeat" in words_of(repeat["blocks"])
            assert "possible repeat" not in first["text"]


def test_a_possible_repeat_whose_edit_was_cut_off_by_a_kill_still_says_so(database):
    with SlackDouble(MINIMAL_METHODS) as slack, house(slack, database) as hark:
        _alert(hark)
        slack.fail("chat.postMessage", CUT_AFTER)
        _until_delivered(hark)
        _change(hark)
        with hark.store.begin() as tx:
            tx.outbox.claim(ROOT, hark.clock.now())
        _until_delivered(hark)
        assert ["possible repeat" in root["text"] for root in slack.roots(ALERTS)] == [False, True]


@pytest.mark.parametrize("got", ["the first try", "the repeat"])
def test_of_two_tries_the_one_that_slack_got_goes_on_saying_what_it_says(hark, got):
    _alert(hark)
    is_repeat = got == "the repeat"
    hark.slack.fail("chat.postMessage", *([CUT_BEFORE, CUT_AFTER] if is_repeat else [CUT_AFTER, CUT_BEFORE]))
    hark.slack.fail("conversations.history", *[refused("missing_scope")] * 2)
    _until_delivered(hark)
    _change(hark)
    _until_delivered(hark)
    [root] = hark.slack.roots(ALERTS)
    assert _posts(hark) == 2
    assert ("possible repeat" in root["text"]) is is_repeat


@pytest.mark.parametrize(
    "fault", [limited(5), Fault(status=503, body=b"<html>"), CUT_BEFORE, refused("internal_error")]
)
def test_a_history_that_cannot_be_read_just_now_is_waited_for(hark, fault):
    _alert(hark)
    hark.slack.fail("chat.postMessage", CUT_AFTER)
    hark.slack.fail("conversations.history", fault, fault)
    _until_delivered(hark)
    assert _posts(hark) == 1
    assert len(hark.slack.roots(ALERTS)) == 1


def test_a_history_that_stays_unreadable_is_not_waited_for_for_ever(hark):
    _alert(hark)
    hark.slack.fail("chat.postMessage", CUT_BEFORE)
    hark.slack.fail("conversations.history", *[Fault(status=500, body=b"")] * 1_000)
    assert _until_delivered(hark) < timedelta(minutes=20)
    assert "possible repeat" in hark.slack.roots(ALERTS)[0]["text"]


@pytest.mark.parametrize("missing", ["conversations.history", "conversations.replies"])
def test_each_way_to_look_is_needed_only_for_what_it_shows(database, missing):
    with SlackDouble(ALL_METHODS - {missing}) as slack, house(slack, database) as hark:
        put_alert(hark.store, examples=1)
        _until_delivered(hark)
        assert len(slack.posted(ALERTS)) == 2


@pytest.mark.parametrize("stood", [True, False], ids=["Slack had it", "Slack never got it"])
def test_a_process_that_was_killed_between_taking_a_message_and_noting_it_leaves_one_message(slack, database, stood):
    with house(slack, database) as hark:
        _alert(hark)
        if stood:
            slack.fail("chat.postMessage", CUT_AFTER)
            hark.deliver()
        else:
            with hark.store.begin() as tx:
                assert tx.outbox.claim(ROOT, NOON) is not None
    with house(slack, database) as again:
        again.clock.advance(timedelta(seconds=30))
        again.deliver()
        assert _row(again).state is (DeliveryState.SENT if stood else DeliveryState.SENDING)
        _until_delivered(again)
        assert len(slack.roots(ALERTS)) == 1
        assert "possible repeat" not in slack.roots(ALERTS)[0]["text"]


def test_an_update_that_was_cut_off_by_a_kill_is_sent_again(hark):
    _alert(hark)
    hark.deliver()
    _change(hark)
    with hark.store.begin() as tx:
        tx.outbox.claim(ROOT, hark.clock.now())
    _until_delivered(hark)
    assert _posts(hark) == 1
    assert len(hark.slack.called("chat.update")) == 1


def test_what_changed_while_a_post_was_in_doubt_shows_in_the_end(hark):
    _alert(hark)
    hark.slack.fail("chat.postMessage", CUT_AFTER)
    hark.deliver()
    _change(hark)
    _until_delivered(hark)
    assert _posts(hark) == 1
    assert "20 of 51" in words_of(hark.slack.roots(ALERTS)[0])


# --- order, and channels that do not disturb each other -------------------------------------------------------


def test_changes_between_two_deliveries_are_one_update(hark):
    _alert(hark)
    hark.deliver()
    for _ in range(7):
        _change(hark)
    hark.deliver()
    assert len(hark.slack.called("chat.update")) == 1
    assert "20 of 57" in words_of(hark.slack.roots(ALERTS)[0])
    hark.deliver()
    assert len(hark.slack.called("chat.update")) == 1


@pytest.mark.parametrize(
    "fault",
    [Fault(status=503, body=b"<html>"), refused("internal_error"), limited(120), CUT_BEFORE, refused("is_archived")],
    ids=["503", "internal_error", "429", "cut", "is_archived"],
)
def test_one_broken_channel_leaves_the_other_undisturbed(hark, fault):
    hark.slack.break_channel(ALERTS, fault)
    for number in range(12):
        _alert(hark, f"a{number}")
    put_review(hark.store, "c-9")
    hark.deliver(per_channel=4)
    assert len(hark.slack.roots(REVIEW)) == 1


def test_a_long_queue_for_one_channel_does_not_starve_another(hark):
    with hark.store.begin() as tx:
        for number in range(600):
            tx.alerts.add(an_alert(f"many{number}"))
            tx.outbox.request(kind=ALERT, subject_id=f"many{number}", channel=ALERTS, at=NOON - timedelta(minutes=9))
    put_review(hark.store, "c-9")
    hark.deliver(per_channel=4)
    assert len(hark.slack.roots(REVIEW)) == 1
    assert len(hark.slack.roots(ALERTS)) == 4


def test_a_channel_gets_no_more_at_once_than_slack_allows(hark):
    for number in range(9):
        _alert(hark, f"a{number}")
    hark.deliver(per_channel=4)
    hark.deliver(per_channel=4)
    assert _posts(hark) == 4
    hark.clock.advance(timedelta(seconds=1))
    hark.deliver(per_channel=4)
    assert _posts(hark) == 8


def test_examples_wait_for_the_message_that_they_belong_to(hark):
    _alert(hark, examples=2)
    hark.slack.fail("chat.postMessage", Fault(status=503, body=b'{"ok": false, "error": "service_unavailable"}'))
    hark.deliver()
    assert _posts(hark) == 1
    _until_delivered(hark)
    root = hark.slack.roots(ALERTS)[0]["ts"]
    assert [m.get("thread_ts") for m in hark.slack.posted(ALERTS)] == [None, root, root]
