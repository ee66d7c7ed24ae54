"""A series as a chart of characters, for the terminal."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 96, 12


@dataclass(slots=True)
class _Bin:
    """Some rows that share a column of the chart."""

    first: str
    low: float
    high: float
    expected_low: float
    expected_high: float
    alert: bool

    def join(self, other: _Bin) -> None:
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.expected_low = min(self.expected_low, other.expected_low)
        self.expected_high = max(self.expected_high, other.expected_high)
        self.alert = self.alert or other.alert


class Drawing:
    """Gathers a series of any length into as many columns as a terminal has, in bounded memory."""

    def __init__(self) -> None:
        self._bins: list[_Bin] = []
        self._rows_a_bin = 1
        self._in_last = 0
        self._rows = 0
        self._alerts: list[str] = []
        self._alert_count = 0
        self._was_open = False

    def add(self, timestamp: str, value: float | None, low: float | None, high: float | None, *, alert: bool) -> None:
        """Take in one row."""
        if value is None:
            return
        self._rows += 1
        self._note_alert(timestamp, alert=alert)
        bound_low, bound_high = value if low is None else low, value if high is None else high
        self._join(_Bin(timestamp, value, value, bound_low, bound_high, alert))

    def _note_alert(self, timestamp: str, *, alert: bool) -> None:
        if alert and not self._was_open:
            self._alert_count += 1
            if len(self._alerts) < _LISTED:
                self._alerts.append(timestamp)
        self._was_open = alert

    def _join(self, one: _Bin) -> None:
        if self._in_last and self._in_last < self._rows_a_bin:
            self._bins[-1].join(one)
            self._in_last += 1
            return
        if len(self._bins) == WIDTH:
            self._halve()
        self._bins.append(one)
        self._in_last = 1

    def _halve(self) -> None:
        for first, second in zip(self._bins[::2], self._bins[1::2], strict=True):
            first.join(second)
        self._bins = self._bins[::2]
        self._rows_a_bin *= 2

    def text(self) -> str:
        """The chart, its legend, and when alerts opened."""
        if not self._bins:
            return "nothing to draw"
        grid = _grid(self._bins)
        marks = "".join("^" if b.alert else " " for b in self._bins)
        return "\n".join([*grid, marks.rstrip(), self._legend()]).replace("\n\n", "\n")

    def _legend(self) -> str:
        count = self._alert_count
        told = f"{self._rows:,} rows from {self._bins[0].first}; {count:,} alert{'' if count == 1 else 's'}"
        if not count:
            return told
        more = f" and {count - len(self._alerts):,} more" if count > len(self._alerts) else ""
        return f"{told} (^), opened at {', '.join(self._alerts)}{more}"


_LISTED = 10


def _grid(bins: list[_Bin]) -> list[str]:
    # The band of a column may be far wider than the series ever was; what was seen sets the height.
    bottom, top = min(b.low for b in bins), max(b.high for b in bins)
    step = (top - bottom) / (HEIGHT - 1) or 1.0
    rows = []
    for line in range(HEIGHT - 1, -1, -1):
        level = bottom + line * step
        rows.append("".join(_mark(b, level, step) for b in bins).rstrip())
    return [f"{row}" for row in rows]


def _mark(one: _Bin, level: float, step: float) -> str:
    near = step / 2
    if one.low - near <= level <= one.high + near:
        return "#" if one.alert else "*"
    return "." if one.expected_low - near <= level <= one.expected_high + near else " "
