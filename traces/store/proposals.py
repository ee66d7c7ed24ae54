"""What is proposed for judges' criteria, what became of it, and what stands approved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update

from traces.model import JsonMap
from traces.schema import proposal_examples, proposals
from traces.store.base import Part

_P = proposals
_E = proposal_examples


class ProposalState(StrEnum):
    """What became of a proposal; an approved one is in force unless a later one is, or it was undone."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownExample:
    """A part of a conversation, redacted, with the right answer, as a judge is shown it."""

    conversation_id: str
    text: str
    verdict: str
    explanation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A revision of a judge's criterion.

    Attributes:
        basis: A digest of the team's own words that it is added to; beside others it means nothing.
        replaces: The proposal that was in force when this one was tried; empty where none was.
        before_version: The judge's version then; ``version`` the one that approval brings.
        guidance: What is added to the criterion.
        examples: What is shown to the judge. Those whose conversations are past their retention are gone.
        report: The trial: both criteria on held-out labels, and the conversations on which somebody was wrong.
        decided_by: Who approved, rejected or undid it; empty while it waits.
    """

    proposal_id: str
    evaluator: str
    created_at: datetime
    basis: str
    before_version: str
    version: str
    guidance: str = ""
    replaces: str = ""
    examples: tuple[ShownExample, ...] = ()
    report: JsonMap = field(default_factory=dict)
    state: ProposalState = ProposalState.PROPOSED
    decided_by: str = ""
    decided_at: datetime | None = None


_COLUMNS = [name for name in Proposal.__slots__ if name != "examples"]


class Proposals(Part):
    """Proposals by id."""

    def add(self, proposal: Proposal) -> None:
        row = {name: getattr(proposal, name) for name in _COLUMNS} | {"state": proposal.state.value}
        self._connection.execute(insert(_P), {"workspace_id": self._workspace_id, **row})
        examples = [
            {"workspace_id": self._workspace_id, "proposal_id": proposal.proposal_id, "place": place}
            | {name: getattr(example, name) for name in ShownExample.__slots__}
            for place, example in enumerate(proposal.examples)
        ]
        if examples:
            self._connection.execute(insert(_E), examples)

    def get(self, proposal_id: str) -> Proposal | None:
        """One proposal with its examples."""
        return next(iter(self._found(_P.c.proposal_id == proposal_id)), None)

    def every(self, evaluator: str | None = None) -> list[Proposal]:
        """The proposals for an evaluator, or for all, oldest first."""
        return self._found() if evaluator is None else self._found(_P.c.evaluator == evaluator)

    def waiting(self) -> list[Proposal]:
        """Those that wait for a person's word, oldest first."""
        return self._found(_P.c.state == ProposalState.PROPOSED.value)

    def in_force(self) -> dict[str, Proposal]:
        """By evaluator, the one that was approved last and still stands."""
        approved = self._found(_P.c.state == ProposalState.APPROVED.value)
        approved.sort(key=lambda one: (one.decided_at or one.created_at, one.proposal_id))
        return {one.evaluator: one for one in approved}

    def decide(self, proposal_id: str, expecting: ProposalState, state: ProposalState, by: str, at: datetime) -> bool:
        """Note what became of a proposal; false where it is not, or no longer, in the state that was expected."""
        result = self._connection.execute(
            update(_P)
            .where(
                _P.c.workspace_id == self._workspace_id,
                _P.c.proposal_id == proposal_id,
                _P.c.state == expecting.value,
            )
            .values(state=state.value, decided_by=by, decided_at=at)
        )
        return result.rowcount == 1

    def one_at_a_time(self, evaluator: str) -> None:
        """Wait for other transactions that decide on this evaluator's proposals, until this one ends."""
        self._one_at_a_time(f"proposals {evaluator}")

    def _found(self, *conditions: Any) -> list[Proposal]:
        rows = self._connection.execute(
            select(_P)
            .where(_P.c.workspace_id == self._workspace_id, *conditions)
            .order_by(_P.c.created_at, _P.c.proposal_id)
        ).all()
        examples = self._examples([row.proposal_id for row in rows])
        return [
            Proposal(
                **{name: getattr(row, name) for name in _COLUMNS}
                | {"state": ProposalState(row.state), "examples": tuple(examples[row.proposal_id])}
            )
            for row in rows
        ]

    def _examples(self, ids: Sequence[str]) -> dict[str, list[ShownExample]]:
        found: dict[str, list[ShownExample]] = defaultdict(list)
        if not ids:
            return found
        rows = self._connection.execute(
            select(_E)
            .where(_E.c.workspace_id == self._workspace_id, _E.c.proposal_id.in_(ids))
            .order_by(_E.c.proposal_id, _E.c.place)
        )
        for row in rows:
            found[row.proposal_id].append(ShownExample(**{name: getattr(row, name) for name in ShownExample.__slots__}))
        return found
