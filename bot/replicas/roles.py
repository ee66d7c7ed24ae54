"""What one process of several does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, get_args

from traces.errors import BadInput

Role: TypeAlias = Literal["ingest", "work", "slack"]
"""Receiving; evaluating, detecting and all else that takes time; listening to Slack and posting to it."""
EVERY_ROLE: Final[frozenset[Role]] = frozenset(get_args(Role))
_ALL: Final = "all"


def roles_in(said: Iterable[str]) -> frozenset[Role]:
    """The roles that were named, each alone or several with commas between; with none or ``all``, every one.

    Raises:
        BadInput: There is no such role.
    """
    named = {name.strip() for one in said for name in one.split(",")} - {""}
    if unknown := sorted(named - EVERY_ROLE - {_ALL}):
        raise BadInput(f"there is no role {unknown[0]!r}; write all, ingest, work or slack", "--role")
    if not named or _ALL in named:
        return EVERY_ROLE
    return frozenset(role for role in get_args(Role) if role in named)


def checked(roles: frozenset[Role], dialect: str) -> frozenset[Role]:
    """The same roles, for a database.

    Raises:
        BadInput: An SQLite file is one process's; several share a PostgreSQL.
    """
    if roles != EVERY_ROLE and dialect != "postgresql":
        named = ", ".join(sorted(roles))
        raise BadInput(
            f"{named} alone needs a database that several processes share: "
            "set HARK_DATABASE_URL to postgresql://user:password@host/name, or leave --role out",
            "--role",
        )
    return roles
