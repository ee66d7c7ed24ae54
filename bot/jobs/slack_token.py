"""Does Slack take the bot's token? Seen while posting, and asked once a minute while there is nothing to post."""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Lock
from typing import Final

from slack_sdk import WebClient

from alerts.health import vitals
from bot.slack.failures import CALL_FAILED, code, is_token_refused
from traces.clock import Clock
from traces.store import Store

_LOG = logging.getLogger(__name__)
EVERY: Final = timedelta(minutes=1)


class SlackToken:
    """Notes whether the bot's token is taken. Safe to share between threads."""

    def __init__(self, store: Store, client: WebClient, clock: Clock) -> None:
        self._store = store
        self._client = client
        self._clock = clock
        self._known: str | None = None
        self._asked_at = clock.now() - EVERY
        self._lock = Lock()

    def ask(self) -> None:
        """Ask Slack, if it was not asked, and did not say, within the last minute."""
        if abs(self._clock.now() - self._asked_at) < EVERY:
            return
        self._asked_at = self._clock.now()
        try:
            self._client.auth_test()
        except CALL_FAILED as error:
            # A Slack that does not answer says nothing of the token.
            if is_token_refused(error):
                self.refused(error)
            return
        self.taken()

    def taken(self) -> None:
        """Slack did what it was asked."""
        self._note(None)

    def refused(self, error: Exception) -> None:
        """Slack refused the token."""
        self._note(code(error))

    def _note(self, word: str | None) -> None:
        now = self._asked_at = self._clock.now()
        with self._lock:
            if self._known == (word or "taken"):
                return
            with self._store.begin() as tx:
                vitals.note_token(tx, now, word)
            # Only now: what could not be stored is noted the next time.
            self._known = word or "taken"
        if word is not None:
            _LOG.error("Slack refuses the bot's token (%s)", word)
