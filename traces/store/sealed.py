"""Brings what is stored under the newest key: what was written before there was one, and what an older one sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, Table, and_, column, delete, insert, select, text, tuple_, update
from sqlalchemy import table as bare_table

# Every table has to be known before the sealed ones among them are looked for.
from traces import (
    schema,
)
from traces.columns import SEALED
from traces.encryption import VARIABLE, Unopened
from traces.schema import metadata, seals
from traces.sealing import SIGN, Seal, is_sealed, is_sealed_text

__all__ = ["agree", "begin_anew", "seal_some", "sealed_columns"]

_KNOWN: Final = (
    schema,
    schema,
    schema,
    schema,
    schema,
    schema,
)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """A table with words in it, its values as the driver has them: ``key`` finds a row, ``words`` are sealed."""

    name: str
    rows: Any
    key: tuple[str, ...]
    words: tuple[str, ...]


def agree(connection: Connection, seal: Seal | None) -> None:
    """See whether a seal opens what is stored, and note its newest key.

    Raises:
        Unopened: What is stored was sealed under a key that is not there.
    """
    known = set(connection.execute(select(seals.c.key_id)).scalars())
    ours = set() if seal is None else {key_id.hex() for key_id in seal.key_ids}
    if known - ours:
        raise Unopened(
            "is missing: what is stored was sealed under it; set it again"
            if seal is None
            else f'opens not all that is stored; put the key before it behind the new one: {VARIABLE}="$NEW,$OLD"',
            VARIABLE,
        )
    if seal is None:
        return
    newest = seal.key_id.hex()
    # What begins anew with an older key goes through all of it again.
    connection.execute(update(seals).where(seals.c.key_id != newest).values(place=None, is_done=False))
    if newest not in known:
        connection.execute(insert(seals), {"workspace_id": "", "key_id": newest, "place": None, "is_done": False})


def begin_anew(connection: Connection, seal: Seal) -> None:
    """Go through everything again, even if all of it was seen."""
    mine = seals.c.key_id == seal.key_id.hex()
    connection.execute(update(seals).where(mine).values(place=None, is_done=False))


def seal_some(connection: Connection, seal: Seal, rows: int) -> bool:
    """Seal under the newest key what is not, among the next ``rows`` rows; whether rows are left to look at.

    Where none are, the older keys are no longer needed.
    """
    mine = seals.c.key_id == seal.key_id.hex()
    noted = connection.execute(select(seals.c.place, seals.c.is_done).where(mine)).first()
    if noted is None or noted.is_done:
        return False
    if connection.dialect.name == "sqlite":
        # What is replaced is overwritten, so that it cannot be read from the file either.
        connection.execute(text("PRAGMA secure_delete=ON"))
    place = _after(connection, seal, noted.place, rows)
    connection.execute(update(seals).where(mine).values(place=place, is_done=place is None))
    if place is None:
        connection.execute(delete(seals).where(~mine))
    return place is not None


def _after(connection: Connection, seal: Seal, place: Any, rows: int) -> list[Any] | None:
    """Where the next pass begins after this one has looked at ``rows`` rows; ``None`` after the last of all."""
    shelves = _shelves()
    at, last = (0, None) if place is None else (_numbered(shelves, place[0]), place[1])
    while at < len(shelves):
        shelf = shelves[at]
        found = _rows_of(connection, shelf, last, rows)
        for row in found:
            _seal_row(connection, seal, shelf, row._mapping)  # noqa: SLF001  SQLAlchemy's public name for a row as a map
        if len(found) == rows:
            return [shelf.name, [found[-1]._mapping[name] for name in shelf.key]]  # noqa: SLF001  the same
        at, last, rows = at + 1, None, rows - len(found)
    return None


def _numbered(shelves: Sequence[_Shelf], name: str) -> int:
    return next((number for number, shelf in enumerate(shelves) if shelf.name >= name), len(shelves))


def _rows_of(connection: Connection, shelf: _Shelf, after: Sequence[Any] | None, most: int) -> Sequence[Any]:
    key = [shelf.rows.c[name] for name in shelf.key]
    query = select(shelf.rows).order_by(*key).limit(most)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return connection.execute(query).fetchall()


def _seal_row(connection: Connection, seal: Seal, shelf: _Shelf, row: Any) -> None:
    fresh = {name: new for name in shelf.words if (new := _under_newest(seal, row[name])) is not None}
    if fresh:
        at = and_(*(shelf.rows.c[name] == row[name] for name in shelf.key))
        # What was written since is newer than what was read.
        same = and_(*(shelf.rows.c[name] == row[name] for name in fresh))
        connection.execute(update(shelf.rows).where(at, same).values(fresh))


def _under_newest(seal: Seal, stored: Any) -> bytes | str | None:
    """What is to stand there instead; ``None`` where it is well as it is."""
    if not stored:
        return None
    if isinstance(stored, str):
        if stored.startswith(seal.newest_text):
            return None
        return seal.seal_text(seal.open_text(stored) if is_sealed_text(stored) else stored.removeprefix(SIGN))
    held = bytes(stored)
    if held.startswith(seal.newest):
        return None
    return seal.seal(seal.open(held) if is_sealed(held) else held)


def sealed_columns() -> dict[str, list[str]]:
    """By table, the columns that are sealed."""
    assert _KNOWN
    found = {table.name: [c.name for c in table.columns if isinstance(c.type, SEALED)] for table in _by_name()}
    return {name: columns for name, columns in found.items() if columns}


@cache
def _shelves() -> tuple[_Shelf, ...]:
    return tuple(_shelf(metadata.tables[name], words) for name, words in sealed_columns().items())


def _shelf(table: Table, words: Sequence[str]) -> _Shelf:
    key = tuple(c.name for c in table.primary_key)
    kinds = {c.name: c.type.impl_instance for c in table.columns if c.name in words and isinstance(c.type, SEALED)}
    bare: list[Any] = [column(name) for name in key]
    bare += [column(name, kinds[name] if isinstance(kinds[name], LargeBinary) else None) for name in words]
    return _Shelf(table.name, bare_table(table.name, *bare), key, tuple(words))


def _by_name() -> Iterator[Table]:
    return iter(sorted(metadata.tables.values(), key=lambda table: table.name))
