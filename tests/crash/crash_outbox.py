"""The outbox and its delivery as a whole, as a state machine: the real store and the real job, Slack and time simulated.

What may go wrong goes wrong in every order: the process ends anywhere, calls are cut, hang, are done late or by halves, Slack
asks for patience, the database is held, histories cannot be read for a while or ever.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from made import NOW
from simulated_slack import FINE, Course, SimulatedSlack, cut, limited, page, refused, timed_out
from simulated_time import Killed, SimulatedTime

from bot.jobs.deliver import Delivering
from bot.slack.blocks.surface import Message, delivery
from bot.slack.render import Renderer
from traces.clock import FakeClock
from traces.errors import StoreUnavailable
from traces.store import Store, open_store
from traces.store.engine import Tx
from traces.store.outbox import Delivery, DeliveryState

ROOTS: Final = {"a": "C0ONE", "b": "C0ONE", "c": "C0TWO"}
REPLIES: Final = {"r": "a"}
KIND: Final = "note"
PATIENCE: Final = timedelta(hours=3)
_LATEST_S: Final = 45.0
_HISTORY_S: Final = 0.2

_late = st.sampled_from([None, 0.1, 14.0, 20.0, _LATEST_S])
"""When Slack does what it was asked by a call that timed out, or by a process that has ended; ``None`` for never."""
_unheard = st.sampled_from([None, 0.1])
FAULTS: Final = st.one_of(
    st.builds(lambda s: Course(done=None, error=lambda: limited(s)), st.sampled_from([1, 30])),
    st.builds(lambda done: Course(done=done, error=lambda: page(500)), _unheard),
    st.just(Course(done=None, error=lambda: refused("service_unavailable"))),
    st.builds(lambda done: Course(done=done, error=lambda: refused("internal_error")), _unheard),
    st.builds(lambda done: Course(done=done, error=cut), st.sampled_from([None, 0.1, 1.0])),
    st.builds(lambda done: Course(takes=15.0, done=done, error=timed_out), _late),
    st.builds(lambda done, takes: Course(takes=takes, done=done, kills=True), _late, st.sampled_from([0.05, 0.2, 9.0])),
    st.just(FINE),
)
EDIT_FAULTS: Final = FAULTS
POST_FAULTS: Final = FAULTS | st.just(Course(done=None, error=lambda: refused("is_archived")))
HISTORY_FAULTS: Final = st.sampled_from(
    [
        Course(takes=_HISTORY_S, error=lambda: limited(5)),
        Course(takes=_HISTORY_S, error=lambda: page(503)),
        Course(takes=_HISTORY_S, error=cut),
        Course(takes=15.0, error=timed_out),
        Course(takes=0.1, kills=True),
        FINE,
    ]
)


class HeldStore(Store):
    """A database that somebody else holds for a while: nothing can be written."""

    is_held: Callable[[], bool] = staticmethod(lambda: False)

    @contextmanager
    def begin(self, wait_s: float | None = None) -> Iterator[Tx]:
        if self.is_held():
            raise StoreUnavailable("the database cannot be used now: it is locked")
        with super().begin(wait_s) as tx:
            yield tx


class OutboxMachine(RuleBasedStateMachine):
    """Messages that are asked for, and a Hark that delivers them among faults."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.workspace = url, uuid.uuid4().hex
        self.clock = FakeClock(NOW)
        self.time = SimulatedTime(self.clock)
        self.slack = SimulatedSlack(self.time)
        self.asked: dict[str, int] = {}
        self.held_until = NOW
        self.begin_life()

    @initialize(
        readable=st.sampled_from([True, True, False]),
        lag=st.sampled_from([0.0, 8.0]),
        skew=st.sampled_from([-4.0, 0.0, 4.0]),
    )
    def slack_is(self, *, readable: bool, lag: float, skew: float) -> None:
        self.slack = SimulatedSlack(self.time, is_readable=readable, lag_s=lag, skew_s=skew)
        self.end_life()
        self.begin_life()

    # --- the process ---

    def begin_life(self) -> None:
        opened = open_store(self.url, self.workspace)
        self.store = HeldStore(opened._engine, self.workspace)
        self.store.is_held = lambda: self.clock.now() < self.held_until
        renderer = Renderer((), {})
        renderer.also_draws(KIND, _drawn)
        self.deliver = Delivering(
            self.store, self.slack, self.clock, renderer, pool=self.time, pause=self.time.pause  # type: ignore[arg-type]
        )  # fmt: skip

    def end_life(self) -> None:
        self.slack.life += 1
        self.time.kill()
        self.store.close()

    def live(self, seconds: float, every: float = 1.0) -> None:
        """Pass over the outbox again and again; where the process ends, the next one begins two seconds later."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < until:
            following = self.clock.now() + timedelta(seconds=every)
            try:
                self.deliver.run(per_channel=4)
                self.time.run_until(following)
            except StoreUnavailable:
                self.time.after(0, lambda: None)
                self.clock.advance(timedelta(milliseconds=100))
            except Killed:
                self.end_life()
                self.time.run_until(self.clock.now() + timedelta(seconds=2))
                self.begin_life()

    # --- what happens ---

    @rule(name=st.sampled_from([*ROOTS, *REPLIES]), times=st.integers(1, 3))
    def ask(self, name: str, times: int) -> None:
        """Something changes that a message shows."""
        if name in REPLIES:
            self.ask(REPLIES[name], 1)
        for _ in range(times):
            self._ask(name)

    def _ask(self, name: str) -> None:
        root = REPLIES.get(name)
        version = self.asked[name] = self.asked.get(name, 0) + 1
        with Store.begin(self.store) as tx:
            tx.state.job_ran(f"version {name}", self.clock.now(), version)
            tx.outbox.request(
                kind=KIND,
                subject_id=name,
                channel=ROOTS[root or name],
                thread_of=f"{KIND}:{root}" if root else None,
                at=self.clock.now(),
            )

    @rule(name=st.sampled_from([*ROOTS]), seconds=st.sampled_from([0.1, 1.0, 16.0]))
    def ask_meanwhile(self, name: str, seconds: float) -> None:
        """Something changes in a moment, whatever is under way then."""
        self.time.after(seconds, lambda: self._ask(name))

    @rule(fault=POST_FAULTS)
    def next_post(self, fault: Course) -> None:
        self.slack.to_come["post"].append(fault)

    @rule(fault=EDIT_FAULTS)
    def next_edit(self, fault: Course) -> None:
        self.slack.to_come["edit"].append(fault)

    @rule(fault=HISTORY_FAULTS)
    def next_history(self, fault: Course) -> None:
        if len(self.slack.to_come["history"]) < 4:
            self.slack.to_come["history"].append(fault)

    @rule(seconds=st.sampled_from([1.0, 3.0, 10.0]))
    def pass_time(self, seconds: float) -> None:
        self.live(seconds)

    @rule()
    def pass_a_minute(self) -> None:
        self.live(70.0, every=14.0)

    @rule(seconds=st.sampled_from([0.05, 0.35, 12.0]))
    def kill(self, seconds: float) -> None:
        self.slack.kill_after(seconds)
        self.live(seconds + 0.5, every=3.0)

    @rule(seconds=st.sampled_from([0.2, 30.0]))
    def hold_the_database(self, seconds: float) -> None:
        self.held_until = self.clock.now() + timedelta(seconds=seconds)

    # --- what is promised ---

    @invariant()
    def nothing_stands_twice(self) -> None:
        for name in self.asked:
            standing = self.slack.of(f"{KIND}:{name}")
            unmarked = [m for m in standing if not m.is_marked]
            assert len(unmarked) <= 1, f"{name} stands {len(unmarked)} times without a word"
            if self.slack.is_readable:
                assert len(standing) <= 1, f"{name} stands {len(standing)} times"

    def teardown(self) -> None:
        try:
            self._settle()
            self.nothing_stands_twice()
            for name, version in self.asked.items():
                standing = self.slack.of(f"{KIND}:{name}")
                assert standing, f"{name} is not in Slack"
                assert any(f"as of {version}" in m.text for m in standing), (
                    f"{name} shows an older state than {version}"
                )
        finally:
            self.end_life()

    def _settle(self) -> None:
        """No further faults; what was given up is sent again; until nothing is left to do."""
        for waiting in self.slack.to_come.values():
            waiting.clear()
        self.held_until = self.clock.now()
        until = self.clock.now() + PATIENCE
        self.live(3.0)
        while True:
            with Store.begin(self.store) as tx:
                tx.outbox.revive(self.clock.now())
                counts = tx.outbox.counts()
            is_done = not (counts.get(DeliveryState.PENDING) or counts.get(DeliveryState.SENDING))
            if is_done and self.time.is_idle:
                return
            assert self.clock.now() < until, counts
            self.live(20.0, every=10.0)


def _drawn(tx: Tx, one: Delivery) -> Message:
    version = tx.state.job_outcome(f"version {one.subject_id}")
    return Message(text=f"{one.subject_id} as of {version}", blocks=(), metadata=delivery(one.delivery_id))
