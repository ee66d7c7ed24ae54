"""Checks of what is structured inside a block: rich text, tables, charts."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any, Final

from bot.slack import limits
from bot.slack.check_elements import link
from bot.slack.check_parts import (
    Problems,
    among,
    duplicates,
    fields,
    identifier,
    items,
    kind_of,
    optional,
    shown,
    string,
    whole,
)

_RUNS: Final[Mapping[str, tuple[Collection[str], Collection[str]]]] = {
    "text": ({"text"}, {"style"}),
    "link": ({"url"}, {"text", "style", "unsafe"}),
    "emoji": ({"name"}, {"unicode", "style", "skin_tone"}),
    "user": ({"user_id"}, {"style"}),
    "usergroup": ({"usergroup_id"}, {"style"}),
    "channel": ({"channel_id"}, {"style"}),
    "team": ({"team_id"}, {"style"}),
    "broadcast": ({"range"}, {"style"}),
    "color": ({"value"}, {"style"}),
    "date": ({"timestamp", "format"}, {"fallback", "url", "style"}),
}
_PREFORMATTED_RUNS: Final = frozenset({"text", "link"})
_HOLDERS: Final[Mapping[str, Collection[str]]] = {
    "rich_text_section": set(),
    "rich_text_quote": {"border"},
    "rich_text_preformatted": {"border", "language"},
    "rich_text_list": {"style", "indent", "offset", "border"},
}
_STYLES: Final = {"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"}
_CARTESIAN: Final = frozenset({"line", "bar", "area"})


def rich_text(value: Any, path: str) -> Problems:
    """A ``rich_text`` block, on its own or in a table cell."""
    if not isinstance(value, Mapping) or value.get("type") != "rich_text":
        yield f"{path}: a rich_text block is needed"
        return
    yield from fields(value, path, {"type", "elements"}, {"block_id"})
    yield from optional(value, path, "elements", partial(items, most=limits.OPTIONS, check=_holder))


def _holder(value: Any, path: str) -> Problems:
    kind = value.get("type") if isinstance(value, Mapping) else None
    if not isinstance(kind, str) or kind not in _HOLDERS:
        yield f"{path}.type: {shown(kind)} may not stand here"
        return
    yield from fields(value, path, {"type", "elements"}, _HOLDERS[kind])
    if kind == "rich_text_list":
        yield from among(value.get("style"), f"{path}.style", {"bullet", "ordered"})
        check = _section
    elif kind == "rich_text_preformatted":
        check = partial(_run, kinds=_PREFORMATTED_RUNS)
    else:
        check = partial(_run, kinds=_RUNS)
    yield from optional(value, path, "elements", partial(items, most=1_000, check=check))


def _section(value: Any, path: str) -> Problems:
    if not isinstance(value, Mapping) or value.get("type") != "rich_text_section":
        yield f"{path}: a list holds rich_text_section only"
    else:
        yield from _holder(value, path)


def _run(value: Any, path: str, kinds: Collection[str] = frozenset(_RUNS)) -> Problems:
    kind = value.get("type") if isinstance(value, Mapping) else None
    if not isinstance(kind, str) or kind not in kinds:
        yield f"{path}.type: {shown(kind)} may not stand here"
        return
    needed, allowed = _RUNS[kind]
    yield from fields(value, path, {"type", *needed}, allowed)
    if kind == "text":
        yield from _run_text(value, path)
    elif kind == "link":
        yield from optional(value, path, "url", link)
    elif kind == "broadcast":
        yield from optional(value, path, "range", partial(among, names={"here", "channel", "everyone"}))
    style = value.get("style", {})
    if not isinstance(style, Mapping) or any(
        name not in _STYLES or not isinstance(on, bool) for name, on in style.items()
    ):
        yield f"{path}.style: an object of booleans such as bold, italic, strike, code"


def _run_text(value: Mapping[str, Any], path: str) -> Problems:
    text = value.get("text")
    if "text" in value and (not isinstance(text, str) or not text):
        yield f"{path}.text: a string of at least one character is needed"


def table(value: Mapping[str, Any], path: str) -> Problems:
    """A ``table`` block; the characters of all tables are summed by the caller."""
    row = partial(items, most=limits.TABLE_CELLS, check=_cell)
    yield from optional(value, path, "rows", partial(items, most=limits.TABLE_ROWS, check=row))
    yield from optional(value, path, "column_settings", partial(items, most=limits.TABLE_CELLS, check=_column, least=0))


def data_table(value: Mapping[str, Any], path: str) -> Problems:
    """A ``data_table`` block: a header row and at least one more."""
    row = partial(items, most=limits.TABLE_CELLS, check=_cell)
    yield from optional(value, path, "rows", partial(items, most=limits.DATA_TABLE_ROWS, check=row, least=2))
    yield from optional(value, path, "caption", partial(string, limit=limits.TEXT))
    yield from optional(value, path, "page_size", partial(whole, low=1, high=limits.PAGE_SIZE))


def _cell(value: Any, path: str) -> Problems:
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind == "raw_text":
        yield from fields(value, path, {"type", "text"}, ())
        yield from optional(value, path, "text", partial(string, limit=limits.TABLE_TEXT))
    elif kind == "raw_number":
        yield from fields(value, path, {"type", "value"}, {"text"})
        yield from optional(value, path, "value", number)
    elif kind == "rich_text":
        yield from rich_text(value, path)
    else:
        yield f"{path}.type: {shown(kind)}, must be raw_text, raw_number or rich_text"


def _column(value: Any, path: str) -> Problems:
    if value is None:
        return
    if not isinstance(value, Mapping):
        yield f"{path}: an object is needed, not {kind_of(value)}"
        return
    yield from fields(value, path, (), {"align", "is_wrapped"})
    yield from optional(value, path, "align", partial(among, names={"left", "center", "right"}))


def number(value: Any, path: str) -> Problems:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        yield f"{path}: a finite number is needed"


def texts(value: Any) -> Iterator[str]:
    """Every string under a ``text`` key, however deep, in no particular order."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting.extend(inner for name, inner in one.items() if name != "text" or not isinstance(inner, str))
            if isinstance(one.get("text"), str):
                yield one["text"]
        elif isinstance(one, list | tuple):
            waiting.extend(one)


