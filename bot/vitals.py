"""Is Hark doing its work, and who outside is told that it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from alerts.own import SLACK_TOKEN
from bot.replicas.roles import EVERY_ROLE, Role
from bot.slack.blocks.values import StatusReport
from traces.errors import HarkError
from traces.urlguard import GuardedClient

_LOG = logging.getLogger(__name__)

DETECTION_STALL: Final = timedelta(minutes=10)
"""Detection looks every five seconds; silent for so long, it hangs."""
OUTBOX_STALL: Final = timedelta(minutes=10)
"""A message that is due stands within seconds; after so long nothing is delivered any more."""


def unready(report: StatusReport, roles: frozenset[Role] = EVERY_ROLE) -> list[str]:
    """What keeps Hark from its work, as far as processes in these roles do it; empty when nothing does."""
    problems = []
    detected_at, oldest_s = report.last_detection_at, report.outbox_oldest_s
    if "work" in roles and detected_at is not None and (silent := report.at - detected_at) > DETECTION_STALL:
        problems.append(f"detection last ran {_minutes(silent)} ago")
    if "slack" in roles and oldest_s is not None and oldest_s > OUTBOX_STALL.total_seconds():
        waited = timedelta(seconds=oldest_s)
        problems.append(f"a message has waited {_minutes(waited)} to be delivered")
    if "slack" in roles and any(signal == SLACK_TOKEN.name for signal, _ in report.faults):
        problems.append("Slack refuses the bot's token")
    return problems


def _minutes(period: timedelta) -> str:
    return f"{period.total_seconds() / 60:.0f} minutes"


class Heartbeat:
    """Tells an uptime check at a fixed interval that Hark is well; its silence is the alarm.

    Args:
        url: The check's address.
        client: Goes out through the guard.
        status: Looks up how Hark is.
        every_s: Seconds between two beats.
        fail_url: Where the check takes word of what is wrong, so that it need not wait for the silence; ``None``: nowhere.
    """

    def __init__(
        self,
        url: str,
        client: GuardedClient,
        status: Callable[[], StatusReport],
        every_s: float = 60.0,
        fail_url: str | None = None,
    ) -> None:
        self.every_s = every_s
        self._fail_url = fail_url
        self._url = url
        self._client = client
        self._status = status
        self._is_failing = False

    def run(self) -> bool:
        """Send one beat if Hark is ready; whether it was sent."""
        try:
            if problems := unready(self._status()):
                _LOG.warning("no heartbeat: %s", problems[0])
                if self._fail_url is not None:
                    self._client.reach("POST", self._fail_url, content="\n".join(problems).encode())
                return False
            self._client.reach("GET", self._url)
        except HarkError as error:
            if not self._is_failing:
                _LOG.warning("the heartbeat was not taken: %s", error.message)
            self._is_failing = True
            return False
        self._is_failing = False
        return True
