"""The App Home: is Hark well, what should I answer, what is open, what is muted, how good are the evaluators."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from bot.slack.blocks.alert import ACKNOWLEDGE, CONVERSATIONS, RESOLVE, segment_text
from bot.slack.blocks.conversation import content
from bot.slack.blocks.figures import count, counted, duration, interval, money, percent, words
from bot.slack.blocks.home_values import AdminPart, DeadLetter, HomeQueue, HomeReport, LabelRecord, ReportCard
from bot.slack.blocks.label_controls import is_carried, label_controls
from bot.slack.blocks.listings import alert_text
from bot.slack.blocks.parts import actions, button, context, header, section
from bot.slack.blocks.people import person_text
from bot.slack.blocks.proposals import waiting_lines
from bot.slack.blocks.review_windows import last_answer, nothing_text, progress_text, short_form
from bot.slack.blocks.reviewers import record_text
from bot.slack.blocks.settings import ids
from bot.slack.blocks.settings.words import made_text, thing
from bot.slack.blocks.setup import setup_part
from bot.slack.blocks.surface import HomeView
from bot.slack.blocks.tokens import Token, ref_of
from bot.slack.blocks.values import FlaggedConversation, StatusReport
from bot.slack.limits import CONTEXT_ELEMENTS, VIEW_BLOCKS
from bot.slack.text import Block, code, escape, slack_date
from traces.model import Alert, AlertState
from traces.store.mutes import Mute

PAGE: Final = "home_page"
FIRST_PAGE: Final = "home_first_page"
UNMUTE: Final = "home_unmute"
SEND_AGAIN: Final = "home_send_again"
SIGNAL_ON: Final = "home_signal_on"

PLACE: Final = "home"
ITEMS: Final = 10
ALERTS_SHOWN: Final = 5
MUTES_SHOWN: Final = 8
DEAD_SHOWN: Final = 5
_CARDS_SHOWN: Final = 15
_CARDS_IN_BLOCK: Final = 8
_OFF_SHOWN: Final = 8
_PROBLEMS_SHOWN: Final = 3
_TURNS: Final = 6
_NAME: Final = 60
_LINE: Final = 200
_MADE_SHOWN: Final = 6

_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{6,20}", re.ASCII)
_DIVIDER: Final[Block] = {"type": "divider"}
_WINDOWS: Final = (
    ("Signals…", ids.SIGNALS),
    ("Sensitivity…", ids.SENSITIVITY),
    ("Routes…", ids.ROUTES),
    ("Roles…", ids.ROLES),
    ("Quiet hours…", ids.QUIET),
)


def home_view(report: HomeReport) -> HomeView:
    """A person's App Home, the most urgent first."""
    blocks: list[Block] = [*_health(report.status)]
    if report.places is not None:
        blocks += setup_part(report.places)
    if report.queue is not None:
        blocks += [_DIVIDER, *_queue(report.queue)]
    blocks += [_DIVIDER, *_alerts(report)]
    if report.waiting is not None and (waiting := list(waiting_lines(report.waiting))):
        blocks += [_DIVIDER, *waiting]
    if report.mutes:
        blocks += [_DIVIDER, *_mutes(report)]
    if report.cards:
        blocks += [_DIVIDER, *_cards(report.cards)]
    if report.record is not None:
        blocks.append(_record(report.record))
    if report.dead:
        blocks += [_DIVIDER, *_dead(report)]
    if report.admin is not None:
        blocks += [_DIVIDER, *_admin(report.admin)]
    page = 0 if report.queue is None else report.queue.page
    return HomeView(
        blocks=(*blocks[: VIEW_BLOCKS - 2], _DIVIDER, _footer(report)), private_metadata=str(Token(PLACE, str(page)))
    )


# --- health ---


