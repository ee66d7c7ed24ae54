"""The window in which a reviewer says more of a conversation: what it offers, and what stands in it from the start."""

from __future__ import annotations

from typing import get_args

from bot.reviewing.review import SEVERITY, item_in
from bot.reviewing.taxonomy import Taxonomy
from bot.slack.access import Person
from bot.slack.blocks.label_modal import carried, label_modal
from bot.slack.blocks.surface import View
from bot.slack.blocks.values import LabelSubmission, Severity, TaxonomyOption, Verdict
from bot.slack.render import Renderer
from evaluators.truth import truth_of
from traces.errors import BadInput
from traces.model import GOLD
from traces.store import Store, Tx
from traces.store.reviews import ReviewItem


class Labelling:
    """Draws the window."""

    def __init__(self, store: Store, renderer: Renderer, taxonomy: Taxonomy) -> None:
        self._store = store
        self._renderer = renderer
        self._taxonomy = taxonomy

    def window(self, item_id: str, person: Person, *, may_know: bool = False) -> View:
        """The window about an item, filled with what this reviewer has said before.

        Args:
            item_id: The item.
            person: The reviewer.
            may_know: Whether this person may say what the known answer is.

        Raises:
            BadInput: The item is gone.
        """
        with self._store.read() as tx:
            item = item_in(tx, item_id)
            flagged = self._renderer.flagged(tx, item, person.user_id)
            if flagged is None:
                raise BadInput("this conversation is no longer open for review")
            known = _is_known(tx, item) if may_know else None
            said, offered = _said_before(tx, item, person), self._words(tx, item.evaluator)
        return label_modal(item_id, flagged.question, offered, turns=flagged.turns, current=said, is_known=known)

    def words_beside(self, item_id: str) -> frozenset[str]:
        """The further labels that the window about an item offers.

        Raises:
            BadInput: The item is gone.
        """
        with self._store.read() as tx:
            return frozenset(carried(self._words(tx, item_in(tx, item_id).evaluator)))

    def _words(self, tx: Tx, evaluator: str) -> list[TaxonomyOption]:
        return [TaxonomyOption(value=e.name, label=e.title) for e in self._taxonomy.offered(tx, evaluator)]


def _is_known(tx: Tx, item: ReviewItem) -> bool:
    return tx.reviews.standing_label(item.conversation_id, item.evaluator, GOLD) is not None


def _said_before(tx: Tx, item: ReviewItem, person: Person) -> LabelSubmission | None:
    """What this reviewer said of a conversation, to start from; ``None`` without an answer or a word."""
    labels = tx.reviews.labels_of([item.conversation_id]).get(item.conversation_id, [])
    own = {label.name: label for label in labels if label.reviewer == person.user_id}
    kept = tx.datasets.item(item.conversation_id)
    answer, severity = own.get(item.evaluator), own.get(SEVERITY)
    if not own and kept is None:
        return None
    truth = None if answer is None else truth_of(answer.value)
    verdict: Verdict | None = None if answer is None else "unsure" if truth is None else "yes" if truth else "no"
    note = answer.note if answer is not None else next((label.note for label in own.values() if label.note), None)
    return LabelSubmission(
        item_id=item.item_id,
        verdict=verdict,
        labels=tuple(name for name, label in own.items() if truth_of(label.value)),
        severity=next((s for s in get_args(Severity) if severity is not None and s == severity.value), None),
        note=note,
        expected=None if kept is None else kept.expected,
        is_kept=kept is not None,
    )
