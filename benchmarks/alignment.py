"""Judge alignment on simulated judges: how often a wrong criterion is mended, and one that is right left alone.

A judge errs on conversations of a kind (as one that takes caution for a promise) besides at random. Revisions of several
effects are tried on so many labels as a team has; counted is how often a revision is proposed, and by how much Youden's J on
all conversations is better when it is. `python -m benchmarks.alignment`
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from evaluators.judge.alignment import Case, is_held_out
from evaluators.judge.trial import Finding, Tried, compare, missing_labels
from traces.conversation_format import parse_conversation
from traces.model import Conversation

RESAMPLES: Final = 150
LABELS: Final = (60, 100, 200, 400)
AT: Final = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A judge and a revision of its criterion.

    Attributes:
        prevalence: Share of conversations for which it is so.
        kind: Share of the others that the current criterion takes for it.
        noise: Share of verdicts that are wrong for no reason, of either criterion, each for itself.
        mends: Share of the kind that the revision gets right.
        spoils: Share of what is so that the revision misses besides.
    """

    name: str
    prevalence: float = 0.3
    kind: float = 0.25
    noise: float = 0.08
    mends: float = 0.0
    spoils: float = 0.0


WORLDS: Final = (
    World(name="mends nine in ten", mends=0.9),
    World(name="mends half", mends=0.5),
    World(name="mends a fifth", mends=0.2),
    World(name="mends nine in ten, noisy judge", mends=0.9, noise=0.2),
    World(name="mends all, spoils more", mends=1.0, spoils=0.6),
    World(name="changes nothing", mends=0.0),
    World(name="makes it worse", mends=0.0, spoils=0.2),
)


def tried(world: World, labels: int, talks: list[Conversation], rng: np.random.Generator) -> list[Tried]:
    """What both criteria say of labelled conversations; those of them that are held out."""
    found = []
    for talk in rng.choice(len(talks), labels, replace=False):
        truth = bool(rng.random() < world.prevalence)
        is_kind = not truth and rng.random() < world.kind
        current = truth or is_kind
        proposed = (truth and rng.random() >= world.spoils) or (is_kind and rng.random() >= world.mends)
        wrong = rng.random(2) < world.noise
        case = Case(conversation=talks[talk], truth=truth)
        if is_held_out(talks[talk].conversation_id):
            found.append(Tried(case=case, current=float(current ^ wrong[0]), proposed=float(proposed ^ wrong[1])))
    return found


def gain_of(world: World) -> float:
    """By how much J is better on all conversations."""
    keep = 1 - 2 * world.noise
    return keep * (world.kind * world.mends - world.spoils)


def share_proposed(world: World, labels: int, talks: list[Conversation], seed: int) -> float:
    """How often the revision is proposed on the first trial."""
    rng, proposed = np.random.default_rng(seed), 0
    for _ in range(RESAMPLES):
        rows = tried(world, labels, talks, rng)
        if missing_labels([row.case for row in rows]) == (0, 0):
            found = compare(rows, attempt=1)
            proposed += found is not None and found.finding is Finding.BETTER
    return proposed / RESAMPLES


def main() -> None:
    """Print the table of docs/benchmarks.md."""
    talks = [
        parse_conversation({"id": f"c-{n}", "messages": [{"role": "user", "content": str(n)}]}, received_at=AT)
        for n in range(max(LABELS))
    ]
    print("| The revision | Gain in J | " + " | ".join(f"{n} labels" for n in LABELS) + " |")
    print("| --- | ---: |" + " ---: |" * len(LABELS))
    for place, world in enumerate(WORLDS):
        shares = [share_proposed(world, labels, talks, place) for labels in LABELS]
        print(f"| {world.name} | {gain_of(world):+.2f} | " + " | ".join(f"{share:.0%}" for share in shares) + " |")


if __name__ == "__main__":
    main()
