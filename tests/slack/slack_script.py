"""What people do with an alert and a flagged conversation: one script for every transport and every double."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_house import eventually
from slack_people import MIA, NOAH, Hands, Sender, controls, words_of
from web_double import ALERTS, REVIEW, SlackDouble

Meanwhile = Callable[[], None]


class Script:
    """People working through Slack.

    Args:
        slack: Where everything shows.
        send: Brings what they do to the app.
        meanwhile: Run while waiting for what shows; where the app runs its jobs by itself there is nothing to do.
    """

    def __init__(self, slack: SlackDouble, send: Sender, meanwhile: Meanwhile = lambda: None) -> None:
        self.slack = slack
        self.send = send
        self.hands = Hands(slack)
        self._meanwhile = meanwhile

    def see(self, found: Callable[[], Any]) -> Any:
        def looked() -> Any:
            self._meanwhile()
            return found()

        return eventually(looked)

    def message(self, channel: str, ts: str) -> dict[str, Any]:
        return next(m for m in self.slack.posted(channel) if m["ts"] == ts)

    def becomes(self, channel: str, ts: str, *words: str) -> dict[str, Any]:
        """The message once it shows all the words."""

        def missing() -> list[str]:
            shown = words_of(self.message(channel, ts))
            return [word for word in words if word not in shown]

        try:
            self.see(lambda: not missing())
        except AssertionError as error:
            raise AssertionError(f"{missing()} not in: {words_of(self.message(channel, ts))}") from error
        return self.message(channel, ts)

    def asks(self, text: str, *words: str) -> dict[str, Any]:
        """The answer to ``/hark text``, which holds the words and is for the asker only."""
        request = self.hands.command(text)
        acknowledged = self.send(request)
        assert not acknowledged
        answer = self.see(lambda: self.slack.answers[request.answer_key])[0]
        assert answer["response_type"] == "ephemeral"
        for word in words:
            assert word in words_of(answer), (text, word, words_of(answer))
        return answer

    # --- the parts of the script ---

    def the_alert_stands_with_its_examples(self) -> str:
        root = self.see(lambda: self.slack.roots(ALERTS))[0]
        self.see(lambda: len(self.slack.thread(ALERTS, root["ts"])) == 2)
        assert "Refusal" in root["text"]
        assert "prompt version" in words_of(root)
        assert controls(root) == ["alert_acknowledge", "alert_resolve", "alert_conversations", "alert_more"]
        for example in self.slack.thread(ALERTS, root["ts"]):
            assert "cannot help with refunds" in words_of(example)
            assert controls(example) == ["label_yes", "label_no", "label_more", "label_menu"]
        return str(root["ts"])

    def acknowledging_changes_it_in_place(self, ts: str) -> None:
        standing = len(self.slack.roots(ALERTS))
        self.send(self.hands.press(ALERTS, ts, "alert_acknowledge", NOAH))
        changed = self.becomes(ALERTS, ts, "Acknowledged", "acknowledged by noah")
        assert controls(changed) == ["alert_resolve", "alert_conversations", "alert_more"]
        assert len(self.slack.roots(ALERTS)) == standing

    def labels_can_be_given_and_taken_back(self, ts: str) -> None:
        first, second = (m["ts"] for m in self.slack.thread(ALERTS, ts))
        self.send(self.hands.press(ALERTS, first, "label_yes", MIA))
        assert controls(self.becomes(ALERTS, first, "Refusal: yes", "mia")) == [
            "label_more",
            "label_undo",
            "label_menu",
        ]
        self.send(self.hands.press(ALERTS, second, "label_no", NOAH))
        self.becomes(ALERTS, second, "Refusal: no", "noah")
        self.send(self.hands.press(ALERTS, second, "label_undo", NOAH))
        self.see(
            lambda: controls(self.message(ALERTS, second)) == ["label_yes", "label_no", "label_more", "label_menu"]
        )
        assert "noah" not in words_of(self.message(ALERTS, second))

    def more_opens_a_window_whose_answer_shows_on_the_card(self) -> None:
        card = self.see(lambda: self.slack.roots(REVIEW))[0]["ts"]
        self.send(self.hands.press(REVIEW, card, "label_more", MIA))
        view_id = self.see(self.filled_view)
        self.send(
            self.hands.submit(
                view_id,
                {"verdict": "yes", "severity": "high", "labels": ["tool_error"], "note": "Said no <!here> twice"},
            )
        )
        self.becomes(REVIEW, card, "Refusal: yes", "mia", "Tool error", "Said no", "twice")

    def filled_view(self) -> str | None:
        """The newest window, once there is something to fill in."""
        for view_id, view in reversed(self.slack.views.items()):
            if any(block["type"] == "input" for block in view["blocks"]):
                return view_id
        return None

    def questions_are_answered_to_the_asker(self) -> None:
        self.asks("help", "/hark status", "/hark metrics")
        self.asks("status", "alert")
        self.asks("metrics volume 7d", "Volume")
        self.asks("frobnicate <!channel>", "⚠️")

    def an_answer_is_shared_with_the_channel(self) -> None:
        answer = self.asks("alerts", "Refusal")

        def shared() -> Any:
            # What was answered is noted after the answer.
            press = self.hands.press_answer(answer, "answer_share")
            self.send(press)
            told = self.see(lambda: self.slack.answers[press.answer_key])[0]
            return told if told["response_type"] == "in_channel" else None

        assert "mia asked" in words_of(self.see(shared))

    def resolving_leaves_only_the_way_back(self, ts: str) -> None:
        self.send(self.hands.press(ALERTS, ts, "alert_resolve", MIA))
        assert controls(self.becomes(ALERTS, ts, "Resolved", "by mia")) == ["alert_reopen"]

    def whole(self) -> None:
        ts = self.the_alert_stands_with_its_examples()
        self.acknowledging_changes_it_in_place(ts)
        self.labels_can_be_given_and_taken_back(ts)
        self.more_opens_a_window_whose_answer_shows_on_the_card()
        self.questions_are_answered_to_the_asker()
        self.an_answer_is_shared_with_the_channel()
        self.resolving_leaves_only_the_way_back(ts)
