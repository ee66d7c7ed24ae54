"""``hark run`` where several workspaces install Hark: one HTTP edge before a Hark for each."""

from __future__ import annotations

import os
import socket

from bot.cli.run import run_until_stopped, server_of
from bot.cli.setting import say
from bot.config.settings import Settings
from bot.http import Receiver
from bot.http.installing import INSTALL
from bot.keys import door_of
from bot.replicas.roles import EVERY_ROLE, Role, checked
from bot.slack.blocks.figures import counted
from bot.workspaces import SharedWriter, Workspaces
from traces.clock import SystemClock
from traces.store import open_store


def serve_workspaces(settings: Settings, bound: socket.socket, roles: frozenset[Role] = EVERY_ROLE) -> None:
    """Run until SIGTERM or SIGINT: then answer what is in flight, finish what runs, and stop.

    Raises:
        BadInput: The encryption key opens none of the tokens that are stored, or the database is one process's alone.
        StoreUnavailable: The database cannot be opened.
    """
    app, secret = settings.secrets.oauth, settings.secrets.signing_secret
    assert app is not None
    assert secret is not None
    clock = SystemClock()
    store = open_store(settings.database_url, seal=settings.secrets.seal)
    workspaces = Workspaces(settings, app, clock, os.environ, store, roles)
    try:
        checked(roles, store.dialect)
        workspaces.start()
        host, port = bound.getsockname()[:2]
        say(f"listening on http://{host}:{port}, database {store.location}")
        say(f"{counted(len(workspaces.names), 'workspace')} served; others install Hark at {INSTALL}")
        if roles != EVERY_ROLE:
            say(f"as {', '.join(sorted(roles))}, one of several over this database")
        webhooks = settings.webhooks.secrets_in(os.environ)
        receiver = Receiver(store, SharedWriter(workspaces), clock, webhooks, status=workspaces.status, roles=roles)
        receiver.watch(workspaces.problems)
        if "slack" in roles:
            receiver.listen_to_workspaces(workspaces.bolt_of, secret.get_secret_value(), workspaces.flow)
        door = door_of(
            receiver.app(),
            store,
            clock,
            os.environ,
            host=str(host),
            database=settings.database_url,
            say=say,
            # Without a key a request is the home workspace's, which alone has the secrets of webhooks.
            signed=[f"/hooks/{platform}" for platform in webhooks] if settings.slack.oauth.home else [],
            refused=receiver.turned_away,
            always=True,
            everywhere=True,
            serves=workspaces.serves,
        )
        run_until_stopped(server_of(door), bound)
    finally:
        workspaces.stop()
        store.close()
