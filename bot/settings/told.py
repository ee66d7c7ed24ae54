"""What follows from the settings for reviewing: how the queue is shared out, and what admins are told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.config.settings import RoleSettings, Settings
from bot.judges import SCRIPTED
from bot.reviewing.rules import QueueRules
from bot.slack.blocks.figures import counted

_ASSIGNED = {"anyone": "to anyone", "round_robin": "to each reviewer in turn", "topic": "to those who know the topic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeSettings:
    """``lines`` are settings that admins see, one sentence each; ``judges`` are the evaluators that cost money."""

    lines: tuple[str, ...] = ()
    alerts_channel: str = ""
    review_channel: str = ""
    judges: tuple[str, ...] = ()


def queue_rules_of(settings: Settings, reviewers: Sequence[str]) -> QueueRules:
    """How the review queue works; ``reviewers`` take turns."""
    review = settings.review
    return QueueRules(
        taps_per_day=review.taps_per_day,
        assignment=review.assignment,
        reviewers=reviewers,
        topics=review.topics,
        votes=review.rule_of_votes,
    )


def roles_line(roles: RoleSettings) -> str:
    """How many people have which role, in a sentence."""
    admins, reviewers = counted(len(roles.admins), "admin"), counted(len(roles.reviewers), "reviewer")
    return f"Roles: {admins}, {reviewers}, {counted(len(roles.viewers), 'viewer')}."


def home_settings_of(settings: Settings) -> HomeSettings:
    """What the App Home of admins says of the settings, a sentence each."""
    review = settings.review
    taps = f"{review.taps_per_day} answers a day" if review.taps_per_day else "answers without end"
    blind = "blind" if review.blind else "open"
    return HomeSettings(
        lines=(
            f"Review: {taps} for each; {review.double_share:.0%} go to {review.votes} reviewers, {blind}.",
            f"Questions go {_ASSIGNED[review.assignment]}.",
        ),
        alerts_channel=settings.slack.alerts_channel,
        review_channel=settings.slack.review_channel,
        judges=tuple(judge.name for judge in settings.judges if judge.model != SCRIPTED),
    )
