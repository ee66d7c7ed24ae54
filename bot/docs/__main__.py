"""``python -m bot.docs``: write the pages that are drawn from the code; with ``--check``, say which are out of date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from bot.docs.pages import pages

_OUT_OF_DATE = 1
_ROOT = Path(__file__).parents[2]


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a page is out of date.")
@click.option("--root", type=click.Path(path_type=Path), default=_ROOT, help="Directory that holds docs/.")
def docs(*, check: bool, root: Path) -> None:
    """Draw the pages of the documentation that follow from the code."""
    stale = list(_stale(root))
    for path, text in stale:
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        click.echo(f"{'out of date' if check else 'wrote'}: {path.relative_to(root)}", err=True)
    if check and stale:
        sys.exit(_OUT_OF_DATE)


def _stale(root: Path) -> Iterator[tuple[Path, str]]:
    for name, text in pages().items():
        path = root / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            yield path, text


if __name__ == "__main__":
    docs(prog_name="python -m bot.docs")
