"""From detection to Slack and to a receiver: an alert with a route, from its opening to its end."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from made import HOUR
from stream import BREAK, LATE, broken_from

from alerts.explaining.incident import Incident, Numbers
from alerts.explaining.sighting import Sighting
from alerts.telling.decision import Reason
from alerts.telling.pipeline import run
from alerts.telling.posting import BREAKDOWN, Posting, ask_for_update
from alerts.telling.routes import Hours, Quiet, Route, Routing
from alerts.telling.severity import Severity
from alerts.watching.watch import Terrain, Watch, WatchSettings
from bot.alerting import Alerting
from bot.answers.breakdown import Dividing, breakdown_of
from bot.jobs.deliver import Delivering
from bot.jobs.detect import Detection
from bot.jobs.notify import Notifying
from bot.slack.access import Person
from bot.slack.check import check
from bot.slack.render import Renderer
from evaluators.refusal import Refusal
from traces.clock import FakeClock
from traces.ingest import offer, take_conversations
from traces.model import AlertState, Direction, Kind, Segment, Signal
from traces.store import open_store

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

    def chat_getPermalink(self, *, channel, message_ts):  # noqa: N802 - Slack's name
        return {"channel": channel, "permalink": f"https://acme.slack.com/archives/{channel}/p{message_ts}"}

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

    def __init__(self, stream) -> None:
        self.stream = stream
        self.slack, self.ear, self.clock = Slack(), Ear(), FakeClock(stream.hour)
        route = Route(to="#refusals", receivers=("pager",), where={"model": "m2"}, signals=("refus*",))
        routing = Routing(default="#llm-alerts", routes=(route,))
        stream.detection = Detection(
            stream.store,
            WatchSettings(),
            Posting(channel="#llm-alerts", examples=2, routing=routing),
            {"refusal": Direction.UP},
            {},
        )
        renderer = Renderer([Refusal()], {})
        renderer.also_draws(BREAKDOWN, Dividing(renderer).delivered)
        self.renderer = renderer
        self.deliver = Delivering(stream.store, self.slack, self.clock, renderer)
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
        found = breakdown_of(tx, team.refusal, team.renderer.signal("refusal"))
    assert found is not None
    assert (found.key, found.parts[0].value) == ("model", "m2")
    assert sum(part.n for part in found.parts) == found.whole.n > 0
    assert sum(part.k for part in found.parts) == found.whole.k > 0
    assert found.parts[0].level > 0.3 > found.parts[1].level
    assert kinds(team.slack).count("breakdown") == 1
    team.lives(3)
    assert kinds(team.slack).count("breakdown") == 1, "edited in place"
    assert any("breakdown" in str(edit["metadata"]) for edit in team.slack.edits)


# --- on sightings that are made up -----------------------------------------------------------------------

REFUSAL = Signal(name="refusal", kind=Kind.RATE, unit="%", evaluator="refusal")
TERRAIN = Terrain(signals={"refusal": REFUSAL}, calibrations={}, changes=())
NIGHT = Quiet(hours=Hours(start=time(20), end=time(8), zone="UTC"), urgent=Severity.HIGH)
LATE_EVENING = datetime(2026, 11, 20, 22, tzinfo=UTC)
MORNING = LATE_EVENING + 10 * HOUR


def sighting(at, value):
    numbers = Numbers(
        segment=Segment.of(model="m2"), value=value, expected=0.05, expected_low=0.02, expected_high=0.08, n=100,
        k=round(100 * value),
    )  # fmt: skip

    def look(_tx, _examples, _known):
        return Incident(started_at=LATE_EVENING, numbers=numbers, detail={}, examples=("c-1",), users=0)

    return Sighting(
        signal=REFUSAL, segment=numbers.segment, direction=Direction.UP, started_at=LATE_EVENING, detected_at=at, look=look,
        value=value, expected_low=0.02, expected_high=0.08, evidence=5.0,
    )  # fmt: skip


class Night:
    """A team with quiet hours that is told of a made-up change."""

    def __init__(self, broadcast="on_escalation") -> None:
        self.store, self.clock = open_store("sqlite://"), FakeClock(LATE_EVENING)
        self.slack, self.ear = Slack(), Ear()
        routing = Routing(default="#all", routes=(Route(receivers=("pager",)),), quiet=NIGHT)
        self.posting = Posting(channel="#all", routing=routing)
        renderer = Renderer([Refusal()], {})
        renderer.also_draws(BREAKDOWN, Dividing(renderer).delivered)
        self.deliver = Delivering(self.store, self.slack, self.clock, renderer, broadcast)
        self.notify = Notifying(self.store, {"pager": self.ear}, self.clock, renderer)
        with self.store.begin() as tx:
            sent = {"id": "c-1", "messages": [{"role": "user", "content": "hello"}]}
            take_conversations(tx, [offer(sent, LATE_EVENING)], LATE_EVENING)

    def sees(self, value, at):
        self.clock.advance(at - self.clock.now())
        with self.store.begin() as tx:
            decisions = run(tx, Watch(WatchSettings()), TERRAIN, self.posting, at, [sighting(at, value)])
        self.tells()
        return [decision.reason for decision in decisions]

    def tells(self, at=None):
        self.clock.advance((at or self.clock.now()) - self.clock.now())
        self.deliver.run()
        self.notify.run()


@pytest.fixture
def night():
    made = Night()
    yield made
    made.store.close()


def test_what_is_not_urgent_is_held_back_with_its_thread_until_the_quiet_hours_are_over(night):
    night.sees(0.1, LATE_EVENING)
    night.sees(0.11, LATE_EVENING + 2 * HOUR)
    assert (night.slack.posts, night.ear.states) == ([], [])
    night.tells(MORNING)
    assert kinds(night.slack) == ["alert", "breakdown", "example"]
    assert night.ear.states == ["open"]


def test_what_becomes_urgent_in_the_night_is_told_at_once(night):
    night.sees(0.1, LATE_EVENING)
    night.sees(0.5, LATE_EVENING + HOUR)
    assert kinds(night.slack) == ["alert", "breakdown", "example"]
    assert night.ear.states == ["open"]
    assert "Refusal rate 50" in night.slack.roots[0]["text"]


def test_what_is_urgent_wakes_people_and_is_posted_once(night):
    night.sees(0.5, LATE_EVENING)
    night.sees(0.5, LATE_EVENING + HOUR)
    night.tells(MORNING)
    assert kinds(night.slack).count("alert") == 1
    assert night.ear.states == ["open"]


def test_a_receiver_hears_that_an_alert_is_over_and_that_it_is_open_again(night):
    night.sees(0.1, LATE_EVENING)
    night.tells(MORNING)
    alerting = Alerting(night.store, night.clock)
    with night.store.read() as tx:
        [one] = tx.alerts.all()
    alerting.resolve(one.alert_id, ANN, "k-1")
    night.tells()
    alerting.reopen(one.alert_id, ANN, "k-2")
    night.tells()
    assert night.ear.states == ["open", "resolved", "open"]
    assert kinds(night.slack).count("alert") == 1


def test_an_alert_that_grows_is_shown_in_the_channel_and_its_examples_are_not(night):
    night.sees(0.1, MORNING)
    assert Reason.GREW in night.sees(0.22, MORNING + 7 * HOUR)
    [grew] = [post for post in night.slack.posts if post.get("reply_broadcast")]
    assert grew["text"].startswith("📈 Grew")
    assert kinds(night.slack) == ["alert", "breakdown", "example", "update"]


def test_growth_that_is_not_urgent_disturbs_nobody_at_night(night):
    night.sees(0.09, MORNING)
    assert Reason.GREW in night.sees(0.2, MORNING + 13 * HOUR)
    assert "update" not in kinds(night.slack)
    night.tells(MORNING + 24 * HOUR)
    assert kinds(night.slack).count("update") == 1


@pytest.mark.parametrize(
    ("broadcast", "shown"),
    [
        ("thread_only", []),
        ("on_escalation", ["grew", "a change that seemed over is back"]),
        ("always", ["narrowed", "grew", "a change that seemed over is back", "the snooze is over"]),
    ],
)
def test_which_updates_the_channel_shows_is_a_setting(broadcast, shown):
    team = Night(broadcast)
    team.sees(0.5, MORNING)
    with team.store.begin() as tx:
        [one] = tx.alerts.all()
        reasons = [Reason.NARROWED, Reason.GREW, Reason.BACK, Reason.SNOOZE_OVER]
        numbers = {
            str(tx.decisions.note(one.alert_id, at=MORNING, reason=r.value, text="So.", signal="refusal")): r.value
            for r in reasons
        }
        for number in numbers:
            ask_for_update(tx, team.posting, one, int(number), MORNING)
    team.tells()
    loud = [post for post in team.slack.posts if post.get("reply_broadcast")]
    ids = [post["metadata"]["event_payload"]["delivery_id"].rpartition(".")[2] for post in loud]
    assert sorted(numbers[number] for number in ids) == sorted(shown)
    team.store.close()
