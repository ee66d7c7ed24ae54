"""The whole loop without a browser: the same Hark, the same workspace, scripted people, a clock that is moved."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bot.calibration.thresholds import standing
from bot.cli.calibrate import calibration_json
from bot.cli.query import alert_json
from bot.demo.live import Live
from bot.demo.reviewers import JONAS, MAYA, PRIYA, Card, Reviewers
from bot.demo.simulate import REFUND, Rollout, Traffic
from bot.demo.stage import Stage, staged
from bot.demo.world import fill
from bot.playground.people import ALERTS, REVIEW
from bot.playground.serving import serving
from bot.reviewing.label_files import store_labels
from traces.clock import FakeClock, format_time
from traces.errors import HarkError
from traces.model import Alert, AlertState, Calibration, Label
from traces.store.rollups import HOUR_S, bucket_start

_STEP: Final = timedelta(minutes=30)
_UNTIL_ROLLOUT: Final = timedelta(minutes=30)
_MOST_HOURS: Final = 10
_SETTLING: Final = timedelta(hours=2)
_ASKED: Final = ("status", "metrics refusal 24h by prompt_version", "alerts", "evaluators", "help")
_READ_LATER: Final = timedelta(hours=6)
_CLICKS_APART: Final = timedelta(seconds=20)
_HALF: Final = 0.5
_SHEET: Final = 12
"""Labels of each answer in a reviewer's sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is played: ``history`` of healthy traffic, then ``hours`` at most of the new prompt version, broken or not."""

    now: datetime
    seed: int = 1
    history: timedelta = timedelta(weeks=3)
    hours: int = _MOST_HOURS
    breaks_refunds: bool = True

    @property
    def start(self) -> datetime:
        """When the live part begins: on an hour, so that everything shown lies before ``now``."""
        return bucket_start(self.now - timedelta(hours=_MOST_HOURS + 4), HOUR_S)

    @property
    def traffic(self) -> Traffic:
        rollout = Rollout(at=self.start + _UNTIL_ROLLOUT, breaks_refunds=self.breaks_refunds)
        since, labelled_until = self.start - self.history, self.start - _READ_LATER
        return Traffic(seed=self.seed, since=since, rollout=rollout, labelled_until=labelled_until)


@dataclass(slots=True)
class Result:
    """What the loop showed. ``failures``: why it did not close, one line each; empty when it did."""

    report: dict[str, Any]
    failures: list[str] = field(default_factory=list)


def play(script: Script, database: Path, people: type[Reviewers] = Reviewers) -> Result:
    """Play the loop once on a fresh database.

    Args:
        script: What is played.
        database: Where; it must not be there yet.
        people: Who labels.

    Raises:
        BadInput: A port is taken.
        StoreUnavailable: The database cannot be opened.
    """
    began_s = time.monotonic()
    clock = FakeClock(script.start)
    with staged(clock, database, seed=script.seed) as stage, _received(stage):
        loop = _Loop(script, stage, clock, people)
        loop.run()
        return Result({**loop.report(), "elapsed_s": round(time.monotonic() - began_s, 2)}, loop.failures)


@contextlib.contextmanager
def _received(stage: Stage) -> Iterator[None]:
    """Serve Hark's HTTP edge; the jobs are run by hand."""
    writer = stage.hark.writer()
    try:
        with serving(stage.hark.receiver(writer).app(), stage.bound):
            yield
    finally:
        writer.close()


