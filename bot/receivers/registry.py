"""From settings to receivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from bot.config.routes import ReceiverSettings
from bot.receivers.base import Receiver
from bot.receivers.email import Mail, MailServer
from bot.receivers.opsgenie import URL as OPSGENIE
from bot.receivers.opsgenie import Opsgenie
from bot.receivers.pagerduty import URL as PAGERDUTY
from bot.receivers.pagerduty import PagerDuty
from bot.receivers.webhook import Webhook
from traces.clock import Clock
from traces.urlguard import GuardedClient, UrlGuard


@dataclass(frozen=True, slots=True)
class _Setup:
    settings: ReceiverSettings
    key: str | None
    clock: Clock

    @property
    def client(self) -> GuardedClient:
        url = self.settings.url or {"pagerduty": PAGERDUTY, "opsgenie": OPSGENIE}.get(self.settings.kind, "")
        return GuardedClient(UrlGuard([httpx.URL(url).host] if self.settings.allow_private else []), self.clock)


def receivers_of(
    settings: Mapping[str, ReceiverSettings], keys: Mapping[str, SecretStr], clock: Clock
) -> dict[str, Receiver]:
    """The receivers by name."""
    return {
        name: _receiver(_Setup(of, keys[name].get_secret_value() if name in keys else None, clock))
        for name, of in settings.items()
    }


def _receiver(setup: _Setup) -> Receiver:
    of, key = setup.settings, setup.key
    if of.kind == "webhook":
        return Webhook(setup.client, setup.clock, of.url or "", key)
    if of.kind == "pagerduty":
        return PagerDuty(setup.client, key or "", of.url)
    if of.kind == "opsgenie":
        return Opsgenie(setup.client, key or "", of.url)
    server = MailServer(host=of.host or "", port=of.port, tls=of.tls, user=of.user, password=key)
    return Mail(server.connect, of.sender or "", of.to)
