"""``hark backtest --csv``: every row of a file is one JSON line, and no file breaks it."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cli import main
from bot.cli.value_series import Columns, moment_of, rows_of
from traces.errors import BadInput

FIELDS = ["timestamp", "value", "expected_low", "expected_high", "score", "alert"]


@pytest.fixture
def backtest(tmp_path, monkeypatch, nobodys_settings, capsysbinary):
    """Runs the command over a file with these contents; returns exit code, rows and standard error."""

    def run(contents, *arguments, by_pipe=False):
        (tmp_path / "series.csv").write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        name = "-" if by_pipe else "series.csv"
        given_ = io.TextIOWrapper(io.BytesIO((tmp_path / "series.csv").read_bytes()))
        monkeypatch.setattr(sys, "stdin", given_)
        monkeypatch.setattr(sys, "argv", ["hark", "backtest", "--csv", name, *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsysbinary.readouterr()
        return ended.value.code or 0, [json.loads(line) for line in captured.out.splitlines()], captured.err.decode()

    return run


def series(rows=400, step_min=5):
    lines = ["timestamp,value"]
    for n in range(rows):
        minute = n * step_min
        day, rest = divmod(minute, 1440)
        lines.append(f"2026-03-{1 + day:02d} {rest // 60:02d}:{rest % 60:02d}:00,{20 + n % 7}")
    return "\n".join(lines) + "\n"


def test_every_row_is_one_json_line_with_the_same_fields(backtest):
    code, rows, _ = backtest(series())
    assert code == 0
    assert len(rows) == 400
    assert all(list(row) == FIELDS for row in rows)
    assert rows[3]["timestamp"] == "2026-03-01 00:15:00"
    assert rows[3]["value"] == 23.0
    assert rows[300]["expected_low"] <= rows[300]["expected_high"]


def test_the_first_rows_of_a_file_are_judged_as_the_whole_file_says(backtest):
    _, whole, _ = backtest(series(400))
    _, part, _ = backtest(series(170))
    assert whole[:170] == part


def test_standard_input_is_read_like_a_file(backtest):
    assert backtest(series())[1] == backtest(series(), by_pipe=True)[1]


def test_other_columns_can_be_named(backtest):
    text = "when;x,ms,n\n" + "".join(f"{1_700_000_000 + 300 * n},{n % 5},100\n" for n in range(30))
    code, rows, _ = backtest(text, "--timestamp", "when;x", "--value", "ms", "--count", "n")
    assert (code, len(rows)) == (0, 30)


def test_a_chart_goes_to_standard_error_and_json_alone_draws_none(backtest):
    assert "400 rows from 2026-03-01 00:00:00" in backtest(series())[2]
    assert backtest(series(), "--json")[2] == ""


def test_rows_that_cannot_be_judged_are_counted_in_one_line(backtest):
    text = (
        "timestamp,value\n2026-03-01 00:00:00,1\n2026-03-01 00:05:00,nan\n2026-03-01 00:05:00,\n2026-03-01 00:00:00,2\n"
        "2026-03-01,3\nyesterday,4\n2026-03-01 00:10:00,abc\n2026-03-01 00:15:00\n\n2026-03-01 00:20:00,5\n"
    )
    code, rows, err = backtest(text, "--json")
    assert (code, len(rows)) == (0, 9)
    assert err == (
        "warning: 7 rows not judged: 1 without a readable time, 4 without a number, 2 with the time of the row before\n"
    )
    assert [row["value"] for row in rows] == [1.0, None, None, 2.0, 3.0, 4.0, None, None, 5.0]
    assert not any(row["alert"] for row in rows)


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        ("", "is empty"),
        ("time,value\n1,2\n", "has no column 'timestamp'; it has time, value"),
        ("timestamp,latency\n1,2\n", "has no column 'value'"),
    ],
)
def test_a_file_that_is_no_such_series_is_one_clear_line(backtest, contents, told):
    code, rows, err = backtest(contents)
    assert (code, rows) == (2, [])
    assert told in err
    assert err.count("\n") == 1


def test_a_header_alone_is_no_mistake(backtest):
    assert backtest("timestamp,value\n")[:2] == (0, [])


def test_a_mark_at_the_beginning_of_the_file_is_no_part_of_the_name(backtest):
    assert backtest(b"\xef\xbb\xbf" + series(3).encode())[0] == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(contents=st.binary(max_size=300))
def test_no_bytes_break_it(backtest, contents):
    code, rows, _ = backtest(b"timestamp,value\n" + contents, "--json")
    assert code == 0
    assert all(list(row) == FIELDS for row in rows)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_no_text_breaks_the_reader(text):
    lines = io.StringIO(text, newline="")
    try:
        for row in rows_of(lines, Columns(), "file"):
            assert isinstance(row.timestamp, str)
    except BadInput:
        pass


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-03-01 00:00:00", 1772323200.0),
        ("2026-03-01T00:00:00Z", 1772323200.0),
        ("2026-03-01T01:00:00+01:00", 1772323200.0),
        ("2026/03/01 00:00", 1772323200.0),
        ("20260301", 1772323200.0),
        ("1772323200", 1772323200.0),
        ("1772323200000", 1772323200.0),
        ("1772323200000000", 1772323200.0),
        ("1772323200.5", 1772323200.5),
        ("", None),
        ("yesterday", None),
        ("nan", None),
        ("2026-13-01", None),
    ],
)
def test_times_are_read_in_the_forms_that_people_export(text, seconds):
    assert moment_of(text) == seconds


def test_a_signal_and_a_file_together_are_refused(backtest):
    code, _, err = backtest(series(3), "refusal")
    assert code == 2
    assert "either a signal or --csv" in err
