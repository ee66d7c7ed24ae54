"""Replaces personal data and secrets in what is stored, once conversations were evaluated and their time is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from traces.store import Store
from traces.store.words import Due
from traces.unkept import hide

_LOG = logging.getLogger(__name__)
_AT_ONCE = 20
_TURN_S = 0.05
"""Others wait for their turn at the database no longer than about this."""
_KNOWN_AT_MOST = 20_000
_OLD_AT_ONCE = 5_000
_OLD_SCORES = "words of superseded scores"
_DONE = "done"
UNEVALUATED: Final = timedelta(days=7)
"""How long words are kept for evaluators that do not come to an end, such as a judge that does not answer."""


class Hiding:
    """Leaves no words in what is stored that redaction knows.

    Args:
        store: Of one workspace.
        keep: How long words are kept after a conversation ended.
        is_chosen: Whether somebody has said so. By default what was stored before words came to be replaced stays: that
            it goes, for good, is for a person to decide.
        monotonic: Seconds that pass.
    """

    def __init__(
        self, store: Store, keep: timedelta, *, is_chosen: bool, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._keep = keep
        self._is_chosen = is_chosen
        self._monotonic = monotonic
        self._since: datetime | None = None
        self._has_begun = self._are_old_stripped = False

    def run(self, now: datetime, is_enough: Callable[[], bool] = lambda: False) -> int:
        """Look through what is due as of ``now``, until all is done or ``is_enough``; returns how many conversations."""
        self._begin(now)
        too_long = now - max(self._keep, UNEVALUATED)
        due = Due(ended_before=now - self._keep, changed_before=too_long, since=self._since, now=now)
        looked = hide_due(self._store, due, is_enough, self._monotonic)
        while self._is_chosen and not is_enough() and self._strip_old(now):
            pass
        return looked

    def _strip_old(self, now: datetime) -> bool:
        """What judges answered under an older Hark, and scores that were superseded quote; whether more is left."""
        if self._are_old_stripped:
            return False
        with self._store.begin() as tx:
            after = tx.state.job_outcome(_OLD_SCORES)
            if after is None:
                tx.retention.purge_answers(now)
            if after != _DONE:
                after = tx.scores.forget_old_words(after if isinstance(after, int) else 0, _OLD_AT_ONCE)
                tx.state.job_ran(_OLD_SCORES, now, _DONE if after is None else after)
        self._are_old_stripped = after in (None, _DONE)
        return not self._are_old_stripped

    def _begin(self, now: datetime) -> None:
        if self._has_begun:
            return
        if not self._is_chosen:
            with self._store.begin() as tx:
                self._since = tx.words.kept_until(now)
                undecided = tx.words.undecided(now)
            if undecided:
                _LOG.warning(said_of_undecided(undecided))
        self._has_begun = True


def said_of_undecided(count: int) -> str:
    """What is to be decided about conversations that are kept word by word by nobody's decision."""
    held = "1 conversation that was" if count == 1 else f"{count:,} conversations that were"
    return (
        f"{held} stored by an older Hark still hold personal data and secrets word by word; in hark.toml under [retention] "
        "set raw_days = 0 to have them replaced by [kind], for good, or raw_days = N, which takes HARK_ENCRYPTION_KEY, "
        "to keep all words for N days; until then only what is new is replaced"
    )


def hide_due(
    store: Store,
    due: Due,
    is_enough: Callable[[], bool] = lambda: False,
    monotonic: Callable[[], float] = time.monotonic,
) -> int:
    """Replace what is due, a few conversations in each transaction; returns through how many was looked."""
    known: dict[str, str] = {}
    looked, at_once, after = 0, _AT_ONCE, None
    while not is_enough():
        with store.read() as tx:
            found = tx.words.due(due, at_once, after)
        if not found:
            break
        with store.begin() as tx:
            began = monotonic()
            # What has changed since is evaluated first.
            hide(tx, tx.words.still_due(due, [conversation_id for conversation_id, _ in found]), known)
            took_s = monotonic() - began
        looked, after = looked + len(found), found[-1][1]
        at_once = max(1, at_once // 2) if took_s > _TURN_S else min(_AT_ONCE, at_once * 2)
        if len(known) > _KNOWN_AT_MOST:
            known.clear()
    return looked
