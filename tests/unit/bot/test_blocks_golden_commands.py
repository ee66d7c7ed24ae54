"""The answers to commands and the digest, word for word. After a wanted change: HARK_WRITE_GOLDEN=1 pytest this file."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made import alert, calibration

from bot.reviewing.reviewers import ReviewerCard
from bot.slack.blocks.changes import ChangeLine, changes_message
from bot.slack.blocks.digest import DigestReport, Mover, Taught, Unanswered, digest_message
from bot.slack.blocks.evaluator import evaluator_message
from bot.slack.blocks.evaluators import EvaluatorCard
from bot.slack.blocks.export import export_message
from bot.slack.blocks.labels import LabelLine, LabelsReport, labels_message
from bot.slack.blocks.listings import alerts_message
from bot.slack.blocks.metrics import metrics_message
from bot.slack.blocks.mutes import mutes_message
from bot.slack.blocks.reviewers import reviewers_message
from bot.slack.blocks.sharing import shared_message, understood_message, with_share
from bot.slack.blocks.surface import Message
from bot.slack.blocks.vague import Contradiction, VagueQuestion, vague_message
from bot.slack.blocks.values import ConversationLine, CorrectedRate, MetricAnswer, MetricGroup, MetricPoint, Turn
from bot.slack.check import check
from evaluators.calibration.lessons import Lesson, to_detail
from evaluators.calibration.record import Record
from traces.model import Change, Direction, Kind, Segment, Signal
from traces.store.mutes import Mute

GOLDEN = Path(__file__).parent / "golden/commands"
AT = datetime(2026, 11, 17, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)
REFUSAL = Signal(name="refusal", kind=Kind.RATE, unit="%", evaluator="refusal")
LATENCY = Signal(name="latency", kind=Kind.CONTINUOUS, unit="s", counts="answer")
OPEN = alert("a1", segment=Segment.of(model="gpt-4o"))
CALIBRATION = calibration(computed_at=AT)
LABELS = LabelsReport(
    lines=(
        LabelLine(name="refusal", labels=104, this_week=20, calibration=CALIBRATION),
        LabelLine(name="rude", labels=3),
    ),
    reviewers=(("mia", 14), ("noah", 6)),
    waiting=26,
)
MUTE = Mute(
    mute_id="m1",
    signal="refusal",
    until_at=AT + timedelta(hours=4),
    muted_by="U0MIA",
    muted_at=AT,
    segment=Segment.of(model="gpt-4o"),
)
DIGEST = DigestReport(
    rhythm="weekly",
    since=AT - timedelta(days=7),
    until=AT,
    conversations=8_430,
    usually=8_120.0,
    watched=31,
    movers=(
        Mover(
            signal=REFUSAL,
            value=0.061,
            usual=0.032,
            n=8_430,
            corrected=CorrectedRate(rate=0.052, ci_low=0.041, ci_high=0.064, n_labels=104),
        ),
        Mover(signal=LATENCY, value=2.4, usual=1.3, n=8_430),
    ),
    opened=((OPEN, REFUSAL),),
    closed=((alert("a2", signal="latency", value=2.4), LATENCY),),
    open_now=1,
    useful=6,
    judged=7,
    labels=45,
    reviewers=2,
    waiting=26,
    taught=(Taught(evaluator="refusal", before=0.5, after=0.62),),
    judge_usd=1.27,
    agent_usd=31.4,
    unanswered=(
        Unanswered(
            segment=Segment.of(topic="roaming"), signal=REFUSAL, failed=18, n=40, usual=0.06, question="Norway?"
        ),
    ),
    examples=(ConversationLine(why="refusal · roaming", excerpt="Norway? / I do not know.", at=AT),),
)
COURSE = tuple(MetricPoint(at=AT + n * HOUR, value=0.04 + n / 100, low=0.02, high=0.06) for n in range(4))
USUAL = MetricAnswer(signal=REFUSAL, since=AT, until=AT + 4 * HOUR, value=0.055, n=400, previous=0.04, points=COURSE)
PARTS = MetricAnswer(
    signal=REFUSAL,
    since=AT,
    until=AT + 4 * HOUR,
    value=0.055,
    n=400,
    group_by="release",
    groups=tuple(
        MetricGroup(name=name, value=0.05, n=n, points=COURSE[start:])
        for name, n, start in (("1.0", 250, 0), ("1.1", 120, 1), ("new", 30, 3))
    ),
    groups_total=3,
)

CARD = EvaluatorCard(
    name="refusal",
    layer=0,
    version="3",
    when="quiet",
    needs=("assistant",),
    cost="<1 ms",
    summary="The agent declines to help.",
    bad=Direction.UP,
    scored=8_430,
    flagged=0.061,
    labels=104,
    agreement=0.81,
    usable=True,
)
TAUGHT = replace(
    CALIBRATION,
    detail={
        **CALIBRATION.detail,
        "lessons": to_detail(
            [
                Lesson(low=0.3, high=0.62, labels=14.0, size=900.0, gain=0.0041),
                Lesson(low=0.62, high=None, labels=40.0, size=300.0, gain=0.0009),
                Lesson(low=None, high=0.3, labels=50.0, size=7_230.0, gain=0.00004),
            ]
        ),
        "question": {"agreement": 0.7, "n_double": 24, "alpha": [0.31, 0.02, 0.6], "is_vague": True},
    },
)
REVIEWERS = (
    ReviewerCard(
        reviewer="U0MIA",
        name="mia",
        labels=104,
        this_week=20,
        record=Record(n_shared=30, agreed=27, recent_shared=20, recent_agreed=19, n_gold=6, right=6, seconds=8.5),
    ),
    ReviewerCard(
        reviewer="U0NOAH",
        name="noah",
        labels=60,
        this_week=6,
        record=Record(n_shared=50, agreed=38, recent_shared=20, recent_agreed=9, has_drifted=True),
    ),
    ReviewerCard(reviewer="U0LEA", name="lea", labels=1, this_week=0, record=Record()),
)

VAGUE = VagueQuestion(
    ref="1f",
    title="Rude",
    question="Was it rude?",
    alpha=(0.21, 0.02, 0.4),
    agreement=0.61,
    n_double=24,
    contradictions=(Contradiction(turns=(Turn(role="user", text="Well?"),), yes=("mia",), no=("noah", "lea")),),
)


CARDS: dict[str, Message] = {
    "labels": labels_message(LABELS),
    "labels_none": labels_message(LabelsReport(waiting=1)),
    "evaluator": evaluator_message(CARD, TAUGHT),
    "evaluator_unlabelled": evaluator_message(replace(CARD, labels=0, why_off="it needs a judge"), None),
    "reviewers": reviewers_message(REVIEWERS),
    "vague": vague_message(VAGUE, delivery_id="vague_question:1f"),
    "vague_dismissed": vague_message(replace(VAGUE, dismissed_by="mia"), delivery_id="vague_question:1f"),
    "changes": changes_message(
        [
            ChangeLine(
                change=Change(kind="prompt_version", value="v8", at=AT, application="shop"), alerts=("refusal",)
            ),
            ChangeLine(change=Change(kind="model", value="gpt-5", at=AT - timedelta(days=3))),
        ],
        timedelta(days=14),
    ),
    "mutes": mutes_message([MUTE], {"U0MIA": "mia"}),
    "digest": digest_message(DIGEST),
    "digest_quiet": digest_message(
        DigestReport(rhythm="daily", since=AT - timedelta(days=1), until=AT, conversations=1_204)
    ),
    "answer_with_share": with_share(alerts_message([], 0), "0f2d"),
    "answer_shared": shared_message(alerts_message([], 0), "alerts", "mia", "what is open?", delivery_id="answer:0f2d"),
    "export": export_message("labels", 1_204),
    "metrics_usual": metrics_message(USUAL),
    "metrics_new_part": metrics_message(PARTS),
    "asked": understood_message(alerts_message([], 0), "alerts", "Understood as"),
}


@pytest.mark.parametrize("name", CARDS)
def test_the_answer_reads_as_agreed(name):
    payload = json.loads(json.dumps(CARDS[name].payload()))
    path = GOLDEN / f"{name}.json"
    if os.environ.get("HARK_WRITE_GOLDEN"):
        path.write_text(json.dumps(payload, indent=1, ensure_ascii=False) + "\n")
    assert payload == json.loads(path.read_text())
    assert check(payload, "message") == []


def test_every_golden_file_belongs_to_an_answer():
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(CARDS)


def test_a_part_that_is_new_does_not_cut_the_chart_of_the_others_short():
    [chart] = [block for block in CARDS["metrics_new_part"].blocks if block["type"] == "data_visualization"]
    assert [series["name"] for series in chart["chart"]["series"]] == ["1.0", "1.1"]
    assert len(chart["chart"]["axis_config"]["categories"]) == 3
