"""``hark run``: HTTP, Slack and the schedule in one process."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType

import click
import uvicorn
from starlette.types import ASGIApp

from bot.app import Hark
from bot.cli.ending import ANSWER_S, end_in_time
from bot.cli.memory import memory_given_back, spare_the_collector
from bot.cli.setting import built, say, settings
from bot.config.settings import Settings
from bot.http import Receiver
from bot.keys import door_of
from bot.logs import is_verbose, set_up
from bot.replicas.roles import EVERY_ROLE, Role, checked, roles_in
from bot.replicas.several import SOCKET_MODE, Several
from bot.schedule import Schedule
from bot.slack.socket_mode import SocketMode
from traces import crash_points
from traces.errors import BadInput

_LOG = logging.getLogger(__name__)
_BACKLOG = 512
_IDLE_S = 75
"""Exporters send every five seconds, and balancers keep connections for sixty: what they still hold must not be closed."""
_TURN_S = 0.0005
"""A thread that works gives way to one that waits after this long: a click is handed on between threads several times."""


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen on; default 8787, 0 picks a free one.")
@click.option("--host", help="Address to listen on; default 127.0.0.1.")
@click.option(
    "--role",
    "said",
    multiple=True,
    metavar="ROLE",
    help="What this process does: all (the default), ingest, work or slack, several with commas. "
    "Any but all needs PostgreSQL, which as many processes as wanted share.",
)
def run(*, port: int | None, host: str | None, said: tuple[str, ...]) -> None:
    """Receive, evaluate, detect and post, until stopped.

    \b
    Example: hark run --port 8787
    """
    crash_points.arm(os.environ.get(crash_points.VARIABLE, ""))
    roles = roles_in(said)
    if (chosen := settings()).secrets.oauth is not None:
        run_workspaces(chosen, port=port, host=host, roles=roles)
        return
    with built() as hark:
        checked(roles, hark.store.dialect)
        set_up(hark.settings.log.format, verbose=is_verbose())
        server = hark.settings.server
        bound = bind(host or server.host, server.port if port is None else port)
        say(f"listening on http://{bound.getsockname()[0]}:{bound.getsockname()[1]}, database {hark.store.location}")
        if roles != EVERY_ROLE:
            say(f"as {', '.join(sorted(roles))}, one of several over this database")
        if "slack" in roles:
            _say_transport(hark)
        serve(hark, bound, roles)


def run_workspaces(chosen: Settings, *, port: int | None, host: str | None, roles: frozenset[Role]) -> None:
    """Serve every workspace that has installed Hark."""
    from bot.cli.run_workspaces import serve_workspaces

    set_up(chosen.log.format, verbose=is_verbose())
    bound = bind(host or chosen.server.host, chosen.server.port if port is None else port)
    serve_workspaces(chosen, bound, roles)


def serve(hark: Hark, bound: socket.socket, roles: frozenset[Role] = EVERY_ROLE) -> None:
    """Run until SIGTERM or SIGINT: then answer what is in flight, finish what runs, and stop."""
    writer = hark.writer()
    receiver, several = hark.receiver(writer, roles), hark.several(roles)
    server = server_of(_behind_keys(hark, receiver, bound))
    schedule = Schedule(hark.jobs, hark.clock, lambda: writer.is_pressed or _is_clicked_on(hark), roles, several)
    schedule.start()
    receiver.watch(schedule.problems)
    if "slack" in roles and hark.line is not None:
        hark.line.introduce()
    socket_mode = _socket_mode(hark, several) if "slack" in roles else None
    try:
        run_until_stopped(server, bound)
    finally:
        if socket_mode is not None:
            socket_mode.stop()
        schedule.stop()
        writer.close()


def server_of(app: ASGIApp) -> uvicorn.Server:
    """The HTTP server of an application."""
    config = uvicorn.Config(
        app,
        log_config=None,  # its own handlers redact nothing
        log_level="warning",
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=ANSWER_S,
        timeout_keep_alive=_IDLE_S,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return uvicorn.Server(config)


def run_until_stopped(server: uvicorn.Server, bound: socket.socket) -> None:
    """Answer until SIGTERM or SIGINT, and then what is in flight."""
    spare_the_collector()
    sys.setswitchinterval(_TURN_S)
    with _stopping(server), memory_given_back():
        server.run(sockets=[bound])


def _is_clicked_on(hark: Hark) -> bool:
    return hark.jobs.deliver is not None and hark.jobs.deliver.is_pressed


def _behind_keys(hark: Hark, receiver: Receiver, bound: socket.socket) -> ASGIApp:
    return door_of(
        receiver.app(),
        hark.store,
        hark.clock,
        os.environ,
        host=str(bound.getsockname()[0]),
        database=hark.settings.database_url,
        say=say,
        signed=[f"/hooks/{platform}" for platform in hark.webhook_secrets],
        refused=receiver.turned_away,
        always=hark.settings.server.require_keys,
    )


class _stopping:  # noqa: N801 - reads as a statement
    """SIGTERM and SIGINT ask the server to finish, and end the process with success."""

    def __init__(self, server: uvicorn.Server) -> None:
        self._server = server

    def __enter__(self) -> None:
        # uvicorn raises the signal again once it has stopped; the process still has to store what it knows.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop)

    def __exit__(self, *_: object) -> None:
        return None

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._server.should_exit = True
        end_in_time()


def bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every second answer of a connection waits for 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(_BACKLOG)  # from here on clients wait; nobody is refused while the parts start
    except OSError as error:
        bound.close()
        raise BadInput(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port") from error
    return bound


def _say_transport(hark: Hark) -> None:
    transport = hark.settings.transport
    if hark.client is None:
        say("no Slack tokens: Hark receives, evaluates and detects, and nothing is posted")
    elif transport == "socket":
        say("Slack over Socket Mode")
    elif transport == "http":
        say("Slack over HTTP at /slack/events")
    else:
        say("SLACK_BOT_TOKEN alone: Hark posts, but buttons and commands lead nowhere; set SLACK_APP_TOKEN")


def _socket_mode(hark: Hark, several: Several | None) -> SocketMode | None:
    token = hark.settings.secrets.app_token
    if hark.bolt is None or token is None or hark.settings.transport != "socket":
        return None
    is_ours = (lambda: True) if several is None else (lambda: several.fence(SOCKET_MODE) is not None)
    socket_mode = SocketMode(hark.bolt, token.get_secret_value(), is_ours)
    socket_mode.start()
    return socket_mode
