"""The settings of calibration: what thresholds promise, who moves them, and how judges are watched."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.section import Section
from evaluators.calibration.promise import Measure, Promise

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_Share = Annotated[float, Field(gt=0, lt=1)]


class PromiseSettings(Section):
    """What the threshold of an evaluator promises, nine times in ten; one of the two."""

    precision: _Share | None = Field(
        default=None, description="At least this share of what is flagged is true.", examples=[0.9]
    )
    recall: _Share | None = Field(
        default=None, description="At least this share of what is true is flagged.", examples=[0.8]
    )

    @model_validator(mode="after")
    def _is_one(self) -> PromiseSettings:
        if (self.precision is None) == (self.recall is None):
            raise ValueError("promise either precision or recall")
        return self

    @property
    def promise(self) -> Promise:
        """What is promised."""
        if self.precision is not None:
            return Promise(Measure.PRECISION, self.precision)
        assert self.recall is not None
        return Promise(Measure.RECALL, self.recall)


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
