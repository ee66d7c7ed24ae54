"""The answer to ``/hark status``: is the watcher itself well?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from bot.slack.blocks.figures import count, counted, duration, money, words
from bot.slack.blocks.parts import context, facts, section, table
from bot.slack.blocks.surface import Message
from bot.slack.blocks.values import EvaluatorHealth, SourceStatus, StatusReport
from bot.slack.text import EMPTY, Block, escape, one_line, slack_date

_PROBLEM: Final = 200
_PROBLEMS_SHOWN: Final = 10
_EVALUATORS_SHOWN: Final = 50
_SOURCES_SHOWN: Final = 10
_NAME: Final = 60
_IDLE: Final = 400


def status_message(report: StatusReport) -> Message:
    """First whether all is well, then the figures."""
    first_line = "✅ Hark is well" if not report.problems else f"⚠️ {counted(len(report.problems), 'problem')}"
    problems = [f"• {escape(problem, _PROBLEM)}" for problem in report.problems[:_PROBLEMS_SHOWN]]
    blocks = [section("\n".join([f"*{first_line}*", *problems])), facts(list(_facts(report)))]
    if report.sources:
        blocks.append(section(_sources(report)))
    blocks.extend(_evaluators(report.evaluators))
    blocks.append(context(f"as of {slack_date(report.at)}"))
    text = first_line if not report.problems else f"{first_line}: {escape(report.problems[0], _PROBLEM)}"
    return Message(text=text, blocks=tuple(blocks))


def _facts(report: StatusReport) -> Iterator[tuple[str, str]]:
    yield "Last ingest", _ago(report.last_ingest_at, report.at)
    yield "Last detection", _ago(report.last_detection_at, report.at)
    yield "Open alerts", f"{count(report.open_alerts)}, {count(report.acknowledged_alerts)} acknowledged"
    yield "Conversations, 24 h", count(report.conversations_24h)
    yield "Waiting to be evaluated", count(report.queued)
    yield "Waiting for a reviewer", count(report.to_review)
    oldest = f", oldest {duration(report.outbox_oldest_s)}" if report.outbox_oldest_s is not None else ""
    given_up = f", {count(report.dead_letters)} given up" if report.dead_letters else ""
    yield "Messages to deliver", f"{count(report.outbox_backlog)}{oldest}{given_up}"
    if report.judge_spend_usd is not None:
        budget = f" of {money(report.judge_budget_usd)}" if report.judge_budget_usd is not None else ""
        yield "Judge, today", f"{money(report.judge_spend_usd)}{budget}"


def _sources(report: StatusReport) -> str:
    lines = ["*Sources*", *(_source(source, report.at) for source in report.sources[:_SOURCES_SHOWN])]
    left = len(report.sources) - _SOURCES_SHOWN
    return "\n".join([*lines, f"and {counted(left, 'more source')}"] if left > 0 else lines)


def _source(source: SourceStatus, now: datetime) -> str:
    last = _ago(source.last_trace_at, now)
    waiting = f", {counted(source.labels_waiting, 'label')} to write back" if source.labels_waiting else ""
    mark = "⚠️ " if source.is_failing else ""
    name = escape(source.name, _NAME)
    errors = f", {counted(source.errors_24h, 'error')}" if source.errors_24h else ""
    rejected = f", {count(source.rejected_24h)} rejected" if source.rejected_24h else ""
    rate = f"{count(source.traces_1h)} in the last hour, {counted(source.traces_24h, 'trace')} in 24 h"
    return f"• {mark}{name}: last trace {last}, {rate}{errors}{rejected}{waiting}"


def _ago(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "never"
    return f"{duration((now - at).total_seconds())} ago ({slack_date(at)})"


def _evaluators(evaluators: Sequence[EvaluatorHealth]) -> Iterator[Block]:
    """A row for each that did something, one line for all that had nothing to do."""
    busy = tuple(one for one in evaluators if one.scored or one.failed or one.n_labels)
    idle = [words(one.name) for one in evaluators if one not in busy]
    if busy:
        yield evaluator_table(busy)
    if (left := len(busy) - _EVALUATORS_SHOWN) > 0:
        yield context(f"{counted(left, 'more evaluator')} not shown")
    if idle:
        yield context(f"Nothing to score so far: {escape(', '.join(idle), _IDLE)}")


def evaluator_table(evaluators: tuple[EvaluatorHealth, ...]) -> Block:
    """The evaluators' last 24 hours, and how far reviewers agree with them."""
    rows = [["Evaluator", "Scored", "Failed", "Labels", "Agreement (κ)"]]
    rows.extend(_row(evaluator) for evaluator in evaluators[:_EVALUATORS_SHOWN])
    return table(rows)


def _row(evaluator: EvaluatorHealth) -> list[str]:
    agreement = EMPTY if evaluator.agreement is None else f"{evaluator.agreement:.2f}"
    name = one_line(words(evaluator.name), _NAME)
    return [name, count(evaluator.scored), count(evaluator.failed), count(evaluator.n_labels), agreement]
