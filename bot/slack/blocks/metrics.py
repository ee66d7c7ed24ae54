"""The answer to ``/hark metrics``: one number that can be trusted, then how it came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.slack.blocks.alert import segment_text
from bot.slack.blocks.chart import Line, line_chart
from bot.slack.blocks.corrected import correction_text, correction_title
from bot.slack.blocks.figures import count, counted, figure, interval, movement, percent, title
from bot.slack.blocks.parts import context, header, section, table
from bot.slack.blocks.surface import Message
from bot.slack.blocks.values import CorrectedRate, MetricAnswer, MetricGroup, MetricPoint
from bot.slack.limits import CHART_SERIES, HEADER, TABLE_ROWS, length
from bot.slack.text import EMPTY, Block, escape, one_line, slack_date

_NAME: Final = 60
_COMPARED: Final = 80
_MOVEMENT: Final = 300
_TABLE_TEXT: Final = 8_000


def metrics_message(answer: MetricAnswer) -> Message:
    """Headline, movement, chart, and a table when the answer is grouped."""
    first_line = headline(answer)
    blocks = [header(first_line), section(_movement(answer))]
    chart = _chart(answer)
    if chart is not None:
        blocks.append(chart)
    if answer.groups:
        rows = _rows(answer)
        blocks.append(table(rows))
        left = max(answer.groups_total, len(answer.groups)) - (len(rows) - 1)
        if left > 0:
            blocks.append(context(f"{counted(left, 'more group')} not shown"))
    blocks.append(context(f"{slack_date(answer.since)} – {slack_date(answer.until)} · {segment_text(answer.segment)}"))
    if answer.counted is not None:
        blocks.append(context(counted_text(answer.counted)))
    return Message(text=escape(first_line, HEADER), blocks=tuple(blocks))


def headline(answer: MetricAnswer) -> str:
    """The figure and what it is of, in plain words: ``Refusal rate 6.5 % over 324 conversations``."""
    name = one_line(title(answer.signal), _NAME)
    if answer.value is None:
        return f"{name}: {nothing_text(answer)}"
    return f"{name} {figure(answer.value, answer.signal)} over {counted(answer.n, answer.signal.counts)}"


def nothing_text(answer: MetricAnswer) -> str:
    """Why there is no figure: nothing was measured in the period, or nothing for as long as since a day."""
    if answer.last_day is None:
        return "nothing measured"
    if answer.last_day >= answer.since:
        return "nothing measured in this cut"
    return f"no data since {answer.last_day:%Y-%m-%d}"


def counted_text(n: int) -> str:
    """How an answer came about that no kept sums could give."""
    return (
        f"Counted one by one from {counted(n, 'conversation')}: no sums of this cut are kept, nor what is usual in it."
    )


def _movement(answer: MetricAnswer) -> str:
    lines = [escape(movement_text(answer), _MOVEMENT)]
    if answer.value is not None and answer.corrected is not None:
        lines.append(f"{correction_title(answer.corrected)}: *{correction_text(answer.corrected)}*")
    return "\n".join(lines)


def movement_text(answer: MetricAnswer) -> str:
    """How the figure moved, in plain words, such as ``Up from 4.4 % (+47 %), against the period before``."""
    if answer.value is None:
        return "No conversation in this period and cut was measured. Try a longer period or a wider cut."
    against = one_line(answer.compared_with, _COMPARED)
    if answer.previous is None:
        return f"Nothing was measured in {against}."
    return f"{movement(answer.value, answer.previous, answer.signal).capitalize()}, against {against}."


def _chart(answer: MetricAnswer) -> Block | None:
    name = title(answer.signal)
    groups: list[Line] = [(group.name, _values(group.points)) for group in answer.groups if group.points]
    drawn = line_chart(name, _drawable(groups), answer.signal) if groups else None
    if drawn is not None:
        return drawn
    measured = [point for point in answer.points if point.value is not None]
    current: Line = (name, _values(measured))
    if not measured or any(point.low is None or point.high is None for point in measured):
        return line_chart(name, [current], answer.signal)
    low: Line = ("Expected low", {point.at: point.low for point in measured})
    high: Line = ("Expected high", {point.at: point.high for point in measured})
    return line_chart(name, [current, low, high], answer.signal)


def _drawable(groups: Sequence[Line]) -> list[Line]:
    """The largest groups that were there for most of the time: a chart shows only moments that all of its lines have."""
    chosen: list[Line] = []
    moments: set[datetime] = set()
    for name, values in groups:
        known = {at for at, value in values.items() if value is not None}
        shared = moments & known if chosen else known
        if len(chosen) < CHART_SERIES and (not chosen or len(shared) > len(moments) / 2):
            chosen.append((name, values))
            moments = shared
    return chosen


def _values(points: Sequence[MetricPoint]) -> Mapping[datetime, float | None]:
    return {point.at: point.value for point in points}


def _rows(answer: MetricAnswer) -> list[list[str]]:
    """Header and groups, as many as a table holds."""
    corrected = any(group.corrected is not None for group in answer.groups)
    key = one_line((answer.group_by or "group").replace("_", " "), _NAME)
    head = [key, one_line(title(answer.signal), _NAME), f"{answer.signal.counts.capitalize()}s", "Before"]
    rows = [[*head, "Corrected, 95 % interval"] if corrected else head]
    room = _TABLE_TEXT - _size(rows[0])
    for group in answer.groups[: TABLE_ROWS - 1]:
        row = _row(group, answer, corrected=corrected)
        room -= _size(row)
        if room < 0:
            break
        rows.append(row)
    return rows


def _size(row: list[str]) -> int:
    return sum(length(text) for text in row)


def _row(group: MetricGroup, answer: MetricAnswer, *, corrected: bool) -> list[str]:
    row = [
        one_line(group.name, _NAME),
        figure(group.value, answer.signal),
        count(group.n),
        figure(group.previous, answer.signal),
    ]
    if not corrected:
        return row
    return [*row, EMPTY if group.corrected is None else _interval(group.corrected)]


def _interval(corrected: CorrectedRate) -> str:
    return f"{percent(corrected.rate)} ({interval(corrected.ci_low, corrected.ci_high)})"
