"""The settings of evaluators."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from bot.config.section import Section

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class EvaluatorOptions(BaseModel):
    """Options of one evaluator, by its name; [evaluators](evaluators.md) says which it has."""

    model_config = ConfigDict(frozen=True, extra="allow")


class EvaluatorSettings(Section):
    """Which evaluators run, and how."""

    enabled: tuple[str, ...] = Field(
        default=(), description="Names of evaluators to run besides those that are on by default."
    )
    disabled: tuple[str, ...] = Field(default=(), description="Names of evaluators to switch off.")
    plugins: tuple[str, ...] = Field(
        default=(), description="Evaluators of your own: module:name or path/to/file.py:name."
    )
    options: dict[_Name, EvaluatorOptions] = Field(default={}, description="Options of single evaluators, by name.")

    @property
    def option_tables(self) -> dict[str, dict[str, Any]]:
        """The keys and values of each evaluator's options, as they were written."""
        return {name: dict(table.model_extra or {}) for name, table in self.options.items()}
