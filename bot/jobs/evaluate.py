"""Conversations that have arrived or gone quiet are scored, measured and, some of them, put before reviewers.

Code and classifiers look at once, and nothing holds them up. Judges, which take seconds and may hang, are asked in a pass
of their own about what has gone quiet; until they have said something, a conversation stays marked as waiting for them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.defined import Definition
from alerts.signals import measure, segment_value
from bot.jobs.applications import note_applications
from bot.jobs.pick import Picker
from bot.jobs.unseen import looking_for_words, still_said
from evaluators.base import JUDGE_LAYER, Evaluator, Sampling, traits_of
from evaluators.learned.cascade import Cascade
from evaluators.run import run_all
from traces import crash_points
from traces.ingest import merge_due
from traces.model import Change, Conversation
from traces.quiet import QUIET
from traces.store import Store, Tx
from traces.store.base import chunks
from traces.store.claims import ClaimStage
from traces.store.conversations import Known, Pending
from traces.store.rollups import HOUR_S, bucket_start
from traces.store.scores import Outcome, source_of

BATCH = 50
"""So many conversations are stored by one transaction: those who click meanwhile wait for it."""
_STORE_EVERY_S = 2.0
_ROUNDS = 2
_CHANGE_KINDS = ("model", "prompt_version", "release")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """How the traffic is cut into segments, and what a team measures of it besides the built-in signals."""

    keys: tuple[str, ...]
    max_values: int
    defined: Mapping[str, Definition] = field(default_factory=dict)
    drift: Callable[[Conversation], Mapping[str, float]] = lambda _conversation: {}
    placed: Callable[[Conversation], Conversation] = lambda conversation: conversation
    """The conversation with the topic that it is about, where topics are known."""


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
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._judges = [e for e in evaluators if _takes_long(e)]
        self._looking = looking_for_words(evaluators)
        self._cascades = [e for e in evaluators if isinstance(e, Cascade)]
        code = [e for e in evaluators if not _takes_long(e)]
        self._on_arrival = [e for e in code if e.when == "arrival"]
        self._on_quiet = [e for e in code if e.when == "quiet"]
        self._cuts = cuts
        self._picker = picker
        self._quiet = quiet
        self._judges_at_once = judges_at_once
        self._refresh = refresh
        self._monotonic = monotonic
        self._storing = threading.Lock()

    def run(self, now: datetime, is_enough: Callable[[], bool] = lambda: False) -> int:
        """Evaluate what awaits it as of ``now``, but for judges, until all is done or ``is_enough``.

        Returns:
            How many conversations that were.
        """
        self.prepare(now)
        done = 0
        while pending := self._next(now):
            self._evaluate(pending, now)
            done += len(pending)
            if is_enough():
                break
        with self._store.begin() as tx:
            tx.state.job_ran("evaluate", now)
        return done

    def prepare(self, now: datetime) -> None:
        """Bring up to date what evaluation goes by: long conversations, what was learned, and that somebody was watching."""
        with self._store.begin() as tx:
            tx.state.beat(bucket_start(now, HOUR_S))
            merge_due(tx, now, self._quiet)
            self._refresh(tx)

    def evaluate_these(self, conversation_ids: Sequence[str], now: datetime) -> int:
        """Evaluate those of these that await it as of ``now``, but for judges; what another process did is left alone.

        Returns:
            How many conversations that were.
        """
        with self._store.read() as tx:
            self._refresh(tx)
        done = 0
        while pending := self._claimed("evaluate", conversation_ids, now):
            self._evaluate(pending, now)
            done += len(pending)
        return done

    def _next(self, now: datetime) -> list[Pending]:
        with self._store.read() as tx:
            return tx.conversations.pending(now, BATCH)

    def _evaluate(self, pending: Sequence[Pending], now: datetime) -> None:
        # Others want to write: evaluators are asked before the transaction begins.
        fresh = {
            p.conversation.conversation_id: [
                *(_outcomes(self._on_arrival, p.conversation) if p.has_arrived else ()),
                *(_outcomes(self._on_quiet, p.conversation) if p.has_settled else ()),
            ]
            for p in pending
        }
        to_judge = {p.conversation.conversation_id for p in pending if p.has_settled and self._is_judged(p)}
        with self._storing, self._store.begin() as tx:
            tx.rollups.one_at_a_time()
            due = tx.claims.still_due(pending, "evaluate")
            self._keep(tx, due, fresh, now)
            note_applications(tx, (p.conversation for p in due if p.has_arrived), now, self._cuts.max_values)
            tx.conversations.evaluated(due, to_judge)
            self._count_spared(tx, now)
            crash_points.passing("evaluate.scored")
        crash_points.passing("evaluate.stored")

    def _is_judged(self, pending: Pending) -> bool:
        return any(_asks_about(judge, pending.conversation) for judge in self._judges)

    def judge(self, now: datetime, is_enough: Callable[[], bool] = lambda: False) -> int:
        """Ask the judges about what has gone quiet, until all is done or ``is_enough``.

        What they said is stored every few seconds, so that little is asked again after a crash.

        Returns:
            How many conversations that were.
        """
        done = 0
        while pending := self._unjudged():
            fresh = self._asked([p.conversation for p in pending], is_enough)
            judged = [p for p in pending if p.conversation.conversation_id in fresh]
            self._store_judged(judged, fresh, now)
            done += len(judged)
            if is_enough():
                break
        return done

    def judge_these(
        self, conversation_ids: Sequence[str], now: datetime, pool: Executor, is_enough: Callable[[], bool]
    ) -> int:
        """Ask the judges about those of these that await them; what another process asked about is left alone.

        Args:
            conversation_ids: Conversations that have gone quiet.
            now: The time.
            pool: In which judges are asked; its threads are the most that are asked at once.
            is_enough: Whether to leave the rest for later.

        Returns:
            How many conversations that were.
        """
        done = 0
        while pending := self._claimed("judge", conversation_ids, now):
            said = pool.map(lambda p: _outcomes(self._judges, p.conversation), pending)
            fresh = {p.conversation.conversation_id: o for p, o in zip(pending, said, strict=True)}
            self._store_judged(pending, fresh, now)
            done += len(pending)
            if is_enough():
                break
        return done

    def _store_judged(self, judged: Sequence[Pending], fresh: Mapping[str, Sequence[Outcome]], now: datetime) -> None:
        with self._storing, self._store.begin() as tx:
            tx.rollups.one_at_a_time()
            due = tx.claims.still_due(judged, "judge")
            self._keep(tx, due, fresh, now)
            tx.conversations.judged(due)
            self._count_spared(tx, now)
            tx.state.job_ran("judge", now)

    def _claimed(self, stage: ClaimStage, conversation_ids: Sequence[str], now: datetime) -> list[Pending]:
        with self._store.read() as tx:
            return tx.claims.pending(stage, conversation_ids, now)

    def _keep(self, tx: Tx, due: Sequence[Pending], fresh: Mapping[str, Sequence[Outcome]], now: datetime) -> None:
        said = still_said(
            tx, {p.conversation.conversation_id: fresh[p.conversation.conversation_id] for p in due}, self._looking
        )
        tx.scores.put(said, now)
        self._measure(tx, [p.conversation for p in due], said, now)

    def _count_spared(self, tx: Tx, now: datetime) -> None:
        for cascade in self._cascades:
            counted = cascade.drain()
            if counted.spared or counted.audited:
                tx.judge_spending.spare(
                    cascade.name, now, spared=counted.spared, audited=counted.audited, agreed=counted.agreed
                )

    def _unjudged(self) -> list[Pending]:
        with self._store.read() as tx:
            return tx.conversations.unjudged(BATCH)

    def _asked(
        self, conversations: Sequence[Conversation], is_enough: Callable[[], bool]
    ) -> dict[str, Sequence[Outcome]]:
        """What the judges say of the first of these: of as many as can be asked about in a few seconds."""
        until = self._monotonic() + _STORE_EVERY_S
        said: dict[str, Sequence[Outcome]] = {}
        with ThreadPoolExecutor(self._judges_at_once, thread_name_prefix="judge") as pool:
            for chunk in chunks(conversations, _ROUNDS * self._judges_at_once):
                outcomes = pool.map(lambda c: _outcomes(self._judges, c), chunk)
                said |= {c.conversation_id: o for c, o in zip(chunk, outcomes, strict=True)}
                if self._monotonic() >= until or is_enough():
                    break
        return said

    def rescore(self, pending: Sequence[Pending], outcomes: Mapping[str, Sequence[Outcome]], now: datetime) -> None:
        """Put new outcomes, by conversation id, in place of those of the same name; nobody is asked to review them.

        A conversation that has changed since is left out: it awaits its evaluation.
        """
        if not outcomes:
            return
        with self._storing, self._store.begin() as tx:
            tx.rollups.one_at_a_time()
            known = tx.conversations.known(p.conversation.conversation_id for p in pending)
            same = [p.conversation for p in pending if _is_as_known(p, known)]
            said = {c.conversation_id: outcomes[c.conversation_id] for c in same}
            tx.scores.put(still_said(tx, said, self._looking), now)
            self._record(tx, same)

    def _measure(
        self, tx: Tx, conversations: Sequence[Conversation], fresh: Mapping[str, Sequence[Outcome]], now: datetime
    ) -> None:
        current = self._record(tx, conversations)
        # What was said before had its chance of being picked then.
        said = {i: {(o.name, source_of(o)) for o in outcomes} for i, outcomes in fresh.items()}
        news = {i: [o for o in of if (o.name, source_of(o)) in said.get(i, ())] for i, of in current.items()}
        self._picker.pick(tx, conversations, news, now, current)

    def _record(self, tx: Tx, conversations: Sequence[Conversation]) -> dict[str, list[Outcome]]:
        """Bring the rollups in line with the current scores of these conversations, and return these."""
        conversations = [self._cuts.placed(c) for c in conversations]
        _note_segments(tx, conversations, self._cuts.keys)
        known = tx.state.segment_values()
        current = tx.scores.current(c.conversation_id for c in conversations)
        facts = [
            measure(
                c,
                current.get(c.conversation_id, []),
                self._cuts.keys,
                known,
                self._cuts.max_values,
                self._cuts.defined,
                self._cuts.drift(c),
            )
            for c in conversations
        ]
        tx.state.note_changed_signals(tx.rollups.record_by_signal(facts))
        return current


def _takes_long(evaluator: Evaluator) -> bool:
    return traits_of(evaluator).layer == JUDGE_LAYER and not getattr(evaluator, "is_at_hand", False)


def _asks_about(judge: Evaluator, conversation: Conversation) -> bool:
    """Whether a judge has anything to do with a conversation: most are not in its sample."""
    return not isinstance(judge, Sampling) or judge.asks_about(conversation)


def _is_as_known(pending: Pending, known: Mapping[str, Known]) -> bool:
    standing = known.get(pending.conversation.conversation_id)
    return standing is not None and standing.version == pending.version


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
