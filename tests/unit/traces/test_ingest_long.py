"""A conversation without end takes a bounded share of the time, and still comes out whole."""

from __future__ import annotations

from datetime import timedelta

from made import MINUTE, NOW, span

from traces.ingest import LONGEST_WAIT, Receipt, merge_due, take_spans

TURNS = 90


def turn(number):
    return span(
        number + 1,
        1,
        NOW + timedelta(seconds=number),
        gen_ai__operation__name="chat",
        gen_ai__conversation__id="endless",
        gen_ai__input__messages=f'[{{"role":"user","content":"question {number}"}}]',
        gen_ai__output__messages=f'[{{"role":"assistant","content":"answer {number}"}}]',
    )


def messages(store):
    with store.read() as tx:
        return len(tx.conversations.get("endless").messages)


def send(store, turns, at):
    with store.begin() as tx:
        return take_spans(tx, [turn(number) for number in turns], at)


def test_a_short_conversation_is_up_to_date_after_each_turn(store):
    for number in range(5):
        send(store, [number], NOW)
        assert messages(store) == 2 * (number + 1)


def test_a_long_conversation_catches_up_within_a_minute(store):
    send(store, range(TURNS), NOW)
    assert messages(store) == 2 * TURNS
    for number in range(TURNS, TURNS + 5):
        assert send(store, [number], NOW) == Receipt(updated=1)
    assert messages(store) == 2 * TURNS
    with store.begin() as tx:
        assert merge_due(tx, NOW) == Receipt()
        assert merge_due(tx, NOW + LONGEST_WAIT) == Receipt(updated=1)
        assert merge_due(tx, NOW + LONGEST_WAIT) == Receipt()
    assert messages(store) == 2 * (TURNS + 5)


def test_a_long_conversation_that_was_left_alone_for_a_while_is_up_to_date_at_once(store):
    send(store, range(TURNS), NOW)
    send(store, [TURNS], NOW + MINUTE)
    assert messages(store) == 2 * (TURNS + 1)
