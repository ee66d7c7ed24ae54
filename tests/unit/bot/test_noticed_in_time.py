"""Each thing that can be wrong with Hark, or with what feeds it, is told within two of its intervals, on the fake clock.

The interval of a fault is the time within which what is missing should have happened: a look that comes by once a minute, the
patience that is stated for what waits, the hour that failures are counted over, the pause that a silent source never exceeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from made import DAY, HOUR, MINUTE, NOW, fact, ingest, talk, workspace_in
from slack_sdk.errors import SlackApiError

from alerts.health import vitals
from alerts.health.faults import CHECKS, JOB_FAILS, OVERDUE, STALL
from alerts.own import NO_DATA
from alerts.telling.pipeline import Posting
from alerts.watching.watch import WatchSettings
from bot.clock_steps import ClockSteps
from bot.disk import ENOUGH, Disk, full_disk
from bot.jobs.detect import Detection
from bot.jobs.outcomes import Outcomes
from bot.jobs.slack_token import EVERY as TOKEN_ASKED_EVERY
from bot.jobs.slack_token import SlackToken
from traces.clock import FakeClock
from traces.errors import StoreUnavailable
from traces.store import Store, open_store
from traces.store.arrivals import Arrival
from traces.store.rollups import HOUR_S, bucket_start

LOOK = timedelta(seconds=30)
PAUSE = NO_DATA.min_absolute * MINUTE
"""Who sends every five minutes is missed after the smallest pause that is worth an alert."""
EVERY = 5 * MINUTE
SENDERS = (("poll", "phoenix"), ("push", "otlp"), ("application", "shop"))


class Slack:
    """Takes the token until it does not."""

    is_refusing = False

    def auth_test(self) -> None:
        if self.is_refusing:
            raise SlackApiError("no", {"ok": False, "error": "token_revoked"})


class House:
    """A Hark whose watching runs; it lives by a clock of its own, which may be set."""

    def __init__(self, store) -> None:
        self.store, self.true = store, NOW
        self.clock = FakeClock(NOW)
        self.slack, self.disk = Slack(), Disk(1, 10 * ENOUGH)
        self.silent: set[str] = set()
        self.judge_fails: bool | None = None
        self.is_failing_job = False
        self.token = SlackToken(store, self.slack, self.clock)  # type: ignore[arg-type]
        self.outcomes = Outcomes(store, self.clock)
        self.detection = Detection(
            store,
            WatchSettings(),
            Posting(channel="#llm-alerts"),
            {},
            {},
            sources=("phoenix",),
            checks=[*CHECKS, full_disk(lambda: self.disk)],
            clock_steps=ClockSteps(self.clock, self._seconds),
        )

    def _seconds(self) -> float:
        return (self.true - NOW).total_seconds()

    def passes(self, span: timedelta) -> None:
        """Time goes by, with a client, a polled store and an application that send every five minutes."""
        until, sent_at = self.true + span, []
        while self.true < until:
            step = min(until - self.true, EVERY - (self.true - NOW) % EVERY)
            self.true += step
            self.clock.advance(step)
            if (self.true - NOW) % EVERY == timedelta(0):
                sent_at.append(self.clock.now())
        with self.store.begin() as tx:
            for at in {bucket_start(at, HOUR_S) for at in [*sent_at, self.clock.now()]}:
                tx.state.beat(at)
            self._send(tx, sent_at)

    def _send(self, tx, sent_at) -> None:
        senders = [(kind, name) for kind, name in SENDERS if name not in self.silent]
        tx.arrivals.note(
            [
                Arrival(kind=kind, source=name, at=at, seen_at=at, trace_at=at, traces=3)
                for at in sent_at
                for kind, name in senders
            ]
        )
        if self.judge_fails is not None:
            judged = {"volume": 1.0, "evaluator_failure.polite": float(self.judge_fails)}
            tx.rollups.record([fact(f"{at}-{n}", at, **judged) for at in sent_at for n in range(2)])

    def look(self) -> None:
        if self.is_failing_job:
            self.outcomes.failed("retain", ZeroDivisionError())
        self.token.ask()
        self.detection.run(self.clock.now())

    def told(self, signal: str) -> bool:
        with self.store.read() as tx:
            return any(a.signal == signal for a in tx.alerts.all(limit=50))


def _silences(*names: str) -> Callable[[House], None]:
    return lambda house: house.silent.update(names)


def _waits_for_evaluators(house: House) -> None:
    ingest(house.store, talk(at=house.clock.now() - 10 * MINUTE), at=house.clock.now())


def _waits_for_judges(house: House) -> None:
    _waits_for_evaluators(house)
    with house.store.begin() as tx:
        tx.conversations.evaluated(tx.conversations.pending(house.clock.now(), 10), {"c-1"})


def _judge_fails(house: House) -> None:
    house.judge_fails = True


def _is_spent(house: House) -> None:
    with house.store.begin() as tx:
        assert not tx.judge_spending.reserve("polite", 2.0, house.clock.now(), daily=1.0, own=None)


def _asks_for_a_message(house: House) -> None:
    with house.store.begin() as tx:
        tx.outbox.request(kind="digest", subject_id="daily", channel="#c", at=house.clock.now())


def _gives_up(house: House) -> None:
    _asks_for_a_message(house)
    with house.store.begin() as tx:
        claimed = tx.outbox.claim("digest:daily", house.clock.now())
        assert claimed is not None
        tx.outbox.bury(claimed.delivery_id, problem="Slack answered is_archived")


def _revokes(house: House) -> None:
    house.slack.is_refusing = True


def _sets_the_clock(by: timedelta) -> Callable[[House], None]:
    return lambda house: house.clock.set(house.clock.now() + by)


def _job_fails(house: House) -> None:
    house.is_failing_job = True


def _fills_the_disk(house: House) -> None:
    house.disk = Disk(100 * ENOUGH, ENOUGH - 1)


@dataclass(frozen=True, kw_only=True)
class Fault:
    begins: Callable[[House], None]
    signal: str
    interval: timedelta
    history: timedelta = HOUR


FAULTS = {
    "an application is silent": Fault(
        begins=_silences("shop"), signal="no_data", interval=PAUSE, history=3 * DAY + 17 * MINUTE
    ),
    "a client is silent": Fault(
        begins=_silences("otlp"), signal="source_lag", interval=PAUSE, history=3 * DAY + 17 * MINUTE
    ),
    "a polled store is silent": Fault(
        begins=_silences("phoenix"), signal="source_lag", interval=PAUSE, history=3 * DAY + 17 * MINUTE
    ),
    "evaluators stand still": Fault(
        begins=_waits_for_evaluators, signal="evaluator_stall", interval=STALL["evaluators"]
    ),
    "judges stand still": Fault(begins=_waits_for_judges, signal="evaluator_stall", interval=STALL["judges"]),
    "a judge fails": Fault(
        begins=_judge_fails, signal="evaluator_failure.polite", interval=HOUR, history=4 * DAY + 50 * MINUTE
    ),
    "a judge's budget is spent": Fault(begins=_is_spent, signal="judge_budget", interval=MINUTE),
    "messages wait": Fault(begins=_asks_for_a_message, signal="outbox_age", interval=OVERDUE),
    "a message is given up": Fault(begins=_gives_up, signal="dead_letters", interval=MINUTE),
    "the token is revoked": Fault(begins=_revokes, signal="slack_token", interval=TOKEN_ASKED_EVERY),
    "the clock jumps ahead": Fault(begins=_sets_the_clock(HOUR), signal="clock_jump", interval=MINUTE),
    "the clock is set back": Fault(begins=_sets_the_clock(-HOUR), signal="clock_jump", interval=MINUTE),
    "a job fails": Fault(begins=_job_fails, signal="job_failure", interval=JOB_FAILS),
    "the disk fills up": Fault(begins=_fills_the_disk, signal="disk_space", interval=MINUTE),
}


@pytest.fixture(scope="module")
def database() -> Iterator:
    with closing(open_store("sqlite://")) as opened:
        yield opened


def _noticed_after(house: House, fault: Fault) -> timedelta:
    house.judge_fails = False if fault.begins is _judge_fails else None
    house.passes(fault.history)
    house.look()
    assert not house.told(fault.signal)
    begun = house.true
    fault.begins(house)
    while house.true - begun < 4 * fault.interval:
        house.passes(max(LOOK, fault.interval / 60))
        house.look()
        if house.told(fault.signal):
            return house.true - begun
    raise AssertionError(f"{fault.signal} was not told within {house.true - begun}")


def test_each_fault_is_noticed_within_two_of_its_intervals(database):
    noticed = {name: _noticed_after(House(workspace_in(database)), fault) for name, fault in FAULTS.items()}
    print("\n".join(f"{name}: {after}, interval {FAULTS[name].interval}" for name, after in noticed.items()))
    late = {name: str(after) for name, after in noticed.items() if after > 2 * FAULTS[name].interval}
    assert late == {}


class HeldOnce(Store):
    """A database that somebody else holds when it is first written to."""

    is_held = True

    @contextmanager
    def begin(self, wait_s: float | None = None) -> Iterator:
        if self.is_held:
            self.is_held = False
            raise StoreUnavailable("the database cannot be used now: it is locked")
        with super().begin(wait_s) as tx:
            yield tx


def test_a_refused_token_that_could_not_be_noted_is_noted_the_next_time(database):
    store, slack, clock = HeldOnce(database._engine, "held"), Slack(), FakeClock(NOW)
    token, slack.is_refusing = SlackToken(store, slack, clock), True  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable):
        token.ask()
    clock.advance(TOKEN_ASKED_EVERY)
    token.ask()
    with store.read() as tx:
        assert vitals.token(tx).refused == "token_revoked"
