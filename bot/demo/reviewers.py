"""Scripted people: they press the buttons that stand in the workspace, through Slack's own signed requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bot.demo.stage import Stage
from bot.playground.acknowledgements import Answer
from bot.playground.elements import elements
from bot.playground.people import ALERTS, REVIEW
from bot.playground.posts import Post
from bot.slack.blocks import alert as alert_blocks
from bot.slack.blocks import conversation as card_blocks
from bot.slack.blocks.tokens import parse_token
from bot.slack.listening.commands import COMMAND
from traces.errors import HarkError
from traces.store.reviews import ReviewItem

MAYA, JONAS, PRIYA = "U0MAYA", "U0JONAS", "U0PRIYA"
_UNKNOWN: Final = frozenset({"volume", "latency", "latency_tail", "ttft_tail", "cost", "cost_tail"})
"""Signals about which the simulation knows no truth."""
_PAUSE_S: Final = 0.01
_PATIENCE_S: Final = 10.0
"""Slack is answered first; what was asked for is done right after."""


@dataclass(frozen=True, slots=True)
class Card:
    """A conversation that awaits a label: its message and the question."""

    post: Post
    item: ReviewItem


class Reviewers:
    """People who have read the conversations: they say what is true of them.

    Args:
        stage: Where they are.
        truths: By conversation id, the names of the scores that are the case.
    """

    def __init__(self, stage: Stage, truths: Mapping[str, frozenset[str]]) -> None:
        self._stage = stage
        self._truths = truths
        self._acted = threading.Event()
        stage.hark.jobs.nudge.reaches(self._acted.set)

    # --- what stands in the channels ---

    def alerts(self) -> list[Post]:
        """The alerts, oldest first."""
        return self._stage.workspace.posts.in_channel(ALERTS)[::-1]

    def post_of(self, alert_id: str) -> Post:
        """The root message of an alert.

        Raises:
            HarkError: It does not stand in the channel.
        """
        for post in self.alerts():
            if alert_id in _subjects(post):
                return post
        raise HarkError(f"the alert {alert_id} does not stand in the channel")

    def thread_of(self, alert_id: str) -> list[Post]:
        """What stands in the thread of an alert."""
        return self._stage.workspace.posts.in_thread(ALERTS, self.post_of(alert_id).ts)[1:]

    def examples(self, alert: Post) -> list[Card]:
        """The unlabelled examples in an alert's thread."""
        replies = self._stage.workspace.posts.in_thread(ALERTS, alert.ts)[1:]
        return [card for post in replies if (card := self._card(post)) is not None]

    def review_cards(self) -> list[Card]:
        """The unlabelled conversations of the review channel, oldest first."""
        posts = self._stage.workspace.posts.in_channel(REVIEW)[::-1]
        return [card for post in posts if (card := self._card(post)) is not None]

    def _card(self, post: Post) -> Card | None:
        button = next((e for e in elements(post.content.blocks) if e.action_id == card_blocks.YES), None)
        if button is None:
            return None
        with self._stage.hark.store.read() as tx:
            item = tx.reviews.item(parse_token(str(button.definition["value"])).subject_id)
        if item is None or item.evaluator in _UNKNOWN or item.conversation_id not in self._truths:
            return None
        return Card(post, item)

    def is_true(self, card: Card) -> bool:
        """What somebody who reads the conversation answers."""
        return card.item.evaluator in self._truths[card.item.conversation_id]

    # --- what they do ---

    def press(self, post: Post, action_id: str, person: str) -> None:
        """Press a button of a message.

        Raises:
            HarkError: Hark did not take the click, or did nothing about it.
        """
        self._acted.clear()
        _taken(self._stage.injector.click(post.channel, post.ts, action_id, user=person), action_id)
        if not self._acted.wait(_PATIENCE_S):
            raise HarkError(f"{action_id}: Hark did nothing about the click")

    def label(self, card: Card, person: str) -> None:
        """Say what is true with one tap."""
        self.press(card.post, card_blocks.YES if self.is_true(card) else card_blocks.NO, person)

    def label_wrongly(self, card: Card, person: str) -> None:
        self.press(card.post, card_blocks.NO if self.is_true(card) else card_blocks.YES, person)

    def undo(self, card: Card, person: str) -> None:
        self.press(card.post, card_blocks.UNDO, person)

    def label_in_modal(self, card: Card, person: str, note: str) -> None:
        """Say it in the window behind More…, with a note.

        Raises:
            HarkError: The window did not open, or Hark did not take what was sent.
        """
        self.press(card.post, card_blocks.MORE, person)
        stack = self._stage.workspace.surfaces.stack(person)
        if not stack:
            raise HarkError("the window behind More… did not open")
        said = {"verdict": "yes" if self.is_true(card) else "no", "note": note}
        _taken(self._stage.injector.submit(stack[-1].view_id, said, person), "the label window")

    def acknowledge(self, alert: Post, person: str) -> None:
        self.press(alert, alert_blocks.ACKNOWLEDGE, person)

    def resolve(self, alert: Post, person: str) -> None:
        self.press(alert, alert_blocks.RESOLVE, person)

    def reopen(self, alert: Post, person: str) -> None:
        self.press(alert, alert_blocks.REOPEN, person)

    def ask(self, text: str, person: str = MAYA) -> str:
        """Run a slash command; returns the first line of what is shown to the person.

        Raises:
            HarkError: Hark did not answer.
        """
        return self._answer(text, person).content.text.partition("\n")[0]

    def shown(self, text: str, person: str = MAYA) -> str:
        """Run a slash command; returns all the blocks of the answer as text.

        Raises:
            HarkError: Hark did not answer.
        """
        return str(self._answer(text, person).content.blocks)

    def _answer(self, text: str, person: str) -> Post:
        workspace = self._stage.workspace
        before = workspace.revisions.latest
        _taken(self._stage.injector.command(COMMAND, text, person, ALERTS), f"{COMMAND} {text}")
        gives_up_at = time.monotonic() + _PATIENCE_S
        while time.monotonic() < gives_up_at:
            answers = [p for p in workspace.posts.changed_since(before, person) if p.only_for == person]
            if answers:
                return answers[-1]
            time.sleep(_PAUSE_S)
        raise HarkError(f"no answer to {COMMAND} {text}")


def _subjects(post: Post) -> Iterator[str]:
    """What the buttons of a message are about."""
    for element in elements(post.content.blocks):
        value = element.definition.get("value")
        if isinstance(value, str):
            yield parse_token(value).subject_id


def _taken(answer: Answer, what: str) -> None:
    if not answer.is_ok:
        raise HarkError(f"{what}: {answer.problem or dict(answer.errors)} {answer.text[:200]}".rstrip())