def chart(value: Mapping[str, Any], path: str) -> Problems:
    """A ``data_visualization`` block: a titled line, bar, area or pie chart."""
    yield from optional(value, path, "title", partial(string, limit=limits.CHART_TITLE))
    drawing = value.get("chart", {})
    if not isinstance(drawing, Mapping):
        yield f"{path}.chart: an object is needed, not {kind_of(drawing)}"
        return
    kind = drawing.get("type")
    if kind == "pie":
        yield from fields(drawing, f"{path}.chart", {"type", "segments"}, ())
        segments = partial(items, most=limits.CHART_POINTS, check=_point)
        yield from optional(drawing, f"{path}.chart", "segments", segments)
    elif isinstance(kind, str) and kind in _CARTESIAN:
        yield from _cartesian(drawing, f"{path}.chart")
    elif "chart" in value:
        yield f"{path}.chart.type: {shown(kind)}, must be area, bar, line or pie"


def _cartesian(drawing: Mapping[str, Any], path: str) -> Problems:
    yield from fields(drawing, path, {"type", "series", "axis_config"}, ())
    axis = drawing.get("axis_config")
    if not isinstance(axis, Mapping):
        yield f"{path}.axis_config: an object is needed, not {kind_of(axis)}"
        return
    yield from fields(axis, f"{path}.axis_config", {"categories"}, {"x_label", "y_label"})
    label = partial(string, limit=limits.CHART_LABEL)
    for name in ("x_label", "y_label"):
        yield from optional(axis, f"{path}.axis_config", name, partial(string, limit=limits.CHART_TITLE))
    found = list(
        optional(axis, f"{path}.axis_config", "categories", partial(items, most=limits.CHART_POINTS, check=label))
    )
    yield from found
    categories = axis.get("categories")
    if not found and isinstance(categories, list | tuple):
        named = [(f"{path}.axis_config.categories[{index}]", name) for index, name in enumerate(categories)]
        yield from duplicates(named, "category")
        yield from _all_series(drawing, path, list(categories))


def _all_series(drawing: Mapping[str, Any], path: str, categories: list[str]) -> Problems:
    check = partial(_series, categories=categories)
    yield from optional(drawing, path, "series", partial(items, most=limits.CHART_SERIES, check=check))
    series = drawing.get("series")
    if isinstance(series, list | tuple):
        named = [
            (f"{path}.series[{index}].name", one["name"])
            for index, one in enumerate(series)
            if isinstance(one, Mapping) and isinstance(one.get("name"), str)
        ]
        yield from duplicates(named, "series")


def _series(value: Any, path: str, categories: list[str]) -> Problems:
    if not isinstance(value, Mapping):
        yield f"{path}: a series is needed, not {kind_of(value)}"
        return
    yield from fields(value, path, {"name", "data"}, ())
    yield from optional(value, path, "name", identifier)
    found = list(optional(value, path, "data", partial(items, most=limits.CHART_POINTS, check=_point)))
    yield from found
    points = value.get("data")
    if not found and isinstance(points, list | tuple) and [point["label"] for point in points] != categories:
        yield f"{path}.data: must have one point for every category, in their order"


def _point(value: Any, path: str) -> Problems:
    if not isinstance(value, Mapping):
        yield f"{path}: a point is needed, not {kind_of(value)}"
        return
    yield from fields(value, path, {"label", "value"}, ())
    yield from optional(value, path, "label", partial(string, limit=limits.CHART_LABEL))
    yield from optional(value, path, "value", number)
