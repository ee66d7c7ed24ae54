"""The digest: one message that says what moved, and one line when nothing did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.slack.blocks.alert import segment_text
from bot.slack.blocks.figures import count, counted, figure, interval, money, percent, share, title, words
from bot.slack.blocks.parts import actions, button, context, header, rich_text, section, table
from bot.slack.blocks.surface import Message, delivery
from bot.slack.blocks.tokens import Token
from bot.slack.blocks.transcript import open_button
from bot.slack.blocks.values import ConversationLine, CorrectedRate
from bot.slack.queries import Rhythm
from bot.slack.text import EMPTY, Block, escape, link, one_line, quote, slack_date
from traces.model import Alert, Segment, Signal

QUEUE: Final = "digest_queue"
MINE: Final = "mine"
_NAME: Final = 60
_QUESTION: Final = 160
_EXCERPT: Final = 300
_WHY: Final = 200
_TOPICS_SHOWN: Final = 4
_ALERTS_SHOWN: Final = 4
_TAUGHT_SHOWN: Final = 4
_DATE: Final = "{date_short_pretty}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A signal that is not where it usually is; ``usual`` is what the weeks before say of so long a time."""

    signal: Signal
    value: float
    usual: float
    n: int
    corrected: CorrectedRate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What labels changed about an evaluator: thresholds before and after, its raw rate and the true one.

    ``before`` is ``None`` where it had not been calibrated.
    """

    evaluator: str
    before: float | None
    after: float
    raw: float | None = None
    corrected: CorrectedRate | None = None

    @property
    def has_moved(self) -> bool:
        return self.before is None or round(self.before, 2) != round(self.after, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A topic whose users were helped less often than others: ``failed`` of ``n``, where ``usual`` is the share of all.

    ``question`` is what one of them asked, redacted.
    """

    segment: Segment
    signal: Signal
    failed: int
    n: int
    usual: float
    question: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SparedByClassifiers:
    """Conversations that classifiers answered in place of judges, and about what that saved in US dollars.

    Of ``audited`` that they were sure of and that judges were asked about all the same, both ``agreed`` on so many.
    """

    conversations: int
    usd: float
    audited: int
    agreed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestReport:
    """What a digest says.

    Attributes:
        conversations: How many ended in the period; ``usually`` what the weeks before say of so long a time.
        movers: The signals that moved, the clearest first, of ``watched`` that could be compared.
        opened: Alerts that began to be told in the period; ``closed`` those that ended in it; ``open_now`` how many stand.
        links: By alert id, where its message stands.
        useful: Of ``judged`` alerts that people closed in four weeks, those not marked as noise or expected.
        labels: Labels given in the period by ``reviewers`` people; ``waiting`` conversations wait for one.
        judge_usd: What judges cost in the period; ``agent_usd`` what the conversations themselves did.
        spared: What classifiers answered in place of judges; ``None`` where none did.
    """

    rhythm: Rhythm
    since: datetime
    until: datetime
    conversations: int
    usually: float | None = None
    watched: int = 0
    movers: tuple[Mover, ...] = ()
    opened: tuple[tuple[Alert, Signal], ...] = ()
    closed: tuple[tuple[Alert, Signal], ...] = ()
    open_now: int = 0
    links: Mapping[str, str] = field(default_factory=dict)
    useful: int = 0
    judged: int = 0
    labels: int = 0
    reviewers: int = 0
    waiting: int = 0
    taught: tuple[Taught, ...] = ()
    judge_usd: float = 0.0
    agent_usd: float = 0.0
    spared: SparedByClassifiers | None = None
    unanswered: tuple[Unanswered, ...] = ()
    examples: tuple[ConversationLine, ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing that anybody should read."""
        return not (self.movers or self.opened or self.closed or self.unanswered or self.taught)


def digest_message(report: DigestReport, delivery_id: str | None = None) -> Message:
    """What moved first, then alerts, labels, unanswered questions, examples and spend."""
    metadata = None if delivery_id is None else delivery(delivery_id)
    text = first_line(report)
    if report.is_quiet:
        return Message(text=text, blocks=(section(_quiet(report)), _controls(report)), metadata=metadata)
    blocks = [header(text), context(_period(report))]
    blocks += _moved(report)
    blocks += [section(part) for part in (_alerts(report), _labels(report), _unanswered(report)) if part]
    blocks += _examples(report.examples)
    blocks += [context(_spend(report)), _controls(report)]
    return Message(text=text, blocks=tuple(blocks), metadata=metadata)


def first_line(report: DigestReport) -> str:
    """The digest in one line, for notifications and for terminals."""
    kind = "Weekly digest" if report.rhythm == "weekly" else "Daily digest"
    if report.is_quiet:
        return f"{kind}: nothing moved over {counted(report.conversations, 'conversation')}"
    parts = [f"{counted(len(report.movers), 'signal')} moved" if report.movers else "no signal moved"]
    if report.opened:
        parts.append(f"{counted(len(report.opened), 'new alert')}")
    return f"{kind}: {', '.join(parts)}"


def _quiet(report: DigestReport) -> str:
    open_now = f", {counted(report.open_now, 'alert')} still open" if report.open_now else ""
    return (
        f"📋 *{escape(first_line(report), _WHY)}*{open_now} · {counted(report.labels, 'label')}, "
        f"{count(report.waiting)} to review · judges {money(report.judge_usd)}"
    )


def _period(report: DigestReport) -> str:
    usual = f", usually {count(report.usually)}" if report.usually is not None else ""
    span = f"{slack_date(report.since)} – {slack_date(report.until)}"
    return f"{span} · {counted(report.conversations, 'conversation')}{usual}"


def _moved(report: DigestReport) -> Iterator[Block]:
    if not report.movers:
        yield section(f"*What moved*\nNothing: {counted(report.watched, 'signal')} where they usually are.")
        return
    yield section("*What moved*")
    head = ["Signal", "Now", "Usually", "True rate, 95 % interval", "Conversations"]
    yield table([head, *(_mover(mover) for mover in report.movers)])
    rest = report.watched - len(report.movers)
    if rest > 0:
        yield context(f"{counted(rest, 'other signal')} where they usually are")


def _mover(mover: Mover) -> list[str]:
    way = "▲" if mover.value > mover.usual else "▼"
    return [
        f"{way} {one_line(title(mover.signal), _NAME)}",
        figure(mover.value, mover.signal),
        figure(mover.usual, mover.signal),
        EMPTY if mover.corrected is None else true_share(mover.corrected),
        count(mover.n),
    ]


def true_share(corrected: CorrectedRate) -> str:
    """``4.1 % (3.2–5.1 %)``; of a rate that labels do not correct only that."""
    if corrected.basis == "raw":
        return "not corrected"
    return f"{percent(corrected.rate)} ({interval(corrected.ci_low, corrected.ci_high)})"


def _alerts(report: DigestReport) -> str:
    lines = [
        f"*Alerts*: {counted(len(report.opened), 'new one')}, {len(report.closed)} closed, {report.open_now} open now"
    ]
    lines += [f"🔴 {_alert(alert, signal, report.links)}" for alert, signal in report.opened[:_ALERTS_SHOWN]]
    lines += [f"✅ {_alert(alert, signal, report.links)}" for alert, signal in report.closed[:_ALERTS_SHOWN]]
    if report.judged:
        lines.append(f"In four weeks {useful_text(report)}.")
    return "\n".join(lines)


def useful_text(report: DigestReport) -> str:
    """The precision of alerts in words."""
    part = share(report.useful / report.judged) if report.judged else EMPTY
    return f"{report.useful} of {counted(report.judged, 'closed alert')} were not marked as noise or expected ({part})"


def _alert(alert: Alert, signal: Signal, links: Mapping[str, str]) -> str:
    url = links.get(alert.alert_id)
    name = link(url, title(signal)) if url else escape(title(signal), _NAME)
    return f"{name} {figure(alert.value, signal)} in {segment_text(alert.segment)}"


def _labels(report: DigestReport) -> str:
    who = f" by {counted(report.reviewers, 'reviewer')}" if report.reviewers else ""
    lines = [f"*Labels*: {counted(report.labels, 'new label')}{who}, {count(report.waiting)} to review"]
    lines += [f"• {taught_text(one)}" for one in report.taught[:_TAUGHT_SHOWN]]
    return "\n".join(lines)


def taught_text(taught: Taught) -> str:
    """What labels changed about an evaluator, in a sentence."""
    name = escape(words(taught.evaluator), _NAME)
    if taught.before is None:
        moved = f"{name} is calibrated now, at the threshold {taught.after:.2f}"
    elif taught.has_moved:
        moved = f"{name}: threshold {taught.before:.2f} → {taught.after:.2f}"
    else:
        moved = f"{name}: threshold stays at {taught.after:.2f}"
    if taught.corrected is None or taught.raw is None:
        return moved
    return f"{moved}; it says {percent(taught.raw)}, labels make that {true_share(taught.corrected)}"


def _unanswered(report: DigestReport) -> str:
    if not report.unanswered:
        return ""
    return "\n".join(
        ["*Questions nobody could answer*", *(f"• {_topic(topic)}" for topic in report.unanswered[:_TOPICS_SHOWN])]
    )


def _topic(topic: Unanswered) -> str:
    asked = f", such as “{escape(topic.question, _QUESTION)}”" if topic.question else ""
    return f"{segment_text(topic.segment)}: {escape(unanswered_text(topic), _WHY)}{asked}"


def unanswered_text(topic: Unanswered) -> str:
    """How many were not helped, and how many usually are not."""
    of = f"{topic.failed:,} of {topic.n:,}"
    return f"{words(topic.signal.name)} in {of} ({percent(topic.failed / topic.n)}; over all {percent(topic.usual)})"


def _examples(examples: Sequence[ConversationLine]) -> Iterator[Block]:
    for place, example in enumerate(examples):
        lead = "*Conversations that show it*\n" if not place else ""
        when = f" · {slack_date(example.at)}" if example.at is not None else ""
        opens = None if example.token is None else open_button(example.token)
        yield section(f"{lead}{escape(example.why, _WHY)}{when}", accessory=opens)
        yield rich_text(quote(example.excerpt, _EXCERPT))


def _spend(report: DigestReport) -> str:
    spent = f"Spent: judges {money(report.judge_usd)}, the conversations themselves {money(report.agent_usd)}"
    return spent if report.spared is None else f"{spent}\n{spared_text(report.spared)}"


def spared_text(spared: SparedByClassifiers) -> str:
    """What classifiers saved, and how their audit went."""
    saved = f", about {money(spared.usd)} less" if spared.usd > 0 else ""
    audit = (
        f"; on {spared.agreed:,} of {counted(spared.audited, 'conversation')} asked about all the same, the judge agreed"
        if spared.audited
        else ""
    )
    return f"Classifiers answered {counted(spared.conversations, 'conversation')} in place of judges{saved}{audit}"


def _controls(report: DigestReport) -> Block:
    # A block's id has to be new where a message is drawn anew.
    block_id = f"digest:{report.rhythm}:{int(report.until.timestamp())}"
    return actions([button("Open my queue", QUEUE, str(Token(MINE)))], block_id)
