"""What Hark asks of Slack's Web API, as one script of calls for every workspace that claims to be Slack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator_workspaces import CalledWorkspace
from slack_sdk.errors import SlackApiError

_NOWHERE, _NEVER = "C0NOWHERE", "1000000000.000001"


class Calls:
    """The script, in parts that each stand alone."""

    def __init__(self, slack: CalledWorkspace) -> None:
        self.slack = slack
        self.client = slack.client

    def post(self, text: str, **arguments: Any) -> str:
        """Post as Hark does, with blocks and metadata; returns the message's ts."""
        answer = self.client.chat_postMessage(
            channel=self.slack.channel, text=text, blocks=[section(text)], metadata=metadata(text), **arguments
        )
        assert answer["ok"]
        assert answer["channel"] == self.slack.channel
        return str(answer["ts"])

    def history(self, **arguments: Any) -> list[dict[str, Any]]:
        """The channel with its metadata, newest first."""
        answer = self.client.conversations_history(
            channel=self.slack.channel, include_all_metadata=True, limit=200, **arguments
        )
        return list(answer["messages"])

    def thread(self, ts: str) -> list[dict[str, Any]]:
        answer = self.client.conversations_replies(
            channel=self.slack.channel, ts=ts, include_all_metadata=True, limit=200
        )
        return list(answer["messages"])

    # --- messages ---

    def a_post_is_found_by_its_metadata(self) -> None:
        older, newer = self.post("older"), self.post("newer")
        assert float(older) < float(newer)
        found = [m for m in self.history() if m["ts"] in (older, newer)]
        assert [m["ts"] for m in found] == [newer, older]
        assert [m["metadata"] for m in found] == [metadata("newer"), metadata("older")]
        assert [m["text"] for m in found] == ["newer", "older"]

    def an_answer_stands_in_its_thread_only(self) -> None:
        root = self.post("root")
        answers = [self.post(text, thread_ts=root) for text in ("first", "second")]
        assert [m["ts"] for m in self.thread(root)] == [root, *answers]
        assert [m["metadata"] for m in self.thread(root)][1:] == [metadata("first"), metadata("second")]
        assert [m["thread_ts"] for m in self.thread(root)[1:]] == [root, root]
        listed = {m["ts"]: m for m in self.history()}
        assert root in listed
        assert not listed.keys() & set(answers)
        assert listed[root]["reply_count"] == 2

    def an_update_changes_the_message_in_place(self) -> None:
        root = self.post("open")
        reply = self.post("an example", thread_ts=root)
        for ts in (root, reply):
            answer = self.client.chat_update(
                channel=self.slack.channel,
                ts=ts,
                text="resolved",
                blocks=[section("resolved")],
                metadata=metadata("resolved"),
            )
            assert (answer["channel"], answer["ts"]) == (self.slack.channel, ts)
        shown = self.thread(root)
        assert [m["ts"] for m in shown] == [root, reply]
        for message in shown:
            assert message["text"] == "resolved"
            assert message["blocks"][0]["text"]["text"] == "resolved"
            assert message["metadata"] == metadata("resolved")

    def an_update_may_take_the_blocks_away(self) -> None:
        root = self.post("with blocks")
        self.client.chat_update(
            channel=self.slack.channel, ts=root, text="plain", blocks=[], metadata=metadata("with blocks")
        )
        shown = self.thread(root)[0]
        assert shown["text"] == "plain"
        assert not shown.get("blocks")
        assert shown["metadata"] == metadata("with blocks")

    def what_is_not_there_is_refused_by_name(self) -> None:
        channel = self.slack.channel
        wanted = {
            "channel_not_found": lambda: self.client.chat_postMessage(channel=_NOWHERE, text="lost"),
            "message_not_found": lambda: self.client.chat_update(channel=channel, ts=_NEVER, text="lost"),
            # The SDK's own method warns of an empty text before Slack can refuse it.
            "no_text": lambda: self.client.api_call("chat.postMessage", json={"channel": channel, "text": ""}),
        }
        assert {code: refusal(call) for code, call in wanted.items()} == {code: code for code in wanted}
        assert refusal(lambda: self.client.conversations_history(channel=_NOWHERE)) == "channel_not_found"
        assert refusal(lambda: self.client.conversations_replies(channel=_NOWHERE, ts=_NEVER)) == "channel_not_found"

    # --- windows and the App Home ---

    def a_trigger_opens_one_window(self) -> None:
        trigger = self.slack.trigger()
        opened = self.client.views_open(trigger_id=trigger, view=modal("loading"))["view"]
        assert opened["id"] == opened["root_view_id"]
        assert opened["type"] == "modal"
        assert refusal(lambda: self.client.views_open(trigger_id=trigger, view=modal("x"))) == "exchanged_trigger_id"
        assert refusal(lambda: self.client.views_open(trigger_id="1.2.x", view=modal("x"))) == "invalid_trigger_id"

    def a_window_is_filled_and_keeps_what_it_carries(self) -> None:
        opened = self.client.views_open(trigger_id=self.slack.trigger(), view=modal("loading"))["view"]
        filled = self.client.views_update(view_id=opened["id"], view=modal("filled"))["view"]
        assert filled["id"] == opened["id"]
        assert filled["hash"] != opened["hash"]
        assert filled["blocks"][0]["text"]["text"] == "filled"
        assert (filled["callback_id"], filled["private_metadata"]) == ("label", "item-1")
        assert refusal(lambda: self.client.views_update(view_id="V0NEVER", view=modal("x"))) == "not_found"

    def an_older_drawing_of_a_window_is_refused(self) -> None:
        opened = self.client.views_open(trigger_id=self.slack.trigger(), view=modal("loading"))["view"]
        first, seen = {"view_id": opened["id"], "hash": opened["hash"]}, opened["hash"]
        newer = self.client.views_update(view=modal("newer"), **first)["view"]
        assert newer["hash"] != seen
        assert refusal(lambda: self.client.views_update(view=modal("older"), **first)) == "hash_conflict"
        again = self.client.views_update(view_id=opened["id"], hash=newer["hash"], view=modal("newest"))["view"]
        assert again["blocks"][0]["text"]["text"] == "newest"

    def an_older_drawing_of_the_home_is_refused(self) -> None:
        person = self.slack.person
        shown = self.client.views_publish(user_id=person, view=home("first"))["view"]
        newer = self.client.views_publish(user_id=person, view=home("second"), hash=shown["hash"])["view"]
        assert newer["id"] == shown["id"]
        stale = {"user_id": person, "hash": shown["hash"]}
        assert refusal(lambda: self.client.views_publish(view=home("third"), **stale)) == "hash_conflict"
        last = self.client.views_publish(user_id=person, view=home("fourth"))["view"]
        assert last["blocks"][0]["text"]["text"] == "fourth"
        assert refusal(lambda: self.client.views_publish(user_id="U0NOBODY", view=home("x"))) == "user_not_found"


PARTS = sorted(name for name, part in vars(Calls).items() if callable(part) and name.startswith(("a_", "an_", "what_")))


def refusal(call: Callable[[], object]) -> str:
    """The code with which a call is refused."""
    with pytest.raises(SlackApiError) as refused:
        call()
    return str(refused.value.response["error"])


def metadata(name: str) -> dict[str, Any]:
    return {"event_type": "hark_delivery", "event_payload": {"delivery_id": f"alert:{name}"}}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "block_id": "told", "text": {"type": "mrkdwn", "text": text}}


def modal(text: str) -> dict[str, Any]:
    title = {"type": "plain_text", "text": "Label"}
    carried = {"callback_id": "label", "private_metadata": "item-1"}
    return {"type": "modal", "title": title, "blocks": [section(text)], **carried}


def home(text: str) -> dict[str, Any]:
    return {"type": "home", "blocks": [section(text)]}
