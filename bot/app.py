"""The composition root: settings in, a Hark out, every part built once and handed what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import httpx
from pydantic import SecretStr
from slack_bolt import App
from slack_sdk import WebClient

from alerts.posting import BREAKDOWN, Posting
from alerts.signals import SignalOverride
from alerts.watch import WatchSettings
from bot.alerting import Alerting
from bot.asking_model import asking_of
from bot.breakdown import Dividing
from bot.catalogue import Catalogue
from bot.classifiers import Heads, learning
from bot.config import DetectSettings, Settings
from bot.config_routes import keys_in, routing_of
from bot.config_rules import rules_of
from bot.config_signals import overrides_of
from bot.digest import DIGEST
from bot.home import Home
from bot.http import Receiver
from bot.jobs.anchors import Anchoring
from bot.jobs.backfill import Backfill
from bot.jobs.calibrate import Calibrating, CalibrationRules
from bot.jobs.deliver import Delivering
from bot.jobs.detect import Detection
from bot.jobs.digest import Digesting, DigestPlan
from bot.jobs.drift import Drifting, Likeness
from bot.jobs.evaluate import Cuts, Evaluation
from bot.jobs.notify import Notifying
from bot.jobs.pick import Picker, PickSettings
from bot.jobs.poll import Polled, Polling, sources_of
from bot.jobs.quiet import LearningQuiet
from bot.jobs.retain import Retaining
from bot.jobs.train import Training
from bot.jobs.write_back import WritingBack
from bot.judges import Bench, JudgingSaid
from bot.queue import Queue
from bot.receivers.registry import receivers_of
from bot.review import Review
from bot.review_desk import ReviewDesk
from bot.schedule import Jobs, Nudge
from bot.sent_messages import SentMessages
from bot.settings_told import home_settings_of, queue_rules_of
from bot.sharing import SHARED, Sharing
from bot.slack.access import Access, Workspace
from bot.slack.app import bolt_app
from bot.slack.ask import Desk
from bot.slack.blocks.values import StatusReport
from bot.slack.client import client_of
from bot.slack.listening.base import Edge
from bot.slack.listening.surfaces import Services, listening_to
from bot.slack.reading import Reading
from bot.slack.render import Renderer
from bot.trace_pages import TracePages
from bot.vitals import Heartbeat
from evaluators.base import Evaluator
from evaluators.registry import build, catalogue
from traces.clock import Clock, SystemClock
from traces.store import Store, open_store
from traces.urlguard import GuardedClient, UrlGuard
from traces.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Hark:
    """Everything that runs. ``client`` and ``bolt`` are ``None`` without Slack tokens."""

    settings: Settings
    clock: Clock
    store: Store
    evaluators: tuple[Evaluator, ...]
    jobs: Jobs
    desk: Desk
    client: WebClient | None
    bolt: App | None
    webhook_secrets: Mapping[str, SecretStr] = field(default_factory=dict)

    def receiver(self, writer: Writer) -> Receiver:
        """The HTTP edge, listening to Slack where Slack comes over HTTP."""
        receiver = Receiver(
            self.store,
            writer,
            self.clock,
            self.webhook_secrets,
            status=lambda: _status(self.store, self.clock, self.desk),
        )
        secret = self.settings.secrets.signing_secret
        if self.bolt is not None and self.settings.transport == "http" and secret is not None:
            receiver.listen_to_slack(self.bolt, secret.get_secret_value())
        return receiver

    def writer(self) -> Writer:
        """The thread that stores what is received."""
        return Writer(self.store, self.clock, self.settings.conversations.quiet)


def build_hark(settings: Settings, clock: Clock, environment: Mapping[str, str]) -> Hark:
    """Open the store and wire the parts.

    Raises:
        BadInput: A setting names something that does not exist.
        StoreUnavailable: The database cannot be opened.
    """
    overrides = overrides_of(settings.signals)
    webhook_secrets = settings.webhooks.secrets_in(environment)
    store = open_store(settings.database_url)
    heads = Heads()
    evaluators = learning(evaluators_of(settings, clock, store, heads), heads)
    with store.read() as tx:
        heads.refresh(tx)
    client = client_of(settings)
    renderer = Renderer(evaluators, overrides, settings.review.rule_of_votes)
    desk = Desk(
        store=store,
        clock=clock,
        renderer=renderer,
        evaluators=evaluators,
        segment_keys=settings.segments.keys,
        overrides=overrides,
        sources=tuple(source.name for source in settings.sources),
        judging=JudgingSaid(settings.judges, settings.judge),
        catalogue=catalogue_of(settings, evaluators),
        asking=asking_of(settings.judges, settings.judge, store, clock),
        weeks_between_false_alerts=settings.detect.weeks_between_false_alerts,
    )
    renderer.also_draws(SHARED, desk.delivered)
    renderer.also_draws(BREAKDOWN, Dividing(renderer).delivered)
    renderer.also_draws(DIGEST, desk.digests.delivered)
    deliver = None if client is None else Delivering(store, client, clock, renderer, settings.slack.broadcast)
    sources = sources_of(settings.sources, environment, clock)
    nudge = Nudge()
    return Hark(
        settings=settings,
        clock=clock,
        store=store,
        evaluators=evaluators,
        jobs=replace(
            _jobs(settings, store, clock, evaluators, heads, overrides, deliver, nudge, sources),
            notify=_notifying(settings, environment, store, clock, renderer),
            heartbeat=_heartbeat(settings, clock, store, desk),
            digest=None if client is None else _digesting(settings, store),
        ),
        desk=desk,
        client=client,
        bolt=None if client is None else _bolt(settings, store, clock, client, desk, renderer, nudge),
        webhook_secrets=webhook_secrets,
    )


def _digesting(settings: Settings, store: Store) -> Digesting | None:
    chosen = settings.digest
    if not chosen.daily and not chosen.weekly:
        return None
    plan = DigestPlan(
        channel=chosen.channel or settings.slack.alerts_channel,
        hour=chosen.hour,
        weekday=chosen.weekly_on,
        daily=chosen.daily,
        zone=settings.detect.timezone,
    )
    return Digesting(store, plan)


def _notifying(
    settings: Settings, environment: Mapping[str, str], store: Store, clock: Clock, renderer: Renderer
) -> Notifying | None:
    if not settings.receivers:
        return None
    keys = keys_in(settings.receivers, environment)
    return Notifying(store, receivers_of(settings.receivers, keys, clock), clock, renderer)


def _heartbeat(settings: Settings, clock: Clock, store: Store, desk: Desk) -> Heartbeat | None:
    if settings.heartbeat_url is None:
        return None
    url = settings.heartbeat_url.get_secret_value()
    allowed = [httpx.URL(url).host] if settings.heartbeat.allow_private else []
    client = GuardedClient(UrlGuard(allowed), clock)
    return Heartbeat(url, client, lambda: _status(store, clock, desk), settings.heartbeat.every_s)


def _status(store: Store, clock: Clock, desk: Desk) -> StatusReport:
    with store.read() as tx:
        return desk.status(tx, clock.now())


def evaluators_of(
    settings: Settings, clock: Clock | None = None, store: Store | None = None, heads: Heads | None = None
) -> tuple[Evaluator, ...]:
    """The evaluators that the settings switch on; with a store, judges keep their budget and their answers there.

    With ``heads``, judges sample by what classifiers say of a conversation, where these have taken over.

    Raises:
        BadConfig: A name is no evaluator's, or a judge cannot work as it is set; lists every mistake.
    """
    bench = Bench(
        settings.judges,
        settings.judge,
        store,
        clock if clock is not None else SystemClock(),
        (lambda evaluator: evaluator) if heads is None else (lambda evaluator: learning([evaluator], heads)[0]),
    )
    chosen = settings.evaluators
    return build(
        chosen.disabled,
        bench.criteria,
        judge_of=bench.judge_of,
        enabled=chosen.enabled,
        options=chosen.option_tables,
        plugins=chosen.plugins,
    )


def taught_by(settings: Settings) -> dict[str, list[str]]:
    """By evaluator, the judges of the template of its name: they are asked the same question, and teach its classifier."""
    asked = [judge for judge in settings.judges if judge.template is not None and not judge.question.strip()]
    return {str(judge.template): [j.name for j in asked if j.template == judge.template] for judge in asked}


def catalogue_of(settings: Settings, running: Sequence[Evaluator]) -> Catalogue:
    """What there is to say of the evaluators that run, and of those that do not."""
    return Catalogue(catalogue(running, settings.evaluators.disabled), settings.judges, settings.conversations.quiet)


def _jobs(
    settings: Settings,
    store: Store,
    clock: Clock,
    evaluators: Sequence[Evaluator],
    heads: Heads,
    overrides: Mapping[str, SignalOverride],
    deliver: Delivering | None,
    nudge: Nudge,
    sources: Sequence[Polled],
) -> Jobs:
    posts = deliver is not None
    detect, quiet = settings.detect, settings.conversations.quiet
    picker = Picker(evaluators, _picking(settings, posts=posts))
    watch = watch_settings_of(detect)
    likeness = Likeness()
    evaluate = Evaluation(
        store,
        evaluators,
        _cuts(settings, overrides, likeness),
        picker,
        quiet,
        settings.judge.at_once,
        heads.refresh,
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
            overrides,
            tuple(polled.source.name for polled in sources),
            rules_of(settings.slos, settings.thresholds),
        ),
        calibrate=Calibrating(store, rules_of_calibration(settings)),
        drift=Drifting(store, likeness),
        anchors=Anchoring(
            store,
            watched_judges(settings, clock, store),
            settings.calibration.anchors,
            timedelta(hours=settings.calibration.anchors_every_hours),
        ),
        train=Training(store, evaluators, backfill, watch.history, taught_by(settings)),
        deliver=deliver,
        nudge=nudge,
        picker=picker,
        retain=Retaining(store, settings.retention.keep),
    )


def watch_settings_of(detect: DetectSettings) -> WatchSettings:
    """How detection runs."""
    return WatchSettings(
        timezone=detect.timezone,
        weeks_between_false_alerts=detect.weeks_between_false_alerts,
        history=timedelta(weeks=detect.history_weeks),
        grace=timedelta(minutes=detect.grace_minutes),
        excluded=detect.excluded_ranges,
    )


def watched_judges(settings: Settings, clock: Clock, store: Store) -> tuple[Evaluator, ...]:
    """The judges as their anchors are put before them: asked about each, without taking the answer of another time."""
    judges = [judge.model_copy(update={"sample_rate": 1.0, "stratify_by": None}) for judge in settings.judges]
    bench = Bench(judges, settings.judge.model_copy(update={"cache": False}), store, clock)
    return tuple(bench.judge_of(c) for c in bench.criteria if settings.calibration.anchors)


def rules_of_calibration(settings: Settings) -> CalibrationRules:
    """What labels may move by themselves."""
    return CalibrationRules(
        are_automatic=settings.calibration.thresholds == "automatic",
        promises={name: promised.promise for name, promised in settings.calibration.promises.items()},
    )


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
        channel=settings.slack.alerts_channel if posts else None,
        examples=settings.review.examples_per_alert,
        routing=routing_of(
            settings.routes, settings.quiet, settings.slack.alerts_channel, settings.detect.timezone, settings.receivers
        ),
    )


def _picking(settings: Settings, *, posts: bool) -> PickSettings:
    return PickSettings(
        channel=settings.slack.review_channel if posts else None,
        per_day=settings.review.items_per_day,
        most_per_day=settings.review.most_per_day,
    )


def _bolt(
    settings: Settings,
    store: Store,
    clock: Clock,
    client: WebClient,
    desk: Desk,
    renderer: Renderer,
    nudge: Callable[[], None],
) -> App:
    access = Access(settings.roles, Workspace(client))
    edge = Edge(client, access, nudge)
    queue = Queue(store, clock, queue_rules_of(settings))
    reviewing = ReviewDesk(store, clock, queue, renderer)
    services = Services(
        review=Review(
            store,
            clock,
            lambda tx, name: desk.taxonomy.question_version(tx, name, renderer.question(name).question),
        ),
        alerting=Alerting(store, clock, settings.detect.timezone),
        desk=desk,
        reading=Reading(store, clock, access, TracePages(settings.sources), settings.review.rule_of_votes),
        taxonomy=desk.taxonomy,
        queue=queue,
        reviewing=reviewing,
        sent=SentMessages(store, clock),
        sharing=Sharing(store=store, clock=clock),
        home=Home(
            store=store,
            clock=clock,
            access=access,
            desk=desk,
            renderer=renderer,
            reviewing=reviewing,
            settings=home_settings_of(settings),
        ),
        clock=clock,
    )
    return bolt_app(client, listening_to(edge, services))
