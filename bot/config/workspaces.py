"""The settings as they hold in one of several workspaces."""

from __future__ import annotations

from typing import Any

from bot.config.export import ExportSettings
from bot.config.settings import RoleSettings, Settings
from bot.config.webhooks import WebhookSettings
from traces.store import DEFAULT_WORKSPACE
from traces.store.installations import Installation


def settings_in(settings: Settings, workspace_id: str, installation: Installation | None) -> Settings:
    """The settings as they hold in one workspace.

    What names people, channels, addresses and secrets is the home workspace's alone; the others choose their channels
    themselves.
    """
    sources = tuple(source for source in settings.sources if source.workspace == workspace_id)
    alerts = None if installation is None else installation.alerts_channel
    review = None if installation is None else installation.review_channel
    if workspace_id == DEFAULT_WORKSPACE:
        places = {
            "alerts_channel": alerts or settings.slack.alerts_channel,
            "review_channel": review or settings.slack.review_channel,
        }
        return settings.model_copy(update={"sources": sources, "slack": settings.slack.model_copy(update=places)})
    review_rules = settings.review
    assignment = "anyone" if review_rules.assignment == "topic" else review_rules.assignment
    own: dict[str, Any] = {
        "sources": sources,
        "workspace": workspace_id,
        "slack": settings.slack.model_copy(update={"alerts_channel": alerts or "", "review_channel": review or ""}),
        "digest": settings.digest.model_copy(update={"channel": None}),
        "roles": RoleSettings(),
        "routes": (),
        "receivers": {},
        "webhooks": WebhookSettings(),
        "export": ExportSettings(),
        "review": review_rules.model_copy(update={"topics": {}, "assignment": assignment}),
        "heartbeat_url": None,
    }
    return settings.model_copy(update=own)
