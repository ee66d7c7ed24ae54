"""What a preview says, in a form above its inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from alerts.trying.comparing import Comparison, WouldOpen
from bot.settings.preview import Preview, Rerouted, Ways
from bot.slack.blocks.alert import segment_text
from bot.slack.blocks.figures import count, counted, figure, title
from bot.slack.blocks.parts import actions, button, context, section
from bot.slack.blocks.settings.ids import PREVIEW
from bot.slack.blocks.tokens import Token
from bot.slack.text import Block, escape, slack_date

_SHOWN: Final = 5
_NAME: Final = 60
PENDING: Final[tuple[Block, ...]] = (section("⏳ *Preview* · going through the last 28 days; a few seconds…"),)


def preview_button(token: Token) -> Block:
    """Works the preview out and draws the form anew with it."""
    return actions([button("Preview", PREVIEW, str(token))], f"preview:{token.rest}"[:255])


def preview_blocks(preview: Preview) -> tuple[Block, ...]:
    """What would have been told; at most five lines of a kind."""
    return tuple(_alerts(preview) if isinstance(preview, Comparison) else _ways(preview))


def _alerts(found: Comparison) -> Iterator[Block]:
    days = max(1, round((found.wanted - found.since).total_seconds() / 86_400))
    then, now = counted(len(found.then), "alert"), count(len(found.now))
    if found.is_cut_off:
        yield section("⚠️ *Preview cut off* · there was no time for all of it: what follows may be only a part.")
    if not found.series:
        yield section("*Preview* · nothing of this is stored of the last 28 days, so nothing can be told beforehand.")
        return
    yield section(f"*Preview* · over the last {counted(days, 'day')} this would have opened *{then}* (now {now}).")
    lines = [*_listed("＋", "appears", found.appear), *_listed("−", "disappears", found.disappear)]
    yield section("\n".join(lines) if lines else "The same alerts, at the same times.")
    reach = f" up to {slack_date(found.until)}" if found.is_cut_off else ""
    yield context(
        f"{count(found.series)} series in {counted(found.segments, 'segment')}{reach}, each "
        "signal for itself; mutes left aside, as are signals of Hark about itself. Nothing was posted."
    )


def _listed(mark: str, verb: str, alerts: Sequence[WouldOpen]) -> Iterator[str]:
    for one in alerts[:_SHOWN]:
        value, usual = figure(one.value, one.signal), figure(one.expected, one.signal)
        name = escape(title(one.signal), _NAME)
        yield f"{mark} *{name}* in {segment_text(one.segment)}, {slack_date(one.opened_at)}: {value}, usually {usual}"
    if (left := len(alerts) - _SHOWN) > 0:
        yield f"{mark} {count(left)} more {verb if left == 1 else verb.removesuffix('s')}"


def _ways(found: Ways) -> Iterator[Block]:
    told = counted(len(found.alerts), "alert")
    moved, later = [a for a in found.alerts if a.is_moved], [a for a in found.alerts if a.is_later]
    yield section(
        f"*Preview* · of the *{told}* of the last {found.days} days, {count(len(moved))} would have gone elsewhere and "
        f"{count(len(later))} would have come at another time."
    )
    lines = [_way_text(one) for one in found.alerts if one.is_moved or one.is_later][:_SHOWN]
    if lines:
        yield section("\n".join(lines))
    yield context("By the figures with which these alerts stand now. Nothing was posted.")


def _way_text(one: Rerouted) -> str:
    name = escape(one.alert.signal.replace("_", " "), _NAME)
    said = f"• *{name}*, {slack_date(one.alert.detected_at)}"
    if one.is_moved:
        said += f": {_told(one.now.channel, one.now.receivers)} → {_told(one.then.channel, one.then.receivers)}"
    return f"{said}, at {slack_date(one.then.at)}" if one.is_later else said


def _told(channel: str, receivers: Sequence[str]) -> str:
    return ", ".join([channel_text(channel), *(escape(name, _NAME) for name in receivers)])


def channel_text(name: str) -> str:
    """A channel's name; of an id Slack shows the name by itself."""
    is_id = name[:1] in {"C", "G"} and name.isascii() and name.isalnum() and name.isupper()
    return f"<#{name}>" if is_id else escape(name, _NAME)
