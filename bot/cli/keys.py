"""``hark keys``: who may send to this Hark."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from bot.cli.setting import opened, print_json, say, settings
from bot.cli.workspaces import chosen_workspace
from bot.keys import make_key, pepper_of
from traces.clock import Clock, format_time
from traces.errors import BadInput
from traces.model import AuditEntry
from traces.store import Store
from traces.store.keys import Scope, StoredKey

_ACTOR = "command line"
_WORKSPACE = click.option(
    "--workspace",
    metavar="NAME",
    help="Where several install Hark: the workspace, by team id or name; default: HARK_WORKSPACE.",
)


@click.group()
def keys() -> None:
    """Make and revoke the keys that clients send with.

    \b
    Example: hark keys create shop
    """


@keys.command()
@click.argument("name")
@click.option("--application", help="Everything sent with the key counts as of this application.")
@click.option(
    "--scope", type=click.Choice(["ingest", "read"]), default="ingest", show_default=True, help="What it allows."
)
@_WORKSPACE
def create(name: str, application: str | None, scope: Scope, workspace: str | None) -> None:
    """Make a key and print it; it is not shown again.

    \b
    Example: hark keys create shop --application shop
    """
    with _keys_of(workspace) as (store, clock):
        _make(store, clock.now(), name=name, scope=scope, application=application)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_WORKSPACE
def list_(*, as_json: bool, workspace: str | None) -> None:
    """Every key, without its secret; the time of last use is to within an hour.

    \b
    Example: hark keys list
    """
    with _keys_of(workspace) as (store, _clock), store.read() as tx:
        found = tx.keys.every()
    if as_json:
        print_json([_shown(key) for key in found])
        return
    for key in found:
        state = "revoked" if key.revoked_at is not None else f"used {_time(key.used_at)}"
        click.echo(f"{key.key_id}  {key.name}  {key.scope}  {key.application or 'any application'}  {state}")
    if not found:
        say("no keys: make one with hark keys create NAME")


@keys.command()
@click.argument("key_id", metavar="ID")
@_WORKSPACE
def rotate(key_id: str, workspace: str | None) -> None:
    """Make a second key like ID and print it; both work until ID is revoked.

    \b
    Example: hark keys rotate k3jd72ma
    """
    with _keys_of(workspace) as (store, clock):
        old = _find(store, key_id)
        _make(store, clock.now(), name=old.name, scope=old.scope, application=old.application)
    say(f"{key_id} still works: once every client has the new key, hark keys revoke {key_id}")


@keys.command()
@click.argument("key_id", metavar="ID")
@_WORKSPACE
def revoke(key_id: str, workspace: str | None) -> None:
    """End a key; a running Hark refuses it within seconds.

    \b
    Example: hark keys revoke k3jd72ma
    """
    with _keys_of(workspace) as (store, clock):
        key, now = _find(store, key_id), clock.now()
        with store.begin() as tx:
            tx.keys.revoke(key_id, now)
            tx.audit.add(AuditEntry(at=now, actor=_ACTOR, action="key.revoke", subject=f"key:{key_id}"))
    say(f"revoked {key.name} ({key_id})")


@contextmanager
def _keys_of(workspace: str | None) -> Iterator[tuple[Store, Clock]]:
    """The store of the workspace whose keys a command is about."""
    with opened() as (store, clock):
        yield store.of(chosen_workspace(store, settings(), workspace)), clock


def _make(store: Store, at: datetime, *, name: str, scope: Scope, application: str | None) -> None:
    pepper = pepper_of(os.environ, settings().database_url)
    key, text = make_key(store, pepper, at, name=name, scope=scope, application=application)
    with store.begin() as tx:
        after = {"name": name, "scope": scope, "application": application}
        tx.audit.add(AuditEntry(at=at, actor=_ACTOR, action="key.create", subject=f"key:{key.key_id}", after=after))
    click.echo(text)
    say("keep it now: it is not shown again")


def _find(store: Store, key_id: str) -> StoredKey:
    with store.read() as tx:
        for key in tx.keys.every():
            if key.key_id == key_id and key.revoked_at is None:
                return key
    raise BadInput(f"there is no live key {key_id!r}; hark keys list shows them", "ID")


def _time(at: datetime | None) -> str:
    return "never" if at is None else format_time(at)


def _shown(key: StoredKey) -> dict[str, str | None]:
    return {
        "id": key.key_id,
        "name": key.name,
        "scope": key.scope,
        "application": key.application,
        "created_at": format_time(key.created_at),
        "used_at": None if key.used_at is None else format_time(key.used_at),
        "revoked_at": None if key.revoked_at is None else format_time(key.revoked_at),
    }
