"""What every receiver is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol

from alerts.telling.severity import Severity, severity_of
from traces.clock import format_time
from traces.errors import BadInput
from traces.model import Alert, AlertState
from traces.redact import redact
from traces.urlguard import GuardedClient

_LINE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An alert as it stands, for people or machines outside Slack.

    Attributes:
        line: What has happened, in one line.
        text: The sentence that explains it.
        segment: Where it is, by key.
        value: In the signal's unit, with the range that was expected.
        url: The message in Slack, where that is known.
        is_first: Whether the receiver has not heard of the alert before.
    """

    alert_id: str
    state: AlertState
    severity: Severity
    signal: str
    line: str
    text: str
    segment: dict[str, str]
    value: float
    expected_low: float
    expected_high: float
    started_at: datetime
    updated_at: datetime
    url: str | None = None
    is_first: bool = True

    def as_json(self) -> dict[str, Any]:
        """With times in ISO 8601."""
        return {
            "alert_id": self.alert_id,
            "state": self.state.value,
            "severity": self.severity.value,
            "signal": self.signal,
            "line": self.line,
            "text": self.text,
            "segment": self.segment,
            "value": self.value,
            "expected_low": self.expected_low,
            "expected_high": self.expected_high,
            "started_at": format_time(self.started_at),
            "updated_at": format_time(self.updated_at),
            "url": self.url,
        }


class Receiver(Protocol):
    """Tells somebody of an alert. The same state of the same alert may be told twice, and must then change nothing."""

    def tell(self, notice: Notice) -> None:
        """Tell of an alert as it stands now.

        Raises:
            Busy: Not now; it is tried again.
            BadInput: Refused for good: the key is wrong, or the address.
        """


def post(client: GuardedClient, url: str, **more: Any) -> None:
    """Post to a receiver, whose answer has to say that it took it.

    Raises:
        Busy: Not now; it is tried again.
        BadInput: Refused for good.
    """
    status = client.reach("POST", url, **more)
    if status >= HTTPStatus.BAD_REQUEST:
        raise BadInput(f"{url.partition('?')[0][:_LINE]} answered {status}")


def notice_of(alert: Alert, line: str, text: str, *, url: str | None = None, is_first: bool = True) -> Notice:
    """An alert as receivers see it; ``line`` and ``text`` are plain."""
    return Notice(
        alert_id=alert.alert_id,
        state=alert.state,
        severity=severity_of(alert),
        signal=alert.signal,
        line=redact(line).text[:_LINE],
        text=redact(text).text,
        segment=dict(alert.segment.pairs),
        value=alert.value,
        expected_low=alert.expected_low,
        expected_high=alert.expected_high,
        started_at=alert.started_at,
        updated_at=alert.updated_at,
        url=url,
        is_first=is_first,
    )
