"""The settings of reviewing: how many are asked what, who, and what they see of each other."""

from __future__ import annotations

from pydantic import Field, model_validator

from bot.config.section import Section
from bot.reviewing.rules import Assignment, Votes


class ReviewSettings(Section):
    """What reviewers are asked."""

    examples_per_alert: int = Field(default=5, ge=0, le=10, description="Example conversations in an alert's thread.")
    items_per_day: int = Field(
        default=20, ge=0, le=1_000, description="Flagged conversations posted to the review channel in a day."
    )
    most_per_day: int = Field(
        default=40,
        ge=0,
        le=10_000,
        description="Never more conversations than this are posted to the review channel in a day (UTC), however many "
        "are flagged.",
    )
    taps_per_day: int = Field(
        default=100,
        ge=0,
        le=10_000,
        description="Answers that the queue asks of one reviewer in a day (UTC); 0 is without end.",
    )
    votes: int = Field(
        default=2,
        ge=1,
        le=5,
        description="Reviewers who answer where more than one is asked; one more where they disagree.",
    )
    double_share: float = Field(
        default=0.1, ge=0, le=1, description="Share of the conversations that more than one reviewer is asked about."
    )
    blind: bool = Field(
        default=False,
        description="Nobody is shown what others said of a conversation before having answered; a channel sees only how "
        "many have, until there are as many votes as set.",
    )
    assignment: Assignment = Field(
        default="anyone",
        description="Whose queue a conversation is in for its first day: anyone's, that of each reviewer in turn "
        "(round_robin, over reviewers and admins of [roles]), or of those who know its topic (topic).",
    )
    topics: dict[str, tuple[str, ...]] = Field(
        default={},
        description="With assignment topic: by evaluator, or by topic or scenario of the conversation, the Slack user ids.",
        examples=[{"refusal": ["U0MAYA"], "billing": ["U0JONAS", "U0PRIYA"]}],
    )

    @model_validator(mode="after")
    def _topics_are_used(self) -> ReviewSettings:
        if self.assignment == "topic" and not self.topics:
            raise ValueError("assignment: topic needs topics; name who knows about what below [review.topics]")
        if self.topics and self.assignment != "topic":
            raise ValueError('topics: only read with assignment = "topic"')
        return self

    @property
    def rule_of_votes(self) -> Votes:
        """How many reviewers are asked, and what they see of each other."""
        return Votes(several=self.votes, double_share=self.double_share, is_blind=self.blind)
