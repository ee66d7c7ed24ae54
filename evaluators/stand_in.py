"""An evaluator in front of another, whose name and question it bears."""

from __future__ import annotations

from abc import ABC, abstractmethod

from evaluators.base import Evaluator, Layer, Need, When, traits_of
from traces.model import Direction


class StandIn(ABC):
    """Is known to people as the evaluator behind it: all but the version and the verdicts is the other's."""

    @property
    @abstractmethod
    def behind(self) -> Evaluator:
        """Whom it stands in for, as that stands now."""

    @property
    def name(self) -> str:
        return self.behind.name

    @property
    def when(self) -> When:
        return self.behind.when

    @property
    def summary(self) -> str:
        return self.behind.summary

    @property
    def question(self) -> str:
        return self.behind.question

    @property
    def yes_label(self) -> str:
        return self.behind.yes_label

    @property
    def no_label(self) -> str:
        return self.behind.no_label

    @property
    def bad(self) -> Direction:
        return self.behind.bad

    @property
    def layer(self) -> Layer:
        return traits_of(self.behind).layer

    @property
    def needs(self) -> tuple[Need, ...]:
        return traits_of(self.behind).needs

    @property
    def cost(self) -> str:
        return traits_of(self.behind).cost

    @property
    def looks_for_hidden(self) -> bool:
        return traits_of(self.behind).looks_for_hidden
