"""What goes out of a Hark about itself, from the settings that say where to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

import httpx

from bot.config.export import headers_of
from bot.config.settings import Settings
from bot.slack.ask import Desk
from bot.slack.blocks.alert import alert_line
from bot.slack.render import Renderer
from bot.telemetry.exporting import Telemetry
from bot.telemetry.points import points_of
from traces.clock import Clock
from traces.store import Store
from traces.urlguard import GuardedClient, UrlGuard


def telemetry_of(
    settings: Settings, environment: Mapping[str, str], clock: Clock, store: Store, desk: Desk, renderer: Renderer
) -> Telemetry | None:
    """The export of Hark's own figures; ``None`` where none is asked for.

    Raises:
        BadConfig: The variable with the headers is not set, or cannot be read.
    """
    export = settings.export
    urls = [url for url in (export.otlp_endpoint, export.otlp_logs_endpoint) if url is not None]
    if not urls:
        return None
    allowed = [httpx.URL(url).host for url in urls] if export.allow_private else []
    return Telemetry(
        store,
        GuardedClient(UrlGuard(allowed), clock),
        clock,
        lambda tx, now: points_of(tx, desk.status(tx, now), cache(renderer.signal), now),
        lambda alert: alert_line(alert, renderer.signal(alert.signal)),
        metrics_url=export.otlp_endpoint,
        logs_url=export.otlp_logs_endpoint,
        headers=headers_of(export, environment),
        resource={"service.name": "hark", "service.version": version("hark"), "hark.workspace": store.workspace_id},
        every_s=export.every_s,
    )
