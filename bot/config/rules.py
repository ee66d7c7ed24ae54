"""The settings of rules: objectives whose error budget burns, and plain bounds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from alerts.rules import Bound, Objective
from alerts.signals import BUILT_IN
from bot.config.section import Section
from bot.config.signals import Runbook
from traces.model import Segment

_SIZES = {signal.name: signal.tail_of for signal in BUILT_IN if signal.tail_of is not None}


def _is_no_tail(name: str) -> str:
    if name in _SIZES:
        raise ValueError(f"{name} is measured against its own past and has no bound; give one to {_SIZES[name]}")
    return name


SignalReference: TypeAlias = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_is_no_tail)]


class ObjectiveSettings(Section):
    """An objective (SLO): the share of conversations that has to be good.

    Told when its error budget burns at 14.4 times (over 1 h and 5 min), 6 times (6 h and 30 min) or once (3 days and 6 h)
    the pace that it allows.
    """

    signal: SignalReference = Field(description="A signal that is a rate.", examples=["error_rate"])
    objective: float = Field(
        gt=0, lt=1, description="Share of conversations on the good side: 0.99 is 99 %.", examples=[0.99]
    )
    days: float = Field(default=30.0, ge=1, le=90, description="Days that the error budget is for.")
    where: dict[str, str] = Field(default={}, max_length=1, description='One segment, e.g. { model = "gpt-4o" }.')
    fewest: int = Field(
        default=20, ge=1, le=1_000_000, description="Conversations in the long window that let it speak."
    )
    runbook: Runbook = Field(
        default=None,
        description="Where to read what to do about it; the menu of its alerts leads there, before that of the signal. "
        "Only https.",
        examples=["https://wiki.example.com/answers"],
    )


class BoundSettings(Section):
    """A plain bound on a signal: a rate from 0 to 1, the p95 of seconds, the mean of money, a count by the hour."""

    signal: SignalReference = Field(description="Any signal.", examples=["latency"])
    above: float | None = Field(default=None, allow_inf_nan=False, description="Told above this.", examples=[8.0])
    below: float | None = Field(default=None, allow_inf_nan=False, description="Told below this.", examples=[0.1])
    hours: float = Field(default=1.0, ge=0.25, le=168, description="Over so many hours.")
    where: dict[str, str] = Field(default={}, max_length=1, description='One segment, e.g. { model = "gpt-4o" }.')
    fewest: int = Field(
        default=20, ge=1, le=1_000_000, description="Values in that time that let it speak; not of a count."
    )
    runbook: Runbook = Field(
        default=None,
        description="Where to read what to do about it; the menu of its alerts leads there, before that of the signal. "
        "Only https.",
        examples=["https://wiki.example.com/slow"],
    )

    @model_validator(mode="after")
    def _bounds_something(self) -> BoundSettings:
        if self.above is None and self.below is None:
            raise ValueError("neither above nor below is given; add one")
        if self.above is not None and self.below is not None and self.below > self.above:
            raise ValueError("below is larger than above, so that every value breaks it; exchange them")
        return self


def runbooks_of(slos: Mapping[str, ObjectiveSettings], thresholds: Mapping[str, BoundSettings]) -> dict[str, str]:
    """By origin of a rule, as an alert of it names that, the runbook that it was given."""
    return {rule.origin: rule.runbook for rule in rules_of(slos, thresholds) if rule.runbook is not None}


def rules_of(slos: Mapping[str, ObjectiveSettings], thresholds: Mapping[str, BoundSettings]) -> list[Objective | Bound]:
    """The rules of a team."""
    return [
        *(
            Objective(
                name=name,
                signal=s.signal,
                objective=s.objective,
                days=s.days,
                segment=Segment(tuple(s.where.items())),
                fewest=s.fewest,
                runbook=s.runbook,
            )
            for name, s in slos.items()
        ),
        *(
            Bound(
                name=name,
                signal=s.signal,
                above=s.above,
                below=s.below,
                length=timedelta(hours=s.hours),
                segment=Segment(tuple(s.where.items())),
                fewest=s.fewest,
                runbook=s.runbook,
            )
            for name, s in thresholds.items()
        ),
    ]
