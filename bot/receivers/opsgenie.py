"""Opsgenie's Alert API: the alert's id is the alias, so a repeat changes nothing."""

from __future__ import annotations

from typing import Any, Final

from alerts.telling.severity import Severity
from bot.receivers.base import Notice, post
from traces.model import AlertState
from traces.urlguard import GuardedClient

URL: Final = "https://api.opsgenie.com"
_MESSAGE: Final = 130
_DESCRIPTION: Final = 15_000
_PRIORITIES: Final = {Severity.LOW: "P4", Severity.MEDIUM: "P3", Severity.HIGH: "P1"}
_CLOSING: Final = {
    AlertState.ACKNOWLEDGED: "acknowledge",
    AlertState.SNOOZED: "acknowledge",
    AlertState.RESOLVED: "close",
}


class Opsgenie:
    """Creates, acknowledges and closes alerts as ours do."""

    def __init__(self, client: GuardedClient, api_key: str, url: str | None = None) -> None:
        self._client = client
        self._headers = {"authorization": f"GenieKey {api_key}"}
        self._url = f"{(url or URL).rstrip('/')}/v2/alerts"

    def tell(self, notice: Notice) -> None:
        verb = _CLOSING.get(notice.state)
        if verb is not None:
            address = f"{self._url}/{notice.alert_id}/{verb}"
            by_alias = {"identifierType": "alias"}
            post(self._client, address, params=by_alias, headers=self._headers, json={"source": "Hark"})
            return
        body: dict[str, Any] = {
            "message": notice.line[:_MESSAGE],
            "alias": notice.alert_id,
            "description": "\n".join(part for part in (notice.line, notice.text, notice.url) if part)[:_DESCRIPTION],
            "priority": _PRIORITIES[notice.severity],
            "source": "Hark",
            "entity": notice.signal,
            "details": notice.segment,
        }
        post(self._client, self._url, headers=self._headers, json=body)
