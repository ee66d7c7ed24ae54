"""The Slack Web API client. Hark retries by itself: the SDK's own retries post twice when a connection drops."""

from __future__ import annotations

from slack_sdk import WebClient

from bot.config import Settings

_TIMEOUT_S = 15


def client_of(settings: Settings) -> WebClient | None:
    """A client with the bot's token; ``None`` without one."""
    token = settings.secrets.bot_token
    if token is None:
        return None
    return WebClient(
        token=token.get_secret_value(),
        base_url=settings.slack_api_url or WebClient.BASE_URL,
        timeout=_TIMEOUT_S,
        retry_handlers=[],
    )