def _health(status: StatusReport) -> Iterator[Block]:
    problems = [f"• {escape(problem, _LINE)}" for problem in status.problems[:_PROBLEMS_SHOWN]]
    if (left := len(status.problems) - _PROBLEMS_SHOWN) > 0:
        problems.append(f"• and {count(left)} more: `/hark status`")
    first = "✅ *Hark is well*" if not problems else f"⚠️ *{counted(len(status.problems), 'problem')}*"
    yield section("\n".join([first, *problems]))
    yield context(" · ".join(_figures(status)))


def _figures(status: StatusReport) -> Iterator[str]:
    if live := status.open_alerts + status.acknowledged_alerts:
        yield f"{'🔴 ' if status.open_alerts else ''}{counted(live, 'open alert')}"
    yield f"{counted(status.conversations_24h, 'conversation')} in 24 h"
    yield f"last one {_ago(status, status.last_ingest_at)}"
    yield f"last detection {_ago(status, status.last_detection_at)}"
    if status.queued:
        yield f"{count(status.queued)} to evaluate"
    if status.judge_spend_usd is not None:
        budget = f" of {money(status.judge_budget_usd)}" if status.judge_budget_usd is not None else ""
        yield f"judges {money(status.judge_spend_usd)}{budget} today"


def _ago(status: StatusReport, at: datetime | None) -> str:
    return "never" if at is None else f"{duration((status.at - at).total_seconds())} ago"


# --- my queue ---


def _queue(queue: HomeQueue) -> Iterator[Block]:
    yield header("Your queue")
    yield context(progress_text(queue.progress))
    yield from last_answer(queue.progress.last)
    if not queue.items:
        yield section(nothing_text(queue.progress) if not queue.page else "There is nothing further down.")
    for place, item in enumerate(queue.items[:ITEMS]):
        yield from _whole(item) if place == 0 else short_form(item, PLACE)
    yield from _pages(queue)


def _whole(item: FlaggedConversation) -> Iterator[Block]:
    yield from content(item, turns=_TURNS)
    yield label_controls(item, place=PLACE)


def _pages(queue: HomeQueue) -> Iterator[Block]:
    row = []
    if queue.page:
        row.append(button("Back to the first", FIRST_PAGE, str(Token(PLACE, "0"))))
    if queue.has_more:
        row.append(button(f"Next {ITEMS}", PAGE, str(Token(PLACE, str(queue.page + 1)))))
    if row:
        yield actions(row, f"home:pages:{queue.page}")


# --- alerts and mutes ---


def _alerts(report: HomeReport) -> Iterator[Block]:
    if not report.alerts:
        yield section("✅ *No open alerts*")
        return
    yield header(counted(max(report.alerts_total, len(report.alerts)), "open alert"))
    for alert, signal in report.alerts[:ALERTS_SHOWN]:
        yield section(alert_text(alert, signal, report.links.get(alert.alert_id)))
        yield actions(list(_alert_controls(alert, may_act=report.may_act)), f"home:alert:{alert.alert_id}")
    left = max(report.alerts_total, len(report.alerts)) - ALERTS_SHOWN
    if left > 0:
        yield context(f"{counted(left, 'more alert')}: `/hark alerts`")


def _alert_controls(alert: Alert, *, may_act: bool) -> Iterator[Block]:
    value = str(Token(alert.alert_id, str(alert.version)))
    if may_act and alert.state is not AlertState.ACKNOWLEDGED:
        yield button("Acknowledge", ACKNOWLEDGE, value, style="primary")
    if may_act:
        yield button("Resolve", RESOLVE, value)
    yield button("See conversations", CONVERSATIONS, value)


def _mutes(report: HomeReport) -> Iterator[Block]:
    yield header("Muted")
    for mute, by in report.mutes[:MUTES_SHOWN]:
        accessory = button("Unmute", UNMUTE, str(Token(mute.mute_id))) if report.may_act else None
        yield section(_mute_text(mute, by), accessory=accessory)
    if (left := len(report.mutes) - MUTES_SHOWN) > 0:
        yield context(f"{counted(left, 'more mute')}: `/hark mutes`")


