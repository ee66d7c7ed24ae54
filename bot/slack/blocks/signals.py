"""The answer to ``/hark signals``, and the words that it shares with the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.answers.signals import SignalLine
from bot.slack.blocks.figures import counted, figure
from bot.slack.blocks.parts import context, section, table
from bot.slack.blocks.surface import Message
from bot.slack.text import escape, one_line
from traces.model import Direction, Kind, Signal

_SHOWN: Final = 60
_NAME: Final = 60
_STATE: Final = 100
_IDLE: Final = 1_000
_WAYS: Final = {Direction.UP: "rise", Direction.DOWN: "fall", Direction.BOTH: "both"}


def signals_message(lines: Sequence[SignalLine]) -> Message:
    """Every signal in a table; below it what the last column means."""
    measured = [line for line in lines if line.a_day or line.usual is not None or line.state != "no data"]
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
        for line in measured[:_SHOWN]
    ]
    blocks = [section("*Signals*"), *([table(rows)] if measured else [])]
    if judged := [line for line in measured if line.told.judged]:
        blocks.append(context(escape(" · ".join(verdicts(line) for line in judged), _IDLE)))
    if idle := [line.signal.name for line in lines if line not in measured]:
        blocks.append(context(f"No data so far: {escape(', '.join(idle), _IDLE)}"))
    blocks.append(
        context(
            "“Seen within a day” is the smallest change that a day's traffic can prove at your budget of false alerts; "
            "what is smaller takes longer, whatever the method."
        )
    )
    if len(measured) > _SHOWN:
        blocks.append(context(f"{counted(len(measured) - _SHOWN, 'more signal')} not shown; `hark signals` lists them"))
    return Message(text=counted(len(lines), "signal"), blocks=tuple(blocks))


def verdicts(line: SignalLine) -> str:
    """What people said of a signal's alerts: ``refusal: 4 of 5 alerts were right``, and what follows."""
    right = line.told.judged - line.told.noise
    said = (
        f"{line.signal.name}: {right} of {counted(line.told.judged, 'alert')} {'was' if right == 1 else 'were'} right"
    )
    if line.signal.patience == line.told.patience > 1:
        said += f", so it may be wrong {line.told.patience:.1f} times more rarely than others"
    return said


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
