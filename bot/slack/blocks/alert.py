"""The alert: one message per incident, edited in place as it evolves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from alerts.own import is_own
from bot.slack.blocks import detail
from bot.slack.blocks.alert_menu import alert_menu
from bot.slack.blocks.chart import Line, line_chart
from bot.slack.blocks.corrected import correction_text, correction_title
from bot.slack.blocks.figures import counted, duration, figure, share, span, title
from bot.slack.blocks.parts import actions, button, context, facts, header, section
from bot.slack.blocks.saying import Other, explanation, other_text, storm_text
from bot.slack.blocks.surface import Message, delivery
from bot.slack.blocks.tokens import Token
from bot.slack.limits import HEADER
from bot.slack.text import Block, code, escape, one_line, slack_date
from bot.trace_pages import TracePage
from traces.model import Alert, AlertState, Direction, Segment, Signal

ACKNOWLEDGE: Final = "alert_acknowledge"
RESOLVE: Final = "alert_resolve"
REOPEN: Final = "alert_reopen"
CONVERSATIONS: Final = "alert_conversations"

_LEADS: Final = {
    AlertState.OPEN: "🔴",
    AlertState.ACKNOWLEDGED: "👀 Acknowledged:",
    AlertState.SNOOZED: "💤 Snoozed:",
    AlertState.RESOLVED: "✅ Resolved:",
}
_NAME: Final = 60
_PERSON: Final = 80
_REASON: Final = 200
_WAY_OUT: Final = 300
_ALSO_SHOWN: Final = 3
_OTHERS_SHOWN: Final = 5
_PAIRS_SHOWN: Final = 4
_SOON_S: Final = 60
_HOUR_S: Final = 3_600


def alert_message(
    alert: Alert,
    signal: Signal,
    *,
    delivery_id: str,
    acknowledged_by: str | None = None,
    resolved_by: str | None = None,
    snoozed_by: str | None = None,
    others: Sequence[tuple[Other, Signal]] = (),
    runbook: str | None = None,
    trace_page: TracePage | None = None,
) -> Message:
    """The root message of an alert, in its present state.

    Args:
        alert: The incident; of ``detail`` the keys attribution, change, correction, failures, chart and outcome are shown.
        signal: What left its baseline.
        delivery_id: Our id of this delivery, for the metadata.
        acknowledged_by: Display name of who acknowledged; without it the line says "acknowledged" only.
        resolved_by: Display name of who resolved; without it the alert ended by itself.
        snoozed_by: Display name of who snoozed it.
        others: The other signals that are off in the same conversations.
        runbook: Where to read what to do about it, from the settings.
        trace_page: One of its conversations in a trace store.
    """
    first_line = _first_line(alert, signal)
    blocks = [header(first_line), section(explanation(alert, signal)), facts(list(_facts(alert, signal, others)))]
    chart = None if alert.state is AlertState.RESOLVED else _chart(alert, signal)
    if chart is not None:
        blocks.append(chart)
    blocks.extend(_progress(alert, acknowledged_by, resolved_by))
    if alert.state is AlertState.SNOOZED and alert.snoozed_until is not None:
        blocks.append(context(f"💤 snoozed{_by(snoozed_by)} until {slack_date(alert.snoozed_until)}"))
    menu = alert_menu(alert, signal, runbook, trace_page)
    blocks.append(actions(_controls(alert, signal, menu), f"alert:{alert.alert_id}:{alert.version}"))
    blocks.append(context(f"Alert {code(alert.alert_id, 40)} · updated {slack_date(alert.updated_at)}"))
    return Message(text=escape(first_line, HEADER), blocks=tuple(blocks), metadata=delivery(delivery_id))


def segment_text(segment: Segment) -> str:
    """A segment as mrkdwn, its values as code."""
    return " · ".join(_cut(key, value) for key, value in segment.pairs[:_PAIRS_SHOWN]) or "all traffic"


def _cut(key: str, value: str) -> str:
    return f"{escape(key.replace('_', ' '), _NAME)} {code(value, _NAME)}"


def _first_line(alert: Alert, signal: Signal) -> str:
    return one_line(f"{_LEADS[alert.state]} {alert_line(alert, signal)}", HEADER)


def alert_line(alert: Alert, signal: Signal) -> str:
    """What is off, how far, and where, as one plain line; of a fault of Hark itself, what is wrong."""
    if (fault := detail.fault(alert)) is not None:
        return one_line(fault.line, HEADER)
    value, expected = figure(alert.value, signal), span(alert.expected_low, alert.expected_high, signal)
    name = one_line(title(signal), _NAME)
    parts = [f"{name} {value}, expected {expected}"]
    pairs = list(alert.segment.pairs)
    if (found := detail.attribution(alert)) is not None and not found.is_mix and (found.key, found.value) not in pairs:
        pairs.append((found.key, found.value))
    parts += [f"{key.replace('_', ' ')} {value}" for key, value in pairs]
    return one_line(" · ".join(parts), HEADER)


def _facts(alert: Alert, signal: Signal, others: Sequence[tuple[Other, Signal]]) -> Iterator[tuple[str, str]]:
    users = f", {counted(alert.users, 'user')}" if alert.users else ""
    if not is_own(signal):
        yield "Affected", f"{counted(affected(alert, signal), 'conversation')}{users}"
    yield "Where", segment_text(alert.segment)
    if (fault := detail.fault(alert)) is not None:
        yield "Way out", escape(fault.way_out, _WAY_OUT)
    if judge := detail.judge_said(alert):
        yield "Who moved", escape(judge, _REASON)
    if failures := detail.why_failed(alert):
        yield "Why it failed", "\n".join(_failure_text(failure) for failure in failures)
    if (found := detail.attribution(alert)) is not None:
        yield "Explained by", _attribution_text(found)
    if (change := detail.nearest_change(alert)) is not None:
        yield "Nearest change", _change_text(change, alert.started_at)
    if (storm := storm_text(alert)) is not None:
        yield "Together", storm
    if others:
        left = len(others) - _OTHERS_SHOWN
        more = [f"and {counted(left, 'other')}"] if left > 0 else []
        yield "Also off", "\n".join([*(other_text(other, of) for other, of in others[:_OTHERS_SHOWN]), *more])
    if (corrected := detail.correction(alert)) is not None:
        yield correction_title(corrected), correction_text(corrected)


def affected(alert: Alert, signal: Signal) -> int:
    """Conversations on the bad side: those that failed when success fell, those that refused when refusals rose."""
    conversations = detail.conversations(alert)
    if conversations is not None:
        return conversations
    if alert.k is None or signal.bad is Direction.BOTH:
        return alert.n
    return alert.k if signal.bad is Direction.UP else alert.n - alert.k


def _failure_text(failed: detail.WhyFailed) -> str:
    said = f": {escape(failed.message, _REASON)}" if failed.message else ""
    return f"{code(failed.evaluator, _NAME)} {code(failed.reason, _NAME)} on {counted(failed.n, 'conversation')}{said}"


def _attribution_text(found: detail.Attribution) -> str:
    # Where the rest went the other way, a segment holds more than all of the change; people read that as a mistake.
    part = f", {share(min(found.share, 1.0))} of the change" if found.share is not None else ""
    if found.is_mix:
        return (
            f"another mix of the traffic, mostly {_cut(found.key, found.value)}{part}; each part by itself is as usual"
        )
    also = ", ".join(_cut(key, value) for key, value in found.also[:_ALSO_SHOWN])
    more = f"\nalso in {also}" if also else ""
    within = f", within {_cut(*found.within)}" if found.within is not None else ""
    return f"{_cut(found.key, found.value)}{part}{within}{more}"


def _change_text(change: detail.NearestChange, started_at: datetime) -> str:
    before_s = (started_at - change.at).total_seconds()
    # The beginning is told to the hour: what came within it did not come after.
    if -_HOUR_S < before_s < _SOON_S:
        when = "as it began"
    else:
        when = f"{duration(abs(before_s))} {'before' if before_s > 0 else 'after'} it began"
    return f"{_cut(change.kind, change.value)}, {when} ({slack_date(change.at)})"


def _chart(alert: Alert, signal: Signal) -> Block | None:
    points = detail.chart_points(alert)
    current: Line = (title(signal), {point.at: point.value for point in points})
    low: Line = ("Expected low", {point.at: point.low for point in points})
    high: Line = ("Expected high", {point.at: point.high for point in points})
    # A young baseline has no band yet; then the line alone is better than no chart.
    name = " · ".join(part for part in (title(signal), detail.charted(alert), detail.chart_pace(alert)) if part)
    return line_chart(name, (current, low, high), signal) or line_chart(name, (current,), signal)


def _progress(alert: Alert, acknowledged_by: str | None, resolved_by: str | None) -> Iterator[Block]:
    if alert.acknowledged_at is not None and alert.state is not AlertState.OPEN:
        yield context(f"👀 acknowledged{_by(acknowledged_by)} {slack_date(alert.acknowledged_at, form='{time}')}")
    if alert.state is AlertState.RESOLVED:
        outcome = detail.outcome(alert) or ("resolved" if resolved_by else "back in its expected range")
        when = f" {slack_date(alert.resolved_at)}" if alert.resolved_at is not None else ""
        lasted = _lasted(alert)
        yield context(f"✅ {escape(outcome, _PERSON)}{_by(resolved_by)}{when}{lasted}")


def _by(name: str | None) -> str:
    return f" by {escape(name, _PERSON)}" if name else ""


def _lasted(alert: Alert) -> str:
    if alert.resolved_at is None:
        return ""
    return f" · lasted {duration((alert.resolved_at - alert.started_at).total_seconds())}"


def _controls(alert: Alert, signal: Signal, menu: Block) -> list[Block]:
    value = str(Token(alert.alert_id, str(alert.version)))
    if alert.state is AlertState.RESOLVED:
        return [button("Re-open", REOPEN, value)]
    # What is wrong with Hark itself shows in no conversation.
    looks = [] if is_own(signal) else [button("See conversations", CONVERSATIONS, value)]
    controls = [button("Resolve", RESOLVE, value), *looks, menu]
    if alert.state is AlertState.ACKNOWLEDGED:
        return controls
    # Who acknowledged it already has nothing to say again: the same step only wakes the alert.
    is_awaited = alert.acknowledged_at is None or alert.state is AlertState.OPEN
    return [button("Acknowledge" if is_awaited else "End snooze", ACKNOWLEDGE, value, style="primary"), *controls]
