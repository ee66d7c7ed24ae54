"""Judging more often what an earlier evaluator has seen something in, with a known chance for every conversation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from evaluators.base import Evaluator
from evaluators.run import run
from traces.errors import BadInput
from traces.model import Conversation, Score

FLAGGED: Final = 0.5
UNSURE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Strata:
    """Three strata by an earlier evaluator's score: clear (below 0.1, or no score), unsure, and flagged (0.5 or more).

    Each has its own share, and none is left out: what the earlier evaluator is blind to can still be seen. The share of the
    unsure is the geometric mean of the others. Shares are fixed beforehand, so that each score's inclusion
    probability is exact and weighting by its inverse is unbiased (Horvitz and Thompson 1952).

    Attributes:
        earlier: A cheap evaluator.
        clear: Share of clear conversations that is judged, in (0, 1].
        flagged: Share of flagged conversations that is judged, in (0, 1].

    Raises:
        BadInput: When a share is not in (0, 1].
    """

    earlier: Evaluator
    clear: float
    flagged: float

    def __post_init__(self) -> None:
        for field, share in (("sample_rate", self.clear), ("flagged_sample_rate", self.flagged)):
            if not 0 < share <= 1:
                raise BadInput("must be more than 0 and at most 1, so that every stratum has its share", field)

    def share_of(self, conversation: Conversation) -> float:
        """The chance with which conversations of this one's stratum are judged."""
        said = run(self.earlier, conversation)
        value = said.value if isinstance(said, Score) and said.value is not None else 0.0
        if value >= FLAGGED:
            return self.flagged
        return math.sqrt(self.clear * self.flagged) if value >= UNSURE else self.clear
