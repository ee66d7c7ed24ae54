"""What Hark notes of itself, for whoever asks how it is: by name when it was measured, and what was found.

The process that measures writes it down, so that detection, another replica and ``/metrics`` all read the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Final, TypeVar

from traces.clock import format_time, parse_time
from traces.store import Tx

_JOB: Final = "vital:"
SETTLES: Final = timedelta(minutes=15)
"""For so long after a step of the clock nothing is concluded from how late it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Whether Slack takes the bot's token: ``refused`` is Slack's word for why not, ``since`` when that began."""

    refused: str | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """The last step of the machine's clock: from what it should have shown to what it showed."""

    step_s: float
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A job that ends in errors: since when it does without a break, and the error's name or line."""

    since: str
    why: str


_T = TypeVar("_T", Token, Jump)


def note_token(tx: Tx, now: datetime, refused: str | None) -> None:
    """Note what Slack said of the token; a refusal keeps the time at which it began."""
    before = token(tx)
    began = before.since if before is not None and before.refused and before.since else format_time(now)
    _note(tx, "token", now, Token(refused=refused, since=began) if refused else Token())


def token(tx: Tx) -> Token | None:
    return _read(tx, "token", Token)


def note_jump(tx: Tx, now: datetime, step_s: float) -> None:
    _note(tx, "clock", now, Jump(step_s=step_s, at=format_time(now)))


def jump(tx: Tx) -> Jump | None:
    return _read(tx, "clock", Jump)


def is_settling(tx: Tx, now: datetime) -> bool:
    """Whether the clock was set so lately that what it shows says little."""
    known = jump(tx)
    return known is not None and abs(now - moment(known.at)) < SETTLES


def note_failing(tx: Tx, now: datetime, jobs: Mapping[str, Failing]) -> None:
    """Note which jobs fail; one that failed before keeps the time at which that began."""
    before = failing(tx)
    kept = {name: Failing(since=before.get(name, found).since, why=found.why) for name, found in jobs.items()}
    tx.state.job_ran(f"{_JOB}jobs", now, {name: asdict(found) for name, found in kept.items()})


def failing(tx: Tx) -> dict[str, Failing]:
    """The jobs that fail, by name."""
    told = tx.state.job_outcome(f"{_JOB}jobs")
    return {} if not isinstance(told, dict) else {name: Failing(**of) for name, of in told.items()}


def written(at: datetime) -> str:
    """A time as it is noted."""
    return format_time(at)


def moment(text: str) -> datetime:
    """A time as it was noted."""
    return parse_time(text)


def _note(tx: Tx, name: str, now: datetime, vital: Token | Jump) -> None:
    tx.state.job_ran(_JOB + name, now, asdict(vital))


def _read(tx: Tx, name: str, kind: type[_T]) -> _T | None:
    told = tx.state.job_outcome(_JOB + name)
    return kind(**told) if isinstance(told, dict) and set(told) == {f.name for f in fields(kind)} else None
