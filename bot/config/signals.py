"""The settings of signals: the built-in ones tuned or switched off, and a team's own."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, field_validator, model_validator

from alerts.defined import Definition, parse_measure
from alerts.sensitivity import Sensitivity
from alerts.signals import BUILT_IN, SignalOverride
from bot.config.section import Section
from traces.model import Direction, Kind

SignalName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}(\.[a-z0-9_]{1,63})?$")]
Runbook: TypeAlias = Annotated[str | None, Field(max_length=1_000, pattern=r"^https://[^\s/?#]+")]
"""Where a team reads what to do about an alert."""
_BUILT_IN = frozenset(signal.name for signal in BUILT_IN)


class SignalSettings(Section):
    """One signal's own settings. With measure it is a signal of your own, under a name of your own."""

    enabled: bool = Field(default=True, description="Whether the signal raises alerts.")
    bad: Direction | None = Field(
        default=None, description="Which way is bad: up, down or both.", examples=[Direction.UP]
    )
    min_relative: float | None = Field(
        default=None, ge=0, description="Smallest relative change worth an alert: 0.3 is 30 %.", examples=[0.3]
    )
    min_absolute: float | None = Field(
        default=None,
        ge=0,
        description="Smallest absolute change worth an alert, in the signal's unit; rates from 0 to 1.",
        examples=[0.01],
    )
    sensitivity: Sensitivity | None = Field(
        default=None,
        description="How readily it raises an alert: low accepts a tenth of the false alerts that others may raise, high ten "
        "times as many; default: usual.",
        examples=[Sensitivity.HIGH],
    )
    runbook: Runbook = Field(
        default=None,
        description="Where to read what to do about it; the menu of its alerts leads there. Only https.",
        examples=["https://wiki.example.com/refusals"],
    )
    measure: str | None = Field(
        default=None,
        max_length=255,
        description="What a signal of your own measures: metadata.KEY (a number; dots lead into nested objects), "
        "tool.NAME.failed (among the conversations that call it), tool.NAME.called, score.NAME, or conversations.",
        examples=["metadata.discount_given"],
    )
    where: dict[str, str] = Field(
        default={},
        description="Your own signal: only conversations whose metadata say so are measured.",
    )
    at_least: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Of numbers or a score: watch the share of conversations at or above this.",
        examples=[100.0],
    )
    kind: Kind | None = Field(
        default=None,
        description="How your own signal is tested, where it is not plain from what is measured: count, rate, continuous (by "
        "its logarithm), score (by its mean), value (a number of another system, by its own course).",
        examples=[Kind.RATE],
    )
    unit: str = Field(default="", max_length=12, description="Unit of the numbers: s, USD, or any word.")
    by_segment: bool = Field(default=True, description="Whether your own signal is watched in every segment.")
    summary: str = Field(default="", max_length=200, description="What your own signal is, in a sentence.")

    @field_validator("measure")
    @classmethod
    def _is_understood(cls, measure: str | None) -> str | None:
        if measure is not None:
            parse_measure(measure)
        return measure

    @model_validator(mode="after")
    def _can_be_measured(self) -> SignalSettings:
        if self.measure is None:
            if self.where or self.at_least is not None or self.kind is not None or self.unit or self.summary:
                raise ValueError("where, at_least, kind, unit and summary describe a signal of your own; add measure")
            return self
        if mistake := parse_measure(self.measure, at_least=self.at_least, kind=self.kind).mistake:
            raise ValueError(mistake)
        return self

    @property
    def definition(self) -> Definition | None:
        """How this signal of the team's own is measured; ``None`` where it tunes one that is there."""
        if self.measure is None:
            return None
        return parse_measure(
            self.measure,
            where=tuple(sorted(self.where.items())),
            at_least=self.at_least,
            kind=self.kind,
            unit=self.unit,
            by_segment=self.by_segment,
            summary=self.summary,
        )


def mistakes_in(signals: dict[str, SignalSettings]) -> list[str]:
    """What is wrong with the names of the team's own signals."""
    return [
        f"signals.{name}: {name} is built in and measured by itself; give a signal of your own another name"
        for name, settings in signals.items()
        if settings.measure is not None and name in _BUILT_IN
    ]


def overrides_of(signals: dict[str, SignalSettings]) -> dict[str, SignalOverride]:
    """What the team changed of its signals, and those that it added."""
    return {
        name: SignalOverride(
            definition=s.definition,
            enabled=s.enabled,
            bad=s.bad,
            min_relative=s.min_relative,
            min_absolute=s.min_absolute,
            sensitivity=s.sensitivity,
            runbook=s.runbook,
        )
        for name, s in signals.items()
    }
