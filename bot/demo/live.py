"""Live traffic: conversations that reach Hark over HTTP when they have ended."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Final

import httpx

from bot.demo.simulate import Simulated, Traffic
from bot.demo.stage import Stage
from traces.clock import Clock
from traces.errors import HarkError

_LOG = logging.getLogger(__name__)
_PAUSE_S: Final = 0.15
_MOST: Final = 500


class Live:
    """The stream of conversations from a time on, told when they are over."""

    def __init__(self, traffic: Traffic, start: datetime) -> None:
        self._stream = traffic.between(start)
        self._next = next(self._stream)
        self._underway: list[Simulated] = []

    def ended_by(self, now: datetime) -> list[Simulated]:
        """Those that have ended since it was last asked, the earliest first."""
        while self._next.began_at <= now:
            self._underway.append(self._next)
            self._next = next(self._stream)
        ended = [one for one in self._underway if one.ended_at <= now]
        self._underway = [one for one in self._underway if one.ended_at > now]
        return sorted(ended, key=lambda one: one.ended_at)


class Player:
    """Plays live traffic in a thread until it is stopped; what Hark does not take is sent again."""

    def __init__(self, stage: Stage, live: Live, clock: Clock) -> None:
        self._stage, self._live, self._clock = stage, live, clock
        self._waiting: list[Simulated] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live traffic", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_PAUSE_S):
            self._waiting += self._live.ended_by(self._clock.now())
            if self._waiting:
                self._send()

    def _send(self) -> None:
        try:
            self._stage.send([one.sent for one in self._waiting[:_MOST]])
        except (HarkError, httpx.TransportError) as error:
            _LOG.info("live traffic waits: %s", error)
        else:
            del self._waiting[:_MOST]
