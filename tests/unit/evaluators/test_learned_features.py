"""What a classifier sees: the same numbers for every conversation, whatever stands in it, in bounded time."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from talks import conversations, talk

from evaluators.learned.features import MEANINGS, in_words, see
from traces.model import Document, Message, ToolCall


@given(conversations)
def test_every_conversation_gives_every_number_and_all_are_finite(conversation):
    seen = see(conversation)
    assert set(seen.numbers) == set(MEANINGS) - {"prior"}
    assert all(map(math.isfinite, seen.numbers.values()))
    assert all(count > 0 for count in seen.terms.values())


@given(conversations)
def test_the_same_conversation_looks_the_same_twice(conversation):
    assert see(conversation) == see(conversation)


def test_what_the_system_is_told_is_not_looked_at():
    said = (("user", "Where is it?"), ("assistant", "On its way."))
    assert see(talk(("system", "Be kind."), *said)) == see(talk(*said))


def test_tools_are_counted_by_what_they_do():
    book = ToolCall(name="book_reservation", arguments="{}")
    seen = see(
        talk(
            Message(role="assistant", tool_calls=(book, book, ToolCall(name="get_user"))),
            Message(role="tool", content="Error: no such flight"),
            Message(role="assistant", tool_calls=(ToolCall(name="transfer_to_human_agents"),)),
        )
    ).numbers
    assert seen["writes"] == math.log1p(2)
    assert seen["same_calls"] == math.log1p(1)
    assert seen["tool_errors"] == math.log1p(1)
    assert seen["hand_over"] == 1.0


def test_support_by_documents_is_seen():
    document = Document(content="The bridge was opened in 1937 and is 2737 metres long.")
    backed = talk(Message(role="assistant", content="The bridge was opened in 1937.", documents=(document,)))
    made_up = talk(Message(role="assistant", content="The tower was closed in 1999.", documents=(document,)))
    assert see(backed).numbers["documents_pairs"] > see(made_up).numbers["documents_pairs"]
    assert see(made_up).numbers["documents_numbers"] > see(backed).numbers["documents_numbers"]


def test_words_are_told_apart_by_who_said_them():
    terms = set(see(talk(("user", "Refund"), ("assistant", "refund"))).terms)
    assert terms == {"u:refund", "l:refund", "a:refund", "o:refund"}


def test_names_of_tools_become_words():
    seen = see(talk(Message(role="assistant", tool_calls=(ToolCall(name="<!channel> *book*\n_it"),))))
    assert [term for term in seen.terms if term.startswith("t:")] == ["t:channel_book_it"]


@pytest.mark.parametrize("piece", ["a", "?", " ", "1.", "no ", "1,", "transfer", "\u200b", "é", "😀"])
def test_two_megabytes_of_anything_are_bounded(piece):
    long = piece * (2_000_000 // len(piece))
    hostile = talk(("user", long), Message(role="assistant", content=long, documents=(Document(content=long),)))
    started = time.process_time()
    seen = see(hostile)
    assert time.process_time() - started < 2.0
    assert sum(seen.terms.values()) <= 20_000


def test_ten_thousand_turns_are_bounded():
    assert see(talk(*[("user", "Hello there?")] * 10_000)).numbers["turns"] == math.log1p(400)


def test_a_feature_is_told_in_words():
    assert in_words("writes") == "the number of tool calls that change something"
    assert in_words("u:my refund") == "the user says “my refund”"
