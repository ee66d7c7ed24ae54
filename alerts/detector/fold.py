"""The detector: buckets in, anomalies out."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np

from alerts.detector import baseline, spread
from alerts.detector.baseline import Expected
from alerts.detector.evidence import Bucket, Finding, weigh
from alerts.detector.panel import WEEK_S, Bools, Floats, Panel, Readings, Terms
from alerts.detector.slots import slot_of, zone_named
from alerts.detector.state import BUCKETS, DAY_S, EXPECTED, TOTAL, UNITS, State
from alerts.detector.verdict import Anomaly, Course, End, Since, Verdict, anomaly_of, course_of, since_of, verdict_of
from traces.clock import as_utc
from traces.errors import BadInput
from traces.model import Kind

LEARNING_DELAY_S = DAY_S
QUIET_BUCKETS = 6
QUIET_LOG_EVIDENCE = math.log(0.5)
NEW_NORMAL_S = 4 * DAY_S
NEWCOMER_S = WEEK_S
SUSPICION = 0.5
"""Share of the way to an alarm (in nats) from which a bucket is not learned until the doubt is gone."""


class Detector:
    """A sequential detector over S series of one kind, fed bucket by bucket.

    Feeding buckets one at a time, in portions, or from a saved state gives the same result to the last bit.
    Buckets must come in time order; one that is not later than the last is passed over, and missing ones count
    as not observed.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self._zone = zone_named(state.zone)

    @classmethod
    def start(cls, kind: Kind, *, bucket_s: int = 3600, zone: str = "UTC") -> Detector:
        """A detector that knows nothing yet; slots of the week are in the IANA ``zone``.

        Raises:
            BadInput: When ``bucket_s`` is not from a minute to a day, or the zone is unknown.
        """
        return cls(State.start(kind, bucket_s=bucket_s, zone=zone))

    @classmethod
    def from_bytes(cls, saved: bytes) -> Detector:
        """What ``to_bytes`` wrote.

        Raises:
            BadInput: When it is no saved state; fold the history again then.
        """
        return cls(State.from_bytes(saved))

    def to_bytes(self) -> bytes:
        return self.state.to_bytes()

    @property
    def series(self) -> int:
        return self.state.series

    @property
    def last_start(self) -> datetime | None:
        """Start of the last bucket taken in."""
        last, bucket_s = self.state.last, self.state.bucket_s
        return None if last < 0 else datetime.fromtimestamp(last * bucket_s, UTC)

    def step(self, panel: Panel, terms: Terms) -> list[Anomaly]:
        """Take in new buckets; returns the anomalies that ended within them, in order of their end.

        The panel's first series are those the detector knows, in the same order; series behind them are new.

        Raises:
            BadInput: When the panel is of another kind, has fewer series than before, or ``terms`` disagree.
        """
        if panel.kind is not self.state.kind:
            raise BadInput(f"expected {self.state.kind}, got {panel.kind}", "panel.kind")
        if terms.parent.shape != (panel.series,):
            raise BadInput(f"{terms.parent.shape[0]} terms for {panel.series} series", "terms")
        self.state.grow(panel.series)
        readings, ended = panel.readings(), list[Anomaly]()
        # Readings near the limits of what a float holds may overflow a ratio; that is never evidence.
        with np.errstate(all="ignore"):
            for row, number in enumerate(panel.bucket_numbers(self.state.bucket_s)):
                if number > self.state.last:
                    ended += self._take(int(number), readings, row, terms)
        return ended

    def verdict(self, series: int, terms: Terms, *, points: int = 72) -> Verdict:
        """What is known of one series now, with the last ``points`` buckets for a chart (a week's at most)."""
        return verdict_of(self.state, series, terms, points)

    def course(self, series: int, terms: Terms, points: int) -> Course:
        """The course of one series in at most so many points, each of as many buckets as it takes to say something."""
        return course_of(self.state, series, terms, points)

    def open_anomalies(self, terms: Terms) -> list[Anomaly]:
        """The anomalies that are open after the last bucket, by series."""
        return [anomaly_of(self.state, int(s), terms) for s in np.flatnonzero(self.state.opened)]

    def accepted_at(self, series: int) -> datetime | None:
        """Start of the bucket in which this series' changed level was last taken for its usual one."""
        number = int(self.state.accepted_at[series])
        return datetime.fromtimestamp(number * self.state.bucket_s, UTC) if number else None

    def is_off(self, series: int) -> bool:
        """Whether an anomaly of this series is open."""
        return bool(self.state.opened[series])

    def usual(self, start: datetime) -> Floats:
        """The mean that the bucket at ``start`` is expected to show, shape (S,): a rate, a mean of ln x, a count.

        While a slot cannot be judged yet it is the mean of all that was learned; nan where that is too little.
        """
        state = self.state
        week_slot, like_slot = slot_of(int(as_utc(start).timestamp()), self._zone)
        with np.errstate(all="ignore"):
            found = baseline.expected(
                state, week_slot, like_slot, spread.spread_of(state), spread.independence_of(state)
            )
            enough = state.all_weight >= baseline.FEWEST_CONVERSATIONS
            overall = np.where(enough, state.all_total / state.all_weight, np.nan)
            usual: Floats = np.where(found.usable, found.mean, overall)
        return usual

    def accept(self, series: int, terms: Terms) -> Anomaly | None:
        """Take the level of an open anomaly for the usual one from here on; returns it ended, ``None`` where none is open."""
        return self._close(series, End.NEW_NORMAL, terms) if self.state.opened[series] else None

    def since(self, series: int, start: datetime, terms: Terms) -> Since:
        """What one series showed and should have shown since ``start``, as far as the last week goes back.

        Sums over the buckets from ``start`` on, for attribution.
        """
        return since_of(self.state, series, start, terms)

    def _take(self, number: int, readings: Readings, row: int, terms: Terms) -> list[Anomaly]:
        state = self.state
        passed = number - state.last if state.last >= 0 else 1
        before, state.last = state.last, number
        baseline.fade(state, passed)
        seen = readings.observed[row]
        n, total, within = readings.n[row], readings.total[row], readings.within[row]
        week_slot, like_slot = slot_of(number * state.bucket_s, self._zone)
        own_spread = spread.spread_of(state)
        own_independence = spread.independence_of(state)
        usual = baseline.expected(state, week_slot, like_slot, own_spread, own_independence)
        self._welcome(seen & (n > 0), seen, usual, terms)
        source = np.where(state.newcomer & (terms.parent >= 0), terms.parent, np.arange(state.series))
        bucket = self._bucket(n, total, seen, usual.of(source), own_spread[source])
        finding = weigh(
            state, bucket, terms, spread.within_of(state)[source], own_independence[source], state.all_weight[source]
        )
        self._remember(number, bucket, seen, within if state.kind is not Kind.COUNT else usual.level)
        ended = self._decide(finding, bucket, terms)
        self._learn_older_than(before, number, terms)
        return ended

    def _welcome(self, some: Bools, seen: Bools, usual: Expected, terms: Terms) -> None:
        state = self.state
        new = some & (state.age == 0)
        if state.kind is not Kind.COUNT:
            state.newcomer |= new & (terms.parent >= 0) & usual.usable[terms.parent]
        state.age += seen & (new | (state.age > 0))
        state.newcomer &= state.age < state.buckets(NEWCOMER_S)

    def _bucket(self, n: Floats, total: Floats, seen: Bools, usual: Expected, around: Floats) -> Bucket:
        mean = np.where(usual.usable, usual.mean, 0.0)
        units, sum_expected = spread.exposure(self.state.kind, n, mean)
        live = seen & usual.usable & (units > 0)
        # A baseline learned from few buckets shares their overdispersion; that of counts has it in already.
        doubt = usual.doubt * (1.0 if self.state.kind is Kind.COUNT else 1 + around * units)
        return Bucket(
            n=n,
            total=total,
            units=np.where(live, units, 0.0),
            expected=np.where(live, sum_expected, 0.0),
            mean=mean,
            spread=around,
            doubt=np.where(live, doubt, 0.0),
            bias=np.where(live, usual.bias, 0.0),
            live=live,
        )

    def _remember(self, number: int, bucket: Bucket, seen: Bools, within: Floats) -> None:
        state, row = self.state, number % self.state.ring
        state.recent_bucket[row] = number
        state.recent_n[row] = bucket.n
        state.recent_total[row] = bucket.total
        state.recent_within[row] = within
        state.recent_mean[row] = bucket.mean
        state.recent_doubt[row] = bucket.doubt
        state.recent_spread[row] = np.where(bucket.live, bucket.around, 0.0)
        state.recent_seen[row] = seen & (state.age > 0) & ((state.kind is Kind.COUNT) | (bucket.n > 0))
        state.recent_learnable[row] = state.recent_seen[row] & (state.opened == 0)

    def _decide(self, finding: Finding, bucket: Bucket, terms: Terms) -> list[Anomaly]:
        state = self.state
        state.log_evidence[:] = np.where(bucket.live, finding.log_evidence, state.log_evidence)
        was_open = state.opened != 0
        state.opened_window += np.where(was_open, bucket.as_window, 0.0)
        state.opened_peak[:] = np.where(was_open, np.maximum(state.opened_peak, state.log_evidence), state.opened_peak)
        state.quiet += bucket.live
        state.quiet[state.log_evidence >= 0] = 0
        faded = finding.recovered & (state.log_evidence < QUIET_LOG_EVIDENCE)
        over = was_open & faded & (state.quiet >= QUIET_BUCKETS)
        stale = was_open & ~over & (state.last - state.opened_at >= state.buckets(NEW_NORMAL_S))
        ended = [self._close(int(s), End.QUIET, terms) for s in np.flatnonzero(over)]
        ended += [self._close(int(s), End.NEW_NORMAL, terms) for s in np.flatnonzero(stale)]
        for series in np.flatnonzero(~was_open & bucket.live & (finding.log_evidence >= 0)):
            self._open(int(series), finding)
        return ended

    def _open(self, series: int, finding: Finding) -> None:
        state = self.state
        state.opened[series] = 1 if finding.upward[series] else -1
        state.opened_at[series] = state.last
        state.opened_from[series] = finding.started[series]
        state.opened_window[:, series] = finding.window[:, series]
        state.opened_top[:, series] = state.evidence[:, series]
        state.opened_peak[series] = finding.log_evidence[series]
        state.recent_learnable[state.recent_bucket >= finding.started[series], series] = False

    def _close(self, series: int, end: End, terms: Terms) -> Anomaly:
        state = self.state
        anomaly = anomaly_of(state, series, terms, end)
        if end is End.NEW_NORMAL:
            self._accept(series)
        state.opened[series] = 0
        state.evidence[:, series] = 0.0
        state.log_evidence[series] = -np.inf
        return anomaly

    def _accept(self, series: int) -> None:
        """Take the open anomaly's level for the usual one."""
        state = self.state
        units, total, usual = state.opened_window[[UNITS, TOTAL, EXPECTED], series]
        if state.kind is Kind.COUNT:
            units = state.opened_window[BUCKETS, series]
        if not state.newcomer[series] and units > 0:
            baseline.move_to(state, series, float(total / units), float(usual / units))
        state.newcomer[series] = False
        # Buckets judged by the old baseline are learned as they are, not pulled towards it.
        state.accepted_at[series] = state.last
        since = state.recent_bucket >= state.opened_from[series]
        # Of the hours that wait to be learned, those before the change show a level that is usual no more.
        state.recent_learnable[:, series] = state.recent_seen[:, series] & since

    def _learn_older_than(self, before: int, number: int, terms: Terms) -> None:
        delay = self.state.buckets(LEARNING_DELAY_S)
        first = max(before + 1 if before >= 0 else number, number - self.state.ring)
        for due in range(first - delay, number - delay + 1):
            if due >= 0 and self.state.recent_bucket[due % self.state.ring] == due:
                self._learn(due, terms)

    def _learn(self, due: int, terms: Terms) -> None:
        state = self.state
        row, row_before = due % state.ring, (due - 1) % state.ring
        state.recent_learnable[row] &= ~self._suspected(due, terms)
        now, before = spread.remembered(state, row), spread.remembered(state, row_before)
        if state.recent_bucket[row_before] != due - 1:
            before.learnable &= False
        learnable = state.recent_learnable[row]
        # A single odd bucket may pull the baseline only as far as chance could have.
        far = np.sqrt(spread.WINSOR * now.chance * state.recent_spread[row])
        total = now.total - np.where(now.judged, now.residual - np.clip(now.residual, -far, far), 0.0)
        weight = np.ones(state.series) if state.kind is Kind.COUNT else now.n
        week_slot, like_slot = slot_of(due * state.bucket_s, self._zone)
        baseline.learn(state, week_slot, like_slot, np.where(learnable, weight, 0.0), learnable * total)
        if state.kind is Kind.COUNT:
            odd = np.abs(now.residual) > far
            baseline.learn_recurring(
                state, week_slot, now.judged & state.recent_seen[row], now.total, now.sum_expected, odd
            )
            known = now.learnable & (now.doubt <= baseline.KNOWN_DOUBT)
            state.level_seen += known * total
            state.level_profile += np.where(known, now.mean / np.maximum(now.within, 1e-9), 0.0)
        if state.kind in (Kind.CONTINUOUS, Kind.SCORE):
            state.within_square += learnable * now.within
            state.within_free += np.where(learnable, np.maximum(now.n - 1, 0.0), 0.0)
        spread.learn_spread(state, now, before)

    def _suspected(self, due: int, terms: Terms) -> Bools:
        """Whether an e-CUSUM that began by then is well on its way to an alarm, and not for too long already."""
        state = self.state
        bar = SUSPICION * terms.log_bar
        lately = state.last - state.window_from < state.buckets(NEW_NORMAL_S + LEARNING_DELAY_S)
        suspected: Bools = np.any((state.evidence >= bar) & (state.window_from <= due) & lately, axis=0)
        return suspected
