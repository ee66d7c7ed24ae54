"""A CSV file of times and values, judged row by row, however broken a row may be."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import IO, NamedTuple

import orjson

from alerts.profile import Judged, ValueDetector
from bot.cli.plot import Drawing
from bot.cli.setting import say
from traces.errors import BadInput

_MILLISECONDS_FROM = 1e11
"""A number of seconds this large would be five thousand years from now."""
_MICROSECONDS_FROM = 1e14
_DATES_IN_DIGITS = (8, 14)
"""``20140401`` and ``20140401120000`` are dates, any other number is seconds, milliseconds or microseconds."""


class Row(NamedTuple):
    """A row as written, and as understood: seconds since the epoch, the value, what it stands for; ``None`` if not."""

    timestamp: str
    at: float | None
    value: float | None
    observations: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The names of the columns to read; no ``count`` where each value stands for as much as any other."""

    timestamp: str = "timestamp"
    value: str = "value"
    count: str | None = None


def rows_of(lines: IO[str], columns: Columns, name: str) -> Iterator[Row]:
    """The rows below the header, in the order of the file; a row that is cut short or no CSV is a row without number.

    Raises:
        BadInput: There is no header, or it lacks a column.
    """
    reader = csv.reader(lines)
    header = _header(reader, name)
    places = [_place(header, column, name) for column in (columns.timestamp, columns.value)]
    counted = None if columns.count is None else _place(header, columns.count, name)
    at, value = places
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Row("", None, None, None)
            continue
        if not row:
            continue
        when, number = _cell(row, at), _cell(row, value)
        # An unreadable count is no count, not a row that stands for as much as any other.
        count = None if counted is None else _number(_cell(row, counted)) or 0.0
        yield Row(when, moment_of(when), _number(number), count)


def _header(reader: Iterator[list[str]], name: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(reader)]
    except StopIteration:
        raise BadInput("is empty; the first line names the columns", name) from None
    except csv.Error as error:
        raise BadInput(f"is no CSV: {error}", name) from error


def _place(header: list[str], column: str, name: str) -> int:
    if column not in header:
        raise BadInput(f"has no column {column!r}; it has {', '.join(header[:20])}", name)
    return header.index(column)


def _cell(row: list[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def moment_of(text: str) -> float | None:
    """Seconds since the epoch of an ISO 8601 time (UTC where it names no zone) or of a number; ``None`` otherwise."""
    if len(text) not in _DATES_IN_DIGITS or not text.isdigit():
        number = _number(text)
        if number is not None:
            scale = 1e6 if abs(number) >= _MICROSECONDS_FROM else 1e3 if abs(number) >= _MILLISECONDS_FROM else 1.0
            return number / scale
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


_FAULTS: Mapping[str, str] = {
    "no time": "without a readable time",
    "no number": "without a number",
    "no count": "without a count",
    "repeated": "with the time of the row before",
    "late": "earlier than the row before",
}


def judge_file(file: Path, columns: Columns, *, drawn: bool) -> None:
    """Judge a file row by row to standard output; what could not be judged is told in one line of standard error.

    Args:
        file: Its path, ``-`` for standard input.
        columns: What to read of it.
        drawn: Whether a chart follows on standard error.

    Raises:
        BadInput: The file cannot be read, or lacks a column.
    """
    faults: Counter[str] = Counter()
    drawing = Drawing()
    out = sys.stdout.buffer
    is_live = str(file) == "-"
    with _lines(file) as lines:
        for row, judged in judgements(rows_of(lines, columns, str(file))):
            out.write(_line(row, judged))
            if is_live:
                out.flush()
            if judged.fault:
                faults[judged.fault] += 1
            elif drawn:
                drawing.add(row.timestamp, row.value, judged.expected_low, judged.expected_high, alert=judged.alert)
    out.flush()
    if faults:
        say(_warning(faults))
    if drawn:
        say(drawing.text())


def judgements(rows: Iterator[Row]) -> Iterator[tuple[Row, Judged]]:
    """Each row with what is said of it, before the next one is read."""
    take = ValueDetector().take
    for row in rows:
        yield row, take(row.at, row.value, row.observations)


def _line(row: Row, judged: Judged) -> bytes:
    return orjson.dumps(
        {
            "timestamp": row.timestamp,
            "value": row.value,
            "expected_low": judged.expected_low,
            "expected_high": judged.expected_high,
            "score": judged.score,
            "alert": judged.alert,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


@contextmanager
def _lines(file: Path) -> Iterator[IO[str]]:
    if str(file) == "-":
        yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="replace", newline="")
        return
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            yield lines
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", str(file)) from error


def _warning(faults: Counter[str]) -> str:
    told = ", ".join(f"{faults[fault]:,} {text}" for fault, text in _FAULTS.items() if faults[fault])
    total = sum(faults.values())
    return f"warning: {total:,} row{'' if total == 1 else 's'} not judged: {told}"
