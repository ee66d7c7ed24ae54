"""An evaluator that fails on every conversation does not flood the log."""

from __future__ import annotations

import logging

from evaluators.seldom import HOUR_S, Seldom


class Time:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def told(caplog):
    return [record.getMessage() for record in caplog.records]


def test_ten_thousand_failures_of_a_kind_are_one_line_now_and_one_an_hour_later_with_their_number(caplog):
    time = Time()
    seldom = Seldom(logging.getLogger("test"), time)
    for _ in range(10_000):
        seldom.tell("mine", "KeyError")
        time.now += HOUR_S / 20_000
    assert told(caplog) == ["evaluator mine failed with KeyError; if it goes on, that is told once an hour"]
    time.now = HOUR_S
    seldom.tell("mine", "KeyError")
    assert told(caplog)[1:] == ["evaluator mine failed with KeyError 10,000 more times since"]


def test_kinds_are_told_apart_and_even_endless_kinds_have_an_end(caplog):
    seldom = Seldom(logging.getLogger("test"), Time())
    for number in range(5_000):
        seldom.tell("mine", f"Error{number}")
    assert len(told(caplog)) == 1_001
    assert told(caplog)[-1].startswith("other evaluators failed with other errors")
