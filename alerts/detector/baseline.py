"""What is usual at an hour: discounted sums by slot, shrunk to the overall mean.

A slot of the week has only a handful of buckets, so it leans on the hours beside it, on the same hour of like days
and on the overall mean, the more the fewer conversations stand behind it (empirical Bayes; Efron & Morris 1973).
What is not known well enough is said: ``doubt`` is the variance of the baseline itself in units of one
conversation's variance, ``bias`` the part of it that does not average out from hour to hour.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from alerts.detector.panel import WEEK_S, Bools, Floats, Ints
from alerts.detector.slots import HOURS_OF_DAY, hours_beside
from alerts.detector.state import DAY_S, State
from traces.model import Kind

HALF_LIFE_S = 3 * WEEK_S
LEVEL_HALF_LIFE_S = 4 * DAY_S
OVERALL_CONVERSATIONS = 60.0
"""With how many conversations the overall mean weighs against a slot's own."""
BESIDE = 0.5
LIKE = 0.5
DAY_VARIANCE = 0.36
"""Relative variance of an hour's volume between unlike days before any such day was seen (a factor of 1.8)."""
RHYTHM_VARIANCE = 0.05
"""The same once the volume of such days is known, for their rhythm may differ too."""
HOUR_VARIANCE = 0.02
"""The same between like days (15 %)."""
OWN_HOUR_VARIANCE = 4.0
"""The same of an hour that was unlike others two weeks in a row: a batch job runs then, and it stands for itself."""
RECURS = np.log(2)
"""How much (ln) the two may differ."""
KNOWN_DOUBT = 0.12
"""Up to this doubt an hour's volume tells of the level of the days, and not of a rhythm that was never seen."""
FEWEST_CONVERSATIONS = 20.0
SMALLEST_COUNT = 0.02


@dataclass(frozen=True, slots=True)
class Expected:
    """Per series, shape (S,): the mean (a rate, a mean of ln x, or a count), its doubts, whether it can be used.

    ``level`` is the factor of the last days' volume over the profile of the week, 1 for other kinds.
    """

    mean: Floats
    doubt: Floats
    bias: Floats
    usable: Bools
    level: Floats

    def of(self, source: Ints) -> Expected:
        """For each series what is expected of the series at that index."""
        return Expected(*(getattr(self, f.name)[source] for f in fields(self)))


