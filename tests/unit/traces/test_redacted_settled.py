"""What is hidden in a conversation is hidden alike, whether it was hidden once before or not."""

from __future__ import annotations

import json

import hypothesis.strategies as st
from hypothesis import example, given
from made import NOW

from traces.model import Conversation, Document, Message, ToolCall
from traces.redacted import lasting, settled

_PARTS = (
    "jo@example.com", "+49 151 23456789", "151 2345678", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "10.1.2.3",
    "password=hunter22", "Bearer abcdefghijklmnop", "order", "123456789", "[email]", "[phone]", "5", ", ", ": ", " ", "\n",
    "{", "}", '"', "call me at", "u@", "2026-11-20", "078-05-1120",
)  # fmt: skip
_texts = st.lists(st.sampled_from(_PARTS), max_size=9).map("".join)
_json = st.dictionaries(_texts, st.one_of(_texts, st.integers(), st.lists(_texts, max_size=2)), max_size=3).map(
    json.dumps
)
_said = st.one_of(_texts, _json)


@given(said=_said, prompt=_said, arguments=_said, document=_said)
@example(said="151 2345678 4111 1111 1111 1111", prompt="", arguments="{}", document="")
def test_what_was_hidden_once_comes_out_as_what_was_not(said, prompt, arguments, document):
    whole = Conversation(
        conversation_id="c-1",
        started_at=NOW,
        ended_at=NOW,
        user_id=said,
        metadata={said: prompt},
        messages=(
            Message(role="system", content=prompt),
            Message(role="user", content=said, metadata={said: [said]}),
            Message(
                role="assistant",
                content=said,
                tool_calls=(ToolCall(name="look", arguments=arguments),),
                documents=(Document(content=document),),
            ),
        ),
    )
    assert settled(lasting(whole)) == settled(whole) == settled(settled(whole))
