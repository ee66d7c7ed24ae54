"""What follows from the settings for reviewing: how the queue is shared out, and what admins are told of it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.config import Settings
from bot.home import HomeSettings
from bot.judges import SCRIPTED
from bot.review_rules import QueueRules
from bot.slack.blocks.figures import counted

_ASSIGNED = {"anyone": "to anyone", "round_robin": "to each reviewer in turn", "topic": "to those who know the topic"}


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


def home_settings_of(settings: Settings) -> HomeSettings:
    """What the App Home of admins says of the settings, a sentence each."""
    review, roles = settings.review, settings.roles
    taps = f"{review.taps_per_day} answers a day" if review.taps_per_day else "answers without end"
    blind = "blind" if review.blind else "open"
    return HomeSettings(
        lines=(
            ", ".join(
                (
                    f"Roles: {counted(len(roles.admins), 'admin')}",
                    counted(len(roles.reviewers), "reviewer"),
                    f"{counted(len(roles.viewers), 'viewer')}.",
                )
            ),
            f"Review: {taps} for each; {review.double_share:.0%} go to {review.votes} reviewers, {blind}.",
            f"Questions go {_ASSIGNED[review.assignment]}.",
        ),
        alerts_channel=settings.slack.alerts_channel,
        review_channel=settings.slack.review_channel,
        judges=tuple(judge.name for judge in settings.judges if judge.model != SCRIPTED),
    )
