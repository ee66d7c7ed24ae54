"""When a conversation has gone quiet: learned from the pauses that an application's users make."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st
from made import DAY, HOUR, MINUTE, NOW, conversation, ingest, talk

from bot.jobs.quiet import LearningQuiet
from traces.clock import format_time
from traces.model import Message
from traces.quiet import FEWEST_PAUSES, LONGEST, QUIET, SHORTEST, QuietTimes, learned_from, pauses, quiet_times


def paused(conversation_id, *seconds, application="shop", at=NOW):
    """A conversation whose user answers after so many seconds each time; the agent answers at once."""
    messages, now = [], at
    for pause in (0, *seconds):
        now += timedelta(seconds=pause)
        messages += [{"role": role, "content": "so", "timestamp": format_time(now)} for role in ("user", "assistant")]
    sent = talk(conversation_id, at=at, metadata={"application": application})
    return {**sent, "messages": messages}


def conversations(store):
    with store.read() as tx:
        return tx.conversations.newest(1_000, NOW + 9 * DAY)


def times(store):
    with store.read() as tx:
        return quiet_times(tx, QUIET)


def test_a_pause_is_the_time_before_a_turn_of_the_user():
    assert pauses(conversation("c-1", "Where is it?", "On its way.", "When?", "Today.")) == [60.0]
    assert pauses(conversation("c-1", "Where is it?")) == []


def test_an_application_s_own_pauses_decide_and_five_minutes_where_too_few_were_seen(store):
    ingest(store, *[paused(f"a-{n}", *[20] * 10, application="chat") for n in range(12)])
    ingest(store, *[paused(f"b-{n}", *[900] * 10, application="mail") for n in range(12)])
    ingest(store, paused("c-1", 20, application="new"))
    learned = learned_from(conversations(store))
    assert {name: one.after for name, one in learned.items()} == {"chat": SHORTEST, "mail": 15 * MINUTE}
    known = QuietTimes(usual=QUIET, learned=learned)
    assert known.of(conversation("x", metadata={"application": "mail"})) == 15 * MINUTE
    assert known.of(conversation("x", metadata={"application": "new"})) == QUIET == 5 * MINUTE


def test_two_pauses_of_a_hundred_may_be_longer(store):
    ingest(store, *[paused(f"c-{n}", *[100] * 49, 5_000) for n in range(20)])
    assert learned_from(conversations(store))["shop"].after == timedelta(seconds=100)


@given(st.lists(st.floats(0, 10 * 86_400), min_size=FEWEST_PAUSES, max_size=150))
def test_whatever_the_pauses_are_the_time_stays_between_a_minute_and_an_hour(seconds):
    starts = accumulate((0.0, *seconds))
    turns = tuple(Message(role="user", content="so", at=NOW + timedelta(seconds=start)) for start in starts)
    learned = learned_from([replace(conversation(), messages=turns)])
    assert all(SHORTEST <= one.after <= LONGEST for one in learned.values())


def test_what_was_learned_holds_for_what_arrives_from_then_on_and_is_learned_again_a_day_later(store):
    ingest(store, *[paused(f"c-{n}", *[900] * 10) for n in range(12)])
    job = LearningQuiet(store, is_fixed=False)
    job.run(NOW + DAY)
    assert times(store).learned["shop"].after == 15 * MINUTE
    at = NOW + DAY
    ingest(store, talk("late", at=at, metadata={"application": "shop"}), at=at)
    with store.read() as tx:
        assert not any(p.has_settled for p in tx.conversations.pending(at + 10 * MINUTE, 100) if _is(p, "late"))
        assert any(p.has_settled for p in tx.conversations.pending(at + 20 * MINUTE, 100) if _is(p, "late"))
    ingest(store, *[paused(f"d-{n}", *[200] * 10, at=at) for n in range(200)], at=at)
    job.run(at + HOUR)
    assert times(store).learned["shop"].after == 15 * MINUTE
    job.run(at + DAY + MINUTE)
    assert times(store).learned["shop"].pauses > 12 * 10


def _is(pending, conversation_id):
    return pending.conversation.conversation_id == conversation_id


def test_a_time_in_the_settings_is_kept_to_and_what_was_learned_forgotten(store):
    ingest(store, *[paused(f"c-{n}", *[900] * 10) for n in range(12)])
    LearningQuiet(store, is_fixed=False).run(NOW + DAY)
    assert times(store).learned
    LearningQuiet(store, is_fixed=True).run(NOW + DAY + MINUTE)
    assert not times(store).learned


def test_nothing_is_learned_from_nothing(store):
    LearningQuiet(store, is_fixed=False).run(NOW)
    assert times(store).learned == {}
