"""A small simulated application, measured hour by hour straight into a store, with breaks that tests choose."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from made import HOUR

from alerts.telling.pipeline import Decision, Posting
from alerts.watching.watch import WatchSettings
from bot.jobs.detect import Detection
from traces.model import EVERYTHING, Alert, Change, Direction, Score, Segment
from traces.store import Store
from traces.store.rollups import Fact

START = datetime.fromisoformat("2026-10-05T00:00:00+00:00")
LEARNED = timedelta(days=17)
BREAK = START + LEARNED
PER_HOUR = 30
LATE = timedelta(minutes=15)
"""After an hour's end detection waits for stragglers; ticks come a little later still."""
SHOP = Segment.of(application="shop")


@dataclass(frozen=True)
class Weather:
    """What an hour is like: the share of refusals by model, how much slower it is, the share of the new model."""

    refusal: Mapping[str, float] = field(default_factory=dict)
    slower: float = 1.0
    new_model: float = 0.0


CALM = Weather()
BROKEN_MODEL = Weather(refusal={"m2": 0.45}, new_model=0.5)
Forecast = Callable[[datetime], Weather]


def broken_from(start: datetime, end: datetime | None = None, weather: Weather = BROKEN_MODEL) -> Forecast:
    return lambda hour: weather if start <= hour and (end is None or hour < end) else CALM


class Stream:
    """Traffic and detection over one store. The same hour is the same traffic in every store."""

    def __init__(self, store: Store, forecast: Forecast = lambda _: CALM) -> None:
        self.store = store
        self.forecast = forecast
        self.hour = START
        self.restart()

    def restart(self) -> None:
        """A new process: nothing is left in memory."""
        self.detection = Detection(
            self.store,
            WatchSettings(),
            Posting(channel="#llm-alerts", examples=3),
            {"refusal": Direction.UP},
            {},
        )

    def at(self, hour: datetime) -> Stream:
        """Go on from an hour whose past is in the store already."""
        self.hour = hour
        return self

    def flow(self) -> None:
        """One hour of traffic."""
        rng, weather = random.Random(self.hour.isoformat()), self.forecast(self.hour)
        facts, models = [], set()
        for n in range(round(PER_HOUR * rng.uniform(0.9, 1.1))):
            model = "m2" if rng.random() < weather.new_model else "m1"
            models.add(model)
            at = self.hour + timedelta(seconds=rng.uniform(0, 3599))
            refused = float(rng.random() < weather.refusal.get(model, 0.05))
            facts.append(
                Fact(
                    conversation_id=f"{self.hour:%m%dT%H}-{n:02d}",
                    at=at,
                    segments=(EVERYTHING, SHOP, Segment.of(model=model)),
                    values={
                        "volume": [1.0],
                        "error_rate": [float(rng.random() < 0.03)],
                        "latency": [weather.slower * rng.lognormvariate(0.5, 0.4)],
                        "refusal": [refused],
                    },
                )
            )
        with self.store.begin() as tx:
            tx.state.beat(self.hour)
            tx.state.note_changes([Change(kind="model", value=m, at=self.hour, application="shop") for m in models])
            oldest = tx.rollups.record(facts)
            if oldest is not None:
                tx.state.note_oldest_change(oldest)
            tx.scores.put(
                {f.conversation_id: [Score(name="refusal", value=f.values["refusal"][0])] for f in facts}, self.hour
            )
        self.hour += HOUR

    def run(self, hours: int) -> list[Decision]:
        """Hours of traffic, with detection after each."""
        decisions = []
        for _ in range(hours):
            self.flow()
            decisions += self.detection.run(self.hour + LATE)
        return decisions

    @property
    def alerts(self) -> list[Alert]:
        with self.store.read() as tx:
            return tx.alerts.all()
