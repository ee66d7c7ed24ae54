"""What every command shares: the settings, a Hark built from them, and how things are printed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import orjson

from bot.app import Hark, build_hark
from bot.config.settings import Settings, load
from traces.clock import Clock, SystemClock, parse_time
from traces.store import Store, open_store

_NUMBER = re.compile(r"[1-9][0-9]{0,4}")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def settings() -> Settings:
    """The settings of this directory and environment."""
    return load(os.environ)


@contextmanager
def opened() -> Iterator[tuple[Store, Clock]]:
    """The store, for commands that need nothing else."""
    chosen = settings()
    store = open_store(chosen.database_url, chosen.workspace, chosen.secrets.seal)
    try:
        yield store, SystemClock()
    finally:
        store.close()


@contextmanager
def built(clock: Clock | None = None) -> Iterator[Hark]:
    """A whole Hark."""
    hark = build_hark(settings(), clock or SystemClock(), os.environ)
    try:
        yield hark
    finally:
        hark.store.close()


def say(text: str) -> None:
    """To the person: standard error."""
    click.echo(text, err=True)


def one_printed(line: str) -> str:
    """A line as a terminal may show it, whatever foreign words it holds: no control characters, no further lines."""
    return "".join(character for character in line if character.isprintable())


def print_json(value: Any, *, indent: bool = True) -> None:
    """As data: standard output."""
    option = orjson.OPT_INDENT_2 if indent else 0
    click.echo(orjson.dumps(value, option=option | orjson.OPT_NON_STR_KEYS).decode())


class Moment(click.ParamType[datetime]):
    """An ISO 8601 time, or ``now``."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        if value == "now":
            return SystemClock().now()
        try:
            return parse_time(value).astimezone(UTC)
        except ValueError:
            self.fail(f"{value!r} is not a time; write it like 2026-11-20T14:00:00Z", param, ctx)


class Span(click.ParamType[timedelta]):
    """A length of time: ``30m``, ``1h``, ``7d``, ``2w``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        number, unit = value[:-1], value[-1:]
        if unit not in _UNITS or not _NUMBER.fullmatch(number):
            self.fail(f"{value!r} is not a duration; write it like 30m, 1h, 7d or 2w", param, ctx)
        return timedelta(**{_UNITS[unit]: int(number)})
