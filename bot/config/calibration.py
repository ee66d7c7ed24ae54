"""The settings of calibration: what thresholds promise, who moves them, and how judges are watched."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.config.section import Section
from evaluators.calibration.promise import Measure, Promise

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class PromiseSettings(Section):
    """What the threshold of an evaluator promises, nine times in ten."""

    measure: Measure = Field(
        default=Measure.PRECISION,
        description="precision: of what is flagged, so much is true; recall: of what is true, so much is flagged.",
    )
    at_least: float = Field(gt=0, lt=1, description="The share that is promised.", examples=[0.9])

    @property
    def promise(self) -> Promise:
        """What is promised."""
        return Promise(self.measure, self.at_least)


class CalibrationSettings(Section):
    """What labels may move by themselves."""

    thresholds: Literal["automatic", "approval"] = Field(
        default="automatic",
        description="Whether labels move thresholds at once, or propose moves that a person approves; "
        "either way each move can be undone.",
    )
    promises: dict[_Name, PromiseSettings] = Field(
        default={}, description="What thresholds promise, by evaluator; without one, the cut that tells best is taken."
    )
    anchors: int = Field(
        default=30,
        ge=0,
        le=500,
        description="Labelled conversations by which a judge is watched for drift; 0 watches none.",
    )
    anchors_every_hours: float = Field(
        default=24.0, gt=0, le=8_760, description="Hours after which a judge is asked about its anchors again."
    )
    alignment: bool = Field(
        default=True,
        description="Whether judges are tried with examples and guidance from labels that disagree with them, "
        "and a person is asked to approve what does better on other labels.",
    )
