"""Words that the taxonomy may lack: from what reviewers write in notes, and from failures that nobody has labelled.

Texts that are alike are taken together (hashed words, weighed by how rare they are), and
named by the words that most of a group share. The same texts always give the same suggestions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from alerts.drift.features import DIMENSIONS, Sparse, counts_of, rarity_of, text_of, weighted, words_of
from bot.slack.access import Person
from bot.slack.blocks.tokens import ref_of
from evaluators.base import Evaluator
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import GOLD, AuditEntry, Calibration, Conversation, Direction
from traces.redact import redact
from traces.store import Store, Tx
from traces.store.rollups import HOUR_S, Fact, bucket_start

Origin: TypeAlias = Literal["notes", "failures"]

SUGGESTED: Final = "taxonomy suggestions"
TURNED_DOWN: Final = "taxonomy suggestions turned down"
FEWEST_NOTES: Final = 3
FEWEST_FAILURES: Final = 5
MOST: Final = 5
_NOTES_SINCE: Final = timedelta(days=60)
_FAILURES_SINCE: Final = timedelta(days=7)
_READ: Final = 400
_FACTS_READ: Final = 3_000
_ALIKE: Final[Mapping[Origin, float]] = {"notes": 0.12, "failures": 0.2}
_SHARED: Final = 0.5
_COMMON: Final = 0.5
_IN_TITLE: Final = 3
_LETTERS: Final = 4
_SAME: Final = 0.5
_EXAMPLE: Final = 200
_KEPT: Final = 200
_THRESHOLD: Final = 0.5

Floats: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A word that may be worth having.

    Attributes:
        title: The words that most of the texts share.
        origin: ``notes`` of reviewers, or ``failures`` that nobody has labelled.
        n: How many texts.
        example: One of them, redacted.
        evaluator: The evaluator that most of them are about; ``None`` where there is none.
    """

    title: str
    origin: Origin
    n: int
    example: str
    evaluator: str | None = None

    @property
    def ref(self) -> str:
        """What stands for it on a button."""
        return ref_of(f"{self.origin}\n{self.title}")


@dataclass(frozen=True, slots=True)
class Said:
    """A text, and the evaluator that it is about."""

    text: str
    evaluator: str | None = None


class Suggesting:
    """Looks for words once an hour.

    Args:
        store: Where labels and conversations are.
        evaluators: Tell which way is bad, and so what a failure is.
    """

    def __init__(self, store: Store, evaluators: Sequence[Evaluator]) -> None:
        self._store = store
        self._evaluators = {e.name: e for e in evaluators}
        self._hour: datetime | None = None

    def run(self, now: datetime) -> int:
        """How many words are suggested; 0 where the hour was looked at already."""
        hour = bucket_start(now, HOUR_S)
        if hour == self._hour:
            return 0
        self._hour = hour
        with self._store.read() as tx:
            said = {"notes": self._notes(tx, now), "failures": self._failures(tx, now)}
            before: Any = tx.state.job_outcome(SUGGESTED) or []
        found = [
            *suggestions(said["notes"], "notes", FEWEST_NOTES),
            *suggestions(said["failures"], "failures", FEWEST_FAILURES),
        ]
        told = [asdict(one) for one in found]
        if told != before:
            with self._store.begin() as tx:
                tx.state.job_ran(SUGGESTED, now, told)
        return len(found)

    def _notes(self, tx: Tx, now: datetime) -> list[Said]:
        labels = tx.reviews.noted(now - _NOTES_SINCE, _READ)
        # A note that came with several words is one text.
        noted = {(label.conversation_id, label.reviewer, label.note): label.name for label in labels[::-1]}
        return [
            Said(note or "", name if name in self._evaluators else None)
            for (_, reviewer, note), name in noted.items()
            if reviewer != GOLD
        ]

    def _failures(self, tx: Tx, now: datetime) -> list[Said]:
        calibrations = tx.calibrations.current()
        facts = tx.rollups.facts_between(now - _FAILURES_SINCE, now, _FACTS_READ)
        failed = {f.conversation_id: name for f in facts if (name := self._failed(f, calibrations)) is not None}
        labels = tx.reviews.labels_of(failed)
        chosen = [i for i in failed if i not in labels][-_READ:]
        found = tx.conversations.many(chosen)
        return [Said(_asked(found[i]), failed[i]) for i in chosen if i in found]

    def _failed(self, fact: Fact, calibrations: Mapping[str, Calibration]) -> str | None:
        """The first evaluator that says that a conversation went wrong."""
        for name, evaluator in self._evaluators.items():
            if name in fact.values and evaluator.bad is not Direction.BOTH:
                threshold = calibrations[name].threshold if name in calibrations else _THRESHOLD
                if (fact.values[name][0] >= threshold) is (evaluator.bad is Direction.UP):
                    return name
        return None


