"""Native line charts, within Slack's twenty points and six series."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.slack.limits import CHART_LABEL, CHART_POINTS, CHART_SERIES, CHART_TITLE
from bot.slack.text import Block, one_line
from traces.clock import as_utc
from traces.model import Kind, Signal

_FORMS: Final = ("%H:%M", "%d %b %H:%M", "%d %b %Y %H:%M")
_DAILY: Final = "%d %b"
_LEAST_POINTS: Final = 2
_DAY: Final = timedelta(days=1)
_DIGITS: Final = 6

Line = tuple[str, Mapping[datetime, float | None]]
"""A series: its name, and its values by the start of their bucket."""


def line_chart(title: str, lines: Sequence[Line], signal: Signal) -> Block | None:
    """A line chart over the moments at which every line has a value; ``None`` with fewer than two of them.

    More than twenty moments are gathered into equal groups, each shown as its mean. Of more than six lines the first
    six are drawn. Rates are drawn in per cent.
    """
    drawn = [(name, _finite(values)) for name, values in lines[:CHART_SERIES]]
    moments = sorted(set.intersection(*(set(values) for _, values in drawn))) if drawn else []
    if len(moments) < _LEAST_POINTS:
        return None
    groups = _groups(moments)
    labels = _labels([group[0] for group in groups])
    factor = 100.0 if signal.kind is Kind.RATE or signal.unit == "%" else 1.0
    series = [
        {
            "name": name,
            "data": [_point(label, values, group, factor) for label, group in zip(labels, groups, strict=True)],
        }
        for name, values in zip(_names([name for name, _ in drawn]), [values for _, values in drawn], strict=True)
    ]
    axis: Block = {"categories": labels, "x_label": "UTC"}
    unit = "%" if factor > 1 else signal.unit
    if unit:
        axis["y_label"] = one_line(unit, CHART_LABEL)
    return {
        "type": "data_visualization",
        "title": one_line(title, CHART_TITLE),
        "chart": {"type": "line", "series": series, "axis_config": axis},
    }


def _finite(values: Mapping[datetime, float | None]) -> dict[datetime, float]:
    return {as_utc(at): value for at, value in values.items() if value is not None and math.isfinite(value)}


def _groups(moments: list[datetime]) -> list[list[datetime]]:
    size = math.ceil(len(moments) / CHART_POINTS)
    # Counted from the end, so that the newest group is a full one and not a noisy rest.
    first = len(moments) % size or size
    return [moments[:first], *(moments[i : i + size] for i in range(first, len(moments), size))]


def _point(label: str, values: Mapping[datetime, float], group: list[datetime], factor: float) -> Block:
    mean = sum(values[at] / len(group) for at in group) * factor
    return {"label": label, "value": round(mean, _DIGITS) if math.isfinite(mean) else 0.0}


def _labels(moments: list[datetime]) -> list[str]:
    """The shortest form of the moments in which they all differ."""
    steps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    forms = (_DAILY, *_FORMS[1:]) if min(steps) >= _DAY else _FORMS
    for form in forms:
        labels = [at.strftime(form) for at in moments]
        if len(set(labels)) == len(labels):
            return labels
    return [f"{index} {at:%H:%M:%S}" for index, at in enumerate(moments, 1)]


def _names(names: list[str]) -> list[str]:
    """Legend names, cleaned and cut, and made to differ."""
    taken: list[str] = []
    for name in names:
        shown = one_line(name, CHART_LABEL)
        copies = itertools.count(2)
        while shown in taken:
            shown = f"{one_line(name, CHART_LABEL - 3)} {next(copies)}"
        taken.append(shown)
    return taken
