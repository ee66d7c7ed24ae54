"""The signals of Hark itself: what it cannot do, or cannot know, while something is wrong with it or with what feeds it."""

from __future__ import annotations

from typing import Final

from traces.model import Kind, Signal

SILENCE: Final = "source"
"""What a signal counts that tells of a silence, by the habit of what fell silent."""
HARK: Final = "part of Hark"
"""What a signal counts that tells of a fault of Hark itself."""

SOURCE_LAG: Final = Signal(
    name="source_lag",
    kind=Kind.CONTINUOUS,
    unit="min",
    min_relative=1.0,
    min_absolute=15.0,
    by_segment=False,
    counts=SILENCE,
    summary="Minutes since the newest trace of a polled store began, or since a client last sent, by source.",
)
NO_DATA: Final = Signal(
    name="no_data",
    kind=Kind.CONTINUOUS,
    unit="min",
    min_relative=1.0,
    min_absolute=15.0,
    by_segment=False,
    counts=SILENCE,
    summary="Minutes since an application's last conversation, by application.",
)


def _of_hark(name: str, unit: str, summary: str) -> Signal:
    return Signal(
        name=name,
        kind=Kind.CONTINUOUS,
        unit=unit,
        min_relative=0.0,
        by_segment=False,
        counts=HARK,
        summary=summary,
    )


EVALUATOR_STALL: Final = _of_hark(
    "evaluator_stall",
    "min",
    "Minutes that the oldest conversation waits to be evaluated: by code and classifiers, or by judges.",
)
JUDGE_BUDGET: Final = _of_hark(
    "judge_budget", "conversations", "Conversations that a judge was not asked about today because its budget is spent."
)
OUTBOX_AGE: Final = _of_hark(
    "outbox_age", "min", "Minutes that the oldest message for Slack, or notice for a receiver, is overdue."
)
DEAD_LETTERS: Final = _of_hark("dead_letters", "messages", "Messages of the last 24 hours that were given up.")
SLACK_TOKEN: Final = _of_hark("slack_token", "min", "Minutes since Slack began to refuse the bot's token.")
CLOCK_JUMP: Final = _of_hark("clock_jump", "s", "Seconds by which the machine's clock was set, or the machine slept.")
DISK_SPACE: Final = _of_hark("disk_space", "%", "Share of the disk with the database that is in use.")
JOB_FAILURE: Final = _of_hark("job_failure", "min", "Minutes since a job of Hark last ended without an error.")

FAULTS: Final = (
    EVALUATOR_STALL, JUDGE_BUDGET, OUTBOX_AGE, DEAD_LETTERS, SLACK_TOKEN, CLOCK_JUMP, DISK_SPACE, JOB_FAILURE,
)  # fmt: skip
OWN: Final = (SOURCE_LAG, NO_DATA, *FAULTS)
UNDELIVERABLE: Final = frozenset({OUTBOX_AGE.name, DEAD_LETTERS.name, SLACK_TOKEN.name})
"""What Slack may never show, because Slack is what fails: every receiver is told, whatever the routes say."""


def is_own(signal: Signal | None) -> bool:
    """Whether a signal is of Hark or of what feeds it, and not of conversations."""
    return signal is not None and signal.counts in (SILENCE, HARK)