class Suggestions:
    """What is suggested now, and what people say about it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def read(self, taken: Iterable[str] = ()) -> list[Suggestion]:
        """What is suggested, but for what was turned down or is among the titles that are ``taken``."""
        with self._store.read() as tx:
            saved: Any = tx.state.job_outcome(SUGGESTED) or []
            gone: Any = tx.state.job_outcome(TURNED_DOWN) or []
        return [one for saved_one in saved if not _is_among((one := Suggestion(**saved_one)).title, [*gone, *taken])]

    def named(self, ref: str) -> Suggestion:
        """A suggestion by its reference.

        Raises:
            BadInput: It is no longer one.
        """
        found = next((one for one in self.read() if one.ref == ref), None)
        if found is None:
            raise BadInput("this is no longer suggested")
        return found

    def turn_down(self, ref: str, person: Person, request_key: str) -> bool:
        """Suggest neither this nor its like again; whether that was news."""
        with self._store.begin() as tx:
            now = self._clock.now()
            if not tx.state.first_time(request_key, now):
                return False
            saved: Any = tx.state.job_outcome(SUGGESTED) or []
            title = next((s["title"] for s in saved if Suggestion(**s).ref == ref), None)
            gone: Any = tx.state.job_outcome(TURNED_DOWN) or []
            if title is None or title in gone:
                return False
            tx.state.job_ran(TURNED_DOWN, now, [*gone, title][-_KEPT:])
            tx.audit.add(
                AuditEntry(
                    at=now,
                    actor=person.user_id,
                    action="taxonomy.turn_down",
                    subject=f"taxonomy:{title}"[:200],
                    request_key=request_key,
                )
            )
            return True


def suggestions(said: Sequence[Said], origin: Origin, fewest: int) -> list[Suggestion]:
    """Words for what several texts have in common, the most frequent first.

    Args:
        said: The texts; personal data is taken out before anything is made of them.
        origin: What they are.
        fewest: Texts that make a suggestion.
    """
    redacted = [Said(redact(one.text).text, one.evaluator) for one in said]
    usable = [(one, counts) for one in redacted if (counts := counts_of(one.text))]
    rarity = rarity_of([counts for _, counts in usable])
    groups = _grouped([weighted(counts, rarity) for _, counts in usable], _ALIKE[origin])
    everywhere = Counter(word for one, _ in usable for word in set(words_of(one.text)))
    found = []
    for group in groups:
        members = [usable[place][0] for place in group]
        title = _title(members, everywhere, len(usable))
        if len(members) >= fewest and title:
            about = Counter(one.evaluator for one in members if one.evaluator).most_common(1)
            example = " ".join(members[0].text.split())[:_EXAMPLE]
            found.append(
                Suggestion(
                    title=title,
                    origin=origin,
                    n=len(members),
                    example=example,
                    evaluator=about[0][0] if about and about[0][1] * 2 > len(members) else None,
                )
            )
    return sorted(found, key=lambda one: (-one.n, one.title))[:MOST]


def _grouped(vectors: Sequence[Sparse], alike: float) -> list[list[int]]:
    """Groups of texts that are alike in the mean (average linkage; Sokal, Michener 1958), in the order of their first."""
    if len(vectors) < 2:  # noqa: PLR2004 - it takes two
        return [[place] for place in range(len(vectors))]
    from scipy.cluster import hierarchy

    rows: Floats = np.zeros((len(vectors), DIMENSIONS), dtype=np.float32)
    for row, vector in zip(rows, vectors, strict=True):
        row[vector.places] = vector.values
    apart = np.clip(1.0 - (rows @ rows.T)[np.triu_indices(len(vectors), 1)].astype(np.float64), 0.0, None)
    of = hierarchy.fcluster(hierarchy.linkage(apart, "average"), 1.0 - alike, "distance")
    groups: dict[int, list[int]] = {}
    for place, group in enumerate(of):
        groups.setdefault(int(group), []).append(place)
    return list(groups.values())


def _title(members: Sequence[Said], everywhere: Mapping[str, int], total: int) -> str:
    """Up to three words that most of a group share, and most of the others have not; in the order in which they are said."""
    within = Counter(word for one in members for word in set(words_of(one.text)))
    rest = max(total - len(members), 1)
    good = {
        word: count / len(members) - (everywhere[word] - count) / rest
        for word, count in within.items()
        if len(word) >= _LETTERS
        and count >= _SHARED * len(members)
        and (everywhere[word] - count) <= _COMMON * (total - len(members))
    }
    best = sorted(good, key=lambda word: (-good[word], -len(word), word))[:_IN_TITLE]
    spoken = words_of(members[0].text)
    ordered = sorted(best, key=lambda word: (spoken.index(word) if word in spoken else len(spoken), word))
    return " ".join(ordered).capitalize()


def _is_among(title: str, others: Iterable[str]) -> bool:
    """Whether a title says the same as another: half of their words are the same."""
    mine = set(words_of(title))
    for other in others:
        theirs = set(words_of(other))
        if mine and len(mine & theirs) >= _SAME * len(mine | theirs):
            return True
    return False


def _asked(conversation: Conversation) -> str:
    return text_of(conversation, "user")
