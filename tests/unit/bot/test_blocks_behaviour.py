import dataclasses
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.blocks.alert import alert_message
from bot.slack.blocks.chart import line_chart
from bot.slack.blocks.conversation import review_card, tally
from bot.slack.blocks.figures import counted, duration, figure, interval, money, movement, percent, share, span, title
from bot.slack.blocks.label_modal import label_modal, parse_label_submission
from bot.slack.blocks.metrics import metrics_message
from bot.slack.blocks.surface import Message, View
from bot.slack.blocks.tokens import Token, parse_token
from bot.slack.blocks.values import (
    FlaggedConversation,
    LabelSubmission,
    MetricAnswer,
    MetricGroup,
    Question,
    TaxonomyOption,
    Turn,
    Vote,
)
from bot.slack.check import check
from traces.errors import BadInput
from traces.model import Alert, AlertState, Direction, Kind, Segment, Signal

AT = datetime(2026, 11, 17, 11, tzinfo=UTC)
RATE = Signal(name="refusal", kind=Kind.RATE)
SECONDS = Signal(name="latency", kind=Kind.CONTINUOUS, unit="s", counts="answer")
USD = Signal(name="cost", kind=Kind.CONTINUOUS, unit="USD")
COUNT = Signal(name="volume", kind=Kind.COUNT)
BARE = Signal(name="turns", kind=Kind.CONTINUOUS)


@pytest.mark.parametrize(
    ("value", "signal", "shown"),
    [
        (0.061, RATE, "6.1 %"),
        (0.0, RATE, "0.0 %"),
        (1.0, RATE, "100.0 %"),
        (0.0004, RATE, "0.04 %"),
        (1.2399, SECONDS, "1.24 s"),
        (12.345, SECONDS, "12.3 s"),
        (1_234.5, SECONDS, "1,234 s"),
        (0.0042, SECONDS, "0.004 s"),
        (0.0123, USD, "$0.0123"),
        (1_234.5, USD, "$1,234.50"),
        (-0.5, USD, "-$0.5000"),
        (12_345, COUNT, "12,345"),
        (4.25, BARE, "4.25"),
        (None, RATE, "—"),
        (float("nan"), RATE, "—"),
        (1e300, SECONDS, "1e+300 s"),
        (-0.00001, SECONDS, "0.000 s"),
    ],
)
def test_numbers_are_shown_as_people_read_them(value: float | None, signal: Signal, shown: str) -> None:
    assert figure(value, signal) == shown


def test_ranges_share_their_unit_and_precision() -> None:
    assert span(0.02, 0.034, RATE) == "2.0–3.4 %"
    assert span(0.9, 12.34, SECONDS) == "0.9–12.3 s"
    assert span(0.001, 2.5, USD) == "$0.00–$2.50"
    assert span(80, 1_200, COUNT) == "80–1,200"
    assert span(0.02, 0.0200001, RATE) == "2.0 %"
    assert span(0, float("inf"), RATE) == "—"
    assert interval(0.041, 0.064) == "4.1–6.4 %"


def test_words_around_numbers_read_naturally() -> None:
    assert [counted(n, "label") for n in (0, 1, 1_000)] == ["0 labels", "1 label", "1,000 labels"]
    assert [duration(s) for s in (0, 59, 60, 3_600, 11_100, 187_200, None, -5)] == [
        *("0 s", "59 s", "1 min", "1 h", "3 h 5 min", "2 d 4 h", "—", "0 s")
    ]
    assert percent(0.5) == "50.0 %"
    assert share(0.824) == "82 %"
    assert money(None) == "—"
    assert movement(0.06, 0.04, RATE) == "up from 4.0 % (+50 %)"
    assert movement(0.04, 0.04001, RATE) == "unchanged at 4.0 %"
    assert movement(2, 0, COUNT) == "up from 0"
    assert movement(2, None, COUNT) == "nothing to compare with"
    names = ["refusal", "error_rate", "pii_leak", "ttft"]
    kinds = [Kind.RATE, Kind.RATE, Kind.RATE, Kind.CONTINUOUS]
    assert [title(Signal(name=name, kind=kind)) for name, kind in zip(names, kinds, strict=True)] == [
        *("Refusal rate", "Error rate", "PII leak rate", "TTFT")
    ]