class _Loop:
    """One run, step by step."""

    def __init__(self, script: Script, stage: Stage, clock: FakeClock, people: type[Reviewers]) -> None:
        self._script, self._stage, self._clock = script, stage, clock
        self._truths: dict[str, frozenset[str]] = {}
        self._people = people(stage, self._truths)
        self._live = Live(script.traffic, script.start)
        self._before: dict[str, Calibration] = {}
        self._known: frozenset[tuple[str, str]] = frozenset()
        self._given: set[tuple[str, str]] = set()
        self._correction: dict[str, Any] = {}
        self._answers: dict[str, str] = {}
        self._rejected: list[str] = []
        self._seen = 0
        self.failures: list[str] = []

    def run(self) -> None:
        past = list(self._script.traffic.between(self._script.traffic.since, self._script.start))
        self._truths.update({one.conversation_id: one.truth for one in past})
        fill(self._stage.hark, past, self._script.start)
        self._label(self._people.review_cards(), PRIYA)
        self._tick()
        with self._stage.hark.store.read() as tx:
            self._before = dict(tx.calibrations.current())
        self._known, self._given = frozenset(self._given), set()
        alert = self._await_alert()
        if alert is None:
            return
        self._correction["before"] = alert.detail.get("correction")
        self._review(alert)
        self._expect_calibration(alert.signal)
        for text in _ASKED:
            self._answers[text] = self._people.ask(text)
        self._play_on(_SETTLING)
        self._expect_correction(alert.alert_id)
        self._read_flagged("frustration")
        self._resolve_and_reopen(alert.alert_id)

    # --- the steps ---

    def _await_alert(self) -> Alert | None:
        """Play live traffic until an alert names the new prompt version."""
        version = self._version
        for _ in range(self._script.hours * int(timedelta(hours=1) / _STEP)):
            self._play_on(_STEP)
            named = [alert for alert in self._alerts() if _names(alert, version)]
            if named:
                return named[0]
        if self._script.breaks_refunds:
            self.failures.append(f"no alert names {version} within {self._script.hours} h of its start")
        return None

    def _review(self, alert: Alert) -> None:
        """Acknowledge, label the examples and the review channel; one label is undone, one given in the window."""
        people = self._people
        root = people.post_of(alert.alert_id)
        people.acknowledge(root, MAYA)
        self._expect_change(root.channel, root.ts, "acknowledging")
        examples = people.examples(root)
        if not examples:
            self.failures.append("the alert's thread holds no examples")
            return
        first, rest = examples[0], examples[1:]
        people.label_wrongly(first, JONAS)
        self._expect_change(first.post.channel, first.post.ts, "a label")
        people.undo(first, JONAS)
        self._expect_change(first.post.channel, first.post.ts, "undoing a label")
        self._label([first], JONAS)
        if rest:
            people.label_in_modal(rest[0], PRIYA, "The refund tool is called without the amount.")
            self._note(rest[0])
        self._label(rest[1:], JONAS)
        self._label(people.review_cards(), PRIYA)
        self._tick()

    def _read_flagged(self, evaluator: str) -> None:
        """A reviewer reads what an evaluator has flagged, and sends a sheet with a dozen labels of each answer."""
        now, store = self._clock.now(), self._stage.hark.store
        with store.begin() as tx:
            values = tx.scores.values(evaluator)
            flagged = sorted((i for i, v in values.items() if v >= _HALF and i in self._truths), key=values.__getitem__)
            is_so = {truth: [i for i in flagged if (evaluator in self._truths[i]) is truth] for truth in (True, False)}
            before = tx.calibrations.current().get(evaluator)
            in_force = standing(tx.thresholds.moves(evaluator)).in_force
            sheet = [
                Label(conversation_id=i, name=evaluator, value=float(truth), reviewer=JONAS, at=now)
                for truth, read in is_so.items()
                for i in (read[-_SHEET:] if truth else read[:_SHEET])
            ]
            store_labels(tx, sheet, (), now)
        self._tick()
        with store.read() as tx:
            after = tx.calibrations.current().get(evaluator)
        # Where nothing was known of it before, there is nothing that the arrow leads from.
        came_from = "" if before is None else f"{in_force:.2f} → "
        if after is None or in_force == after.threshold:
            self.failures.append(f"{len(sheet)} labels did not move the threshold of {evaluator}")
        elif f"{came_from}{after.threshold:.2f}" not in self._people.shown("labels"):
            self.failures.append("/hark labels does not say from where to where the threshold moved")

    def _label(self, cards: list[Card], person: str) -> None:
        for card in cards:
            self._clock.advance(_CLICKS_APART)
            self._people.label(card, person)
            self._note(card)

    def _note(self, card: Card) -> None:
        # An example may stand in the review channel too, and a card that wants two people's word stands there until it
        # has both: one conversation counts as one label.
        self._given.add((card.item.evaluator, card.item.conversation_id))

    def _expect_change(self, channel: str, ts: str, what: str) -> None:
        """A click must show in the message that it was made in."""
        posts = self._stage.workspace.posts
        before = posts.find(channel, ts).content
        self._clock.advance(_CLICKS_APART)
        self._tick()
        if posts.find(channel, ts).content == before:
            self.failures.append(f"{what} did not change the message")

    def _expect_calibration(self, evaluator: str) -> None:
        """Every label that was given, and none that was undone, has to count for the evaluator that it is about."""
        with self._stage.hark.store.read() as tx:
            after = tx.calibrations.current().get(evaluator)
        before = self._before.get(evaluator)
        known, told = (0 if one is None else one.n_labels for one in (before, after))
        given = sum(about == evaluator for about, _ in self._given - self._known)
        if not given or after is None or told != known + given:
            self.failures.append(f"{given} labels after {known} make the calibration of {evaluator} count {told}")
        elif before is not None and (after.precision, after.corrected_rate) == (
            before.precision,
            before.corrected_rate,
        ):
            self.failures.append(f"the labels did not change the calibration of {evaluator}")

    def _expect_correction(self, alert_id: str) -> None:
        with self._stage.hark.store.read() as tx:
            alert = tx.alerts.get(alert_id)
        if alert is not None:
            self._correction["after"] = alert.detail.get("correction")
        if alert is None or not (alert.detail.get("correction") or {}).get("n_here"):
            self.failures.append("the labels did not correct the alert's rate")
        elif self._correction["before"] == self._correction["after"]:
            self.failures.append("the labels did not change the alert's corrected rate")
        elif "Corrected by" not in str(self._people.post_of(alert_id).content.blocks):
            self.failures.append("the corrected rate does not stand in the alert's message")
        elif not any("First told" in str(post.content.blocks) for post in self._people.thread_of(alert_id)):
            self.failures.append("the alert's thread does not say what the labels changed")

    def _resolve_and_reopen(self, alert_id: str) -> None:
        people = self._people
        for act, state, what in (
            (people.resolve, AlertState.RESOLVED, "resolving"),
            (people.reopen, AlertState.OPEN, "re-opening"),
        ):
            root = people.post_of(alert_id)
            act(root, MAYA)
            self._expect_change(root.channel, root.ts, what)
            if not any(a.alert_id == alert_id and a.state is state for a in self._alerts()):
                self.failures.append(f"{what} did not make the alert {state.value}")

    def _play_on(self, by: timedelta) -> None:
        """Let time pass in steps, with the traffic that belongs to it."""
        until = self._clock.now() + by
        while self._clock.now() < until:
            now = min(until, self._clock.now() + _STEP)
            due = self._live.ended_by(now)
            self._truths.update({one.conversation_id: one.truth for one in due})
            self._clock.set(now)
            if due:
                self._stage.send([one.sent for one in due])
            self._tick()

    def _tick(self) -> None:
        self._stage.hark.jobs.tick(self._clock.now())
        for delivery in self._stage.workspace.deliveries.since(self._seen):
            self._seen = delivery.revision
            if delivery.error:
                self._rejected.append(
                    f"{delivery.name} {delivery.target}: {delivery.error} {'; '.join(delivery.problems)}"
                )

    def _alerts(self) -> list[Alert]:
        with self._stage.hark.store.read() as tx:
            return tx.alerts.all()

    @property
    def _version(self) -> str:
        rollout = self._script.traffic.rollout
        if rollout is None:
            raise HarkError("the script has no new prompt version")
        return rollout.prompt_version

    # --- what came of it ---

    def report(self) -> dict[str, Any]:
        """Everything as the store, the workspace and the answers have it."""
        if self._rejected:
            self.failures.append(f"Slack's double refused: {self._rejected[0]}")
        with self._stage.hark.store.read() as tx:
            conversations, after = tx.conversations.count(), tx.calibrations.current()
            labels = tx.reviews.label_counts()
        return {
            "conversations": conversations,
            "alerts": [alert_json(alert) for alert in self._alerts()],
            "injected": self._injected(),
            "posts": self._posts(),
            "labels": {"count": sum(labels.values()), "by_evaluator": labels},
            "calibration": {
                name: {"before": _calibration(self._before, name), "after": _calibration(after, name)}
                for name in sorted({*self._before, *after})
            },
            "correction": self._correction,
            "slash": self._answers,
            "rejected": self._rejected,
        }

    def _injected(self) -> dict[str, Any]:
        rollout = self._script.traffic.rollout
        if rollout is None or not rollout.breaks_refunds:
            return {}
        return {
            "prompt_version": rollout.prompt_version,
            "scenario": REFUND,
            "signals": ["refusal", "rephrase", "tool_error", "user_feedback"],
            "share": rollout.share,
            "at": format_time(rollout.at),
        }

    def _posts(self) -> dict[str, Any]:
        posts = self._stage.workspace.posts
        every = Counter[str]()
        for channel in (ALERTS, REVIEW):
            for root in posts.in_channel(channel):
                every[channel] += len(posts.in_thread(channel, root.ts))
        return {"count": every.total(), "by_channel": dict(every)}


def _names(alert: Alert, prompt_version: str) -> bool:
    """Whether an alert says that the prompt version is behind it."""
    found: Mapping[str, Any] = alert.detail.get("attribution") or {}
    explained = (found.get("key"), found.get("value")) == ("prompt_version", prompt_version)
    return explained or ("prompt_version", prompt_version) in alert.segment.pairs


def _calibration(calibrations: Mapping[str, Calibration], name: str) -> dict[str, Any] | None:
    return calibration_json(calibrations[name]) if name in calibrations else None
