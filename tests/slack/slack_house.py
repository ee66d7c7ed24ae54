"""A whole Hark in this process, over HTTP on loopback and a store of its own, with a clock that tests move."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from pydantic import SecretStr
from slack_people import Hands, Request, Sender, over_http
from web_double import ALERTS, APP_TOKEN, BOT_TOKEN, REVIEW, SlackDouble

from alerts.telling.pipeline import ALERT, EXAMPLE
from bot.app import Hark, build_hark
from bot.config.judges import JudgeSettings
from bot.config.review import ReviewSettings
from bot.config.settings import DatabaseSettings, RoleSettings, Settings
from bot.config.slack import Secrets, SlackSettings
from bot.jobs.pick import REVIEW as REVIEW_CARD
from bot.playground.serving import PromptServer
from traces.clock import FakeClock, format_time
from traces.ingest import offer, take_conversations
from traces.model import EVERYTHING, Alert, AlertState, Direction, Segment
from traces.store import Store
from traces.store.reviews import ReviewItem

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
REFUSED = "I am sorry, I cannot help with refunds."


def settings_for(
    slack: SlackDouble,
    url: str,
    *,
    roles: RoleSettings | None = None,
    review: ReviewSettings | None = None,
    app_token: bool = False,
    judges: tuple[JudgeSettings, ...] = (),
) -> Settings:
    """Settings as environment variables would make them, with channel ids."""
    return Settings(
        database=DatabaseSettings(url=SecretStr(url)),
        slack=SlackSettings(alerts_channel=ALERTS, review_channel=REVIEW),
        roles=roles or RoleSettings(),
        review=review or ReviewSettings(double_share=0),
        judges=judges,
        secrets=Secrets(
            bot_token=SecretStr(BOT_TOKEN),
            app_token=SecretStr(APP_TOKEN) if app_token else None,
            signing_secret=SecretStr(SECRET),
        ),
        slack_api_url=slack.url,
    )


class House:
    """Hark, the Slack that it talks to, and people's hands."""

    def __init__(self, hark: Hark, slack: SlackDouble, clock: FakeClock, endpoint: str) -> None:
        self.hark = hark
        self.slack = slack
        self.clock = clock
        self.endpoint = endpoint
        self.hands = Hands(slack)
        self.send: Sender = over_http(endpoint, SECRET, lambda: clock.now().timestamp())

    @property
    def store(self) -> Store:
        return self.hark.store

    def deliver(self, **arguments: Any) -> Any:
        assert self.hark.jobs.deliver is not None
        return self.hark.jobs.deliver.run(**arguments)

    def settle(self) -> None:
        """Wait until every listener that was started has finished."""
        assert self.hark.bolt is not None
        runner = self.hark.bolt.listener_runner
        runner.listener_executor.shutdown(wait=True)
        runner.listener_executor = ThreadPoolExecutor(max_workers=5)

    def do(self, request: Request) -> Any:
        """Send a request and wait for what it causes."""
        answer = self.send(request)
        self.settle()
        self.deliver()
        return answer

    def state(self) -> dict[str, Any]:
        """Everything that requests may change, as one comparable value; times and row numbers left out."""
        with self.store.read() as tx:
            alerts = [(a.alert_id, a.state, a.acknowledged_by, a.resolved_by, a.version) for a in tx.alerts.all()]
            audit = [(e.actor, e.action, e.subject, str(e.before), str(e.after)) for e in tx.audit.entries()]
            labels = [
                (label.conversation_id, label.name, label.value, label.reviewer, label.note)
                for labels in tx.reviews.labels_of([f"c-{n}" for n in range(20)]).values()
                for label in labels
            ]
            revisions = sorted(
                (d.delivery_id, d.revision)
                for d in tx.outbox.of_subjects([*(a[0] for a in alerts), *(f"item-{n}" for n in range(20))])
            )
        return {"alerts": alerts, "audit": audit, "labels": sorted(map(str, labels)), "outbox": revisions}


