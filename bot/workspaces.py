"""The workspaces of one process: a Hark for each Slack workspace that has installed it, begun and ended as they come and go.

They share the database, the HTTP edge and the process; each has its own store, which sees its own rows only.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from slack_bolt import App

from bot.app import Hark, hark_on
from bot.config.oauth import OAuthApp
from bot.config.settings import Settings
from bot.config.workspaces import settings_in
from bot.duties import RETAIN
from bot.health import status_of as bare_status
from bot.jobs.retain import Retaining
from bot.keys import WORKSPACE
from bot.replicas.roles import EVERY_ROLE, Role
from bot.replicas.tenure import Tenure
from bot.replicas.worker import Worker
from bot.schedule import Schedule
from bot.slack.access import Workspace
from bot.slack.blocks.values import StatusReport
from bot.slack.client import InstalledClient
from bot.slack.installed import SealedInstallations, SealedStates, workspace_of
from bot.slack.installing import InstalledAuthorize, InstallFlow
from bot.slack.line import Line
from bot.wiring.jobs import status_of
from traces.arriving import Sending
from traces.clock import Clock
from traces.encryption import VARIABLE, cipher_of
from traces.errors import BadInput, Denied, HarkError
from traces.ingest import Offer, Receipt
from traces.model import Span
from traces.store import DEFAULT_WORKSPACE, Store, Tx
from traces.store.fence import fenced
from traces.store.installations import Installation
from traces.writer import Writer

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
_LOOK_S: Final = 5.0
"""How often it is looked which workspaces there are; what happens in this process is taken up at once."""
_ON_THEIR_WAY_S: Final = 10.0
_RETAIN_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    """A workspace at work, and the installation that it was built for."""

    hark: Hark
    writer: Writer
    schedule: Schedule
    installation: Installation | None

    def let_go(self) -> None:
        """End the threads that listen."""
        if self.hark.bolt is not None:
            self.hark.bolt.listener_runner.listener_executor.shutdown(wait=False)


class Workspaces:
    """Runs them. Safe to share between threads.

    Args:
        settings: Of the process.
        app: The credentials of the Slack app that they install.
        clock: Tells the time.
        environment: Where the secrets of sources, receivers and webhooks are.
        store: The database, bound to any workspace.
        roles: What of it this process does.
    """

    def __init__(
        self,
        settings: Settings,
        app: OAuthApp,
        clock: Clock,
        environment: Mapping[str, str],
        store: Store,
        roles: frozenset[Role] = EVERY_ROLE,
    ) -> None:
        self._settings = settings
        self._app = app
        self._clock = clock
        self._environment = environment
        self._store = store
        self._roles = roles
        self._home = settings.slack.oauth.home
        cipher = cipher_of(app.encryption_key.get_secret_value())
        self.installed = SealedInstallations(store, cipher, clock, self._home, self._look_soon)
        self.flow = InstallFlow(settings, app, self.installed, SealedStates(store, cipher, clock))
        self._served: dict[str, _Served] = {}
        self._failed: dict[str, str] = {}
        self._known: frozenset[str] = frozenset()
        self._leaving: list[tuple[float, _Served]] = []
        self._turn = threading.Lock()
        self._is_stopping = False
        self._wake = threading.Event()
        self._retained_at: datetime | None = None
        self._thread = threading.Thread(target=self._watch, name="workspaces", daemon=True)
        is_shared = store.dialect == "postgresql" and "work" in roles
        self._worker = Worker(store, clock, settings.judge.at_once) if is_shared else None

    def start(self) -> None:
        """Begin to work for every workspace that has installed Hark.

        Raises:
            BadInput: The key in the environment opens none of the tokens that are stored.
            StoreUnavailable: The database cannot be used.
        """
        _renewed, unopened = self.installed.reseal()
        for team_id in unopened:
            _LOG.error("%s: its tokens open with no key of %s; give the one they were sealed with", team_id, VARIABLE)
        if unopened and not self._openable(unopened):
            raise BadInput(
                f"opens none of the tokens that are stored ({len(unopened)}); "
                "add the key that they were sealed with, after a comma",
                VARIABLE,
            )
        if self._worker is not None:
            self._worker.start()
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """Let everything finish, and end."""
        self._is_stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._turn:
            for served in self._served.values():
                served.schedule.stop()
                served.let_go()
                served.writer.close()
            for _, served in self._leaving:
                served.let_go()
            self._served = {}
        if self._worker is not None:
            self._worker.stop()

    # --- what the HTTP edge asks ---

    def bolt_of(self, team_id: str) -> App | None:
        """What listens to a Slack workspace; ``None`` where Hark is not installed."""
        served = self._served.get(workspace_of(team_id, self._home)) if team_id else None
        if served is None or served.installation is None or served.installation.team_id != team_id:
            return None
        return served.hark.bolt

    def serves(self, workspace_id: str) -> bool:
        """Whether this process works for a workspace."""
        return workspace_id in self._served

    def writer(self) -> Writer:
        """What stores for the workspace of the current request's key.

        Raises:
            Denied: It came without a key, or the workspace has gone.
        """
        served = self._served.get(WORKSPACE.get() or DEFAULT_WORKSPACE)
        if served is None:
            raise Denied("Hark is not installed in the workspace of this key")
        return served.writer

    def status(self) -> StatusReport:
        """How the Hark of the current request's workspace is; without a key, the worst of each over all of them."""
        named = WORKSPACE.get()
        served = [s for w, s in self._served.items() if named is None or w == named]
        reports = [status_of(s.hark.store, self._clock, s.hark.desk) for s in served]
        if not reports:
            return bare_status(self._store, self._clock)
        return reports[0] if named is not None else _worst(reports)

    def problems(self) -> list[str]:
        """What keeps this process from its part of several, in whichever workspace."""
        return sorted({problem for served in list(self._served.values()) for problem in served.schedule.problems()})

    @property
    def is_pressed(self) -> bool:
        return any(served.writer.is_pressed for served in list(self._served.values()))

    @property
    def names(self) -> dict[str, str]:
        """What each is called, by the id of its workspace."""
        return {w: "" if s.installation is None else s.installation.team_name for w, s in self._served.items()}

    # --- coming and going ---

    def look(self) -> None:
        """Bring what runs in line with what is installed."""
        with self._store.across() as everywhere:
            found = everywhere.installations()
        wanted: dict[str, Installation | None] = {
            w: i for w, i in found.items() if i.is_active and w == workspace_of(i.team_id, self._home)
        }
        if self._home:
            wanted.setdefault(DEFAULT_WORKSPACE, None)
        self._known = frozenset(found) | frozenset(wanted)
        with self._turn:
            if self._is_stopping:
                return
            self._let_go()
            for workspace_id in [w for w in self._served if w not in wanted]:
                self._end(workspace_id)
            for workspace_id, installation in wanted.items():
                self._serve(workspace_id, installation)
        self._retain([w for w in found if w not in wanted])

    def _serve(self, workspace_id: str, installation: Installation | None) -> None:
        standing = self._served.get(workspace_id)
        if standing is not None and _is_same(standing.installation, installation):
            return
        if standing is not None:
            standing.schedule.stop()
            self._leaving.append((time.monotonic(), standing))
        try:
            self._served = {**self._served, workspace_id: self._begun(workspace_id, installation, standing)}
        except HarkError as error:
            if self._failed.get(workspace_id) != error.message:
                _LOG.error("%s cannot be served: %s", workspace_id, error.message)
            self._failed[workspace_id] = error.message
            if standing is not None:
                self._served = {w: s for w, s in self._served.items() if w != workspace_id}
                standing.writer.close()
        else:
            self._failed.pop(workspace_id, None)
            _LOG.info("%s is served", workspace_id)

    def _begun(self, workspace_id: str, installation: Installation | None, standing: _Served | None) -> _Served:
        settings, store = settings_in(self._settings, workspace_id, installation), self._store.of(workspace_id)
        line = None if installation is None else self._line(installation)
        hark = hark_on(settings, self._clock, self._environment, store, line)
        # Retention is the same for all of them, whatever each has chosen by itself.
        retain = Retaining(store, settings.retention.keep, alike=lambda: self._known)
        hark = replace(hark, jobs=replace(hark.jobs, retain=retain))
        # The writer stays while there are requests: it knows nothing of Slack.
        writer = hark.writer() if standing is None else standing.writer
        deliver = hark.jobs.deliver
        schedule = Schedule(
            hark.jobs,
            self._clock,
            lambda: writer.is_pressed or (deliver is not None and deliver.is_pressed),
            self._roles,
            hark.several(self._roles, self._worker),
        )
        schedule.start()
        return _Served(hark=hark, writer=writer, schedule=schedule, installation=installation)

    def _line(self, installation: Installation) -> Line:
        team_id = installation.team_id
        self.installed.opened(installation)
        client = InstalledClient(
            self._settings,
            self._app,
            self.installed,
            team_id,
            self._clock,
            lambda why: self._gone(team_id, why),
        )
        identity = {"team_id": team_id, "user_id": installation.bot_user_id, "bot_id": installation.bot_id}
        return Line(
            client=client,
            workspace=Workspace(client, identity),
            authorize=InstalledAuthorize(installation, client),
            flow=self.flow,
            installed=self.installed,
            owner=installation.installed_by,
        )

    def _gone(self, team_id: str, why: str) -> None:
        if self.installed.remove(team_id, why):
            _LOG.warning("%s: Slack no longer takes its token (%s); it was deleted", team_id, why)

    def _end(self, workspace_id: str) -> None:
        gone = self._served[workspace_id]
        self._served = {w: s for w, s in self._served.items() if w != workspace_id}
        gone.schedule.stop()
        gone.writer.close()
        self._leaving.append((time.monotonic(), gone))
        _LOG.info("%s is no longer served", workspace_id)

    def _let_go(self) -> None:
        """Requests that were on their way to what has ended have been answered by now."""
        over = time.monotonic() - _ON_THEIR_WAY_S
        for at, served in self._leaving:
            if at < over:
                served.let_go()
        self._leaving = [(at, served) for at, served in self._leaving if at >= over]

    def _openable(self, unopened: Sequence[str]) -> bool:
        with self._store.across() as everywhere:
            active = [i.team_id for i in everywhere.installations().values() if i.is_active]
        return len(active) > len(unopened)

    def _look_soon(self) -> None:
        self._wake.set()

    def _watch(self) -> None:
        while not self._is_stopping:
            self._wake.wait(_LOOK_S)
            self._wake.clear()
            try:
                self.look()
            except HarkError as error:
                _LOG.warning("which workspaces there are is not known now: %s", error.message)
            except Exception:  # noqa: BLE001 - the others must go on, whatever one workspace brings
                _LOG.exception("the workspaces could not be brought in line; it is tried again")

    def _retain(self, gone: Sequence[str]) -> None:
        """What a workspace has left behind is kept no longer than anything else."""
        now = self._clock.now()
        is_due = self._retained_at is None or now - self._retained_at >= _RETAIN_EVERY
        if "work" not in self._roles or not is_due:
            return
        self._retained_at = now
        kept = self._settings.retention
        for workspace_id in gone:
            store = self._store.of(workspace_id)
            # By the same name as where it is served: of several processes one does it.
            tenure = Tenure(store, [RETAIN])
            tenure.keep()
            if (fence := tenure.fence(RETAIN)) is not None:
                with fenced(fence):
                    retain = Retaining(
                        store,
                        kept.keep,
                        kept.keep_words,
                        is_chosen=kept.is_about_words,
                        alike=lambda: self._known,
                    )
                    retain.run(now)
            tenure.stop()


