"""A post whose answer was lost is found in the history of its channel, which Slack gives by the channel's id only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from slack_sdk.errors import SlackApiError

from bot.jobs.deliver import Delivering
from bot.slack.render import Renderer
from evaluators.refusal import Refusal
from traces.clock import FakeClock
from traces.ingest import offer, take_conversations
from traces.store import open_store
from traces.store.reviews import ReviewItem

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
IDS = {"#llm-review": "C0REVIEW"}


class Slack:
    """A channel that takes posts by its name, tells its history by its id, and loses the answers it is told to lose."""

    def __init__(self) -> None:
        self.messages: list[dict] = []
        self.loses_answers = False

    def chat_postMessage(self, *, channel: str, **payload) -> dict:  # noqa: N802 - Slack's name
        message = {"channel": IDS.get(channel, channel), "ts": f"{len(self.messages)}.0", **payload}
        self.messages.append(message)
        if self.loses_answers:
            raise ConnectionResetError
        return message

    def chat_update(self, *, channel: str, ts: str, **_) -> dict:
        return {"channel": channel, "ts": ts}

    def conversations_history(self, *, channel: str, **_) -> dict:
        if channel not in IDS.values():
            raise SlackApiError("no", {"ok": False, "error": "channel_not_found"})
        return {"messages": self.messages}


def ask_for(store, number: int) -> None:
    sent = {"id": f"c-{number}", "messages": [{"role": "user", "content": "hello"}]}
    with store.begin() as tx:
        take_conversations(tx, [offer(sent, NOW)], NOW)
        item = ReviewItem(
            item_id=f"i-{number}", conversation_id=sent["id"], evaluator="refusal", reason="Flagged.", picked_at=NOW
        )
        tx.reviews.pick(item)
        tx.outbox.request(kind="review", subject_id=item.item_id, channel="#llm-review", at=NOW)


def test_a_channel_known_by_name_is_searched_by_the_id_that_slack_gave_it_before():
    store, slack, clock = open_store("sqlite://"), Slack(), FakeClock(NOW)
    deliver = Delivering(store, slack, clock, Renderer([Refusal()], {}))
    ask_for(store, 1)
    deliver.run()
    slack.loses_answers = True
    ask_for(store, 2)
    deliver.run()
    slack.loses_answers = False
    clock.advance(timedelta(minutes=2))
    deliver.run()
    assert len(slack.messages) == 2
    with store.read() as tx:
        assert tx.outbox.get("review:i-2").posted_channel == "C0REVIEW"
    store.close()