@contextmanager
def house(
    slack: SlackDouble,
    url: str,
    *,
    roles: RoleSettings | None = None,
    review: ReviewSettings | None = None,
    judges: tuple[JudgeSettings, ...] = (),
) -> Iterator[House]:
    """Hark listening at its HTTP port; its jobs run when a test says so."""
    clock = FakeClock(NOON)
    hark = build_hark(settings_for(slack, url, roles=roles, review=review, judges=judges), clock, {})
    writer = hark.writer()
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    server = PromptServer(uvicorn.Config(hark.receiver(writer).app(), log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    try:
        yield House(hark, slack, clock, f"http://127.0.0.1:{bound.getsockname()[1]}/slack/events")
    finally:
        server.should_exit = True
        thread.join(10)
        bound.close()
        writer.close()
        hark.store.close()


def eventually(found: Callable[[], Any], timeout_s: float = 10.0) -> Any:
    """What ``found`` returns once it is true."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


# --- what is put into the store ------------------------------------------------------------------------------


def conversation(conversation_id: str, at: datetime, *, said: str = REFUSED, **metadata: Any) -> dict[str, Any]:
    """A conversation in Hark's format."""
    return {
        "id": conversation_id,
        "started_at": format_time(at),
        "user_id": f"user of {conversation_id}",
        "metadata": {"application": "shop", "model": "gpt-x", **metadata},
        "messages": [
            {"role": "user", "content": "I want my money back.", "timestamp": format_time(at)},
            {"role": "assistant", "content": said, "timestamp": format_time(at + timedelta(seconds=2))},
        ],
    }


def an_alert(alert_id: str = "a1", **changes: Any) -> Alert:
    """An alert on refusals, open since an hour."""
    fields: dict[str, Any] = {
        "alert_id": alert_id,
        "signal": "refusal",
        "segment": Segment.of(prompt_version="v8"),
        "state": AlertState.OPEN,
        "direction": Direction.UP,
        "started_at": NOON - timedelta(hours=1),
        "detected_at": NOON,
        "updated_at": NOON,
        "value": 0.4,
        "expected": 0.05,
        "expected_low": 0.02,
        "expected_high": 0.1,
        "n": 50,
        "k": 20,
        "users": 18,
        "examples": ("c-1", "c-2"),
        "detail": {"series": [""]},
    }
    return Alert(**{**fields, **changes})


def put_conversations(store: Store, sent: list[Mapping[str, Any]], at: datetime = NOON) -> None:
    with store.begin() as tx:
        take_conversations(tx, [offer(dict(one), at) for one in sent], at, timedelta(minutes=5))


def put_alert(store: Store, alert: Alert | None = None, channel: str = ALERTS, *, examples: int = 2) -> str:
    """An alert with its examples and the requests to post them, as detection writes them; returns the alert's id."""
    alert = alert or an_alert()
    at = alert.updated_at
    shown = alert.examples[:examples]
    put_conversations(store, [conversation(c, at - timedelta(minutes=30)) for c in shown])
    with store.begin() as tx:
        tx.alerts.add(alert)
        root = tx.outbox.request(kind=ALERT, subject_id=alert.alert_id, channel=channel, at=at)
        for conversation_id in shown:
            item = put_item(tx, conversation_id, alert_id=alert.alert_id)
            tx.outbox.request(kind=EXAMPLE, subject_id=item, channel=channel, thread_of=root, at=at)
    return alert.alert_id


def put_item(tx: Any, conversation_id: str, *, alert_id: str | None = None) -> str:
    """A question about a conversation; returns the item's id."""
    item = ReviewItem(
        item_id=conversation_id.replace("c-", "item-"),
        conversation_id=conversation_id,
        evaluator="refusal",
        reason="The answer reads like a refusal.",
        picked_at=NOON,
        alert_id=alert_id,
    )
    return tx.reviews.pick(item).item_id


def put_review(store: Store, conversation_id: str = "c-9", channel: str = REVIEW, **fields: Any) -> str:
    """A conversation for the review channel; returns its item's id."""
    put_conversations(store, [conversation(conversation_id, NOON - timedelta(minutes=30), **fields)])
    with store.begin() as tx:
        item = put_item(tx, conversation_id)
        tx.outbox.request(kind=REVIEW_CARD, subject_id=item, channel=channel, at=NOON)
    return item


__all__ = ["EVERYTHING", "House", "an_alert", "conversation", "eventually", "house", "put_alert", "put_review"]