def alert(**fields: Any) -> Alert:
    values: dict[str, Any] = {
        "alert_id": "0f3a",
        "signal": "refusal",
        "segment": Segment(),
        "state": AlertState.OPEN,
        "direction": Direction.UP,
        "started_at": AT,
        "detected_at": AT,
        "updated_at": AT,
        "value": 0.061,
        "expected": 0.027,
        "expected_low": 0.02,
        "expected_high": 0.034,
        "n": 1_000,
        "k": 61,
        "version": 7,
    }
    return Alert(**{**values, **fields})


def elements(card: Message | View) -> list[dict[str, Any]]:
    return [one for block in card.blocks if block["type"] == "actions" for one in block["elements"]]


def action_ids(card: Message | View) -> list[str]:
    return [one["action_id"] for one in elements(card)]


def texts(card: Message | View) -> str:
    return str(card.blocks)


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (AlertState.OPEN, ["alert_acknowledge", "alert_resolve", "alert_conversations", "alert_more"]),
        (AlertState.ACKNOWLEDGED, ["alert_resolve", "alert_conversations", "alert_more"]),
        (AlertState.SNOOZED, ["alert_acknowledge", "alert_resolve", "alert_conversations", "alert_more"]),
        (AlertState.RESOLVED, ["alert_reopen"]),
    ],
)
def test_an_alert_offers_what_its_state_allows(state: AlertState, offered: list[str]) -> None:
    message = alert_message(alert(state=state, resolved_at=AT), RATE, delivery_id="d1")
    assert action_ids(message) == offered
    assert message.metadata == {"event_type": "hark_message", "event_payload": {"delivery_id": "d1"}}


def test_alert_buttons_carry_the_alert_and_the_version_that_was_seen() -> None:
    shown = elements(alert_message(alert(), RATE, delivery_id="d1"))
    assert {one["value"] for one in shown if "value" in one} == {"v1:0f3a:7"}
    words = [one["value"].rpartition(":")[2] for one in shown[-1]["options"]]
    assert words == ["snooze", "expected", "noise", "tune", "why"]


def test_an_alert_counts_those_on_the_bad_side() -> None:
    success = Signal(name="task_success", kind=Kind.RATE, bad=Direction.DOWN)
    either = Signal(name="refusal", kind=Kind.RATE, bad=Direction.BOTH)
    said = [texts(alert_message(alert(), signal, delivery_id="d")) for signal in (RATE, success, either)]
    assert [wanted in text for wanted, text in zip(("61 conv", "939 conv", "1,000 conv"), said, strict=True)] == [
        True
    ] * 3


def test_a_change_is_placed_before_at_or_after_the_start_of_the_alert() -> None:
    for minutes, said in ((-25, "25 min before it began"), (0, "as it began"), (90, "1 h 30 min after it began")):
        change = {"kind": "release", "value": "v2", "at": AT + timedelta(minutes=minutes)}
        assert said in texts(alert_message(alert(detail={"change": change}), RATE, delivery_id="d"))


def moments(n: int, step: timedelta = timedelta(hours=1)) -> list[datetime]:
    return [AT + i * step for i in range(n)]


def test_a_chart_without_a_band_draws_the_line_alone() -> None:
    points = [{"at": at, "value": 0.1, "low": None, "high": None} for at in moments(5)]
    message = alert_message(alert(detail={"chart": {"points": points}}), RATE, delivery_id="d")
    (chart,) = [block for block in message.blocks if block["type"] == "data_visualization"]
    assert [series["name"] for series in chart["chart"]["series"]] == ["Refusal rate"]


