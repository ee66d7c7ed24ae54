"""All pages that are drawn from the code."""

from __future__ import annotations

from bot.docs.commands import commands_page
from bot.docs.configuration import configuration_page, example_file
from bot.docs.evaluators import evaluators_page
from bot.docs.signals import signals_page


def pages() -> dict[str, str]:
    """The text of each page by its path within the repository."""
    return {
        "docs/commands.md": commands_page(),
        "docs/configuration.md": configuration_page(),
        "docs/evaluators.md": evaluators_page(),
        "docs/signals.md": signals_page(),
        "hark.example.toml": example_file(),
    }
