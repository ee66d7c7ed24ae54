"""Numbers as people read them: ``6.1 %``, ``1.24 s``, ``$0.0123``, ``1,000``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from bot.slack.text import EMPTY
from traces.model import Kind, Signal

_WRITTEN: Final[Mapping[str, str]] = {"ttft": "TTFT", "pii": "PII", "csat": "CSAT", "llm": "LLM", "usd": "USD"}
_ASTRONOMIC: Final = 1e15
_TENTH_PERCENT: Final = 0.001
_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400


def title(signal: Signal) -> str:
    """A signal's name in a sentence: ``refusal`` of kind rate is ``Refusal rate``."""
    name = words(signal.name)
    if signal.tail_of is not None:
        return name
    return f"{name} rate" if signal.kind is Kind.RATE and not name.lower().endswith("rate") else name


def words(name: str) -> str:
    """An identifier as words: ``pii_leak`` is ``PII leak``."""
    parts = [_WRITTEN.get(part.lower(), part) for part in name.replace("_", " ").split()]
    joined = " ".join(parts)
    return joined[:1].upper() + joined[1:]


def figure(value: float | None, signal: Signal) -> str:
    """A value of the signal with its unit. Rates, and whatever has the unit ``%``, are shares from 0 to 1."""
    return _number(value, _unit(signal), value)


def span(low: float, high: float, signal: Signal) -> str:
    """A range with one unit and one precision: ``2.0–3.4 %``."""
    unit = _unit(signal)
    if not (math.isfinite(low) and math.isfinite(high)):
        return EMPTY
    upper, lower = _number(high, unit, high), _number(low, unit, high)
    if lower == upper:
        return upper
    return f"{lower.removesuffix(_suffix(unit))}–{upper}"


def percent(share: float | None) -> str:
    """A share from 0 to 1: ``6.1 %``."""
    return _number(share, "%", share)


def share(part: float) -> str:
    """A share from 0 to 1 where one digit more would claim too much: ``82 %``."""
    return f"{round(part * 100):,} %" if math.isfinite(part) else EMPTY


def interval(low: float, high: float) -> str:
    """Two shares: ``4.1–6.4 %``."""
    return f"{_number(low, '%', high).removesuffix(_suffix('%'))}–{_number(high, '%', high)}"


def money(usd: float | None) -> str:
    return _number(usd, "USD", usd)


def count(number: float) -> str:
    """A whole number with thousands separators."""
    return f"{round(number):,}" if math.isfinite(number) else EMPTY


def counted(number: int, noun: str) -> str:
    """``1 conversation``, ``1,000 conversations``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float | None) -> str:
    """A length of time in its two largest units: ``25 min``, ``3 h 5 min``, ``2 d 4 h``."""
    if seconds is None or not math.isfinite(seconds):
        return EMPTY
    whole = max(0, round(seconds))
    if whole < _MINUTE_S:
        return f"{whole} s"
    for unit_s, unit, part_s, part in ((_DAY_S, "d", _HOUR_S, "h"), (_HOUR_S, "h", _MINUTE_S, "min")):
        if whole >= unit_s:
            rest = whole % unit_s // part_s
            return f"{whole // unit_s} {unit} {rest} {part}" if rest else f"{whole // unit_s} {unit}"
    return f"{whole // _MINUTE_S} min"


def movement(value: float | None, before: float | None, signal: Signal) -> str:
    """How a value moved against an earlier one: ``up from 4.0 % (+53 %)``."""
    if value is None or before is None or not (math.isfinite(value) and math.isfinite(before)):
        return "nothing to compare with"
    now, then = figure(value, signal), figure(before, signal)
    if now == then:
        return f"unchanged at {then}"
    way = "up" if value > before else "down"
    relative = f" ({(value - before) / abs(before):+,.0%})".replace("%", " %") if before else ""
    return f"{way} from {then}{relative}"


def _unit(signal: Signal) -> str:
    return "%" if signal.kind is Kind.RATE else signal.unit


def _suffix(unit: str) -> str:
    return "" if unit in {"", "USD"} else f" {unit}"


def _number(value: float | None, unit: str, scale: float | None) -> str:
    """``scale`` is the value that decides the precision, so that the ends of a range agree."""
    if value is None or scale is None or not (math.isfinite(value) and math.isfinite(scale)):
        return EMPTY
    if max(abs(value), abs(scale)) >= _ASTRONOMIC:
        return f"{value:.3g}{_suffix(unit)}"
    if unit == "%":
        return f"{_grouped(value * 100, 1 if abs(scale) >= _TENTH_PERCENT or scale == 0 else 2)} %"
    if unit == "USD":
        return f"{'-' if value < 0 else ''}${_grouped(abs(value), 2 if abs(scale) >= 1 else 4)}"
    whole = unit == "" and float(value).is_integer() and float(scale).is_integer()
    return f"{_grouped(value, 0 if whole else _decimals(scale, 3))}{_suffix(unit)}"


def _grouped(value: float, decimals: int) -> str:
    shown = f"{value:,.{decimals}f}"
    return shown.removeprefix("-") if float(shown.replace(",", "")) == 0 else shown


def _decimals(scale: float, significant: int) -> int:
    """Decimals that leave ``significant`` digits, never more than three."""
    if scale == 0:
        return 0
    return min(3, max(0, significant - 1 - math.floor(math.log10(abs(scale)))))
