"""``hark workspaces``: in which Slack workspaces Hark is installed."""

from __future__ import annotations

import click

from bot.cli.setting import one_printed, opened, print_json, say
from bot.config.settings import Settings
from traces.clock import format_time
from traces.errors import BadInput
from traces.store import DEFAULT_WORKSPACE, Store
from traces.store.installations import Installation


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def workspaces(*, as_json: bool) -> None:
    """Every Slack workspace that has installed Hark: who did, since when, and its state.

    \b
    Example: hark workspaces
    """
    with opened() as (store, _clock), store.across() as everywhere:
        found = everywhere.installations()
    if as_json:
        print_json([_shown(workspace_id, installation) for workspace_id, installation in found.items()])
        return
    for installation in found.values():
        name = one_printed(installation.team_name)[:40]
        since = f"by {installation.installed_by or 'somebody'} since {format_time(installation.installed_at)}"
        click.echo(f"{installation.team_id:<12} {name:<20}  installed {since}  {_state(installation)}")
    if not found:
        say("no workspace has installed Hark: docs/workspaces.md says how")


def workspace_named(store: Store, name: str) -> str:
    """The id of a workspace, by its team id, its name in Slack, or its own id.

    Raises:
        BadInput: There is none, or several are called so.
    """
    with store.across() as everywhere:
        found = everywhere.installations()
    matching = {w for w, i in found.items() if name in {w, i.team_id} or i.team_name.lower() == name.lower()}
    if name == DEFAULT_WORKSPACE:
        matching.add(name)
    if len(matching) == 1:
        return matching.pop()
    if matching:
        raise BadInput(f"several workspaces are called {name!r}; give the team id", "--workspace")
    raise BadInput(f"there is no workspace {name!r}; hark workspaces lists them", "--workspace")


def chosen_workspace(store: Store, settings: Settings, name: str | None) -> str:
    """The workspace that a command is about: the one that it names, or the one of the environment.

    Raises:
        BadInput: There is no such workspace, or it must be named.
    """
    if name is not None:
        return workspace_named(store, name)
    is_unclear = settings.workspace == DEFAULT_WORKSPACE and not settings.slack.oauth.home
    if settings.secrets.oauth is not None and is_unclear:
        raise BadInput("say which workspace; hark workspaces lists them", "--workspace")
    return settings.workspace


def _state(installation: Installation) -> str:
    if not installation.is_active:
        return "removed"
    missing = [
        what
        for what, channel in (("alerts", installation.alerts_channel), ("reviews", installation.review_channel))
        if channel is None
    ]
    return f"active, no channel chosen for {' and '.join(missing)}" if missing else "active"


def _shown(workspace_id: str, installation: Installation) -> dict[str, str | None]:
    return {
        "workspace": workspace_id,
        "team_id": installation.team_id,
        "name": installation.team_name,
        "installed_by": installation.installed_by,
        "installed_at": format_time(installation.installed_at),
        "state": installation.state.value,
        "scopes": installation.scopes,
        "alerts_channel": installation.alerts_channel,
        "review_channel": installation.review_channel,
    }