def _mute_text(mute: Mute, by: str) -> str:
    where = f" in {segment_text(mute.segment)}" if mute.segment.pairs else ""
    return f"🔇 *{escape(words(mute.signal), _NAME)}*{where}\nuntil {slack_date(mute.until_at)}, by {person_text(by, mute.muted_by, _NAME)}"


# --- evaluators and labels ---


def _cards(cards: Sequence[ReportCard]) -> Iterator[Block]:
    yield header("Evaluators against reviewers")
    shown = [_card(card) for card in cards[:_CARDS_SHOWN]]
    for start in range(0, len(shown), _CARDS_IN_BLOCK):
        yield section("\n".join(shown[start : start + _CARDS_IN_BLOCK]))
    if (left := len(cards) - _CARDS_SHOWN) > 0:
        yield context(f"{counted(left, 'more evaluator')}: `/hark evaluators`")


def _card(card: ReportCard) -> str:
    parts = [f"*{escape(words(card.name), _NAME)}*", _agreement(card)]
    if card.rate is not None:
        spread = (
            f" ({interval(card.ci_low, card.ci_high)})" if card.ci_low is not None and card.ci_high is not None else ""
        )
        parts.append(f"true rate now {percent(card.rate)}{spread}")
    week = f", {count(card.labels_week)} this week" if card.labels_week else ""
    parts.append(f"{counted(card.labels, 'label')}{week}")
    if card.spent_usd is not None:
        parts.append(f"{money(card.spent_usd)} in 7 days")
    return " · ".join(parts)


def _agreement(card: ReportCard) -> str:
    if card.agreement is None:
        return "agreement not known yet"
    mark = "" if card.is_usable else "⚠️ "
    return f"{mark}agreement κ {card.agreement:.2f}"


def _record(record: LabelRecord) -> Block:
    said = f"🏷 *You* gave {counted(record.today, 'answer')} today, {count(record.week)} in 7 days, {count(record.ever)} in all"
    return section(f"{said}{record_text(record.compared)}")


# --- what could not be delivered ---


def _dead(report: HomeReport) -> Iterator[Block]:
    total = max(report.dead_total, len(report.dead))
    again = button("Send again", SEND_AGAIN, str(Token(PLACE))) if report.may_act else None
    yield section(f"📭 *{counted(total, 'message')} could not be delivered*", accessory=again)
    if report.dead:
        yield context(*(_dead_text(letter) for letter in report.dead[:DEAD_SHOWN]))


def _dead_text(letter: DeadLetter) -> str:
    channel, kind = code(letter.channel, _NAME), escape(letter.kind, _NAME)
    return f"{kind} to {channel}, {slack_date(letter.at)}: {escape(letter.problem, _LINE)}"


# --- settings ---


def _admin(admin: AdminPart) -> Iterator[Block]:
    yield header("Settings")
    if admin.lines:
        yield context(*(escape(line, _LINE) for line in admin.lines[:CONTEXT_ELEMENTS]))
    for name in admin.signals_off[:_OFF_SHOWN]:
        again = button("Switch on", SIGNAL_ON, str(Token("signal", name))) if is_carried(name) else None
        yield section(f"⏻ *{escape(words(name), _NAME)}* raises no alerts", accessory=again)
    yield actions([button(text, action_id, str(Token(PLACE))) for text, action_id in _WINDOWS], "home:settings")
    for made in admin.made[:_MADE_SHOWN]:
        undo = button("Undo", ids.UNDO, str(Token(ref_of(made.name), str(made.choice.version))))
        yield section(f"*{escape(thing(made.name), _NAME)}*\n{made_text(made)}", accessory=undo)
    if (left := len(admin.made) - _MADE_SHOWN) > 0:
        yield context(f"{count(left)} more set in Slack: `hark settings`")


def _channel(name: str) -> str:
    """A channel's name; of an id Slack shows the name by itself."""
    return f"<#{name}>" if _CHANNEL_ID.fullmatch(name) else escape(name, _NAME)


def _footer(report: HomeReport) -> Block:
    return context(f"As of {slack_date(report.at, form='{time_secs}')} · `/hark help` says what else there is")
