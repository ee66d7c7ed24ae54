"""Judges are watched: conversations with known labels are kept, judged again and again, and compared with the first time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from alerts.explaining.incident import Numbers
from alerts.explaining.sighting import Shown, Sighting, exceeding
from alerts.judged import DRIFT, LEAST_ANCHORS, RUNS, Drift, drift_of, drift_told
from alerts.rules.watching import Told
from alerts.signals import JUDGE_DRIFT
from bot.calibration.labelled import reviewed
from evaluators.base import Evaluator
from traces.conversation_format import parse_conversation, to_json
from traces.model import Conversation, Score, Segment, Signal
from traces.store import Store, Tx
from traces.store.anchors import Anchor, AnchorRun

_LOG = logging.getLogger(__name__)

_JOB: Final = "anchors:"
_LEAST_OF_EACH: Final = 5
"""Anchors of each truth: with fewer a judge could turn one way unseen."""


class Anchoring:
    """Asks judges about their anchors, and notes whether they have moved.

    Args:
        store: Labels, conversations and anchors.
        judges: Those that are watched, as they ask whatever they are given, without remembering earlier answers.
        size: Anchors of a judge; nothing is watched with 0.
        every: How often each is asked; besides, as soon as its version changes.
    """

    def __init__(self, store: Store, judges: Sequence[Evaluator], size: int, every: timedelta) -> None:
        self._store = store
        self._judges = tuple(judges) if size else ()
        self._size = size
        self._every = every

    def run(self, now: datetime, is_enough: Callable[[], bool] = lambda: False) -> list[str]:
        """Ask the judges that are due; returns their names."""
        asked = []
        for judge in self._judges:
            if is_enough():
                break
            anchors = self._due(judge, now)
            if anchors:
                self._ask(judge, anchors, now, is_enough)
                asked.append(judge.name)
        return asked

    def _due(self, judge: Evaluator, now: datetime) -> list[Anchor]:
        """The anchors of a judge that is due; they are frozen as soon as there are labels enough."""
        with self._store.begin() as tx:
            tried = tx.state.job_ran_at(_JOB + judge.name)
            version = tx.state.job_outcome(_JOB + judge.name)
            anchors = tx.anchors.of(judge.name)
            if tried is not None and anchors and version == judge.version and now - tried < self._every:
                return []
            # Those past their retention are gone; with too few left it begins anew with others.
            if len(anchors) < min(self._size, LEAST_ANCHORS) and (chosen := self._chosen(tx, judge.name, now)):
                anchors = chosen
                tx.anchors.freeze(judge.name, anchors)
            if anchors:
                tx.state.job_ran(_JOB + judge.name, now, judge.version)
            return anchors

    def _chosen(self, tx: Tx, name: str, now: datetime) -> list[Anchor]:
        """Labelled conversations, half of them true as far as there are enough, in an order that chance has set."""
        told = reviewed(tx, name)
        values = tx.calibrations.values_of(name, told)
        order = sorted(tx.conversations.known(values), key=_lot)
        sides = [[i for i in order if told[i].truth is truth] for truth in (True, False)]
        if len(order) < self._size or min(len(side) for side in sides) < min(_LEAST_OF_EACH, self._size // 2):
            return []
        fewer = min(self._size // 2, *(len(side) for side in sides))
        take = [fewer if len(side) == min(map(len, sides)) else self._size - fewer for side in sides]
        chosen = [i for side, n in zip(sides, take, strict=True) for i in side[:n]]
        found = tx.conversations.many(chosen)
        return [
            Anchor(evaluator=name, conversation_id=i, frozen_at=now, truth=told[i].truth, body=to_json(_bare(found[i])))
            for i in chosen
            if i in found
        ]

    def _ask(self, judge: Evaluator, anchors: Sequence[Anchor], now: datetime, is_enough: Callable[[], bool]) -> None:
        values = {}
        for anchor in anchors:
            if is_enough():
                return
            said = judge.evaluate(parse_conversation(dict(anchor.body), received_at=anchor.frozen_at))
            if isinstance(said, Score) and said.value is not None:
                values[anchor.conversation_id] = said.value
        with self._store.begin() as tx:
            tx.anchors.put_run(AnchorRun(evaluator=judge.name, at=now, evaluator_version=judge.version, values=values))
            self._note(tx, judge.name, anchors, now)

    def _note(self, tx: Tx, name: str, anchors: Sequence[Anchor], now: datetime) -> None:
        truths = {anchor.conversation_id: anchor.truth for anchor in anchors}
        found = drift_of(truths, [run.values for run in tx.anchors.runs(name)])
        before = drift_told(tx, name)
        tx.state.job_ran(DRIFT + name, now, None if found is None else asdict(found))
        if found is not None and found.has_moved and not (before is not None and before.has_moved):
            _LOG.warning("the judge %s judges %d of %d anchors otherwise", name, found.to_yes + found.to_no, found.n)


class JudgesMoved:
    """The judges that have moved, as something to be told. Not safe to share between threads."""

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()

    def look(self, tx: Tx, signals: Mapping[str, Signal]) -> Told:
        """Who has moved; nothing where the team has switched the signal off."""
        signal = signals.get(JUDGE_DRIFT.name)
        found = {}
        watched = [job.removeprefix(DRIFT) for job in tx.state.job_runs() if job.startswith(DRIFT)]
        for name in watched if signal is not None else ():
            told = drift_told(tx, name)
            if told is not None and told.has_moved:
                found[name] = (told, _since(tx, name))
        before, self._known = self._known, frozenset(found)
        return Told(
            sightings=[_sighting(name, *one, signal) for name, one in found.items() if signal is not None],
            is_news=self._known != before,
        )


def _since(tx: Tx, name: str) -> datetime:
    """The earlier of the two runs by which a judge has moved."""
    return tx.anchors.runs(name)[-RUNS].at


def _sighting(name: str, told: Drift, at: datetime, signal: Signal) -> Sighting:
    moved = told.to_yes + told.to_no
    numbers = Numbers(
        segment=Segment.of(evaluator=name),
        value=moved / told.n,
        expected=0.0,
        expected_low=0.0,
        expected_high=0.0,
        n=told.n,
        k=moved,
    )
    shown = Shown(detail={"rule": {"text": _text(told)}})
    return exceeding(signal, numbers, f"judge_drift:{name}", since=at, show=lambda _tx, _examples: shown)


def _text(told: Drift) -> str:
    return (
        f"{told.to_yes} of {told.n} known conversations turned to yes and {told.to_no} to no; "
        f"right on {told.right_now:.0%}, before on {told.right_before:.0%}"
    )


def _bare(conversation: Conversation) -> Conversation:
    """Without what others said of it: the judge reads the conversation alone."""
    return replace(conversation, scores=(), labels=(), feedback=())


def _lot(conversation_id: str) -> bytes:
    return blake2b(conversation_id.encode(), digest_size=8).digest()
