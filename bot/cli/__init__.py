"""The command line: parse, call one service, print. Data goes to standard output, everything else to standard error."""

from bot.cli.main import main

__all__ = ["main"]
