"""What the store says about labels and changes, gathered for an answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.slack.blocks.changes import ChangeLine
from bot.slack.blocks.detail import nearest_change
from bot.slack.blocks.labels import LabelLine, LabelsReport
from traces.model import GOLD
from traces.store import Tx

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_ALERTS_READ = 500
_CHANGES_MOST = 200


def labels_report(tx: Tx, now: datetime) -> LabelsReport:
    """What reviewers said so far, and in the seven days before ``now``."""
    calibrations, names = tx.calibrations.current(), tx.state.reviewer_names()
    earlier = tx.calibrations.first_since(now - _WEEK)
    recent = tx.reviews.tally(now - _WEEK)
    by_name, by_reviewer = _summed(recent, 0), _summed(recent, 1)
    by_reviewer.pop(GOLD, None)
    lines = [
        LabelLine(
            name=name,
            labels=labels,
            this_week=by_name[name],
            calibration=calibrations.get(name),
            before=earlier.get(name),
        )
        for name, labels in tx.reviews.label_counts().items()
    ]
    busiest = sorted(by_reviewer.items(), key=lambda one: (-one[1], one[0]))
    return LabelsReport(
        lines=tuple(sorted(lines, key=lambda line: (-line.labels, line.name))),
        reviewers=tuple((names.get(reviewer, reviewer), labels) for reviewer, labels in busiest),
        waiting=tx.reviews.unlabelled(),
    )


def _summed(tally: Mapping[tuple[str, str], int], place: int) -> Counter[str]:
    total: Counter[str] = Counter()
    for key, labels in tally.items():
        total[key[place]] += labels
    return total


def changes_report(tx: Tx, now: datetime, period: timedelta) -> list[ChangeLine]:
    """What was first seen in the last ``period``, newest first, and the alerts whose nearest change it is."""
    followed: dict[tuple[str, str], list[str]] = defaultdict(list)
    for alert in tx.alerts.all(_ALERTS_READ):
        if (near := nearest_change(alert)) is not None and alert.signal not in followed[near.kind, near.value]:
            followed[near.kind, near.value].append(alert.signal)
    changes = tx.state.changes_between(now - period, now + _DAY)
    return [
        ChangeLine(change=change, alerts=tuple(followed.get((change.kind, change.value), ())))
        for change in reversed(changes[-_CHANGES_MOST:])
    ]
