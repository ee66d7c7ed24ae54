"""What every table is made with."""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, String, text

metadata = MetaData()


def workspace() -> Column[str]:
    """The column that leads every key."""
    return Column("workspace_id", String(64), primary_key=True)


def partial(name: str, *columns: str, only: str, unique: bool = False) -> Index:
    """An index of the rows of which ``only`` holds."""
    return Index(name, *columns, unique=unique, sqlite_where=text(only), postgresql_where=text(only))
