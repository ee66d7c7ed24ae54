"""Whatever people and models write, every card stays inert, and Slack takes it."""

import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.settings.desk import Made
from bot.slack.blocks.alert import alert_message
from bot.slack.blocks.conversation import example_card, review_card
from bot.slack.blocks.errors import error_message
from bot.slack.blocks.evaluators import CatalogueReport, EvaluatorCard, QuietLine, catalogue_message
from bot.slack.blocks.help import help_message
from bot.slack.blocks.home import home_view
from bot.slack.blocks.home_values import AdminPart, DeadLetter, HomeQueue, HomeReport, LabelRecord, ReportCard
from bot.slack.blocks.label_modal import conversations_modal, label_modal, loading_modal, notice_modal
from bot.slack.blocks.listings import alerts_message
from bot.slack.blocks.metrics import metrics_message
from bot.slack.blocks.review_windows import assign_view, queue_view
from bot.slack.blocks.status import status_message
from bot.slack.blocks.surface import HomeView, Message, View
from bot.slack.blocks.values import (
    ConversationLine,
    CorrectedRate,
    EvaluatorHealth,
    FlaggedConversation,
    GivenWord,
    LabelSubmission,
    LastAnswer,
    MetricAnswer,
    MetricGroup,
    MetricPoint,
    Question,
    QueueProgress,
    StatusReport,
    TaxonomyOption,
    Turn,
    Vote,
)
from bot.slack.check import check
from evaluators.calibration.record import Record
from traces.model import Alert, AlertState, Direction, Kind, Score, Segment, Signal
from traces.store.choices import Choice
from traces.store.mutes import Mute

AT = datetime(2026, 11, 17, 11, tzinfo=UTC)
OUR_DATE = re.compile(r"<!date\^\d+\^[{}a-z_ ]+\|[^<>|]*>")
LIVE = re.compile(r"<(?:[!@#]|[A-Za-z][A-Za-z0-9+.\-]*:)")
INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\x00-\x08\x7f]")


def an_alert(text: str, state: AlertState) -> tuple[Alert, Signal]:
    points = [{"at": (AT + timedelta(hours=n)).isoformat(), "value": n / 100, "low": 0, "high": 1} for n in range(50)]
    alert = Alert(
        alert_id="a1",
        signal=text,
        segment=Segment(tuple((f"{text}{n}", text) for n in range(5))),
        state=state,
        direction=Direction.UP,
        started_at=AT,
        detected_at=AT,
        updated_at=AT,
        acknowledged_at=AT,
        resolved_at=AT,
        value=0.06,
        expected=0.03,
        expected_low=0.02,
        expected_high=0.034,
        n=1_000,
        k=60,
        users=3,
        detail={
            "attribution": {"key": text, "value": text, "share": 0.8, "also": [{"key": text, "value": text}] * 9},
            "change": {"kind": text, "value": text, "at": text},
            "correction": {"rate": 0.05, "ci_low": 0.04, "ci_high": 0.06, "n_labels": 9},
            "chart": {"points": [*points, text]},
            "outcome": text,
        },
    )
    change = {"kind": text, "value": text, "at": AT.isoformat()}
    alert = dataclasses.replace(alert, detail={**alert.detail, "change": change}) if text != "x" else alert
    return alert, Signal(name=text, kind=Kind.RATE)


def a_conversation(text: str) -> FlaggedConversation:
    vote = Vote(reviewer=text, evaluator=text, verdict="yes", at=AT, labels=(text,) * 9, note=text)
    return FlaggedConversation(
        item_id="c1",
        why=text,
        question=Question(evaluator="refusal", question=text, yes_label=text, no_label=text),
        turns=(Turn(role=text, text=text),) * 20,
        turns_total=30,
        at=AT,
        context=Segment(((text, text), (text, text))),
        scores=(Score(name=text, label=text, explanation=text, value=0.5),) * 9,
        votes=(vote, dataclasses.replace(vote, verdict="no"), *(vote,) * 9),
        wants_votes=True,
        words=(GivenWord(reviewer=text, name=text, at=AT),) * 9,
        likely=(text, "tone"),
        assigned_to=text,
        is_kept=True,
        telling=3,
    )


