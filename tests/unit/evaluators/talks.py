"""Conversations for the tests of evaluators."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from traces.model import ROLES, Conversation, Document, Feedback, Message, Score, ToolCall

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def talk(*messages: Message | tuple[str, str], conversation_id: str = "c1", **fields: Any) -> Conversation:
    """A conversation of messages, or of (role, text) pairs."""
    said = tuple(m if isinstance(m, Message) else Message(role=m[0], content=m[1]) for m in messages)
    return Conversation(conversation_id=conversation_id, started_at=AT, ended_at=AT, messages=said, **fields)


texts = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["I'm sorry, but I can't help with that.", "Error: no", '{"error": 1}', "[[[[", "{" * 40, "5/5", "👍"]
    ),
    st.text(alphabet="iI'm caton helpsry<>{}[]\"\\:\n\u200b\u202e", max_size=60),
)
messages = st.builds(
    Message,
    role=st.sampled_from(ROLES),
    content=texts,
    name=st.none() | texts,
    error=st.none() | texts,
    tool_call_id=st.none() | st.just("t1"),
    tool_calls=st.lists(
        st.builds(ToolCall, name=texts, arguments=texts, tool_call_id=st.none() | st.just("t1")), max_size=2
    ).map(tuple),
    documents=st.lists(st.builds(Document, content=texts), max_size=1).map(tuple),
)
feedback = st.builds(
    Feedback,
    name=st.sampled_from(["thumbs", "csat", "nps", "rating", "x"]),
    value=st.none() | st.floats() | texts,
    comment=st.none() | texts,
)
scores = st.builds(Score, name=st.sampled_from(["csat", "x"]), value=st.none() | st.floats(), label=st.none() | texts)
conversations = st.builds(
    Conversation,
    conversation_id=st.text(min_size=1, max_size=20),
    started_at=st.just(AT),
    ended_at=st.just(AT),
    messages=st.lists(messages, max_size=8).map(tuple),
    feedback=st.lists(feedback, max_size=3).map(tuple),
    scores=st.lists(scores, max_size=2).map(tuple),
)
