"""The reviewers: each one's record, for that person and for admins."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.calibration.labelled import answers_in
from evaluators.calibration.record import Record, record_of
from evaluators.calibration.reviewers import Answer
from traces.model import GOLD
from traces.store import Tx

_WEEK: Final = timedelta(days=7)
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 500
"""Labels of one reviewer that a record goes by, the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerCard:
    """A reviewer with a display name, how many labels stand, how many of them are of the last seven days, and the record."""

    reviewer: str
    name: str
    labels: int
    this_week: int
    record: Record


def reviewer_record(tx: Tx, reviewer: str) -> Record:
    """A reviewer's record, by the latest five hundred labels."""
    own = tx.reviews.labels_by(reviewer, _LATEST)
    beside = tx.reviews.labels_of({label.conversation_id for label in own})
    asked = {(label.conversation_id, label.name) for label in own}
    questions: defaultdict[str, list[Answer]] = defaultdict(list)
    for labels in beside.values():
        for label in labels:
            if (label.conversation_id, label.name) in asked:
                questions[label.name] += answers_in([label])
    return record_of(reviewer, questions, [label.at for label in own if label.at is not None])


def reviewer_cards(tx: Tx, now: datetime) -> list[ReviewerCard]:
    """Every reviewer who has labelled, the busiest of the last seven days first."""
    names = tx.state.reviewer_names()
    ever, week = (_by_reviewer(tx, since) for since in (_EVER, now - _WEEK))
    return [
        ReviewerCard(
            reviewer=reviewer,
            name=names.get(reviewer, reviewer),
            labels=labels,
            this_week=week[reviewer],
            record=reviewer_record(tx, reviewer),
        )
        for reviewer, labels in sorted(ever.items(), key=lambda one: (-week[one[0]], -one[1], one[0]))
    ]


def _by_reviewer(tx: Tx, since: datetime) -> Counter[str]:
    total: Counter[str] = Counter()
    for (_, reviewer), labels in tx.reviews.tally(since).items():
        total[reviewer] += labels
    total.pop(GOLD, None)
    return total