def a_home(text: str) -> HomeReport:
    """Everything that an App Home can hold, and more of it than fits."""
    status = StatusReport(
        at=AT, last_ingest_at=AT, last_detection_at=None, open_alerts=9, queued=3, judge_spend_usd=1.0,
        judge_budget_usd=2.0, problems=(text,) * 20,
    )  # fmt: skip
    items = tuple(dataclasses.replace(a_conversation(text), item_id=f"i{n}") for n in range(12))
    alerts = [an_alert(text, state) for state in (*AlertState, *AlertState)]
    mute = Mute(mute_id="m", signal=text, segment=Segment(((text, text),)), until_at=AT, muted_by=text, muted_at=AT)
    card = ReportCard(
        name=text, labels=9, labels_week=3, agreement=0.5, rate=0.1, ci_low=0.05, ci_high=0.2, spent_usd=9.0
    )
    choice = Choice(name=f"signals.{text}", version=2, body={}, changed_by=text, changed_at=AT)
    made = Made(choice=choice, by=text, body={})
    letter = DeadLetter(kind=text, channel=text, problem=text, at=AT)
    last = LastAnswer(item_id="i1", question=text, said=text)
    return HomeReport(
        at=AT, status=status, may_act=True, alerts_total=99, mutes=((mute, text),) * 20, cards=(card,) * 40,
        queue=HomeQueue(
            progress=QueueProgress(waiting=99, taps=3, taps_per_day=100, last=last), items=items, page=3, has_more=True
        ),
        alerts=tuple((dataclasses.replace(alert, alert_id=f"a{n}"), signal) for n, (alert, signal) in enumerate(alerts)),
        record=LabelRecord(today=1, week=9, ever=99, compared=Record(n_shared=9, agreed=8)), dead=(letter,) * 9, dead_total=99,
        admin=AdminPart(lines=(text,) * 4, alerts_channel=text, review_channel=text, signals_off=("off",) * 20, made=(made,) * 9),
    )  # fmt: skip


def an_answer(text: str) -> MetricAnswer:
    points = tuple(MetricPoint(at=AT + timedelta(hours=n), value=n) for n in range(40))
    corrected = CorrectedRate(rate=0.05, ci_low=0.04, ci_high=0.06, n_labels=9)
    group = MetricGroup(name=text, value=1, n=1, previous=2, points=points, corrected=corrected)
    return MetricAnswer(
        signal=Signal(name=text, kind=Kind.CONTINUOUS, unit="s"),
        since=AT,
        until=AT,
        value=1.5,
        n=3,
        previous=1,
        compared_with=text,
        segment=Segment(((text, text),)),
        points=points,
        corrected=corrected,
        group_by=text,
        groups=(group,) * 120,
        groups_total=500,
    )


def cards(text: str) -> Iterator[Message | View | HomeView]:
    report = a_home(text)
    yield home_view(report)
    yield home_view(dataclasses.replace(report, may_act=False, queue=None, record=None, admin=None, alerts=()))
    assert report.queue is not None
    yield queue_view(report.queue.items, report.queue.progress, "📥 *Taken.*", most=99)
    yield queue_view([dataclasses.replace(report.queue.items[0], votes=(), hidden_votes=3)], report.queue.progress)
    yield queue_view([], report.queue.progress)
    yield assign_view("i1")
    for state in AlertState:
        alert, signal = an_alert(text, state)
        yield alert_message(alert, signal, delivery_id="d1", acknowledged_by=text, resolved_by=text)
    yield alerts_message([an_alert(text, AlertState.OPEN)] * 30, 99)
    conversation = a_conversation(text)
    for item in (conversation, dataclasses.replace(conversation, votes=(), turns=())):
        yield example_card(item, delivery_id="d1")
        yield review_card(item, delivery_id="d1")
    yield metrics_message(an_answer(text))
    yield metrics_message(dataclasses.replace(an_answer(text), groups=(), value=None))
    health = EvaluatorHealth(name=text, version=text, scored=1, agreement=0.5)
    yield catalogue_message(a_catalogue(text))
    problems = (text,) * 20
    yield status_message(
        StatusReport(
            at=AT,
            last_ingest_at=AT,
            last_detection_at=None,
            open_alerts=1,
            evaluators=(health,) * 60,
            problems=problems,
        )
    )
    yield error_message(text, text)
    yield help_message(text)
    yield from modals(text)


def a_catalogue(text: str) -> CatalogueReport:
    card = EvaluatorCard(
        name=text, layer=2, version=text, when="quiet", needs=("messages",), cost=text, summary=text, bad=Direction.UP,
        usable=False, learned=text, spent_usd=1e9, budget_usd=1e9, flagged=1.0, agreement=-1.0,
    )  # fmt: skip
    off = dataclasses.replace(card, why_off=f"off {text}")
    quiet = QuietLine(application=text, after_s=1e9, pauses=10**9)
    return CatalogueReport(cards=(card, off) * 70, quiet_s=300, quiet=(quiet,) * 20)


