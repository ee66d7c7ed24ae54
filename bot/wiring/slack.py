"""What listens to Slack, from the settings and the services behind it."""

from __future__ import annotations

from collections.abc import Callable

from slack_bolt import App

from bot.alerting import Alerting
from bot.answers.sharing import Sharing
from bot.calibration.proposals import Proposals
from bot.calibration.proposed import Proposed
from bot.calibration.thresholds import Thresholds
from bot.config.settings import Settings
from bot.home import Home
from bot.reviewing.desk import ReviewDesk
from bot.reviewing.queue import Queue
from bot.reviewing.review import Review
from bot.reviewing.sent_messages import SentMessages
from bot.reviewing.vague import VAGUE, VagueQuestions
from bot.settings.chosen import Chosen
from bot.settings.desk import SettingsDesk
from bot.settings.pages import SettingsPages
from bot.settings.preview import Previews
from bot.settings.told import home_settings_of, queue_rules_of
from bot.setup import Setup
from bot.slack.access import Access
from bot.slack.app import bolt_app
from bot.slack.ask import Desk
from bot.slack.line import Line
from bot.slack.listening.base import Edge
from bot.slack.listening.proposals import Deciding
from bot.slack.listening.surfaces import Services, listening_to
from bot.slack.reading import Reading
from bot.slack.render import Renderer
from bot.trace_pages import TracePages
from bot.wiring.evaluators import criteria_of
from bot.wiring.jobs import watch_settings_of
from traces.clock import Clock
from traces.store import Store


def bolt_of(
    settings: Settings,
    store: Store,
    clock: Clock,
    line: Line,
    desk: Desk,
    renderer: Renderer,
    nudge: Callable[[], None],
    chosen: Chosen,
) -> App:
    access = Access(chosen.roles, line.workspace, line.owner)
    edge = Edge(line.client, access, nudge)
    queue = Queue(store, clock, queue_rules_of(settings, chosen.reviewers))
    settings_desk = SettingsDesk(store, clock, chosen)
    reviewing = ReviewDesk(store, clock, queue, renderer)
    team_id = "" if line.installed is None else line.workspace.team_id or ""
    setup = Setup(store, clock, access, line.installed, team_id)
    vague = VagueQuestions(store, clock, renderer, desk.taxonomy)
    renderer.also_draws(VAGUE, vague.delivered)
    proposed = Proposed(store=store, clock=clock, renderer=renderer)
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
        vague=vague,
        queue=queue,
        reviewing=reviewing,
        sent=SentMessages(store, clock),
        sharing=Sharing(store=store, clock=clock),
        settings=settings_desk,
        settings_pages=SettingsPages(store, clock, settings_desk, desk),
        previews=Previews(store, clock, chosen, desk, watch_settings_of(settings.detect)),
        home=Home(
            store=store,
            clock=clock,
            access=access,
            desk=desk,
            renderer=renderer,
            reviewing=reviewing,
            settings=home_settings_of(settings),
            desk_of_settings=settings_desk,
            setup=setup,
            proposed=proposed,
        ),
        clock=clock,
        setup=setup,
        deciding=Deciding(
            store=store,
            proposals=Proposals(store=store, clock=clock, criteria=criteria_of(settings)),
            thresholds=Thresholds(store, clock),
            proposed=proposed,
        ),
    )
    return bolt_app(line, listening_to(edge, services))
