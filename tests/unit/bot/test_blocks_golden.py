"""The main cards, word for word. After a wanted change: HARK_WRITE_GOLDEN=1 pytest tests/unit/bot/test_blocks_golden.py."""

import dataclasses
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

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

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2026, 11, 17, 11, tzinfo=UTC)
CATALOGUE = CatalogueReport(
    cards=(
        EvaluatorCard(
            name="refusal", layer=1, version="1+c3f", when="arrival", needs=("messages",), cost="less than 1 ms",
            summary="Refuses.", bad=Direction.UP, scored=12_000, flagged=0.0312, failed=3, labels=212, agreement=0.81,
            usable=True, learned="a classifier speaks (212 labels)",
        ),
        EvaluatorCard(
            name="policy", layer=2, version="9a", when="quiet", needs=("messages",), cost="one call", summary="Policy.",
            bad=Direction.UP, scored=600, flagged=0.5, labels=40, agreement=0.05, usable=False, spent_usd=1.234,
            budget_usd=2.0,
        ),
        EvaluatorCard(
            name="format", layer=0, version="1", when="arrival", needs=("messages",), cost="less than 1 ms",
            summary="Format.", bad=Direction.DOWN, why_off="needs configuration: what an answer has to look like",
        ),
    ),
    quiet_s=300,
    quiet=(QuietLine(application="shop", after_s=90, pauses=4_300),),
)  # fmt: skip
REFUSAL = Signal(name="refusal", kind=Kind.RATE, unit="%", evaluator="refusal")
LATENCY = Signal(name="latency", kind=Kind.CONTINUOUS, unit="s", counts="answer")
POINTS = [
    {
        "at": (AT - timedelta(hours=24 - n)).isoformat(),
        "value": 0.027 if n < 24 else 0.061,
        "low": 0.02,
        "high": 0.034,
    }
    for n in range(30)
]
OPEN = Alert(
    alert_id="0f3a",
    signal="refusal",
    segment=Segment.of(application="shop", model="gpt-4o_mini"),
    state=AlertState.OPEN,
    direction=Direction.UP,
    started_at=AT,
    detected_at=AT + timedelta(hours=2),
    updated_at=AT + timedelta(hours=3),
    value=0.061,
    expected=0.027,
    expected_low=0.02,
    expected_high=0.034,
    n=1_000,
    k=61,
    users=58,
    detail={
        "attribution": {
            "key": "prompt_version",
            "value": "v2",
            "share": 0.82,
            "also": [{"key": "topic", "value": "refund"}],
        },
        "change": {"kind": "prompt_version", "value": "v2", "at": (AT - timedelta(minutes=25)).isoformat()},
        "correction": {"rate": 0.052, "ci_low": 0.041, "ci_high": 0.064, "n_labels": 212},
        "chart": {"points": POINTS},
    },
)
ACKNOWLEDGED = dataclasses.replace(
    OPEN, state=AlertState.ACKNOWLEDGED, acknowledged_by="U1", acknowledged_at=AT + timedelta(hours=3), version=2
)
RESOLVED = dataclasses.replace(
    ACKNOWLEDGED, state=AlertState.RESOLVED, resolved_by="U1", resolved_at=AT + timedelta(hours=5), version=3
)
SLOW = Alert(
    alert_id="77aa",
    signal="latency",
    segment=Segment(),
    state=AlertState.OPEN,
    direction=Direction.UP,
    started_at=AT,
    detected_at=AT,
    updated_at=AT,
    value=2.314,
    expected=1.3,
    expected_low=1.1,
    expected_high=1.52,
    n=412,
    detail={"conversations": 97},
)
QUESTION = Question(
    evaluator="refusal", question="Did the agent refuse without need?", yes_label="Yes, refused", no_label="No, fine"
)
CONVERSATION = FlaggedConversation(
    item_id="9c1d",
    why="The refusal evaluator is unsure here: 0.52, and its threshold is 0.50.",
    question=QUESTION,
    turns=(
        Turn(role="user", text="Can I return shoes after 40 days? My mail is [email]."),
        Turn(role="assistant", text="I'm sorry, I can't help with that."),
    ),
    turns_total=6,
    at=AT,
    context=Segment.of(application="shop", model="gpt-4o_mini"),
    scores=(
        Score(name="refusal", value=0.52, label="refused", explanation="Declines a question the policy answers."),
        Score(name="user_feedback", label="thumbs_down"),
    ),
)
YES = Vote(reviewer="Mia Chen", evaluator="refusal", verdict="yes", at=AT + timedelta(hours=3), labels=("policy",))
NO = Vote(
    reviewer="Jonas", evaluator="refusal", verdict="no", at=AT + timedelta(hours=4), note="The policy says 30 days."
)
CORRECTED = CorrectedRate(rate=0.052, ci_low=0.041, ci_high=0.064, n_labels=212)
DAYS = tuple(MetricPoint(at=AT + timedelta(days=n), value=0.02 + n / 1_000) for n in range(7))
ANSWER = MetricAnswer(
    signal=REFUSAL,
    since=AT - timedelta(days=7),
    until=AT,
    value=0.061,
    n=12_345,
    previous=0.04,
    compared_with="the 7 days before",
    segment=Segment.of(application="shop"),
    points=DAYS,
    corrected=CORRECTED,
)
BY_MODEL = dataclasses.replace(
    ANSWER,
    group_by="model",
    groups=(
        MetricGroup(name="gpt-4o_mini", value=0.09, n=9_000, previous=0.04, points=DAYS, corrected=CORRECTED),
        MetricGroup(name="claude", value=None, n=0),
    ),
    groups_total=3,
)
REPORT = StatusReport(
    at=AT,
    last_ingest_at=AT - timedelta(seconds=40),
    last_detection_at=AT - timedelta(minutes=5),
    open_alerts=2,
    acknowledged_alerts=1,
    conversations_24h=12_345,
    queued=17,
    to_review=4,
    outbox_backlog=1,
    outbox_oldest_s=12,
    judge_spend_usd=1.234,
    judge_budget_usd=5.0,
    evaluators=(
        EvaluatorHealth(name="refusal", version="3", scored=12_000, failed=3, n_labels=212, agreement=0.81),
        EvaluatorHealth(name="pii_leak", version="1", scored=12_003),
    ),
)
TAXONOMY = (TaxonomyOption(value="policy", label="Policy"), TaxonomyOption(value="tone", label="Tone"))
SENT = dataclasses.replace(
    CONVERSATION,
    item_id="55ee",
    why="Sent from Slack by Mia Chen.",
    likely=("rephrase",),
    words=(GivenWord(reviewer="Jonas", name="tone", at=AT),),
    assigned_to="Mia Chen",
    is_kept=True,
)
PROGRESS = QueueProgress(
    waiting=14,
    taps=3,
    taps_per_day=100,
    last=LastAnswer(item_id="12ab", question="Did the user have to ask again?", said="Yes, asked again"),
)
HOME = HomeReport(
    at=AT,
    status=REPORT,
    may_act=True,
    queue=HomeQueue(progress=PROGRESS, items=(SENT, CONVERSATION), page=1, has_more=True),
    alerts=((OPEN, REFUSAL), (dataclasses.replace(SLOW, state=AlertState.ACKNOWLEDGED), LATENCY)),
    alerts_total=3,
    mutes=(
        (
            Mute(
                mute_id="m1",
                signal="volume",
                segment=Segment.of(model="gpt-4o_mini"),
                until_at=AT + timedelta(days=1),
                muted_by="U1",
                muted_at=AT,
            ),
            "Mia Chen",
        ),
    ),
    cards=(
        ReportCard(name="refusal", labels=212, labels_week=31, agreement=0.81, rate=0.052, ci_low=0.041, ci_high=0.064),
        ReportCard(name="policy", labels=9, labels_week=0, agreement=0.05, is_usable=False, spent_usd=1.234),
        ReportCard(name="tone", labels=0, labels_week=0),
    ),
    record=LabelRecord(
        today=3, week=21, ever=212, compared=Record(n_shared=20, agreed=18, n_gold=6, right=5, seconds=8.0)
    ),
    dead=(DeadLetter(kind="alert", channel="#llm-alerts", problem="channel_not_found", at=AT),),
    dead_total=2,
    admin=AdminPart(
        lines=("Roles: 1 admin.",),
        alerts_channel="#llm-alerts",
        review_channel="C0REVIEW",
        signals_off=("cost",),
        made=(
            Made(
                choice=Choice(
                    name="signals.refusal", version=2, body={"enabled": False}, changed_by="U1", changed_at=AT
                ),
                by="Mia Chen",
                body={"enabled": False},
            ),
        ),
    ),
)

