"""``hark settings``: what was set in Slack and wins over hark.toml; bring it home, or undo it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from bot.cli.setting import built, one_printed, opened, print_json, say
from bot.cli.setting import settings as read_settings
from bot.settings.chosen import Chosen
from bot.settings.desk import Made, SettingsDesk
from bot.settings.overlay import as_toml
from bot.slack.access import Person
from traces.clock import format_time

_PERSON: Final = Person(user_id="command line", name="the command line", team_id=None)


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def settings(ctx: click.Context, *, as_json: bool) -> None:
    """What admins set in Slack: it wins over hark.toml until it is undone.

    \b
    Example: hark settings
             hark settings export >> hark.toml
    """
    if ctx.invoked_subcommand is not None:
        return
    made, problems = _made()
    if as_json:
        print_json({"set_in_slack": [_json(one) for one in made], "problems": list(problems)})
        return
    for one in made:
        click.echo(one_printed(f"{one.name}  set in Slack by {one.by}, {format_time(one.choice.changed_at)}"))
        for line in _values(one.body):
            click.echo(one_printed(f"  {line}"))
    for problem in problems:
        say(one_printed(problem))
    if not made:
        say("nothing is set in Slack: hark.toml holds")


@settings.command()
def export() -> None:
    """Print what was set in Slack as TOML, to be put into hark.toml; undo it in Slack then.

    Where hark.toml has a table of the same name, this takes its place.

    \b
    Example: hark settings export
    """
    made, _ = _made()
    text = as_toml({one.name: one.body for one in made})
    click.echo(text, nl=False)
    if not made:
        say("nothing is set in Slack")


@settings.command()
@click.argument("name")
def undo(name: str) -> None:
    """Bring back what held before the last change of NAME in Slack; once more brings that change back.

    \b
    Example: hark settings undo roles
    """
    with opened() as (store, clock):
        desk = SettingsDesk(store, clock, Chosen(read_settings(), store))
        with store.read() as tx:
            version = desk.version(tx, name)
        desk.undo(name, version, _PERSON, f"command line:{name}:{format_time(clock.now())}")
    say(f"undone: {name}")


def _made() -> tuple[list[Made], tuple[str, ...]]:
    with built() as hark, hark.store.read() as tx:
        return SettingsDesk(hark.store, hark.clock, hark.chosen).made(tx), hark.chosen.problems(tx)


def _json(one: Made) -> dict[str, Any]:
    return {
        "name": one.name,
        "by": one.by,
        "user_id": one.choice.changed_by,
        "at": format_time(one.choice.changed_at),
        "version": one.choice.version,
        "value": one.body,
    }


def _values(body: Mapping[str, Any]) -> Iterator[str]:
    for key, value in body.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield from (f"{key}[{place}] = {one}" for place, one in enumerate(value))
        else:
            yield f"{key} = {value}"
