"""Why an alert is as it is: every decision about it, in a window, in its thread, and on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from alerts.telling.decision import Reason
from bot.slack.blocks.alert import segment_text
from bot.slack.blocks.figures import counted, words
from bot.slack.blocks.parts import context, section
from bot.slack.blocks.surface import Message, View, delivery
from bot.slack.text import Block, escape, slack_date
from traces.store.decisions import Decided

_SHOWN: Final = 40
_TEXT: Final = 300
_NAME: Final = 80
_FOLDED_SIGNALS: Final = 10
_FOLDED_SEGMENTS: Final = 6
_ESCALATIONS: Final = frozenset({Reason.GREW.value, Reason.BACK.value})
_FOLDED: Final = frozenset(
    {Reason.SAME_CHANGE.value, Reason.SAME_CAUSE.value, Reason.STORM.value, Reason.CARRIED.value}
)
"""What was off besides and is told by this alert: one line for each signal says it."""
_HEADLINES: Final = {"grew": "📈 Grew", "narrowed": "🔎 Narrowed", "widened": "🌐 Widened"}


def decided_line(one: Decided) -> str:
    """A decision without its time, such as ``grew: From 6.1 % when last told to 9.8 %``."""
    often = f" ({one.times:,} times)" if one.times > 1 else ""
    return f"{one.reason}{often}" + (f": {one.text}" if one.text else "")


def story_modal(decided: Sequence[Decided]) -> View:
    """The window behind "Why am I told?": what opened the alert, what became of it, and what else it stands for.

    That it is still open, and what it took in, would hide the rest; the command line lists every decision.
    """
    if not decided:
        return View(title="Why", blocks=(section("Nothing was noted about this alert."),))
    plain = [one for one in decided if one.reason != Reason.STILL_OPEN and one.reason not in _FOLDED]
    folded = [one for one in decided if one.reason in _FOLDED]
    return View(title="Why", blocks=(*_told(plain), *_also(folded)) or (section("It is still open."),))


def _told(plain: Sequence[Decided]) -> Iterator[Block]:
    """The first, which opened it, and the latest."""
    left = len(plain) - _SHOWN
    yield from (section(_line(one)) for one in plain[:1])
    if left > 0:
        yield context(f"{counted(left, 'decision')} between not shown")
    yield from (section(_line(one)) for one in plain[1:][-(_SHOWN - 1) :])


def _also(folded: Sequence[Decided]) -> Iterator[Block]:
    if not folded:
        return
    by_signal: dict[str, list[str]] = {}
    for one in folded:
        segments, where = by_signal.setdefault(one.signal, []), segment_text(one.segment)
        if where not in segments:
            segments.append(where)
    lines = [_folded_line(signal, segments) for signal, segments in list(by_signal.items())[:_FOLDED_SIGNALS]]
    left = len(by_signal) - len(lines)
    more = [f"and {counted(left, 'other signal')}"] if left > 0 else []
    for start in range(0, len(lines), _FOLDED_SIGNALS // 4):
        head = ["*The same change shows here too, and is not told apart*"] if start == 0 else []
        yield section("\n".join([*head, *lines[start : start + _FOLDED_SIGNALS // 4]]))
    if more:
        yield context(more[0])


def _folded_line(signal: str, segments: Sequence[str]) -> str:
    left = len(segments) - _FOLDED_SEGMENTS
    more = f", and {counted(left, 'other part')}" if left > 0 else ""
    return f"• {escape(words(signal), _NAME)}: {', '.join(segments[:_FOLDED_SEGMENTS])}{more}"


def _line(one: Decided) -> str:
    when = slack_date(one.at)
    if one.times > 1:
        when = f"{when} to {slack_date(one.last_at)}"
    said = decided_line(one)
    where = f" · {segment_text(one.segment)}" if one.segment.pairs else ""
    return f"*{escape(said[:1].upper() + said[1:], _TEXT)}*\n{escape(words(one.signal), _NAME)}{where} · {when}"


def update_message(one: Decided, *, delivery_id: str) -> Message:
    """What is said in the thread when an alert grew, narrowed, or took another signal in."""
    headline = _HEADLINES.get(one.reason, one.reason[:1].upper() + one.reason[1:])
    text = f"{headline}: {one.text}" if one.text else headline
    return Message(
        text=escape(text, _TEXT),
        blocks=(section(escape(text, _TEXT)),),
        metadata=delivery(delivery_id),
        news="escalation" if one.reason in _ESCALATIONS else "update",
    )
