"""A stream of conversations among which reviewers' questions are chosen, with what is true of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from made import NOW, conversation

from bot.jobs.asked import Asked
from bot.jobs.choice import Candidate, Chooser, Look
from evaluators.calibration.next import Plan, Why
from traces.model import Conversation

SIZE = 400
FLOOD = "Where is my parcel? The number is {} and it should have come"
THINGS = [
    "refund",
    "invoice",
    "password",
    "delivery",
    "address",
    "coupon",
    "warranty",
    "battery",
    "screen",
    "charger",
    "hotel",
    "flight",
    "seat",
    "menu",
]
VERBS = [
    "change",
    "cancel",
    "find",
    "explain",
    "compare",
    "repair",
    "translate",
    "review",
    "report",
    "delay",
    "book",
    "describe",
]


@dataclass(frozen=True)
class Population:
    """Conversations with a score, what is true, and what is known of them; many ask the same."""

    conversations: tuple[Conversation, ...]
    values: np.ndarray
    truths: np.ndarray
    disputed: np.ndarray
    unusual: frozenset[str]
    floods: np.ndarray
    plan: Plan

    @classmethod
    def of(cls, seed: int) -> Population:
        rng = np.random.default_rng(seed)
        floods = rng.random(SIZE) < 0.55
        talks = tuple(conversation(f"c-{n}", _text(rng, n, flood=floods[n]), at=_at(n)) for n in range(SIZE))
        values = np.clip(rng.beta(0.6, 1.2, SIZE), 0, 1)
        # The flood is worse than the rest, so that leaving it out unweighted would show.
        truths = rng.random(SIZE) < np.clip(values * 0.7 + 0.3 * floods, 0, 1)
        disputed = rng.random(SIZE) < 0.1
        unusual = frozenset(f"c-{n}" for n in np.flatnonzero(rng.random(SIZE) < 0.05))
        plan = Plan(edges=(0.3, 0.6), precision=(0.05, 0.3, 0.15), audit=0.03, disagreement=0.2, unusual=0.25)
        return cls(talks, values, truths, disputed, unusual, floods, plan)

    @property
    def rate(self) -> float:
        return float(self.truths.mean())

    @property
    def share_of_flood(self) -> float:
        return float(self.floods.mean())


@dataclass(frozen=True)
class Stream:
    """What was picked."""

    estimate: float
    chances: list[float]
    whys: Counter[Why]
    share_of_flood: float
    most_alike: int
    audited_alike: int
    least_room: float

    @property
    def n(self) -> int:
        return len(self.chances)


def stream(people: Population, seed: int, most: int = 100) -> Stream:
    """One day of picking, in the order of time, with lots of its own; the chance falls as the limit comes near."""
    chooser, rng = Chooser(Asked()), np.random.default_rng(seed)
    total, chances, whys, floods, audited = 0.0, [], Counter[Why](), 0, 0
    for n, talk in enumerate(people.conversations):
        look = Look(talk, chooser.asked, lambda c: "it is long" if c.conversation_id in people.unusual else None)
        one = Candidate(
            evaluator="x",
            value=float(people.values[n]),
            plan=people.plan,
            lot=float(rng.random()),
            disagrees=bool(people.disputed[n]),
        )
        drawn = chooser.draw(one, look, _at(n), lambda: min(1.0, (most - len(chances)) / (most / 2)))
        if drawn is None or drawn.is_held_back:
            continue
        chooser.picked("x", look, _at(n))
        total += people.truths[n] / drawn.probability
        chances.append(drawn.probability)
        whys[drawn.why] += 1
        floods += bool(people.floods[n])
        audited += bool(people.floods[n]) and drawn.why is Why.AUDIT
    return Stream(
        estimate=total / SIZE,
        chances=chances,
        whys=whys,
        share_of_flood=floods / len(chances),
        most_alike=floods,
        audited_alike=audited,
        least_room=min(1.0, (most - len(chances)) / (most / 2)),
    )


def _at(n: int) -> datetime:
    return NOW + timedelta(minutes=n)


def _text(rng: np.random.Generator, n: int, *, flood: bool) -> str:
    if flood:
        return FLOOD.format(n)
    verb, thing, other = rng.choice(VERBS), rng.choice(THINGS), rng.choice(THINGS)
    return f"{verb} {thing} {other} {''.join(rng.choice(list('abcdefghijklm'), 6))} {''.join(rng.choice(list('nopqrstu'), 5))}"


def unlike(number: int) -> str:
    """What a user says, in words that no other number has."""
    letters = "".join("abcdefghij"[int(digit)] for digit in str(number + 10**6))
    return " ".join(f"{letters}{end}" for end in "klmnopq")