@given(
    st.integers(0, 200),
    st.sampled_from(
        [timedelta(seconds=1), timedelta(minutes=7), timedelta(hours=1), timedelta(days=1), timedelta(days=400)]
    ),
    st.lists(st.text(max_size=30), min_size=1, max_size=9),
)
def test_a_chart_fits_slack_and_keeps_every_value(n: int, step: timedelta, names: list[str]) -> None:
    lines = [(name, dict.fromkeys(moments(n, step), 0.25)) for name in names]
    chart = line_chart("T", lines, RATE)
    if n < 2:
        assert chart is None
    else:
        assert chart is not None
        assert check({"text": "x", "blocks": [chart]}, "message") == []
        assert {point["value"] for series in chart["chart"]["series"] for point in series["data"]} == {25.0}


def test_the_newest_points_of_a_chart_are_never_a_rest() -> None:
    values = {at: float(n) for n, at in enumerate(moments(41))}
    chart = line_chart("T", [("a", values)], COUNT)
    assert chart is not None
    data = chart["chart"]["series"][0]["data"]
    assert [point["value"] for point in data[:2]] == [0.5, 3.0]
    assert data[-1]["value"] == 39.0


QUESTION = Question(evaluator="refusal", question="Refused?")
CARD = FlaggedConversation(item_id="9c1d", why="Unsure.", question=QUESTION, turns=(Turn(role="user", text="Hi"),))


def vote(verdict: Any, **fields: Any) -> Vote:
    return Vote(**{"reviewer": "Mia", "evaluator": "refusal", "verdict": verdict, "at": AT, **fields})


@pytest.mark.parametrize(
    ("votes", "fields", "offered"),
    [
        ((), {}, ["label_yes", "label_no", "label_more", "label_menu"]),
        ((), {"likely": ("tone",)}, ["label_yes", "label_no", "label_word", "label_more", "label_menu"]),
        ((), {"likely": ("what: no button can hold",)}, ["label_yes", "label_no", "label_more", "label_menu"]),
        (("yes",), {}, ["label_more", "label_undo", "label_menu"]),
        (("yes",), {"can_undo": False}, ["label_more", "label_menu"]),
        (("yes",), {"wants_votes": True}, ["label_yes", "label_no", "label_more", "label_undo", "label_menu"]),
        ((), {"hidden_votes": 1}, ["label_more", "label_undo", "label_menu"]),
    ],
)
def test_a_card_offers_labels_until_there_are_enough(votes, fields, offered) -> None:
    card = review_card(dataclasses.replace(CARD, votes=tuple(map(vote, votes)), **fields), delivery_id="d1")
    assert action_ids(card) == offered
    values = {one["value"] for one in elements(card) if one["type"] == "button"}
    assert values == {"v1:9c1d", *(["v1:9c1d:tone"] if "label_word" in offered else [])}


@given(st.lists(st.sampled_from(["yes", "no", "unsure"]), max_size=4))
def test_disagreement_shows_exactly_when_there_is_a_yes_and_a_no(verdicts: list[str]) -> None:
    card = review_card(dataclasses.replace(CARD, votes=tuple(map(vote, verdicts))), delivery_id="d1")
    assert ("Reviewers disagree" in texts(card)) == ({"yes", "no"} <= set(verdicts))


def test_a_tally_names_each_verdict_once() -> None:
    votes = [vote(verdict) for verdict in ("yes", "no", "yes", "unsure")]
    assert tally(votes, QUESTION) == "2 × 👎 yes, 1 × 👍 no, 1 × 🤷 not sure"
    assert tally(votes[:1], dataclasses.replace(QUESTION, yes_is_bad=False)) == "1 × 👍 yes"


def test_a_reviewer_is_named_and_never_mentioned() -> None:
    card = review_card(dataclasses.replace(CARD, votes=(vote("yes", reviewer="<@U012345>"),)), delivery_id="d1")
    assert "<@" not in texts(card)


def submitted(view: View, **typed: Any) -> dict[str, Any]:
    values = {name: {name: state} for name, state in typed.items()}
    return {**view.payload(), "state": {"values": values}}


