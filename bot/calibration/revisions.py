"""What is added to judges' criteria now, as people approved it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from evaluators.judge.alignment import Revision, Shown, basis_of
from evaluators.judge.criterion import Answer, Criterion, Example
from traces.store import Tx
from traces.store.proposals import Proposal, ShownExample

_ANSWERS: Mapping[str, Answer] = {answer: answer for answer in get_args(Answer)}


class Revisions:
    """The approved revision of each criterion; one that was made for other words of the team is passed over."""

    def __init__(self) -> None:
        self._in_force: Mapping[str, tuple[str, Revision]] = {}

    def __call__(self, criterion: Criterion) -> Revision | None:
        basis, revision = self._in_force.get(criterion.name, ("", None))
        return revision if revision is not None and basis == basis_of(criterion) else None

    def refresh(self, tx: Tx) -> None:
        """Take over what was approved, or undone, since: in whichever process."""
        self._in_force = {name: (one.basis, revision_of(one)) for name, one in tx.proposals.in_force().items()}


def revision_of(proposal: Proposal) -> Revision:
    """What a proposal adds to a criterion."""
    return Revision(
        guidance=proposal.guidance,
        shown=tuple(
            Shown(
                one.conversation_id,
                Example(text=one.text, verdict=_ANSWERS[one.verdict], explanation=one.explanation),
            )
            for one in proposal.examples
        ),
    )


def stored_examples(revision: Revision) -> tuple[ShownExample, ...]:
    """A revision's examples as the store keeps them."""
    return tuple(
        ShownExample(
            conversation_id=shown.conversation_id,
            text=shown.example.text,
            verdict=shown.example.verdict,
            explanation=shown.example.explanation,
        )
        for shown in revision.shown
    )
