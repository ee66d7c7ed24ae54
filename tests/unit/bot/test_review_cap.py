"""Reviewers are never flooded: so many cards a day, and none of a past that is only replayed."""

from __future__ import annotations

from asked_streams import unlike
from made import DAY, HOUR, NOW, arrival

from bot.jobs.pick import REVIEW, Picker, PickSettings
from evaluators.refusal import Refusal
from traces.model import Score
from traces.store.rollups import DAY_S, bucket_start

MIDNIGHT = bucket_start(NOW, DAY_S)


def flagged(store, picker, at, first=0, count=100):
    talks = [arrival(f"c-{n}", unlike(n), at=at).conversation for n in range(first, first + count)]
    outcomes = {c.conversation_id: [Score(name="refusal", value=1.0)] for c in talks}
    with store.begin() as tx:
        picker.pick(tx, talks, outcomes, at)


def asked(store):
    with store.read() as tx:
        return tx.outbox.requested(REVIEW, "#r", MIDNIGHT - 30 * DAY)


def picker(most=7):
    return Picker([Refusal()], PickSettings(channel="#r", per_day=1_000, most_per_day=most))


def test_however_much_is_flagged_no_more_cards_are_posted_in_a_day_than_the_setting_says(store):
    one = picker()
    for hour in range(3):
        flagged(store, one, MIDNIGHT + hour * HOUR, first=hour * 100)
    assert asked(store) == 7
    assert one.held_back >= 285
    with store.read() as tx:
        assert tx.reviews.unlabelled() == 7


def test_the_next_day_has_a_number_of_its_own_and_a_restart_does_not_begin_anew(store):
    flagged(store, picker(), MIDNIGHT)
    flagged(store, picker(), MIDNIGHT + 23 * HOUR, first=100)
    assert asked(store) == 7
    flagged(store, picker(), MIDNIGHT + 24 * HOUR, first=200)
    assert asked(store) == 14


def test_weeks_that_are_replayed_bring_only_the_cards_of_their_last_day(store):
    one = picker(most=40)
    one.expire_before(MIDNIGHT)
    for day in range(-21, 1):
        flagged(store, one, MIDNIGHT + day * DAY + HOUR, first=(day + 21) * 30, count=30)
    # From half of the limit on, fewer and fewer.
    assert 20 <= asked(store) <= 30
    assert one.held_back >= 20 * 30
