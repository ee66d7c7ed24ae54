"""The window on a whole conversation: nothing is left out, and every page is one that Slack takes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config.settings import SourceSettings
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token
from bot.slack.blocks.transcript import NEXT, Place, page_token, parse_page, parse_place, transcript_view
from bot.slack.blocks.transcript_values import GivenLabel, Transcript
from bot.slack.check import check
from bot.slack.text import pieces
from bot.trace_pages import TracePage, page_url
from traces.clock import parse_time
from traces.conversation_format import parse_conversation
from traces.errors import BadInput
from traces.model import Conversation, Document, EvaluatorFailure, Feedback, Message, Score, ToolCall
from traces.redacted import Redacting, spelt_out

NOON = parse_time("2026-11-20T12:00:00Z")
SHARED = Path(__file__).parents[4] / "shared" / "data"


def a_conversation(*messages: Message, **more: Any) -> Conversation:
    return Conversation(conversation_id="c-1", started_at=NOON, ended_at=NOON, messages=messages, **more)


def pages_of(transcript: Transcript) -> list[View]:
    found = [transcript_view(transcript)]
    while any(e.get("action_id") == NEXT for b in found[-1].blocks for e in b.get("elements", ())):
        found.append(transcript_view(transcript, len(found) + 1))
    return found


def words_of(shown: Any) -> str:
    if isinstance(shown, dict):
        return "\n".join(words_of(value) for key, value in shown.items() if key not in {"type", "value", "action_id"})
    if isinstance(shown, list | tuple):
        return "\n".join(words_of(each) for each in shown)
    return shown if isinstance(shown, str) else ""


def everything(transcript: Transcript) -> str:
    pages = pages_of(transcript)
    for page in pages:
        assert check(page.payload(), "modal") == []
    return "\n".join(words_of(list(page.blocks)) for page in pages)


def test_what_was_said_called_retrieved_and_measured_is_all_there():
    call = ToolCall(name="refund", arguments='{"amount": 12}', tool_call_id="t")
    said = everything(
        Transcript(
            conversation=a_conversation(
                Message(role="system", content="Never refund."),
                Message(role="user", content="My money!"),
                Message(
                    role="assistant", content="One moment.", tool_calls=(call,), model="gpt-x", latency_s=1.5,
                    ttft_s=0.25, input_tokens=1200, output_tokens=85, cost_usd=0.0031,
                    documents=(Document(content="Refunds take 9 days.", document_id="kb-7", score=0.83),),
                ),
                Message(role="tool", name="refund", content="denied", error="HTTP 403"),
                feedback=(Feedback(name="thumbs", value=0.0, comment="useless"),),
                metadata={"application": "shop", "order": 17},
            ),
            scores=(Score(name="refusal", value=0.92, explanation="It says no.", evidence="One moment", turn=2),),
            failures=(EvaluatorFailure(name="policy", reason="timeout", message="The judge took too long."),),
            labels=(GivenLabel(reviewer="mia", name="refusal", said="yes", at=NOON, note="clear"),),
            pages=(TracePage(source="phoenix", url="https://traces.example.com/t/1"),),
        )
    )  # fmt: skip
    for words in (
        "Never refund.", "My money!", "One moment.", "refund", '{"amount": 12}', "denied", "HTTP 403",
        "Refunds take 9 days.", "kb-7", "0.83", "gpt-x", "1.50 s", "0.25 s", "1,200 in", "85 out", "$0.0031",
        "Refusal", "0.92", "It says no.", "turn 3", "could not tell", "The judge took too long.", "mia", "clear",
        "useless", "shop", "order", "https://traces.example.com/t/1",
    ):  # fmt: skip
        assert words in said, words


def test_a_megabyte_is_read_page_by_page_without_losing_a_word():
    numbers = [f"word{n}" for n in range(20_000)]
    pages = pages_of(Transcript(conversation=a_conversation(Message(role="user", content=" ".join(numbers)))))
    quoted = [
        run["text"]
        for page in pages
        for block in page.blocks
        if block["type"] == "rich_text"
        for element in block["elements"]
        for run in element["elements"]
    ]
    assert "".join("".join(quoted).split()) == "".join(numbers)
    assert len(pages) > 3


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is absent")
def test_real_conversations_with_tools_fit_on_pages_that_slack_takes():
    lines = (SHARED / "airline.jsonl").read_text(encoding="utf-8").splitlines()[:60]
    for line in lines:
        everything(Transcript(conversation=parse_conversation(json.loads(line), received_at=NOON), item_id="i"))


def test_a_long_system_prompt_does_not_stand_in_the_way_and_is_not_lost():
    prompt = "Rule. " * 400 + "The last rule."
    said = everything(Transcript(conversation=a_conversation(Message(role="system", content=prompt))))
    assert "the whole of it stands at the end" in said
    assert "The last rule." in said


def test_personal_data_is_hidden_in_every_field_that_is_shown():
    secret = "ada@example.com"
    call = ToolCall(name="mail", arguments=json.dumps({"to": "ada\u0040example.com"}).replace("@", "\\u0040"))
    whole = spelt_out(
        a_conversation(
            Message(role="user", content=secret, tool_calls=(call,), error=secret, name=secret),
            Message(
                role="tool", content=json.dumps([secret]), documents=(Document(content=secret, document_id=secret),)
            ),
            user_id=secret,
            metadata={"who": {"mail": [secret]}, secret: 1},
            feedback=(Feedback(name="thumbs", value=secret, comment=secret, user_id=secret),),
            scores=(Score(name="x", explanation=secret, evidence=secret, label=secret),),
        )
    )
    redacting = Redacting()
    shown = Transcript(conversation=redacting.conversation(whole), hidden=redacting.counts.total(), can_reveal=True)
    assert secret not in everything(shown)
    assert redacting.counts["email"] >= 15
    assert "Reveal" in words_of(list(transcript_view(shown).blocks))
    assert "Reveal" not in words_of(list(transcript_view(replace(shown, can_reveal=False)).blocks))
    assert secret in everything(Transcript(conversation=whole, is_raw=True))


def test_a_page_beyond_the_last_is_the_last():
    transcript = Transcript(conversation=a_conversation(*[Message(role="user", content="x" * 2_000)] * 40))
    last = len(pages_of(transcript))
    assert transcript_view(transcript, 10**9) == transcript_view(transcript, last)


@given(st.text(max_size=255).filter(bool), st.booleans())
def test_where_somebody_reads_survives_the_way_through_slack(conversation_id, is_raw):
    place = Place(conversation_id, is_raw)
    assert len(str(place)) <= 3_000
    assert parse_place({"private_metadata": str(place)}) == place


@pytest.mark.parametrize("metadata", [None, "", "{}", "[]", '{"conversation": 1, "raw": false}', "[" * 100_000, "v1:a"])
def test_a_window_that_hark_did_not_open_is_refused(metadata):
    with pytest.raises(BadInput):
        parse_place({"private_metadata": metadata})


@pytest.mark.parametrize("token", [Token("page", "0"), Token("page"), Token("page", "x"), Token("item", "1")])
def test_only_pages_are_turned_to(token):
    assert parse_page(page_token(7)) == 7
    with pytest.raises(BadInput):
        parse_page(token)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=600), st.integers(min_value=4, max_value=90))
def test_a_text_is_cut_into_pieces_without_losing_what_can_be_seen(text, limit):
    cut = list(pieces(text, limit))
    assert all(0 < len(piece.encode("utf-16-le", "replace")) // 2 <= limit for piece in cut)
    whole = "".join(pieces(text, 10**6))
    assert "".join("".join(cut).split()) == "".join(whole.split())


PHOENIX = SourceSettings(name="p", kind="phoenix", url="https://phoenix.example.com/")


def test_a_trace_page_is_made_from_the_template_and_what_is_put_in_is_quoted():
    assert page_url(PHOENIX, "ab12", None) == "https://phoenix.example.com/redirects/traces/ab12"
    own = PHOENIX.model_copy(update={"trace_page": "{url}/{project}/t/{target}", "project": "a b"})
    assert page_url(own, "ab", "x/../y?z") == "https://phoenix.example.com/a%20b/t/x%2F..%2Fy%3Fz"


@pytest.mark.parametrize(
    "template", ["{url}/{user}", "javascript:{trace_id}", "{url", "ftp://x/{trace_id}", "{url.__class__}", "just words"]
)
def test_a_template_that_leads_nowhere_is_told(template):
    with pytest.raises(ValueError, match="trace_page"):
        SourceSettings(name="p", kind="phoenix", url="https://phoenix.example.com", trace_page=template)