def test_what_is_entered_in_the_modal_is_what_is_read() -> None:
    taxonomy = [TaxonomyOption(value="tone", label="Tone"), TaxonomyOption(value="policy", label="Policy")]
    sent = submitted(
        label_modal("9c1d", QUESTION, taxonomy),
        verdict={"type": "radio_buttons", "selected_option": {"value": "yes"}},
        labels={"type": "multi_static_select", "selected_options": [{"value": "tone"}, {"value": "tone"}]},
        severity={"type": "static_select", "selected_option": {"value": "high"}},
        note={"type": "plain_text_input", "value": "  so \u202erude: <!here> "},
    )
    assert parse_label_submission(sent) == LabelSubmission(
        item_id="9c1d", verdict="yes", labels=("tone",), severity="high", note="so rude: <!here>"
    )


def test_what_is_left_empty_in_the_modal_is_nothing() -> None:
    sent = submitted(
        label_modal("9c1d", QUESTION),
        verdict={"selected_option": {"value": "unsure"}},
        severity={"selected_option": None},
        note={"value": None},
    )
    assert parse_label_submission(sent) == LabelSubmission(item_id="9c1d", verdict="unsure")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"callback_id": "other"}, "view: not Hark's label modal"),
        ({"private_metadata": "v1:<x>"}, "value: not a value that Hark writes"),
        ({"state": {}}, "verdict: pick an answer"),
        (
            {"state": {"values": {"verdict": {"verdict": {"selected_option": {"value": "maybe"}}}}}},
            "verdict: pick an answer",
        ),
        (
            {"state": {"values": {"severity": {"severity": {"selected_option": {"value": "x"}}}}}},
            "severity: not one of the severities",
        ),
        ({"state": {"values": {"severity": {"severity": {"selected_option": 3}}}}}, "severity: an option with a value"),
    ],
)
def test_a_forged_submission_is_refused_with_the_field(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        parse_label_submission({**label_modal("9c1d", QUESTION).payload(), **change})


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=4) | st.sampled_from(["yes", "high"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["value", "selected_option", "selected_options"]), inner)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["verdict", "labels", "severity", "note"]), JSON))
def test_any_state_is_read_or_refused(typed: dict[str, Any]) -> None:
    sent = submitted(label_modal("9c1d", QUESTION), **{"verdict": {"selected_option": {"value": "yes"}}, **typed})
    try:
        found = parse_label_submission(sent)
    except BadInput:
        return
    assert found.item_id == "9c1d"


IDS = st.from_regex(r"[A-Za-z0-9_.\-]{1,64}", fullmatch=True)


@given(IDS, st.just("") | IDS)
def test_a_token_reads_back_as_written(subject_id: str, rest: str) -> None:
    assert parse_token(str(Token(subject_id, rest))) == Token(subject_id, rest)


@pytest.mark.parametrize("text", ["", "v1:", "v2:a", "v1:a:b:c", "v1:a b", "v1:a:", "v1:a\n", "v1:é", "v1:" + "a" * 65])
def test_a_token_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a value that Hark writes"):
        parse_token(text)


def test_a_long_table_ends_with_how_many_groups_are_missing() -> None:
    groups = tuple(MetricGroup(name=f"model {n}", value=0.1, n=1) for n in range(150))
    answer = MetricAnswer(signal=RATE, since=AT, until=AT, value=0.1, n=150, group_by="model", groups=groups)
    message = metrics_message(answer)
    (table,) = [block for block in message.blocks if block["type"] == "table"]
    assert len(table["rows"]) == 100
    assert "51 more groups not shown" in texts(message)


def test_actions_blocks_get_a_new_id_with_each_change() -> None:
    cards = [alert_message(alert(version=version), RATE, delivery_id="d") for version in (1, 2)]
    cards += [review_card(dataclasses.replace(CARD, votes=(vote("yes"),) * n), delivery_id="d") for n in (0, 1)]
    ids = [block["block_id"] for card in cards for block in card.blocks if block["type"] == "actions"]
    assert all(one != other for one, other in itertools.combinations(ids, 2))
