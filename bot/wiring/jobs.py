"""The jobs, from the settings that say what each of them does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import httpx

from alerts.health.faults import CHECKS
from alerts.signals import SignalOverride
from alerts.telling.posting import Posting
from alerts.watching.watch import WatchSettings
from bot.calibration.revisions import Revisions
from bot.classifiers import Heads
from bot.clock_steps import ClockSteps
from bot.config.routes import keys_in, routing_of
from bot.config.rules import rules_of
from bot.config.settings import DetectSettings, Settings
from bot.disk import disk_of, full_disk
from bot.jobs.align import Aligning
from bot.jobs.anchors import Anchoring
from bot.jobs.asked import Asked
from bot.jobs.backfill import Backfill
from bot.jobs.calibrate import Calibrating, CalibrationRules
from bot.jobs.deliver import Delivering
from bot.jobs.detect import Detection
from bot.jobs.digest import Digesting, DigestPlan
from bot.jobs.drift import Drifting, Likeness
from bot.jobs.evaluate import Cuts, Evaluation
from bot.jobs.hide import Hiding
from bot.jobs.notify import Notifying
from bot.jobs.pick import Picker, PickSettings
from bot.jobs.poll import Polled, Polling
from bot.jobs.quiet import LearningQuiet
from bot.jobs.retain import Retaining
from bot.jobs.train import Training
from bot.jobs.write_back import WritingBack
from bot.receivers.registry import receivers_of
from bot.schedule import Jobs, Nudge
from bot.settings.chosen import Chosen
from bot.slack.ask import Desk
from bot.slack.blocks.values import StatusReport
from bot.slack.render import Renderer
from bot.vitals import Heartbeat
from bot.wiring.evaluators import taught_by, watched_judges, watching_bench
from bot.wiring.looking import looks_of
from evaluators.base import Evaluator
from traces.clock import Clock, SystemClock
from traces.store import Store, Tx
from traces.urlguard import GuardedClient, UrlGuard


def jobs_of(
    settings: Settings,
    store: Store,
    clock: Clock,
    evaluators: Sequence[Evaluator],
    heads: Heads,
    chosen: Chosen,
    deliver: Delivering | None,
    nudge: Nudge,
    sources: Sequence[Polled],
    revisions: Revisions,
) -> Jobs:
    posts = deliver is not None
    detect, quiet = settings.detect, settings.conversations.quiet
    watch = watch_settings_of(detect)
    likeness = Likeness()
    picker = Picker(evaluators, _picking(settings, posts=posts), Asked(likeness.rarity), likeness.measure)
    evaluate = Evaluation(
        store,
        evaluators,
        _cuts(settings, chosen.overrides, likeness),
        picker,
        quiet,
        settings.judge.at_once,
        _each(heads.refresh, revisions.refresh, likeness.refresh),
    )
    backfill = Backfill(store, evaluate, settings.judge.at_once)
    return Jobs(
        poll=Polling(store, sources, quiet, clock),
        write_back=WritingBack(store, sources),
        quiet=LearningQuiet(store, is_fixed=settings.conversations.quiet_minutes is not None),
        evaluate=evaluate,
        detect=Detection(
            store,
            watch,
            _posting(settings, posts=posts),
            {e.name: e.bad for e in evaluators},
            chosen.overrides,
            tuple(polled.source.name for polled in sources),
            rules_of(settings.slos, settings.thresholds),
            chosen=chosen,
            checks=[*CHECKS, full_disk(lambda: disk_of(store.file))],
            # A clock that is moved by hand, in a demo or a test, jumps all the time.
            clock_steps=ClockSteps(clock) if isinstance(clock, SystemClock) else None,
        ),
        calibrate=Calibrating(
            store,
            rules_of_calibration(settings, posts=posts),
            looks_of(settings, store, clock, evaluators, posts=posts),
        ),
        drift=Drifting(store, likeness),
        anchors=_anchoring(settings, store, clock, revisions),
        train=Training(store, evaluators, backfill, watch.history, taught_by(settings)),
        deliver=deliver,
        nudge=nudge,
        picker=picker,
        retain=Retaining(store, settings.retention.keep),
        hide=hiding_of(settings, store),
    )


def hiding_of(settings: Settings, store: Store) -> Hiding:
    """What leaves no personal data in what is stored of a workspace."""
    return Hiding(store, settings.retention.keep_words, is_chosen=settings.retention.is_about_words)


def _anchoring(settings: Settings, store: Store, clock: Clock, revisions: Revisions) -> Anchoring:
    chosen, judges = settings.calibration, watched_judges(settings, clock, store, revisions)
    return Anchoring(store, judges, chosen.anchors, timedelta(hours=chosen.anchors_every_hours))


def watch_settings_of(detect: DetectSettings) -> WatchSettings:
    """How detection runs."""
    return WatchSettings(
        timezone=detect.timezone,
        weeks_between_false_alerts=detect.weeks_between_false_alerts,
        history=timedelta(weeks=detect.history_weeks),
        grace=timedelta(minutes=detect.grace_minutes),
        excluded=detect.excluded_ranges,
    )


def rules_of_calibration(settings: Settings, *, posts: bool = False) -> CalibrationRules:
    """What labels may move by themselves."""
    return CalibrationRules(
        are_automatic=settings.calibration.thresholds == "automatic",
        promises={name: promised.promise for name, promised in settings.calibration.promises.items()},
        channel=(settings.slack.review_channel or None) if posts else None,
    )


def _each(*refreshing: Callable[[Tx], None]) -> Callable[[Tx], None]:
    """One after the other."""

    def refresh(tx: Tx) -> None:
        for one in refreshing:
            one(tx)

    return refresh


def aligning_of(settings: Settings, store: Store, clock: Clock, *, posts: bool) -> Aligning | None:
    """What teaches judges; ``None`` where the team does not want it, or nothing is judged."""
    if not settings.calibration.alignment or not settings.judges:
        return None
    channel = (settings.slack.review_channel or None) if posts else None
    return Aligning(store, watching_bench(settings, clock, store), channel, settings.judge.at_once)


def _cuts(settings: Settings, overrides: Mapping[str, SignalOverride], likeness: Likeness) -> Cuts:
    cuts = Cuts(
        keys=settings.segments.keys,
        max_values=settings.segments.max_values,
        defined={name: o.definition for name, o in overrides.items() if o.definition is not None},
        drift=likeness.measure,
    )
    return replace(cuts, placed=likeness.placed) if "topic" in cuts.keys else cuts


def _posting(settings: Settings, *, posts: bool) -> Posting:
    return Posting(
        channel=(settings.slack.alerts_channel or None) if posts else None,
        examples=settings.review.examples_per_alert,
        routing=routing_of(
            settings.routes, settings.quiet, settings.slack.alerts_channel, settings.detect.timezone, settings.receivers
        ),
    )


def _picking(settings: Settings, *, posts: bool) -> PickSettings:
    return PickSettings(
        channel=(settings.slack.review_channel or None) if posts else None,
        per_day=settings.review.items_per_day,
        most_per_day=settings.review.most_per_day,
    )


def digesting_of(settings: Settings, store: Store) -> Digesting | None:
    chosen = settings.digest
    channel = chosen.channel or settings.slack.alerts_channel
    if not channel or not (chosen.daily or chosen.weekly):
        return None
    plan = DigestPlan(
        channel=channel,
        hour=chosen.hour,
        weekday=chosen.weekly_on,
        daily=chosen.daily,
        zone=settings.detect.timezone,
    )
    return Digesting(store, plan)


def notifying_of(
    settings: Settings, environment: Mapping[str, str], store: Store, clock: Clock, renderer: Renderer
) -> Notifying | None:
    if not settings.receivers:
        return None
    keys = keys_in(settings.receivers, environment)
    return Notifying(store, receivers_of(settings.receivers, keys, clock), clock, renderer)


def heartbeat_of(settings: Settings, clock: Clock, store: Store, desk: Desk) -> Heartbeat | None:
    if settings.heartbeat_url is None:
        return None
    url = settings.heartbeat_url.get_secret_value()
    allowed = [httpx.URL(url).host] if settings.heartbeat.allow_private else []
    client = GuardedClient(UrlGuard(allowed), clock)
    beat = settings.heartbeat
    return Heartbeat(url, client, lambda: status_of(store, clock, desk), beat.every_s, beat.fail_url(url))


def status_of(store: Store, clock: Clock, desk: Desk) -> StatusReport:
    """What stands, as of now."""
    with store.read() as tx:
        return desk.status(tx, clock.now())
