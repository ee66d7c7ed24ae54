"""Why an alert is as it is: every decision about it, in a window, in its thread, and on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from alerts.decision import Reason
from bot.slack.blocks.figures import counted
from bot.slack.blocks.parts import context, section
from bot.slack.blocks.surface import Message, View, delivery
from bot.slack.text import escape, slack_date
from traces.store.decisions import Decided

_SHOWN: Final = 40
_TEXT: Final = 300
_NAME: Final = 80
_ESCALATIONS: Final = frozenset({Reason.GREW.value, Reason.BACK.value})
_HEADLINES: Final = {"grew": "📈 Grew", "narrowed": "🔎 Narrowed", "widened": "🌐 Widened"}


def decided_line(one: Decided) -> str:
    """A decision without its time, such as ``grew: From 6.1 % when last told to 9.8 %``."""
    often = f" ({one.times:,} times)" if one.times > 1 else ""
    return f"{one.reason}{often}" + (f": {one.text}" if one.text else "")


def story_modal(decided: Sequence[Decided]) -> View:
    """The window behind "Why?": what was decided, when, and why, oldest first."""
    if not decided:
        return View(title="Why", blocks=(section("Nothing was noted about this alert."),))
    lines = [section(_line(one)) for one in decided[-_SHOWN:]]
    left = len(decided) - len(lines)
    earlier = [context(f"{counted(left, 'earlier decision')} not shown")] if left > 0 else []
    return View(title="Why", blocks=(*earlier, *lines))


def _line(one: Decided) -> str:
    when = slack_date(one.at)
    if one.times > 1:
        when = f"{when} to {slack_date(one.last_at)}"
    where = f" · {escape(str(one.segment), _NAME)}" if one.segment.pairs else ""
    return f"*{escape(decided_line(one), _TEXT)}*\n{escape(one.signal, _NAME)}{where} · {when}"


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
