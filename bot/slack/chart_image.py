"""A native chart as a picture, for workspaces in which Slack does not draw it."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 960, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 24, 56, 64
_PAPER, _INK, _GRID = "#ffffff", "#1d1c1d", "#dddddd"
_COLOURS: Final = ("#1264a3", "#b0b0b0", "#8d8d8d", "#e01e5a", "#2eb67d", "#ecb22e")
_TEXT, _SMALL, _TITLE = 15, 13, 18
_STEPS: Final = 4
_MOST_LABELS: Final = 6
_TITLE_CHARS: Final = 90
_NAME_CHARS: Final = 28


def chart_of(blocks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The first native line chart among blocks."""
    return next((block for block in blocks if block.get("type") == "data_visualization"), None)


def without_charts(blocks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The blocks without native charts."""
    return [block for block in blocks if block.get("type") != "data_visualization"]


def drawn(chart: Mapping[str, Any]) -> bytes:
    """A native line chart (``bot.slack.blocks.chart``) as PNG, 960 by 420 pixels."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(picture)
    series = [(str(one["name"]), _values(one)) for one in chart["chart"]["series"]]
    axis = chart["chart"].get("axis_config", {})
    low, high = _range([value for _, values in series for value in values])
    pen.text((_LEFT, 14), str(chart.get("title", ""))[:_TITLE_CHARS], fill=_INK, font=ImageFont.load_default(_TITLE))
    _grid(pen, low, high, str(axis.get("y_label", "")))
    _labels(pen, [str(label) for label in axis.get("categories", ())], str(axis.get("x_label", "")))
    for number in reversed(range(len(series))):
        # The first series is what is told: it is drawn last, over the others.
        points = [(_across(i, len(series[number][1])), _up(v, low, high)) for i, v in enumerate(series[number][1])]
        pen.line(points, fill=_COLOURS[number % len(_COLOURS)], width=4 if number == 0 else 2, joint="curve")
    _legend(pen, [name for name, _ in series])
    written = io.BytesIO()
    picture.save(written, format="PNG", optimize=True)
    return written.getvalue()


def described(chart: Mapping[str, Any]) -> str:
    """The chart in words, for who cannot see it."""
    parts = [
        f"{one['name']}: from {_figure(values[0])} to {_figure(values[-1])}"
        for one in chart["chart"]["series"]
        if (values := _values(one))
    ]
    return f"{chart.get('title', 'Chart')}. " + "; ".join(parts)


def _values(series: Mapping[str, Any]) -> list[float]:
    return [float(point["value"]) for point in series["data"]]


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The axis: from zero where nothing is below it, with a little room above."""
    low, high = min([0.0, *values]), max(values, default=1.0)
    return low, high + (high - low) * 0.08 if high > low else low + 1.0


def _across(place: int, count: int) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * (place / (count - 1) if count > 1 else 0.5)


def _up(value: float, low: float, high: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value - low) / (high - low)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == math.floor(value) else f"{value:,.3g}"  # noqa: PLR2004


def _grid(pen: ImageDraw.ImageDraw, low: float, high: float, unit: str) -> None:
    small = ImageFont.load_default(_SMALL)
    for step in range(_STEPS + 1):
        value = low + (high - low) * step / _STEPS
        at = _up(value, low, high)
        pen.line([(_LEFT, at), (WIDTH - _RIGHT, at)], fill=_GRID, width=1)
        pen.text((_LEFT - 10, at), f"{_figure(value)} {unit}".strip(), fill=_INK, font=small, anchor="rm")


def _labels(pen: ImageDraw.ImageDraw, labels: Sequence[str], unit: str) -> None:
    small = ImageFont.load_default(_SMALL)
    every = max(1, math.ceil(len(labels) / _MOST_LABELS))
    for place in range(0, len(labels), every):
        pen.text((_across(place, len(labels)), HEIGHT - _BOTTOM + 8), labels[place], fill=_INK, font=small, anchor="mt")
    pen.text((WIDTH - _RIGHT, HEIGHT - _BOTTOM + 8), unit, fill=_INK, font=small, anchor="rt")


def _legend(pen: ImageDraw.ImageDraw, names: Sequence[str]) -> None:
    text, at = ImageFont.load_default(_TEXT), float(_LEFT)
    for number, name in enumerate(names):
        shown = name[:_NAME_CHARS]
        pen.line([(at, HEIGHT - 20), (at + 22, HEIGHT - 20)], fill=_COLOURS[number % len(_COLOURS)], width=4)
        pen.text((at + 30, HEIGHT - 20), shown, fill=_INK, font=text, anchor="lm")
        at += 54 + pen.textlength(shown, font=text)
