"""Faults of Hark itself, as something to be told: what stands still, what Slack refuses, what the machine lacks.

Each check has two bounds: one at which a fault begins, and a lower one below which it is over, so that a figure that wavers
around the first is one alert. What is only a matter of age has to be seen for two minutes: after a restart everything is old.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from alerts.explaining.incident import Numbers
from alerts.explaining.sighting import Shown, Sighting, exceeding
from alerts.health import vitals
from alerts.own import (
    CLOCK_JUMP,
    DEAD_LETTERS,
    EVALUATOR_STALL,
    JOB_FAILURE,
    JUDGE_BUDGET,
    OUTBOX_AGE,
    SLACK_TOKEN,
)
from alerts.rules.watching import Told
from traces.clock import format_time, parse_time
from traces.model import Segment, Signal
from traces.store import Tx

PART: Final = "part"
"""The segment key under which a fault names what of Hark it is about."""
STATE: Final = "faults"
_EVERY: Final = timedelta(seconds=30)
_TOLD_EVERY: Final = timedelta(minutes=5)
_PAUSE: Final = timedelta(minutes=10)
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
SEEN_FOR: Final = timedelta(minutes=2)
"""How long what is a matter of age has to be seen before it is told."""
STALL: Final = {"evaluators": timedelta(minutes=15), "judges": timedelta(minutes=60)}
OVERDUE: Final = timedelta(minutes=5)
OVER_SHARE: Final = 1 / 3
"""A fault of age is over once it is down to this share of what it takes to begin one."""
JUMP_STANDS: Final = timedelta(hours=1)
"""For so long after a step of the clock its alert stands."""
JOB_FAILS: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something of Hark that is wrong.

    Attributes:
        signal: Which of the signals in ``alerts.own`` it is of.
        part: What of Hark it is about, such as ``judges``.
        since: Since when, as far as is known; what was told first stands.
        value: In the signal's unit.
        limit: Up to where that is as it should be.
        line: What is wrong, in a line.
        way_out: What to do about it.
        ages: Whether it is a matter of age, which has to be seen for a while.
    """

    signal: Signal
    part: str
    since: datetime
    value: float
    limit: float
    line: str
    way_out: str
    ages: bool = False

    @property
    def key(self) -> str:
        return f"{self.signal.name}:{self.part}"


Standing: TypeAlias = Callable[[str], bool]
"""Whether a fault with a key is told already."""
_Noted: TypeAlias = dict[str, str | None]
"""Of a fault when it was first ``seen``, and since when it is ``told``."""
Check: TypeAlias = Callable[[Tx, datetime, Standing], Iterator[Fault]]
"""Finds faults of one sort as of a time; of one that is told already it knows."""


def stalls(tx: Tx, now: datetime, stands: Standing) -> Iterator[Fault]:
    """Conversations that wait to be evaluated."""
    for part, limit in STALL.items():
        since = tx.conversations.waiting_since(now, judges=part == "judges")
        if since is None or not _is_late(now - since, limit, stands(f"{EVALUATOR_STALL.name}:{part}")):
            continue
        waiting = tx.conversations.awaiting()
        yield Fault(
            signal=EVALUATOR_STALL,
            part=part,
            since=since,
            value=(now - since) / _MINUTE,
            limit=limit / _MINUTE,
            line=f"{waiting:,} conversations wait to be evaluated, the oldest of them for its {part}",
            way_out="Alerts on newer conversations come late until they are done. "
            + (
                "Look whether the judges' model answers (hark doctor, /hark status), or judge a smaller sample."
                if part == "judges"
                else "Look at the log for an evaluator that fails or hangs; after a large import, wait."
            ),
            ages=True,
        )


def overdue(tx: Tx, now: datetime, stands: Standing) -> Iterator[Fault]:
    """Messages that should have been delivered."""
    for part, whom in (("slack", "Slack"), ("receivers", "receivers outside Slack")):
        since = tx.outbox.waiting_since(now, notices=part == "receivers")
        if since is None or not _is_late(now - since, OVERDUE, stands(f"{OUTBOX_AGE.name}:{part}")):
            continue
        yield Fault(
            signal=OUTBOX_AGE,
            part=part,
            since=since,
            value=(now - since) / _MINUTE,
            limit=OVERDUE / _MINUTE,
            line=f"Messages for {whom} are not delivered",
            way_out="Nothing is lost: they are tried again until they are taken. hark deliveries says why they wait; "
            "hark doctor tries the connection.",
            ages=True,
        )


def dead_letters(tx: Tx, now: datetime, _stands: Standing) -> Iterator[Fault]:
    """Messages that were given up within a day."""
    found = tx.outbox.given_up(now - _DAY)
    if found is not None:
        yield Fault(
            signal=DEAD_LETTERS,
            part="outbox",
            since=found.first_at,
            value=float(found.messages),
            limit=0.0,
            line=f"Messages were given up: {found.problem}",
            way_out="Mend the reason, then hark deliveries --retry sends them; hark deliveries --failed lists them.",
        )


def refused_token(tx: Tx, now: datetime, _stands: Standing) -> Iterator[Fault]:
    """A token that Slack does not take any more."""
    known = vitals.token(tx)
    if known is None or known.refused is None or known.since is None:
        return
    since = vitals.moment(known.since)
    yield Fault(
        signal=SLACK_TOKEN,
        part="slack",
        since=since,
        value=max(0.0, (now - since) / _MINUTE),
        limit=0.0,
        line=f"Slack refuses the bot's token ({known.refused})",
        way_out="Install the app anew, put its token into SLACK_BOT_TOKEN and restart; what waits is posted then.",
    )


