"""Slack's events over Socket Mode: connected while this process is the one that they are to come to."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack.app import answer_the_unknown

_LOG = logging.getLogger(__name__)

_PING_S: Final = 3.0
"""A connection that was lost without a word is given up after five unanswered pings; clicks meanwhile are lost."""
_LOOK_S: Final = 0.5
_LONGEST_WAIT_S: Final = 60.0


class SocketMode:
    """The connection, in a thread of its own: a Slack that is away keeps nothing else waiting.

    Args:
        app: Listens.
        token: The app-level token.
        is_ours: Whether the events are to come to this process.
    """

    def __init__(self, app: App, token: str, is_ours: Callable[[], bool] = lambda: True) -> None:
        answer_the_unknown(app)
        self._app = app
        self._token = token
        self._is_ours = is_ours
        self._stop = threading.Event()
        self._handler: SocketModeHandler | None = None
        self._thread = threading.Thread(target=self._run, name="socket-mode", daemon=True)

    def start(self) -> None:
        """Connect as soon as the events are this process's, and go on trying."""
        self._thread.start()

    def stop(self) -> None:
        """Let go of the connection."""
        self._stop.set()
        self._close()
        self._thread.join()
        self._close()

    def _run(self) -> None:
        wait_s = 1.0
        while not self._stop.is_set():
            if not self._is_ours():
                self._close()
            elif self._handler is None:
                if not self._connect():
                    self._stop.wait(wait_s)
                    wait_s = min(_LONGEST_WAIT_S, wait_s * 2)
                    continue
                wait_s = 1.0
            self._stop.wait(_LOOK_S)

    def _connect(self) -> bool:
        handler = self._handler = SocketModeHandler(self._app, self._token, ping_interval=_PING_S)
        try:
            handler.connect()  # type: ignore[no-untyped-call]
        except (SlackApiError, SlackClientError, OSError) as error:
            reason = error.response["error"] if isinstance(error, SlackApiError) else type(error).__name__
            _LOG.warning("Socket Mode: cannot connect (%s); it is tried again", reason)
            self._close()
            return False
        return True

    def _close(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            handler.close()  # type: ignore[no-untyped-call]
