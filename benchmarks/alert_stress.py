"""An application whose quiet weeks are not quiet at all, by another hand than benchmarks.simulate_signals.

Two peaks a day, weekends, holidays, deploys after which there is more or less traffic, bursts of retries that double rates
for an hour, a latency that creeps up by 2 % a week, a segment that appears and one that disappears. Nothing of that is an
incident but what is put in: four, a week apart, at the end.

Usage: python -m benchmarks.alert_stress [--worlds 2] [--weeks 8] [--per-hour 120] [--seed 1] [--retries]
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from alerts.telling.pipeline import Posting
from alerts.watching.watch import WatchSettings
from bot.jobs.detect import Detection
from traces.model import EVERYTHING, Alert, Direction, Segment
from traces.store import Store, open_store
from traces.store.rollups import Fact

START: Final = datetime(2026, 8, 3, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
WARM_UP_W: Final = 3
INCIDENTS: Final = 4
RATES: Final = {"error_rate": 0.02, "refusal": 0.05, "tool_error": 0.04, "task_success": 0.85}
SIZES: Final = {"latency": (0.6, 0.5), "cost": (-4.0, 0.7)}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One application; everything about it follows from the seed."""

    seed: int
    weeks: int
    per_hour: float
    retries: bool

    def begun(self, number: int) -> datetime:
        """When an incident begins: one in each of the last four weeks, each for a day and a half."""
        return START + timedelta(weeks=self.weeks - INCIDENTS + number, days=1, hours=9)

    def wrong(self, hour: datetime) -> int | None:
        found = [i for i in range(INCIDENTS) if timedelta(0) <= hour - self.begun(i) < 36 * HOUR]
        return found[0] if found else None

    def busy(self, hour: datetime) -> float:
        """Conversations to be expected in an hour."""
        day = (hour - START).days
        peaks = math.exp(-((hour.hour - 10) ** 2) / 8) + 0.8 * math.exp(-((hour.hour - 20) ** 2) / 6)
        rhythm = (0.15 + 1.4 * peaks) * (0.45 if hour.weekday() > 4 else 1.0)
        rng = np.random.default_rng([self.seed, 1])
        deploys = {
            int(d): float(f)
            for d, f in zip(rng.integers(7, 7 * self.weeks, 3), rng.uniform(0.85, 1.15, 3), strict=True)
        }
        level = math.prod(factor for since, factor in deploys.items() if day >= since)
        is_holiday = day in {int(d) for d in rng.integers(7 * WARM_UP_W, 7 * self.weeks, 2)}
        return self.per_hour * rhythm * level * (0.4 if is_holiday else 1.0)

    def traffic(self, hour: datetime) -> list[Fact]:
        """An hour's conversations."""
        rng = np.random.default_rng([self.seed, int(hour.timestamp())])
        wrong, week = self.wrong(hour), (hour - START) / timedelta(weeks=1)
        noise = {name: float(rng.normal(0, 0.08)) for name in (*RATES, "volume")}
        is_burst = self.retries and rng.random() < 1 / 336
        facts = []
        for i in range(int(rng.poisson(self.busy(hour) * math.exp(noise["volume"])))):
            model = "m3" if week > self.weeks - 3.5 and rng.random() < 0.25 else "m2" if rng.random() < 0.35 else "m1"
            scenario = str(rng.choice(["order", "refund", "gone", "account"], p=[0.4, 0.3, 0.1, 0.2]))
            if scenario == "gone" and week > self.weeks - 4.5:
                scenario = "order"
            values: dict[str, list[float]] = {"volume": [1.0]}
            for name, usual in RATES.items():
                odds = math.log(usual / (1 - usual)) + noise[name] + (0.3 if scenario == "refund" else 0.0)
                odds += 0.7 if is_burst and name in ("error_rate", "tool_error") else 0.0
                odds += 1.1 if wrong == 0 and name == "refusal" and model == "m2" else 0.0
                odds -= 0.8 if wrong == 3 and name == "task_success" else 0.0
                values[name] = [float(rng.random() < 1 / (1 + math.exp(-odds)))]
            for name, (middle, sd) in SIZES.items():
                level = middle + (0.02 * week if name == "latency" else 0.0)
                level += math.log(1.5) if wrong == 1 and name == "latency" else 0.0
                level += math.log(1.4) if wrong == 2 and name == "cost" and model == "m1" else 0.0
                values[name] = [float(rng.lognormal(level, sd))]
            facts.append(
                Fact(
                    conversation_id=f"{hour:%m%dT%H}-{i}",
                    at=hour + timedelta(seconds=float(rng.uniform(0, 3599))),
                    segments=(EVERYTHING, Segment.of(model=model), Segment.of(scenario=scenario)),
                    values=values,
                )
            )
        return facts


WANTED: Final = ({"refusal"}, {"latency"}, {"cost"}, {"task_success"})


def play(store: Store, world: World) -> list[Alert]:
    """All alerts of a world."""
    watching = Detection(
        store,
        WatchSettings(),
        Posting(channel=None),
        {"refusal": Direction.UP, "tool_error": Direction.UP, "task_success": Direction.DOWN},
        {},
    )
    for h in range(world.weeks * 168):
        hour = START + h * HOUR
        with store.begin() as tx:
            tx.state.beat(hour)
            tx.rollups.record(world.traffic(hour))
        if h % 6 == 5:
            watching.run(hour + HOUR + timedelta(minutes=15))
    with store.read() as tx:
        return tx.alerts.all()


def main() -> None:
    """Prints false alerts per signal-week, and what was found of the incidents."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("worlds", 2), ("weeks", 8), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--per-hour", type=float, default=120.0)
    parser.add_argument("--retries", action="store_true")
    options = parser.parse_args()
    false: Counter[str] = Counter()
    found: set[tuple[int, int]] = set()
    delays: list[float] = []
    names = [*RATES, *SIZES, "volume"]
    for i in range(options.worlds):
        world = World(
            seed=options.seed + i, weeks=options.weeks, per_hour=options.per_hour, retries=options.retries
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as folder, closing(open_store(f"sqlite:///{Path(folder)}/h.db")) as store:
            alerts = play(store, world)
        for a in sorted(alerts, key=lambda a: a.started_at):
            if a.detected_at < START + timedelta(weeks=WARM_UP_W):
                continue
            mine = [
                n for n in range(INCIDENTS)
                if a.signal in WANTED[n] and -6 * HOUR <= a.detected_at - world.begun(n) <= 40 * HOUR
            ]  # fmt: skip
            if mine:
                if (i, mine[0]) not in found:
                    delays.append((a.detected_at - world.begun(mine[0])) / HOUR)
                    found.add((i, mine[0]))
            else:
                false[a.signal] += 1
            print(
                f"   world {i} {'found' if mine else 'FALSE'} {a.signal} {a.segment} {a.direction} began {a.started_at:%a %m-%d %H}"
                f" told {a.detected_at:%a %m-%d %H} {a.value:.3g} [{a.expected_low:.3g}-{a.expected_high:.3g}] n={a.n}"
                f" {a.detail.get('outcome', '')}"
            )
    weeks = options.worlds * (options.weeks - WARM_UP_W)
    rates = {s: round(false[s] / weeks, 3) for s in names}
    print(
        f"false alerts per signal-week over {weeks * len(names)}: {sum(false.values()) / weeks / len(names):.4f} {rates}"
    )
    print(f"found {len(found)} of {INCIDENTS * options.worlds}, median delay {np.median(delays or [math.nan]):.0f} h")


if __name__ == "__main__":
    main()