class SharedWriter:
    """Stores each request where its key belongs."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    @property
    def quiet(self) -> timedelta:
        return self._workspaces.writer().quiet

    def conversations(self, offers: list[Offer], sendings: Sequence[Sending] = ()) -> Future[Receipt]:
        return self._workspaces.writer().conversations(offers, sendings)

    def spans(self, spans: list[Span], sendings: Sequence[Sending] = ()) -> Future[Receipt]:
        return self._workspaces.writer().spans(spans, sendings)

    def do(self, work: Callable[[Tx], _T], sendings: Sequence[Sending] = ()) -> Future[_T]:
        return self._workspaces.writer().do(work, sendings)

    def refused(self, source: str, reason: str) -> None:
        """Counted where the key belongs; without one it is nobody's."""
        if self._workspaces.serves(WORKSPACE.get() or DEFAULT_WORKSPACE):
            self._workspaces.writer().refused(source, reason)


def _is_same(before: Installation | None, now: Installation | None) -> bool:
    """Whether nothing has changed but tokens, which are looked up at each call."""
    if before is None or now is None:
        return before is now
    return _but_tokens(before) == _but_tokens(now)


def _but_tokens(installation: Installation) -> Installation:
    return replace(installation, sealed=b"", expires_at=None, version=0)


def _worst(reports: Sequence[StatusReport]) -> StatusReport:
    """Without anything that tells one workspace's from another's."""
    detected = [report.last_detection_at for report in reports if report.last_detection_at is not None]
    waiting = [report.outbox_oldest_s for report in reports if report.outbox_oldest_s is not None]
    return replace(
        reports[0],
        last_detection_at=min(detected, default=None),
        outbox_oldest_s=max(waiting, default=None),
        queued=sum(report.queued for report in reports),
        evaluators=(),
        sources=(),
        problems=(),
    )