def modals(text: str) -> Iterator[View]:
    question = Question(evaluator="refusal", question=text, yes_label=text, no_label=text)
    taxonomy = [TaxonomyOption(value=f"{text}{n}", label=text) for n in range(120)]
    current = LabelSubmission(item_id="c1", verdict="no", labels=(f"{text}1",), severity="high", note=text)
    yield label_modal("c1", question)
    yield label_modal("c1", question, taxonomy, turns=[Turn(role=text, text=text)] * 20, current=current)
    yield conversations_modal(text, [ConversationLine(why=text, excerpt=text, at=AT)] * 20, 40)
    yield conversations_modal(text, [], 0)
    yield loading_modal(text)
    yield notice_modal(text, text)


def strings(value: Any) -> Iterator[tuple[bool, str]]:
    """Every shown string, and whether it is mrkdwn."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value.get("type") == "mrkdwn", value["text"]
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                continue
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield False, value


def assert_safe(card: Message | View | HomeView) -> None:
    payload = card.payload()
    assert check(payload, payload.get("type", "message")) == []
    for is_mrkdwn, shown in strings(payload):
        ours_gone = OUR_DATE.sub("", shown) if is_mrkdwn else shown
        assert not LIVE.search(ours_gone), shown
        assert not INVISIBLE.search(shown), shown
        if is_mrkdwn:
            assert "<" not in ours_gone
    if isinstance(card, Message):
        assert card.text.strip()
        assert "\n" not in card.text
        assert "<" not in card.text
        assert len(card.text) <= 600
        json.dumps(card.metadata)


ATTACKS = [
    "",
    " \n\t ",
    "<!channel> <!here|x> <!subteam^S1>",
    "<@U012345> <#C1|general>",
    "<http://x|bank> <mailto:a@b|c> https://evil.example",
    "``` ` *bold* _it_ ~no~ > quote\n> more",
    "&amp;<&lt;>&<!channel>",
    "\u202egnp.exe \u2066x\u2069 \u200b\u200d\ufeff",
    "שלום مرحبا",
    "👩‍👩‍👧‍👦" * 500,
    "&" * 5_000,
    "\ud800\udc00 \x00\x1b[31m",
    "a\u0301" * 3_000,
    ":white_check_mark: @channel @here",
    "x",
    "{date} <!date^1^{date}|<!channel>>",
]


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_every_card_survives_every_known_attack(text: str) -> None:
    for card in cards(text):
        assert_safe(card)


def test_every_card_survives_two_megabytes() -> None:
    for card in cards("<!channel>&" * 190_000):
        assert_safe(card)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=400) | st.lists(st.sampled_from(ATTACKS), max_size=4).map("".join))
@example("<" * 100)
def test_every_card_is_inert_and_taken_by_slack_whatever_the_text(text: str) -> None:
    for card in cards(text):
        assert_safe(card)


NUMBERS = st.floats() | st.sampled_from([0.0, -0.0, 1e300, -1e300, 1e-300, float("nan"), float("inf")])


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.sampled_from(Kind),
    st.sampled_from(["", "%", "s", "USD", "EUR"]),
    st.lists(st.tuples(st.datetimes(timezones=st.just(UTC)), NUMBERS, NUMBERS, NUMBERS), max_size=60),
)
def test_every_card_takes_every_number(numbers, kind, unit, points) -> None:
    value, expected, low, high = numbers
    alert, _ = an_alert("refusal", AlertState.OPEN)
    chart = {"points": [{"at": at.isoformat(), "value": v, "low": lo, "high": hi} for at, v, lo, hi in points]}
    alert = dataclasses.replace(
        alert, value=value, expected=expected, expected_low=low, expected_high=high, detail={"chart": chart}
    )
    signal = Signal(name="refusal", kind=kind, unit=unit)
    assert_safe(alert_message(alert, signal, delivery_id="d1"))
    answer = dataclasses.replace(
        an_answer("latency"),
        signal=signal,
        value=value,
        previous=low,
        points=tuple(MetricPoint(at=at, value=v) for at, v, _, _ in points),
        groups=(MetricGroup(name="a", value=expected, n=1, previous=high),),
    )
    assert_safe(metrics_message(answer))


KEYS = st.sampled_from(
    ["key", "value", "share", "also", "kind", "at", "rate", "ci_low", "ci_high", "n_labels", "points"]
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["attribution", "change", "correction", "chart", "outcome"]), JUNK))
def test_an_alert_is_shown_whatever_its_detail_holds(detail) -> None:
    alert, signal = an_alert("refusal", AlertState.RESOLVED)
    assert_safe(alert_message(dataclasses.replace(alert, detail=detail), signal, delivery_id="d1"))
