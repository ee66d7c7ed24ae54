"""From detection to Slack and to a receiver: an alert with a route, from its opening to its end."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from made import HOUR
from stream import BREAK, LATE, broken_from

from alerts.posting import BREAKDOWN, Posting
from alerts.routes import Hours, Quiet, Route, Routing
from alerts.severity import Severity
from alerts.watch import WatchSettings
from bot.alerting import Alerting
from bot.breakdown import Dividing, breakdown_of
from bot.jobs.deliver import Delivering
from bot.jobs.detect import Detection
from bot.jobs.notify import Notifying
from bot.slack.access import Person
from bot.slack.check import check
from bot.slack.render import Renderer
from evaluators.refusal import Refusal
from traces.clock import FakeClock
from traces.ingest import offer, take_conversations
from traces.model import AlertState, Direction

ANN = Person(user_id="U1", name="Ann", team_id="T1")


class Slack:
    """Keeps what is posted, and checks it as Slack does."""

    def __init__(self) -> None:
        self.posts: list[dict] = []
        self.edits: list[dict] = []

    def chat_postMessage(self, **post):  # noqa: N802 - Slack's name
        assert check({key: post[key] for key in ("text", "blocks", "metadata") if key in post}, "message") == []
        self.posts.append(post)
        return {"ok": True, "channel": post["channel"], "ts": f"{len(self.posts)}.0"}

    def chat_update(self, **edit):
        self.edits.append(edit)
        return {"ok": True}

    @property
    def roots(self):
        return [post for post in self.posts if "thread_ts" not in post]


class Ear:
    def __init__(self) -> None:
        self.states: list[str] = []

    def tell(self, notice):
        self.states.append(notice.state.value)


class Team:
    """Everybody who is told of what a stream of traffic shows."""

    def __init__(self, stream, *, quiet=None, route=None, broadcast="on_escalation", examples=2) -> None:
        self.stream = stream
        self.slack, self.ear, self.clock = Slack(), Ear(), FakeClock(stream.hour)
        route = route or Route(to="#refusals", receivers=("pager",), where={"model": "m2"}, signals=("refus*",))
        routing = Routing(default="#llm-alerts", routes=(route,), quiet=quiet)
        stream.detection = Detection(
            stream.store,
            WatchSettings(),
            Posting(channel="#llm-alerts", examples=examples, routing=routing),
            {"refusal": Direction.UP},
            {},
        )
        renderer = Renderer([Refusal()], {})
        renderer.also_draws(BREAKDOWN, Dividing(renderer).delivered)
        self.deliver = Delivering(stream.store, self.slack, self.clock, renderer, broadcast)
        self.notify = Notifying(stream.store, {"pager": self.ear}, self.clock, renderer)
        self.alerting = Alerting(stream.store, self.clock)

    def lives(self, hours):
        for _ in range(hours):
            self.stream.run(1)
            self.tells(self.stream.hour + LATE)

    def tells(self, at=None):
        if at is not None and at > self.clock.now():
            self.clock.advance(at - self.clock.now())
        self._keep_examples()
        self.deliver.run()
        self.notify.run()

    def _keep_examples(self):
        """The conversations behind the facts of the stream, so that their cards can be drawn."""
        with self.stream.store.begin() as tx:
            for one in tx.alerts.all():
                sent = [{"id": i, "messages": [{"role": "user", "content": "hello"}]} for i in one.examples]
                missing = [offer(s, self.clock.now()) for s in sent if tx.conversations.get(s["id"]) is None]
                if missing:
                    take_conversations(tx, missing, self.clock.now())

    @property
    def refusal(self):
        [found] = [a for a in self.stream.alerts if a.signal == "refusal"]
        return found


def kinds(slack):
    return [post["metadata"]["event_payload"]["delivery_id"].partition(":")[0] for post in slack.posts]


def test_an_alert_with_a_route_is_told_there_from_its_opening_to_its_end(after_weeks):
    team = Team(after_weeks(broken_from(BREAK, BREAK + 20 * HOUR)))
    team.lives(12)
    assert team.refusal.detail["way"] == {"channel": "#refusals", "receivers": ["pager"]}
    [root] = [post for post in team.slack.roots if post["channel"] == "#refusals"]
    thread = [post for post in team.slack.posts if post.get("thread_ts")]
    assert {post["channel"] for post in thread} == {"#refusals"}
    assert kinds(team.slack)[:4] == ["alert", "breakdown", "example", "example"]
    assert root["text"].count("Refusal rate") == 1
    assert team.ear.states == ["open"]
    assert team.alerting.acknowledge(team.refusal.alert_id, ANN, "click-1")
    team.tells()
    assert team.ear.states == ["open", "acknowledged"]
    team.lives(40)
    assert team.refusal.state is AlertState.RESOLVED
    assert team.ear.states == ["open", "acknowledged", "resolved"]
    assert len([post for post in team.slack.roots if post["channel"] == "#refusals"]) == 1


def test_the_breakdown_names_what_explains_the_alert_first_and_adds_up(after_weeks):
    team = Team(after_weeks(broken_from(BREAK)))
    team.lives(12)
    with team.stream.store.read() as tx:
        found = breakdown_of(tx, team.refusal, team.deliver._renderer.signal("refusal"))
    assert found is not None
    assert (found.key, found.parts[0].value) == ("model", "m2")
    assert sum(part.n for part in found.parts) == found.whole.n > 0
    assert sum(part.k for part in found.parts) == found.whole.k > 0
    assert found.parts[0].level > 0.3 > found.parts[1].level
    assert kinds(team.slack).count("breakdown") == 1
    team.lives(3)
    assert kinds(team.slack).count("breakdown") == 1, "edited in place"
    assert any("breakdown" in str(edit["metadata"]) for edit in team.slack.edits)


def night(until):
    """Quiet hours from a time of day before the break to one after it."""
    return Hours(start=time(0), end=time(until), zone="UTC")


def test_an_alert_of_the_quiet_hours_is_held_back_with_its_examples_until_they_are_over(after_weeks):
    never = Quiet(hours=night(23), urgent=Severity.HIGH)
    calm = Route(to="#refusals", receivers=("pager",))
    team = Team(after_weeks(broken_from(BREAK)), quiet=never, route=calm)
    opened = False
    while not opened:
        team.lives(1)
        opened = bool(team.stream.alerts)
    [one] = team.stream.alerts
    assert one.detected_at.hour < 23
    with team.stream.store.read() as tx:
        root = tx.outbox.get(f"alert:{one.alert_id}")
    is_urgent = root.due_at == one.detected_at
    assert (team.slack.posts == [] and team.ear.states == []) is not is_urgent
    team.tells(datetime.combine(one.detected_at.date(), time(23), one.detected_at.tzinfo) + timedelta(minutes=1))
    assert kinds(team.slack)[:3] == ["alert", "breakdown", "example"]
    assert team.ear.states == ["open"]
