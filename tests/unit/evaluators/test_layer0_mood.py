"""The quick reading of a text's mood is the library's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from evaluators.mood import mood_of

VADER = SentimentIntensityAnalyzer()
WORDS = st.sampled_from(
    [
        *list(VADER.lexicon)[::60],
        "no",
        "kind",
        "of",
        "very",
        "but",
        "NOT",
        "GOOD",
        "good",
        "nor",
        "least",
        "at",
        "the",
        "bad!",
    ]
)


@given(st.lists(WORDS, max_size=9).map(" ".join) | st.text(max_size=30))
def test_the_mood_is_what_the_library_says(text):
    assert mood_of(text) == VADER.polarity_scores(text)["compound"]


@pytest.mark.parametrize("text", ["", "   ", "My id is 7.", "kind of good", "no good", "🙂 ok", "GREAT!!!"])
def test_plain_odd_and_empty_texts_have_the_mood_that_the_library_says(text):
    assert mood_of(text) == VADER.polarity_scores(text)["compound"]