def expected(state: State, week_slot: int, like_slot: int, spread: Floats, independence: Floats) -> Expected:
    """What the slot should show, from what was learned so far of a series of that spread and independence."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if state.kind is Kind.COUNT:
            return _expected_count(state, week_slot, like_slot, spread, independence)
        return _expected_mean(state, week_slot, like_slot, spread / independence)


def _expected_mean(state: State, week_slot: int, like_slot: int, wandering: Floats) -> Expected:
    weight, total = _slot_sums(state, week_slot, like_slot)
    half = 0.5 if state.kind is Kind.RATE else 0.0
    overall = (state.all_total + half) / (state.all_weight + 2 * half)
    mean = (total + OVERALL_CONVERSATIONS * overall) / (weight + OVERALL_CONVERSATIONS)
    # The days that were learned may all have been somewhat high: hours that hang together average out slowly.
    bias = 1.0 / state.all_weight + wandering / _hours_learned(state)
    doubt = (weight + OVERALL_CONVERSATIONS**2 * bias) / (weight + OVERALL_CONVERSATIONS) ** 2
    usable = (state.all_weight >= FEWEST_CONVERSATIONS) & (state.age >= 2 * state.buckets(DAY_S))
    return Expected(mean, doubt, bias, usable, np.ones(state.series))


def _hours_learned(state: State) -> Floats:
    """How many buckets stand behind the baseline, at most as many as its memory holds."""
    memory = HALF_LIFE_S / np.log(2) / state.bucket_s
    hours: Floats = np.clip(state.age - state.buckets(DAY_S), 1.0, memory)
    return hours


def _slot_sums(state: State, week_slot: int, like_slot: int) -> tuple[Floats, Floats]:
    size = state.week_weight.shape[0]
    weight, total = np.zeros(state.series), np.zeros(state.series)
    for slot, share in ((week_slot, 1.0), ((week_slot - 1) % size, BESIDE), ((week_slot + 1) % size, BESIDE)):
        kept = share * _kept(state, state.week_at[slot])
        weight += kept * state.week_weight[slot]
        total += kept * state.week_total[slot]
    before, after = hours_beside(like_slot)
    for slot, share in ((like_slot, LIKE), (before, LIKE * BESIDE), (after, LIKE * BESIDE)):
        kept = share * _kept(state, state.like_at[slot])
        weight += kept * state.like_weight[slot]
        total += kept * state.like_total[slot]
    return weight, total


def _expected_count(state: State, week_slot: int, like_slot: int, spread: Floats, independence: Floats) -> Expected:
    day = state.buckets(DAY_S)
    overall = (state.all_total + 0.5) / (state.all_weight + 0.5)
    hour, like_variance = _hour_of_unlike_days(state, like_slot, overall)
    like_weight, like_total = _like_sums(state, like_slot, overall)
    noise = 1.0 / np.maximum(hour, SMALLEST_COUNT) + spread
    lean = noise / like_variance
    like = (like_total + lean * hour) / (like_weight + lean)
    leaning = lean / (like_weight + lean)
    hour_variance = np.where(state.week_own[week_slot], OWN_HOUR_VARIANCE, HOUR_VARIANCE)
    pull = noise / hour_variance
    kept = _kept(state, state.week_at[week_slot])
    own_weight = kept * state.week_weight[week_slot]
    own = (kept * state.week_total[week_slot] + pull * like) / (own_weight + pull)
    pulling = pull / (own_weight + pull)
    first = overall * day
    level = (state.level_seen + first) / (state.level_profile + first)
    lasting = np.minimum(state.all_weight, LEVEL_HALF_LIFE_S / np.log(2) / state.bucket_s)
    wobble = (1 / np.maximum(overall, SMALLEST_COUNT) + spread / independence) / (1 + lasting)
    mean = np.maximum(own * level, SMALLEST_COUNT)
    # Like days differ as a whole, not hour by hour.
    bias = like_variance * (leaning * pulling) ** 2 + HOUR_VARIANCE / 2 * pulling + wobble
    doubt = hour_variance * pulling + pulling**2 * like_variance * leaning + wobble
    usable = (state.all_weight >= day / 2) & (state.age >= 2 * day)
    return Expected(mean, doubt, bias, usable, level)


def _hour_of_unlike_days(state: State, like_slot: int, overall: Floats) -> tuple[Floats, Floats]:
    """What the hour should bring if every day had the same rhythm and only its volume differed; relative variance."""
    kept = 0.5 ** ((state.last - state.like_at) * state.bucket_s / HALF_LIFE_S)
    first = like_slot - like_slot % HOURS_OF_DAY
    other = (like_slot + HOURS_OF_DAY) % (2 * HOURS_OF_DAY)
    total, expected = overall.copy(), overall.copy()
    means = []
    for begin, slot in ((first, like_slot), ((first + HOURS_OF_DAY) % (2 * HOURS_OF_DAY), other)):
        days = slice(begin, begin + HOURS_OF_DAY)
        weight = kept[days] @ state.like_weight[days]
        mean = (kept[days] @ state.like_total[days] + overall) / (weight + 1.0)
        slot_weight, slot_total = _like_sums(state, slot, overall)
        total += slot_total
        expected += slot_weight * mean
        means.append((weight, mean))
    weight, mean = means[0]
    day = state.buckets(DAY_S)
    return mean * total / expected, RHYTHM_VARIANCE + (DAY_VARIANCE - RHYTHM_VARIANCE) / (1.0 + 4 * weight / day) ** 2


def _like_sums(state: State, like_slot: int, overall: Floats) -> tuple[Floats, Floats]:
    # A steep rhythm makes the hours beside a bad guess, so they count only where chance would be worse.
    beside = BESIDE / 2 / (1 + HOUR_VARIANCE * overall)
    weight, total = np.zeros(state.series), np.zeros(state.series)
    before, after = hours_beside(like_slot)
    for slot, share in ((like_slot, 1.0), (before, beside), (after, beside)):
        kept = share * _kept(state, state.like_at[slot])
        weight += kept * state.like_weight[slot]
        total += kept * state.like_total[slot]
    return weight, total


def _kept(state: State, touched: float) -> float:
    return float(0.5 ** ((state.last - touched) * state.bucket_s / HALF_LIFE_S))


def learn(state: State, week_slot: int, like_slot: int, weight: Floats, total: Floats) -> None:
    """Add a bucket's sums, shape (S,), to its slots; zero weight leaves a series as it is."""
    for at, weights, totals, slot in (
        (state.week_at, state.week_weight, state.week_total, week_slot),
        (state.like_at, state.like_weight, state.like_total, like_slot),
    ):
        kept = _kept(state, at[slot])
        weights[slot] = weights[slot] * kept + weight
        totals[slot] = totals[slot] * kept + total
        at[slot] = state.last
    state.all_weight += weight
    state.all_total += total


