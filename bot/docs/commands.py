"""``docs/commands.md``: every command of the command line and of Slack, in its own words."""

from __future__ import annotations

from collections.abc import Iterator

import click

from bot.cli.main import hark
from bot.docs.markdown import block, code, generated, page, table
from bot.slack.blocks.help import EXAMPLES
from bot.slack.listening.commands import COMMAND

_WIDTH = 100
_COMMAND_LINE = """
Data goes to standard output, everything else to standard error. Exit codes: 0 done; 1 done, and something was found
that needs a person (rejected lines, a failed check); 2 wrong use or wrong input, told in one line.
"""
_SLACK = """
The same words work in Slack and, for `metrics`, on the command line. No model is involved, and the answer is shown to
the person who asked alone. Periods are hours, days or weeks: `24h`, `7d`, `2w`. Names may be written with `-` or `_`,
in any case; values with spaces are quoted: `where application="my shop"`.
"""


def commands_page() -> str:
    return page(
        generated("Commands"),
        "## Command line",
        _COMMAND_LINE.strip(),
        *(page(f"### `{path}`", block(help_of(command, path), "text")) for path, command in commands()),
        f"## In Slack: `{COMMAND}`",
        _SLACK.strip(),
        table(["Type", "Get"], ([code(f"{COMMAND} {example}"), meaning] for example, meaning in EXAMPLES)),
    )


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with what is typed to call it, groups before what they hold."""
    yield from _within(hark, "hark")


def _within(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _within(command.commands[name], f"{path} {name}")


def help_of(command: click.Command, path: str) -> str:
    """What ``--help`` prints on a terminal that is wide enough."""
    context = click.Context(command, info_name=path, terminal_width=_WIDTH, help_option_names=["-h", "--help"])
    return command.get_help(context)
