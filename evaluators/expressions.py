"""Regular expressions that people write in the configuration."""

from __future__ import annotations

import re

from traces.errors import BadInput


def regular_expression(pattern: str, field: str) -> re.Pattern[str]:
    """``pattern``, compiled.

    Raises:
        BadInput: It is no regular expression; says so of ``field``.
    """
    try:
        return re.compile(pattern)
    except re.error as error:
        raise BadInput(f"{pattern!r:.80} is no regular expression: {error}", field) from error
