"""PagerDuty's Events API v2: an alert is an incident with the alert's id as its key, so a repeat changes nothing."""

from __future__ import annotations

from typing import Any, Final

from alerts.telling.severity import Severity
from bot.receivers.base import Notice, post
from traces.clock import format_time
from traces.model import AlertState
from traces.urlguard import GuardedClient

URL: Final = "https://events.pagerduty.com"
_SUMMARY: Final = 1_024
_ACTIONS: Final = {AlertState.ACKNOWLEDGED: "acknowledge", AlertState.RESOLVED: "resolve"}
_SEVERITIES: Final = {Severity.LOW: "info", Severity.MEDIUM: "warning", Severity.HIGH: "critical"}


class PagerDuty:
    """Opens, acknowledges and resolves incidents as alerts do; a snoozed alert counts as acknowledged."""

    def __init__(self, client: GuardedClient, routing_key: str, url: str | None = None) -> None:
        self._client = client
        self._routing_key = routing_key
        self._url = f"{(url or URL).rstrip('/')}/v2/enqueue"

    def tell(self, notice: Notice) -> None:
        action = "acknowledge" if notice.state is AlertState.SNOOZED else _ACTIONS.get(notice.state, "trigger")
        event: dict[str, Any] = {
            "routing_key": self._routing_key,
            "event_action": action,
            "dedup_key": notice.alert_id,
        }
        if action == "trigger":
            event["client"] = "Hark"
            event["payload"] = {
                "summary": notice.line[:_SUMMARY],
                "source": notice.segment.get("application", "hark"),
                "severity": _SEVERITIES[notice.severity],
                "timestamp": format_time(notice.started_at),
                "component": notice.signal,
                "custom_details": notice.as_json(),
            }
            if notice.url is not None:
                event["links"] = [{"href": notice.url, "text": "The alert in Slack"}]
        post(self._client, self._url, json=event)