CARDS: dict[str, Message | View | HomeView] = {
    "alert_open": alert_message(OPEN, REFUSAL, delivery_id="d1"),
    "alert_acknowledged": alert_message(ACKNOWLEDGED, REFUSAL, delivery_id="d2", acknowledged_by="Mia Chen"),
    "alert_resolved": alert_message(
        RESOLVED, REFUSAL, delivery_id="d3", acknowledged_by="Mia Chen", resolved_by="Mia Chen"
    ),
    "alert_ended_by_itself": alert_message(
        dataclasses.replace(RESOLVED, acknowledged_at=None), REFUSAL, delivery_id="d4"
    ),
    "alert_latency": alert_message(SLOW, LATENCY, delivery_id="d5"),
    "example": example_card(CONVERSATION, delivery_id="d6"),
    "review": review_card(CONVERSATION, delivery_id="d7"),
    "review_labelled": review_card(dataclasses.replace(CONVERSATION, votes=(YES,)), delivery_id="d8"),
    "review_disagreement": review_card(
        dataclasses.replace(CONVERSATION, votes=(YES, NO), wants_votes=True, can_undo=False), delivery_id="d9"
    ),
    "review_blind": review_card(
        dataclasses.replace(CONVERSATION, hidden_votes=1, shown_from=2, wants_votes=True), delivery_id="d10"
    ),
    "review_sent": review_card(SENT, delivery_id="d11"),
    "home": home_view(HOME),
    "home_viewer": home_view(
        dataclasses.replace(HOME, may_act=False, queue=None, record=None, admin=None, dead=(), dead_total=0)
    ),
    "queue": queue_view([SENT, CONVERSATION], PROGRESS, most=2),
    "queue_empty": queue_view([], dataclasses.replace(PROGRESS, waiting=0, last=None)),
    "queue_done_for_today": queue_view([], dataclasses.replace(PROGRESS, taps=100)),
    "assign": assign_view("9c1d"),
    "label_modal": label_modal("9c1d", QUESTION, TAXONOMY, turns=CONVERSATION.turns),
    "label_modal_again": label_modal(
        "9c1d",
        QUESTION,
        TAXONOMY,
        current=LabelSubmission(item_id="9c1d", verdict="no", labels=("tone",), severity="low", note="Fine."),
    ),
    "conversations_modal": conversations_modal(
        "Refusal rate", [ConversationLine(why="Refused twice.", excerpt="I can't help with that.", at=AT)], 61
    ),
    "loading_modal": loading_modal(),
    "notice_modal": notice_modal("Only reviewers may label. Ask an admin for the role."),
    "metrics": metrics_message(ANSWER),
    "metrics_by_model": metrics_message(BY_MODEL),
    "metrics_nothing": metrics_message(dataclasses.replace(ANSWER, value=None, n=0, points=(), corrected=None)),
    "status_well": status_message(REPORT),
    "status_problems": status_message(
        dataclasses.replace(REPORT, problems=("No conversation for 3 h.", "2 messages were given up."), dead_letters=2)
    ),
    "alerts": alerts_message([(OPEN, REFUSAL), (SLOW, LATENCY)], 14),
    "alerts_none": alerts_message([], 0),
    "evaluators": catalogue_message(CATALOGUE),
    "help": help_message(),
    "error": error_message("no signal `latncy`; did you mean `latency`?", "Type /hark help."),
}


@pytest.mark.parametrize("name", CARDS)
def test_the_card_reads_as_agreed(name: str) -> None:
    card = CARDS[name]
    payload = json.loads(json.dumps(card.payload()))
    path = GOLDEN / f"{name}.json"
    if os.environ.get("HARK_WRITE_GOLDEN"):
        path.write_text(json.dumps(payload, indent=1, ensure_ascii=False) + "\n")
    assert payload == json.loads(path.read_text())
    assert check(payload, payload.get("type", "message")) == []


def test_every_golden_file_belongs_to_a_card() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(CARDS)
