"""The little Markdown and TOML that the pages are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what would break a cell is escaped."""
    lines = [head, ["---"] * len(head), *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    return f"`{text}`"


def block(text: str, language: str = "") -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


def generated(title: str) -> str:
    """The head of a page that is drawn from the code."""
    return f"<!-- Drawn from the code by `make docs`: change the code, not this page. -->\n\n# {title}\n"


def page(*parts: str) -> str:
    """The parts with an empty line between them."""
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def toml(value: Any) -> str:
    """A setting's value as it stands in ``hark.toml``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return json.dumps(str(value.value))
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {toml(item)}' for key, item in value.items())}}}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(toml(item) for item in value)}]"
    return str(value)
