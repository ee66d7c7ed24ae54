"""The sentence that explains an alert: what, how much of how many, since when, what is usual then, and how rare that is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from alerts.words import chance_text
from bot.slack.blocks import detail
from bot.slack.blocks.figures import count, counted, figure, money, span, title, words
from bot.slack.text import escape, slack_date
from traces.model import Alert, Kind, Signal

_NAME: Final = 60
_RULE: Final = 300
_DOES: Final[Mapping[str, str]] = {
    "latency": "took longer than",
    "ttft": "took longer to begin than",
    "cost": "cost more than",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another signal that is off in the same conversations, with its expected range; ``origin`` names a rule."""

    signal: str
    origin: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plain:
    """The figure that people know a size by: ``figure`` is ``p95`` or ``mean``."""

    figure: str
    value: float
    usual: float | None
    total: float | None


def explanation(alert: Alert, signal: Signal) -> str:
    """The sentence, as mrkdwn."""
    since = slack_date(alert.started_at)
    if detail.fault(alert) is not None:
        name, usual = escape(title(signal), _NAME), span(alert.expected_low, alert.expected_high, signal)
        return f"{name} *{figure(alert.value, signal)}* since {since}; as it should be: {usual}."
    rule = _rule(alert)
    if rule:
        return f"{escape(title(signal), _NAME)} *{_value(alert, signal)}* since {since}: {escape(rule, _RULE)}."
    shown = _beyond(alert, signal) or f"{escape(title(signal), _NAME)} {_shown(alert, signal)}"
    parts = [f"{shown} since {since}", _usually(alert, signal)]
    weeks = _number(alert.detail.get("chance_weeks"))
    if weeks is not None:
        parts.append(f"a swing this large happens by chance {chance_text(weeks)}")
    return "; ".join(parts) + "."


def _beyond(alert: Alert, signal: Signal) -> str | None:
    """``9.8 % (98 of 1,000) of answers took longer than 8.1 s``, of a tail whose usual p95 is known."""
    plain = _plain(alert)
    if signal.tail_of is None or plain is None:
        return None
    # The size itself has the unit that its tail, a share, does not have.
    size = replace(signal, kind=Kind.CONTINUOUS, unit="USD" if signal.tail_of == "cost" else "s")
    does = _DOES.get(signal.tail_of, "had more {} than").format(words(signal.tail_of).lower())
    return f"*{_value(alert, signal)}* of {counted(0, signal.counts).removeprefix('0 ')} {does} {figure(plain.value, size)}"


def _shown(alert: Alert, signal: Signal) -> str:
    plain = _plain(alert)
    if signal.kind is Kind.RATE:
        return f"*{_value(alert, signal)}*"
    if signal.kind is Kind.COUNT:
        return f"*{figure(alert.value, signal)}* an hour"
    over = counted(alert.n, signal.counts)
    if plain is None:
        return f"*{figure(alert.value, signal)} over {over}*"
    typical = f"typically {figure(alert.value, signal)} over {over}"
    if plain.total is not None:
        return f"*{figure(plain.value, signal)}* a conversation ({typical}, {money(plain.total)} in all)"
    name = "p95 " if plain.figure == "p95" else "on average "
    return f"*{name}{figure(plain.value, signal)}* ({typical})"


def _value(alert: Alert, signal: Signal) -> str:
    value = figure(alert.value, signal)
    if signal.kind is not Kind.RATE or alert.k is None:
        return value
    flagged = " flagged" if detail.correction(alert) is not None else ""
    return f"{value} ({count(alert.k)} of {count(alert.n)}{flagged})"


def _usually(alert: Alert, signal: Signal) -> str:
    usual = span(alert.expected_low, alert.expected_high, signal)
    plain = _plain(alert)
    if signal.tail_of is not None:
        plain = None
    if plain is not None and plain.usual is not None:
        name = "p95 " if plain.figure == "p95" else ""
        usual = f"{name}{figure(plain.usual, signal)} (typically {usual})"
    elif plain is not None:
        return f"typically {usual} until then"
    if signal.kind is Kind.COUNT:
        usual = f"{usual} an hour"
    hours = alert.detail.get("hours")
    return f"usually {usual} for {escape(hours, _NAME)}" if isinstance(hours, str) and hours else f"usually {usual}"


def storm_text(alert: Alert) -> str | None:
    """``7 of 10 volumes moved the same way``, where that is so."""
    found = alert.detail.get("storm")
    moved, of = (_number(found.get(name)) for name in ("moved", "of")) if isinstance(found, Mapping) else (None, None)
    if moved is None or of is None:
        return None
    return f"{count(moved)} of {count(of)} volumes moved the same way: one cause, such as a holiday"


def others(alert: Alert) -> Iterator[Other]:
    """The other signals that the alert stands for; what cannot be read is left out."""
    listed, seen = alert.detail.get("also"), set[tuple[str, str]]()
    for other in listed if isinstance(listed, list | tuple) else ():
        numbers = [_number(other.get(name)) for name in ("value", "low", "high")] if isinstance(other, Mapping) else []
        signal = other.get("signal") if numbers else None
        if isinstance(signal, str) and None not in numbers and (signal, str(other.get("origin"))) not in seen:
            # The first of a signal's series is the widest: the others show the same in its parts.
            seen.add((signal, str(other.get("origin"))))
            value, low, high = (number for number in numbers if number is not None)
            yield Other(signal=signal, origin=str(other.get("origin") or ""), value=value, low=low, high=high)


def other_text(other: Other, signal: Signal) -> str:
    """``Latency 3.2 s, usually 1.1–1.4 s``."""
    rule = f" ({escape(other.origin, _NAME)})" if other.origin else ""
    value, usual = figure(other.value, signal), span(other.low, other.high, signal)
    return f"{escape(title(signal), _NAME)} {value}, usually {usual}{rule}"


def _rule(alert: Alert) -> str | None:
    found = alert.detail.get("rule")
    text = found.get("text") if isinstance(found, Mapping) else None
    return text if isinstance(text, str) and text else None


def _plain(alert: Alert) -> _Plain | None:
    found = alert.detail.get("plain")
    value = _number(found.get("value")) if isinstance(found, Mapping) else None
    if value is None or not isinstance(found, Mapping):
        return None
    return _Plain(
        figure=str(found.get("figure")),
        value=value,
        usual=_number(found.get("usual")),
        total=_number(found.get("total")),
    )


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
