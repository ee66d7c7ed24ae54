"""The composition root: settings in, a Hark out, every part built once and handed what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pydantic import SecretStr
from slack_bolt import App
from slack_sdk import WebClient

from alerts.telling.posting import BREAKDOWN, TAUGHT
from bot.answers.asking_model import asking_of
from bot.answers.breakdown import Dividing
from bot.answers.digest import DIGEST
from bot.answers.sharing import SHARED
from bot.calibration.proposals import REVISION
from bot.calibration.proposed import Proposed
from bot.calibration.revisions import Revisions
from bot.calibration.thresholds import THRESHOLD
from bot.classifiers import Heads, learning
from bot.config.rules import runbooks_of
from bot.config.settings import Settings
from bot.http import Receiver
from bot.jobs.deliver import Delivering
from bot.jobs.outcomes import Outcomes
from bot.jobs.poll import sources_of
from bot.jobs.slack_token import SlackToken
from bot.judges import JudgingSaid
from bot.replicas.roles import EVERY_ROLE, Role
from bot.replicas.several import Several
from bot.replicas.worker import Worker
from bot.reviewing.assigned import Assigned
from bot.reviewing.assigning import ASSIGNED
from bot.schedule import Jobs, Nudge
from bot.settings.chosen import Chosen
from bot.slack.ask import Desk
from bot.slack.line import Line, line_of
from bot.slack.render import Renderer
from bot.taught import Teaching
from bot.trace_pages import TracePages
from bot.wiring.evaluators import catalogue_of, evaluators_of
from bot.wiring.jobs import aligning_of, digesting_of, heartbeat_of, jobs_of, notifying_of, status_of
from bot.wiring.slack import bolt_of
from bot.wiring.telemetry import telemetry_of
from evaluators.base import Evaluator
from traces.clock import Clock
from traces.store import Store, open_store
from traces.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Hark:
    """Everything that runs. ``line``, ``client`` and ``bolt`` are ``None`` without Slack tokens."""

    settings: Settings
    clock: Clock
    store: Store
    evaluators: tuple[Evaluator, ...]
    chosen: Chosen
    jobs: Jobs
    desk: Desk
    client: WebClient | None
    bolt: App | None
    line: Line | None = None
    webhook_secrets: Mapping[str, SecretStr] = field(default_factory=dict)

    def receiver(self, writer: Writer, roles: frozenset[Role] = EVERY_ROLE) -> Receiver:
        """The HTTP edge of a process in these roles, listening to Slack where Slack comes over HTTP."""
        receiver = Receiver(
            self.store,
            writer,
            self.clock,
            self.webhook_secrets,
            status=lambda: status_of(self.store, self.clock, self.desk),
            roles=roles,
        )
        secret = self.settings.secrets.signing_secret
        is_http = "slack" in roles and self.settings.transport == "http"
        if self.bolt is not None and is_http and secret is not None:
            receiver.listen_to_slack(self.bolt, secret.get_secret_value())
        return receiver

    def several(self, roles: frozenset[Role], shared: Worker | None = None) -> Several | None:
        """This process as one of several over a PostgreSQL; ``None`` where the database is this process's alone.

        ``shared`` takes up jobs for every workspace of a process that serves several.
        """
        if self.store.dialect != "postgresql":
            return None
        return Several(self.store, self.jobs.evaluate, self.clock, self.settings.judge.at_once, roles, shared)

    def writer(self) -> Writer:
        """The thread that stores what is received."""
        return Writer(self.store, self.clock, self.settings.conversations.quiet)


def build_hark(settings: Settings, clock: Clock, environment: Mapping[str, str]) -> Hark:
    """Open the store and wire the parts.

    Raises:
        BadInput: A setting names something that does not exist.
        StoreUnavailable: The database cannot be opened.
    """
    store = open_store(settings.database_url, settings.workspace, settings.secrets.seal)
    return hark_on(settings, clock, environment, store, line_of(settings))


def hark_on(settings: Settings, clock: Clock, environment: Mapping[str, str], store: Store, line: Line | None) -> Hark:
    """Wire the parts of the Hark of one workspace.

    Args:
        settings: As they hold in this workspace.
        clock: Tells the time.
        environment: Where the secrets of sources, receivers and webhooks are.
        store: Bound to the workspace.
        line: Its Slack; without one nothing is posted.

    Raises:
        BadInput: A setting names something that does not exist.
        StoreUnavailable: The database cannot be read.
    """
    webhook_secrets = settings.webhooks.secrets_in(environment)
    heads, revisions = Heads(), Revisions()
    evaluators = learning(evaluators_of(settings, clock, store, heads, revisions), heads)
    chosen = Chosen(settings, store)
    with store.read() as tx:
        heads.refresh(tx)
        revisions.refresh(tx)
        chosen.refresh(tx)
    client = None if line is None else line.client
    pages, runbooks = TracePages(settings.sources), runbooks_of(settings.slos, settings.thresholds)
    renderer = Renderer(evaluators, chosen.overrides, settings.review.rule_of_votes, pages, runbooks)
    desk = _desk(settings, clock, store, evaluators, chosen, renderer)
    renderer.also_draws(SHARED, desk.delivered)
    renderer.also_draws(BREAKDOWN, Dividing(renderer).delivered)
    renderer.also_draws(TAUGHT, Teaching(renderer).delivered)
    renderer.also_draws(DIGEST, desk.digests.delivered)
    renderer.also_draws(ASSIGNED, Assigned(renderer).delivered)
    proposed = Proposed(store=store, clock=clock, renderer=renderer)
    renderer.also_draws(REVISION, proposed.revision)
    renderer.also_draws(THRESHOLD, proposed.threshold)
    deliver = None if client is None else _delivering(settings, store, client, clock, renderer)
    sources = sources_of(settings.sources, environment, clock)
    nudge = Nudge()
    return Hark(
        settings=settings,
        clock=clock,
        store=store,
        evaluators=evaluators,
        chosen=chosen,
        jobs=replace(
            jobs_of(settings, store, clock, evaluators, heads, chosen, deliver, nudge, sources, revisions),
            notify=notifying_of(settings, environment, store, clock, renderer),
            heartbeat=heartbeat_of(settings, clock, store, desk),
            digest=None if client is None else digesting_of(settings, store),
            beats=tuple(filter(None, [telemetry_of(settings, environment, clock, store, desk, renderer)])),
            outcomes=Outcomes(store, clock),
            align=aligning_of(settings, store, clock, posts=client is not None),
        ),
        desk=desk,
        client=client,
        line=line,
        bolt=None if line is None else bolt_of(settings, store, clock, line, desk, renderer, nudge, chosen),
        webhook_secrets=webhook_secrets,
    )


def _desk(
    settings: Settings,
    clock: Clock,
    store: Store,
    evaluators: tuple[Evaluator, ...],
    chosen: Chosen,
    renderer: Renderer,
) -> Desk:
    return Desk(
        store=store,
        clock=clock,
        renderer=renderer,
        evaluators=evaluators,
        segment_keys=settings.segments.keys,
        overrides=chosen.overrides,
        chosen=chosen,
        sources=tuple(source.name for source in settings.sources),
        judging=JudgingSaid(settings.judges, settings.judge),
        catalogue=catalogue_of(settings, evaluators),
        asking=asking_of(settings.judges, settings.judge, store, clock),
        weeks_between_false_alerts=settings.detect.weeks_between_false_alerts,
    )


def _delivering(settings: Settings, store: Store, client: WebClient, clock: Clock, renderer: Renderer) -> Delivering:
    slack = settings.slack
    doubt, token = timedelta(seconds=slack.doubt_s), SlackToken(store, client, clock)
    return Delivering(
        store, client, clock, renderer, slack.broadcast, doubt, token, draws_charts=slack.charts == "image"
    )
