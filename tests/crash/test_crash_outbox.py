"""No path of the outbox leads to two messages in Slack, or to none, whatever goes wrong and in whatever order."""

from __future__ import annotations

import pytest
from crash_outbox import OutboxMachine
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from simulated_slack import Course, cut, limited, refused, timed_out


@pytest.fixture
def unreadable(tmp_path):
    """A Slack whose history the bot may not read, and a message of which nobody heard that Slack has it."""
    machine = OutboxMachine(f"sqlite:///{tmp_path / 'hark.db'}")
    machine.slack_is(readable=False, lag=0.0, skew=0.0)
    machine.next_post(Course(done=0.1, error=cut))
    return machine


@pytest.mark.parametrize("error", [lambda: limited(30), lambda: refused("is_archived")], ids=["429", "is_archived"])
def test_a_repeat_that_slack_puts_off_says_that_it_is_one_when_it_is_posted_at_last(unreadable, error):
    unreadable.next_post(Course(done=None, error=error))
    unreadable.ask("a", 1)
    unreadable.pass_time(1.0)
    unreadable.pass_a_minute()
    unreadable.teardown()
    assert [m.is_marked for m in unreadable.slack.of("note:a")] == [False, True]


def test_an_edit_that_arrives_after_a_newer_one_is_edited_over(tmp_path):
    machine = OutboxMachine(f"sqlite:///{tmp_path / 'hark.db'}")
    machine.ask("a", 1)
    machine.pass_time(1.0)
    machine.next_edit(Course(takes=15.0, done=45.0, error=timed_out))
    machine.ask("a", 1)
    machine.pass_time(10.0)
    machine.ask("a", 1)
    machine.pass_a_minute()
    machine.teardown()
    assert [m.text for m in machine.slack.of("note:a")] == ["a as of 3"]


def _try(tmp_path, *, runs: int, steps: int) -> None:
    url = f"sqlite:///{tmp_path / 'hark.db'}"
    run_state_machine_as_test(
        lambda: OutboxMachine(url),
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_happens_each_message_stands_once_or_says_that_it_may_be_a_repeat(tmp_path):
    _try(tmp_path, runs=8, steps=20)


@pytest.mark.slow
def test_two_thousand_lives_of_the_outbox_lead_to_each_message_once(tmp_path):
    _try(tmp_path, runs=2_000, steps=50)
