"""The outbox: whatever happens in whatever order, what was asked for is shown, and by one sender at a time."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from made import HOUR, MINUTE, NOW

from traces.store.outbox import DeliveryState

SUBJECTS = ("a-1", "a-2")
GRACE = timedelta(seconds=60)


class OutboxMachine(RuleBasedStateMachine):
    """Askers and senders at work on the same outbox; senders may die at any point."""

    claims = Bundle("claims")

    def __init__(self, store) -> None:
        super().__init__()
        self.store = store
        self.now = NOW
        self.asked: dict[str, int] = {}
        self.shown: dict[str, int] = {}
        self.sending: dict[str, int] = {}
        self.dead: set[str] = set()

    @rule(subject=st.sampled_from(SUBJECTS))
    def request(self, subject) -> None:
        with self.store.begin() as tx:
            delivery_id = tx.outbox.request(kind="alert", subject_id=subject, channel="#c", at=self.now)
        self.asked[delivery_id] = self.asked.get(delivery_id, 0) + 1

    @precondition(lambda self: self.asked)
    @rule(target=claims, data=st.data())
    def claim(self, data):
        delivery_id = data.draw(st.sampled_from(sorted(self.asked)))
        with self.store.begin() as tx:
            claimed = tx.outbox.claim(delivery_id, self.now)
        if delivery_id in self.sending or delivery_id in self.dead:
            assert claimed is None, "two senders have the same message"
        if claimed is not None:
            assert claimed.revision == self.asked[delivery_id]
            self.sending[delivery_id] = claimed.revision
        return claimed

    @rule(claim=consumes(claims))
    def sent(self, claim) -> None:
        if not self._is_held(claim):
            return
        with self.store.begin() as tx:
            tx.outbox.sent(claim, channel="C1", ts="1.1", at=self.now)
        self.shown[claim.delivery_id] = self.sending.pop(claim.delivery_id)

    @rule(claim=consumes(claims), wait=st.integers(0, 120))
    def retry(self, claim, wait) -> None:
        if not self._is_held(claim):
            return
        with self.store.begin() as tx:
            tx.outbox.retry(claim.delivery_id, due_at=self.now + timedelta(seconds=wait), problem="429")
        self.sending.pop(claim.delivery_id)

    @rule(claim=consumes(claims))
    def bury(self, claim) -> None:
        if not self._is_held(claim):
            return
        with self.store.begin() as tx:
            tx.outbox.bury(claim.delivery_id, problem="channel_not_found")
        self.sending.pop(claim.delivery_id)
        self.dead.add(claim.delivery_id)

    @rule(claim=consumes(claims), reached_slack=st.booleans())
    def crash(self, claim, reached_slack) -> None:
        """The sender dies; whether Slack has the message is found out later, and so is what it says."""
        if not self._is_held(claim):
            return
        self.now += GRACE + timedelta(seconds=1)
        with self.store.begin() as tx:
            lost = {d.delivery_id: d for d in tx.outbox.interrupted(self.now - GRACE)}
            assert claim.delivery_id in lost
            if reached_slack:
                tx.outbox.found(claim.delivery_id, channel="C1", ts="1.1", at=self.now)
                self.shown[claim.delivery_id] = self.sending[claim.delivery_id]
            else:
                tx.outbox.retry(claim.delivery_id, due_at=self.now, problem="was cut off")
        self.sending.pop(claim.delivery_id)

    @rule(seconds=st.integers(1, 200))
    def wait(self, seconds) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def nothing_asked_for_is_lost(self) -> None:
        with self.store.read() as tx:
            due = {d.delivery_id for d in tx.outbox.due(self.now + HOUR)}
            for delivery_id, asked in self.asked.items():
                row = tx.outbox.get(delivery_id)
                assert row.revision == asked
                if row.state is DeliveryState.SENT:
                    assert self.shown[delivery_id] == asked, "Slack shows an older revision for ever"
                if row.state is DeliveryState.PENDING:
                    assert delivery_id in due
                assert (row.state is DeliveryState.SENDING) is (delivery_id in self.sending)
                assert (row.state is DeliveryState.DEAD) is (delivery_id in self.dead)

    def _is_held(self, claim) -> bool:
        """Whether this sender's claim still stands: none was made, or another sender's crash ended it."""
        return claim is not None and claim.delivery_id in self.sending


def test_no_revision_is_lost_and_no_message_has_two_senders(new_store, database):
    examples = 12 if database.dialect == "postgresql" else 40
    run_machine(
        lambda: OutboxMachine(new_store()),
        settings=settings(max_examples=examples, stateful_step_count=25, deadline=None, derandomize=True),
    )


def test_a_message_found_in_slack_after_a_crash_is_brought_up_to_date_once_more(store):
    with store.begin() as tx:
        delivery_id = tx.outbox.request(kind="alert", subject_id="a-1", channel="#c", at=NOW)
        tx.outbox.claim(delivery_id, NOW)
        tx.outbox.request(kind="alert", subject_id="a-1", channel="#c", at=NOW)
        tx.outbox.found(delivery_id, channel="C1", ts="1.1", at=NOW + MINUTE)
        [due] = tx.outbox.due(NOW + MINUTE)
    assert (due.posted_channel, due.posted_ts, due.state) == ("C1", "1.1", DeliveryState.PENDING)


def test_an_answer_waits_for_the_message_that_it_answers(store):
    with store.begin() as tx:
        root = tx.outbox.request(kind="alert", subject_id="a-1", channel="#c", at=NOW)
        answer = tx.outbox.request(kind="example", subject_id="i-1", channel="#c", thread_of=root, at=NOW)
        assert [d.delivery_id for d in tx.outbox.due(NOW)] == [root]
        tx.outbox.sent(tx.outbox.claim(root, NOW), channel="C1", ts="1.1", at=NOW)
        assert [d.delivery_id for d in tx.outbox.due(NOW)] == [answer]


def test_many_changes_between_two_deliveries_are_one_message(store):
    with store.begin() as tx:
        for _ in range(5):
            delivery_id = tx.outbox.request(kind="alert", subject_id="a-1", channel="#c", at=NOW)
        assert len(tx.outbox.due(NOW)) == 1
        tx.outbox.sent(tx.outbox.claim(delivery_id, NOW), channel="C1", ts="1.1", at=NOW)
        assert tx.outbox.due(NOW + HOUR) == []
        assert tx.outbox.counts() == {DeliveryState.SENT: 1}
        assert tx.outbox.posted() == 1