def learn_recurring(state: State, week_slot: int, seen: Bools, total: Floats, usual: Floats, odd: Bools) -> None:
    """Note which counts were out of range in this hour of the week; take those that were so a week ago too as they are.

    Call it after ``learn``, with the sums as they were seen, shape (S,).
    """
    last = state.week_odd[week_slot].astype(np.float64)
    now = np.where(odd, np.log((total + 0.5) / (usual + 0.5)), 0.0)
    recurs = seen & (now * last > 0) & (np.abs(now - last) < RECURS)
    state.week_odd[week_slot] = np.where(seen, now, last)
    state.week_own[week_slot] |= recurs
    state.week_weight[week_slot, recurs] = 2.0
    state.week_total[week_slot, recurs] = (total + usual * np.exp(last))[recurs]


def fade(state: State, buckets: int) -> None:
    """Discount the sums over all hours for the time that passed."""
    kept = 0.5 ** (buckets * state.bucket_s / HALF_LIFE_S)
    for sums in (
        state.all_weight,
        state.all_total,
        state.within_square,
        state.within_free,
        state.spread_product,
        state.spread_square,
        state.spread_buckets,
        state.lag_product,
        state.lag_square,
    ):
        np.multiply(sums, kept, out=sums)
    kept = 0.5 ** (buckets * state.bucket_s / LEVEL_HALF_LIFE_S)
    state.level_seen *= kept
    state.level_profile *= kept


NEW_NORMAL_KEEPS = 0.1


def move_to(state: State, series: int, mean: float, usual: float) -> None:
    """Take ``mean`` for the new normal where ``usual`` was expected, and keep the shape of the week.

    Only a tenth of the old weight stays, so that the new buckets soon outweigh it.
    """
    pairs = ((state.week_weight, state.week_total), (state.like_weight, state.like_total))
    for weight, total in (*pairs, (state.all_weight, state.all_total)):
        part = (..., series)
        total[part] = NEW_NORMAL_KEEPS * _moved(state.kind, weight[part], total[part], mean, usual)
        weight[part] *= NEW_NORMAL_KEEPS
    state.level_seen[series] = state.level_profile[series] = 0.0
    state.newcomer[series] = False


def _moved(kind: Kind, weight: Floats, total: Floats, mean: float, usual: float) -> Floats:
    if kind in (Kind.CONTINUOUS, Kind.SCORE):
        return total + weight * (mean - usual)
    if kind is Kind.COUNT:
        return total * (mean / usual if usual > 0 else 1.0)
    tiny = 1e-3
    low, high = np.clip([usual, mean], tiny, 1 - tiny)
    odds = high / (1 - high) * (1 - low) / low
    # A slot without positives would stay near nought whatever the odds: it leans on the whole as it does when it is read.
    leaning = (total + OVERALL_CONVERSATIONS * usual) / (weight + OVERALL_CONVERSATIONS)
    rate = np.clip(leaning, tiny, 1 - tiny)
    moved: Floats = weight * rate * odds / (1 - rate + rate * odds)
    return moved
