"""Conversations that have arrived or gone quiet are scored, measured and, some of them, put before reviewers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.defined import Definition
from alerts.signals import measure, segment_value
from bot.jobs.pick import Picker
from evaluators.base import Evaluator
from evaluators.run import run_all
from traces.ingest import QUIET, merge_due
from traces.model import Change, Conversation
from traces.store import Store, Tx
from traces.store.conversations import Pending
from traces.store.rollups import HOUR_S, bucket_start
from traces.store.scores import Outcome

BATCH = 200
_CHANGE_KINDS = ("model", "prompt_version", "release")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """How the traffic is cut into segments, and what a team measures of it besides the built-in signals."""

    keys: tuple[str, ...]
    max_values: int
    defined: Mapping[str, Definition] = field(default_factory=dict)


class Evaluation:
    """Runs the evaluators over what awaits them."""

    def __init__(
        self,
        store: Store,
        evaluators: Sequence[Evaluator],
        cuts: Cuts,
        picker: Picker,
        quiet: timedelta = QUIET,
        judges_at_once: int = 4,
        refresh: Callable[[Tx], None] = lambda _tx: None,
    ) -> None:
        self._store = store
        self._on_arrival = [e for e in evaluators if e.when == "arrival"]
        self._on_quiet = [e for e in evaluators if e.when == "quiet"]
        self._cuts = cuts
        self._picker = picker
        self._quiet = quiet
        self._judges_at_once = judges_at_once
        self._refresh = refresh

    def run(self, now: datetime, is_enough: Callable[[], bool] = lambda: False) -> int:
        """Evaluate what awaits it as of ``now``, until all is done or ``is_enough``; returns how many conversations."""
        with self._store.begin() as tx:
            tx.state.beat(bucket_start(now, HOUR_S))
            merge_due(tx, now, self._quiet)
            self._refresh(tx)
        done = 0
        while pending := self._next(now):
            self._evaluate(pending, now)
            done += len(pending)
            if is_enough():
                break
        with self._store.begin() as tx:
            tx.state.job_ran("evaluate", now)
        return done

    def _next(self, now: datetime) -> list[Pending]:
        with self._store.read() as tx:
            return tx.conversations.pending(now, BATCH)

    def _evaluate(self, pending: Sequence[Pending], now: datetime) -> None:
        # Judges take seconds, and others want to write: evaluators are asked before the transaction begins.
        judged = self._judge([p.conversation for p in pending if p.has_settled])
        fresh = {
            p.conversation.conversation_id: [
                *(_outcomes(self._on_arrival, p.conversation) if p.has_arrived else ()),
                *judged.get(p.conversation.conversation_id, ()),
            ]
            for p in pending
        }
        with self._store.begin() as tx:
            tx.scores.put(fresh, now)
            self._measure(tx, [p.conversation for p in pending], now)
            tx.conversations.evaluated(pending)

    def _judge(self, conversations: Sequence[Conversation]) -> dict[str, list[Outcome]]:
        if not self._on_quiet:
            return {}
        with ThreadPoolExecutor(self._judges_at_once, thread_name_prefix="judge") as pool:
            outcomes = pool.map(lambda c: _outcomes(self._on_quiet, c), conversations)
            return {c.conversation_id: list(o) for c, o in zip(conversations, outcomes, strict=True)}

    def rescore(
        self, conversations: Sequence[Conversation], outcomes: Mapping[str, Sequence[Outcome]], now: datetime
    ) -> None:
        """Put new outcomes, by conversation id, in place of those of the same name; nobody is asked to review them."""
        if outcomes:
            with self._store.begin() as tx:
                tx.scores.put(outcomes, now)
                self._record(tx, conversations)

    def _measure(self, tx: Tx, conversations: Sequence[Conversation], now: datetime) -> None:
        self._picker.pick(tx, conversations, self._record(tx, conversations), now)

    def _record(self, tx: Tx, conversations: Sequence[Conversation]) -> dict[str, list[Outcome]]:
        """Bring the rollups in line with the current scores of these conversations, and return these."""
        _note_segments(tx, conversations, self._cuts.keys)
        known = tx.state.segment_values()
        current = tx.scores.current(c.conversation_id for c in conversations)
        facts = [
            measure(
                c, current.get(c.conversation_id, []), self._cuts.keys, known, self._cuts.max_values, self._cuts.defined
            )
            for c in conversations
        ]
        oldest = tx.rollups.record(facts)
        if oldest is not None:
            tx.state.note_oldest_change(oldest)
        return current


def _outcomes(evaluators: Iterable[Evaluator], conversation: Conversation) -> list[Outcome]:
    return [outcome for e in evaluators for outcome in run_all(e, conversation)]


def _note_segments(tx: Tx, conversations: Sequence[Conversation], keys: Sequence[str]) -> None:
    seen: dict[tuple[str, str], tuple[datetime, datetime]] = {}
    changes: dict[tuple[str, str, str | None], Change] = {}
    for c in conversations:
        application = segment_value(c, "application")
        for key in keys:
            if (value := segment_value(c, key)) is None:
                continue
            first, last = seen.get((key, value), (c.started_at, c.started_at))
            seen[key, value] = (min(first, c.started_at), max(last, c.started_at))
            if key in _CHANGE_KINDS:
                known = changes.get((key, value, application))
                at = c.started_at if known is None else min(known.at, c.started_at)
                changes[key, value, application] = Change(kind=key, value=value, at=at, application=application)
    tx.state.note_segment_values(seen)
    tx.state.note_changes(list(changes.values()))
