"""The classifiers that speak now, as the store has them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from evaluators.base import Evaluator
from evaluators.learned.evaluator import Learning, is_learnable
from evaluators.learned.head import Head, head_of
from traces.errors import BadInput
from traces.store import Tx

_LOG = logging.getLogger(__name__)


class Heads:
    """The current classifier of each evaluator. One that cannot be read is as good as none: then the rules speak."""

    def __init__(self) -> None:
        self._heads: dict[str, Head | None] = {}
        self._stamps: dict[str, datetime] = {}

    def __call__(self, evaluator: str) -> Head | None:
        return self._heads.get(evaluator)

    def forget(self, evaluator: str) -> None:
        """Read this one anew with the next refresh, whatever its time."""
        self._stamps.pop(evaluator, None)

    def refresh(self, tx: Tx) -> None:
        """Take over what was learned since, by whichever process."""
        stamps = tx.classifiers.stamps()
        for name in (name for name, at in stamps.items() if self._stamps.get(name) != at):
            learned = tx.classifiers.current(name)
            self._heads[name] = None if learned is None else _read(name, learned.body)
        self._stamps = stamps


def _read(name: str, body: object) -> Head | None:
    try:
        return head_of(body if isinstance(body, dict) else {})
    except BadInput as error:
        _LOG.error("the classifier of %s cannot be read (%s); the rules speak", name, error.message)
        return None


def learning(evaluators: Sequence[Evaluator], heads: Heads) -> tuple[Evaluator, ...]:
    """The evaluators, each with its classifier where there can be one."""
    return tuple(Learning(e, heads) if is_learnable(e) else e for e in evaluators)
