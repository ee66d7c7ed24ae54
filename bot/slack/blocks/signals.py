"""The answer to ``/hark signals``, and the words that it shares with the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.signals import SignalLine
from bot.slack.blocks.figures import counted, figure
from bot.slack.blocks.parts import context, section, table
from bot.slack.blocks.surface import Message
from bot.slack.text import one_line
from traces.model import Direction, Kind, Signal

_SHOWN: Final = 60
_NAME: Final = 60
_STATE: Final = 100
_WAYS: Final = {Direction.UP: "rise", Direction.DOWN: "fall", Direction.BOTH: "both"}


def signals_message(lines: Sequence[SignalLine]) -> Message:
    """Every signal in a table; below it what the last column means."""
    rows = [["Signal", "Bad", "Usual", "A day", "Seen within a day", "State"]]
    rows += [
        [
            one_line(line.signal.name, _NAME),
            bad_way(line.signal),
            usual_level(line),
            f"{line.a_day:,}",
            smallest(line),
            one_line(line.state, _STATE),
        ]
        for line in lines[:_SHOWN]
    ]
    blocks = [section("*Signals*"), table(rows)]
    blocks.append(
        context(
            "“Seen within a day” is the smallest change that a day's traffic can prove at your budget of false alerts; "
            "what is smaller takes longer, whatever the method."
        )
    )
    if len(lines) > _SHOWN:
        blocks.append(context(f"{counted(len(lines) - _SHOWN, 'more signal')} not shown; `hark signals` lists them"))
    return Message(text=counted(len(lines), "signal"), blocks=tuple(blocks))


def bad_way(signal: Signal) -> str:
    return _WAYS[signal.bad]


def least_effect(signal: Signal) -> str:
    """The smallest change worth an alert: ``30 % and 1 point``."""
    parts = [f"{signal.min_relative:.0%}".replace("%", " %")] if signal.min_relative else []
    if signal.min_absolute and signal.kind is Kind.RATE:
        points = signal.min_absolute * 100
        parts.append(f"{points:g} point{'' if points == 1 else 's'}")
    elif signal.min_absolute:
        parts.append(f"{signal.min_absolute:g} {signal.unit}".rstrip())
    return " and ".join(parts) or "any"


def usual_level(line: SignalLine) -> str:
    if line.usual is None:
        return "–"
    return f"{line.usual:,.1f} an hour" if line.signal.kind is Kind.COUNT else figure(line.usual, line.signal)


def smallest(line: SignalLine) -> str:
    """``6.1 % (+82 %)``, or that nothing can be told."""
    found = line.detectable
    if found is None:
        return "–"
    if found.to is None:
        return "nothing: too few"
    way = "-" if found.to < found.usual else "+"
    to = f"{found.to:,.1f} an hour" if line.signal.kind is Kind.COUNT else figure(found.to, line.signal)
    return f"{to} ({way}{found.relative:.0%})".replace("%)", " %)") if found.relative is not None else to
