"""What opening a new SQLite database costs a test: the migrations run once for the session, their outcome is copied."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

_ITS_OWN = frozenset({"BEGIN TRANSACTION;", "COMMIT;"})


class MigratedOnce:
    """Stands in for alembic's ``upgrade``: of what is not a new and empty SQLite database, alembic takes care."""

    def __init__(self) -> None:
        self._upgrade = command.upgrade
        self._made: tuple[str, ...] = ()

    def __call__(self, config: Config, revision: str, **more: Any) -> None:
        connection = config.attributes.get("connection")
        if revision != "head" or connection is None or not _is_new(connection):
            self._upgrade(config, revision, **more)
        elif self._made:
            # Not as a script, which would end the transaction that the migrations run in.
            for statement in self._made:
                connection.connection.driver_connection.execute(statement)
        else:
            self._upgrade(config, revision, **more)
            dumped = connection.connection.driver_connection.iterdump()
            self._made = tuple(statement for statement in dumped if statement not in _ITS_OWN)


def _is_new(connection: Connection) -> bool:
    if connection.dialect.name != "sqlite":
        return False
    return connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one() == 0
