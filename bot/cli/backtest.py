"""``hark backtest``: what detection would have said, of stored history or of a file of values."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
import orjson

from alerts.profile import Judged, ValueDetector
from bot.cli.plot import Drawing
from bot.cli.setting import say
from bot.cli.value_series import Columns, Row, rows_of, warning
from traces.errors import BadInput


@click.command()
@click.option("--csv", "file", type=click.Path(path_type=Path, allow_dash=True), required=True, help="A CSV file.")
@click.option("--timestamp", default="timestamp", show_default=True, help="The column of times.")
@click.option("--value", default="value", show_default=True, help="The column of values.")
@click.option("--count", help="The column that says of how many observations a value is the mean or rate.")
@click.option("--json", "as_json", is_flag=True, help="Nothing but JSON: no chart on standard error.")
def backtest(file: Path, timestamp: str, value: str, count: str | None, *, as_json: bool) -> None:
    """What detection would have said of FILE, one JSON line per row.

    \b
    Example: hark backtest --csv series.csv --timestamp time --value latency
    """
    judge_file(file, Columns(timestamp=timestamp, value=value, count=count), drawn=not as_json)


def judge_file(file: Path, columns: Columns, *, drawn: bool) -> None:
    """Judge a file row by row to standard output; what could not be judged is told in one line of standard error."""
    faults: Counter[str] = Counter()
    drawing = Drawing()
    out = click.get_binary_stream("stdout")
    at_once = str(file) == "-"
    with _lines(file) as lines:
        for row, judged in judgements(rows_of(lines, columns, str(file))):
            out.write(_line(row, judged))
            if at_once:
                out.flush()
            if judged.fault:
                faults[judged.fault] += 1
            elif drawn:
                drawing.add(row.timestamp, row.value, judged.expected_low, judged.expected_high, alert=judged.alert)
    out.flush()
    if faults:
        say(warning(faults))
    if drawn:
        say(drawing.text())


def judgements(rows: Iterator[Row]) -> Iterator[tuple[Row, Judged]]:
    """Each row with what is said of it, before the next one is read."""
    take = ValueDetector().take
    for row in rows:
        yield row, take(row.at, row.value, row.count)


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