def clock_jump(tx: Tx, now: datetime, _stands: Standing) -> Iterator[Fault]:
    """A step of the machine's clock, for an hour after it."""
    known = vitals.jump(tx)
    if known is None:
        return
    at, way = vitals.moment(known.at), "forward" if known.step_s > 0 else "back"
    if abs(now - at) < JUMP_STANDS:
        yield Fault(
            signal=CLOCK_JUMP,
            part="clock",
            since=at,
            value=abs(known.step_s),
            limit=0.0,
            line=f"The clock jumped {way} by {abs(known.step_s):,.0f} s"
            + (", or the machine slept" if way == "forward" else ""),
            way_out="Keep the clock by NTP (timedatectl). Windows of this hour may lack conversations or hold too many.",
        )


def failing_jobs(tx: Tx, now: datetime, _stands: Standing) -> Iterator[Fault]:
    """Jobs that do not end well any more."""
    for name, found in vitals.failing(tx).items():
        since = vitals.moment(found.since)
        if now - since >= JOB_FAILS:
            yield Fault(
                signal=JOB_FAILURE,
                part=name,
                since=since,
                value=(now - since) / _MINUTE,
                limit=JOB_FAILS / _MINUTE,
                line=f"The job {name} fails each time: {found.why}",
                way_out="It is tried again and again. The log says more; hark doctor looks for a cause.",
            )


def spent_budget(tx: Tx, now: datetime, _stands: Standing) -> Iterator[Fault]:
    """Judges that are not asked any more today."""
    for name, said in tx.judge_spending.of_day(now).items():
        if said.refused:
            yield Fault(
                signal=JUDGE_BUDGET,
                part=name,
                since=now,
                value=float(said.refused),
                limit=0.0,
                line=f"The judge {name} has spent its budget of today",
                way_out="Its rate stands on fewer conversations until midnight UTC. Raise daily_usd, or judge a smaller sample.",
            )


CHECKS: Final[Sequence[Check]] = (
    stalls, overdue, dead_letters, refused_token, clock_jump, failing_jobs, spent_budget,
)  # fmt: skip


class Faults:
    """Looks for faults twice a minute. Not safe to share between threads.

    Args:
        checks: What looks for them.
    """

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = tuple(checks)
        self._seen: dict[str, str] | None = None
        self._looked_at: datetime | None = None
        self._told_at: datetime | None = None
        self._found: tuple[Sighting, ...] = ()

    def look(self, tx: Tx, signals: Mapping[str, Signal], now: datetime) -> Told:
        """The faults that stand as of ``now``; of those whose signal the team has switched off, nothing."""
        if self._looked_at is not None and abs(now - self._looked_at) < _EVERY:
            return Told(sightings=self._found)
        if self._looked_at is not None and abs(now - self._looked_at) > _PAUSE:
            self._seen = {}  # the clock was set, or the machine slept: everything looks old
        self._looked_at = now
        noted: dict[str, _Noted] = tx.state.job_outcome(STATE) or {}
        told = {key for key, of in noted.items() if of["told"]}
        found = [f for check in self._checks for f in check(tx, now, told.__contains__) if f.signal.name in signals]
        before = {key: str(of["seen"]) for key, of in noted.items()} if self._seen is None else self._seen
        self._seen = {f.key: before.get(f.key, format_time(now)) for f in found}
        stand = [f for f in found if f.key in told or not f.ages or now - parse_time(self._seen[f.key]) >= SEEN_FOR]
        # When a fault was first told tells one time of it from another, also over a restart.
        first = {f.key: _told(noted, f.key) or format_time(min(f.since, now)) for f in stand}
        notes: dict[str, _Noted] = {f.key: {"seen": self._seen[f.key], "told": first.get(f.key)} for f in found}
        if notes != noted:
            tx.state.job_ran(STATE, now, notes)
        self._found = tuple(_sighting(f, signals[f.signal.name], parse_time(first[f.key])) for f in stand)
        return Told(sightings=self._found, is_news=self._is_news(first.keys() != told, now))

    def _is_news(self, have_changed: bool, now: datetime) -> bool:  # noqa: FBT001 - said once, here
        """Whether people are to be shown: other faults than before, or the newest figures of those that stand."""
        is_old = self._told_at is None or abs(now - self._told_at) >= _TOLD_EVERY
        is_news = have_changed or (bool(self._found) and is_old)
        if is_news:
            self._told_at = now
        return is_news


def _told(noted: Mapping[str, _Noted], key: str) -> str | None:
    return noted[key]["told"] if key in noted else None


def _is_late(age: timedelta, limit: timedelta, is_told: bool) -> bool:  # noqa: FBT001 - said once, here
    return age >= (limit * OVER_SHARE if is_told else limit)


def _sighting(fault: Fault, signal: Signal, since: datetime) -> Sighting:
    numbers = Numbers(
        segment=Segment(((PART, fault.part),)),
        value=fault.value,
        expected=fault.limit,
        expected_low=0.0,
        expected_high=fault.limit,
        n=1,
        k=None,
    )
    shown = Shown(detail={"conversations": 0, "fault": {"line": fault.line, "way_out": fault.way_out}})
    return exceeding(signal, numbers, f"{signal.name}:{fault.part}", since=since, show=lambda _tx, _examples: shown)
