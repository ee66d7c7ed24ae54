"""What alerts say is to blame, from the first conversation in the store to the alert.

Sixteen quiet days of an application are learned; then one thing goes wrong for a day, and the alert is read. Unlike
the section on attribution of benchmarks.alerts, nothing is told to it but conversations.

Usage: python -m benchmarks.alert_told [--each 10] [--seed 1]
"""

from __future__ import annotations

import argparse
import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from alerts.telling.pipeline import Posting
from alerts.watching.watch import WatchSettings
from bot.jobs.detect import Detection
from traces.model import EVERYTHING, Alert, Change, Direction, Segment
from traces.store import Store, open_store
from traces.store.rollups import Fact

START: Final = datetime(2026, 10, 5, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
DAYS: Final = 16
LASTS_H: Final = 24
PASTS: Final = 4
PER_HOUR: Final = 80
SHARES: Final[Mapping[str, Mapping[str, float]]] = {
    "application": {"shop": 1.0},
    "model": {"m1": 0.7, "m2": 0.3},
    "prompt_version": {"12": 1.0},
    "scenario": {"order": 0.4, "refund": 0.25, "account": 0.2, "legal": 0.15},
    "language": {"en": 0.6, "de": 0.25, "fr": 0.15},
}
NATURE: Final = {("scenario", "legal"): 1.6, ("scenario", "order"): -0.5}
"""How much more often a kind of conversation is refused by nature, in log odds."""
USUAL: Final = -3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What goes wrong: in which segment, by how many log odds; which shares move; what is right to say."""

    name: str
    here: Mapping[str, str] = field(default_factory=dict)
    by: float = 0.0
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    cause: str = "segment"


_NEW_PROMPT: Final = {"prompt_version": {"12": 0.5, "13": 0.5}}
WRONGS: Final = (
    Wrong(name="a model", here={"model": "m2"}, by=1.8),
    Wrong(name="a language", here={"language": "de"}, by=2.0),
    Wrong(name="a new prompt", here={"prompt_version": "13"}, by=1.4, shares=_NEW_PROMPT),
    Wrong(
        name="a new prompt in one scenario",
        here={"prompt_version": "13", "scenario": "refund"}, by=3.5, shares=_NEW_PROMPT,
    ),
    Wrong(name="a model in one scenario", here={"model": "m2", "scenario": "refund"}, by=4.0),
    Wrong(
        name="more of the hard scenario", cause="mix_shift",
        shares={"scenario": {"order": 0.2, "refund": 0.125, "account": 0.1, "legal": 0.575}},
    ),
    Wrong(name="everything", by=1.0, cause="everywhere"),
)  # fmt: skip
QUIET: Final = Wrong(name="nothing")


def traffic(rng: np.random.Generator, hour: datetime, wrong: Wrong) -> list[Fact]:
    """An hour's conversations."""
    n = rng.poisson(PER_HOUR * (1 + 0.5 * math.sin(hour.hour / 24 * 2 * math.pi)))
    drawn = {
        key: rng.choice(list(shares), n, p=list(shares.values())) for key, shares in (SHARES | wrong.shares).items()
    }
    facts = []
    for i in range(n):
        cut = {key: str(values[i]) for key, values in drawn.items()}
        is_wrong = wrong.by and all(cut[key] == value for key, value in wrong.here.items())
        odds = USUAL + sum(NATURE.get(pair, 0.0) for pair in cut.items()) + wrong.by * bool(is_wrong)
        facts.append(
            Fact(
                conversation_id=f"{hour:%m%dT%H}-{i}",
                at=hour + timedelta(seconds=float(rng.uniform(0, 3599))),
                segments=(EVERYTHING, *(Segment.of(**{key: value}) for key, value in cut.items())),
                values={
                    "volume": [1.0],
                    "refusal": [float(rng.random() < 1 / (1 + math.exp(-odds)))],
                    "latency": [float(rng.lognormal(0.5, 0.5))],
                },
            )
        )
    return facts


def flow(store: Store, rng: np.random.Generator, since: datetime, hours: int, wrong: Wrong) -> Iterator[datetime]:
    """Hours of traffic, each stored; yields the end of each."""
    for h in range(hours):
        hour = since + h * HOUR
        facts = traffic(rng, hour, wrong)
        with store.begin() as tx:
            tx.state.beat(hour)
            versions = {pair for fact in facts for s in fact.segments for pair in s.pairs}
            tx.state.note_changes(
                [
                    Change(kind=kind, value=value, at=hour, application="shop")
                    for kind, value in sorted(versions)
                    if kind in ("model", "prompt_version")
                ]
            )
            tx.rollups.record(facts)
        yield hour + HOUR


def detection(store: Store) -> Detection:
    return Detection(
        store, WatchSettings(), Posting(channel="#alerts", examples=3), {"refusal": Direction.UP}, {}
    )  # fmt: skip


def learned(path: Path, seed: int) -> Path:
    """The store of an application that has been well for sixteen days."""
    with closing(open_store(f"sqlite:///{path}")) as store:
        *_, last = flow(store, np.random.default_rng(seed), START, DAYS * 24, QUIET)
        watching = detection(store)
        watching.run(last + timedelta(minutes=15))
        watching.save()
    return path


def told(path: Path, wrong: Wrong, seed: int) -> list[Alert]:
    """The alerts after a day of what went wrong."""
    rng = np.random.default_rng(seed)
    with closing(open_store(f"sqlite:///{path}")) as store:
        watching = detection(store)
        for end in flow(store, rng, START + timedelta(days=DAYS), LASTS_H, wrong):
            watching.run(end + timedelta(minutes=15))
        with store.read() as tx:
            return tx.alerts.all()


def said(alerts: list[Alert]) -> tuple[str, frozenset[tuple[str, str]]]:
    """The cause that the alert on refusals gives, and every segment that it names."""
    ours = [a for a in alerts if a.signal == "refusal"]
    if not ours:
        return "no alert", frozenset()
    [alert, *_] = ours
    found = alert.detail.get("attribution")
    if found is None:
        return ("segment", frozenset(alert.segment.pairs)) if alert.segment.pairs else ("everywhere", frozenset())
    named = {(found["key"], found["value"]), *alert.segment.pairs}
    if found["within"]:
        named.add((found["within"]["key"], found["within"]["value"]))
    return found["cause"], frozenset(named)


def main() -> None:
    """Prints how often each cause is told, and how many alerts there are in all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        quiet = [learned(Path(folder) / f"quiet{i}.db", options.seed + i) for i in range(PASTS)]
        print("| what goes wrong | told | cause is right | all of it is right | alerts |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for wrong in WRONGS:
            cause = right = found = alerts = 0
            for place in range(options.each):
                copy = Path(folder) / "copy.db"
                shutil.copy(quiet[place % PASTS], copy)
                raised = told(copy, wrong, 1000 * options.seed + place)
                says, names = said(raised)
                found += says != "no alert"
                cause += says == wrong.cause
                expected = {("scenario", "legal")} if wrong.cause == "mix_shift" else set(wrong.here.items())
                right += says == wrong.cause and names == expected
                alerts += len(raised)
                copy.unlink()
            each = options.each
            print(f"| {wrong.name} | {found}/{each} | {cause}/{each} | {right}/{each} | {alerts} |", flush=True)


if __name__ == "__main__":
    main()
