"""``hark demo``: the whole loop on this machine, without a Slack workspace."""

from __future__ import annotations

import click


@click.command()
def demo() -> None:
    """Show the whole loop in a browser page, on simulated conversations.

    \b
    Example: hark demo
    """
