"""The mood of a text: VADER's sentiment (Hutto and Gilbert, ICWSM 2014), with less work where its lexicon has nothing to say."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Final

_REMEMBERED: Final = 1_024


@lru_cache(maxsize=_REMEMBERED)
def mood_of(text: str) -> float:
    """VADER's compound sentiment, from -1 to 1; of English words only."""
    return _compound()(text)


@cache
def _compound() -> Callable[[str], float]:
    from vaderSentiment.vaderSentiment import BOOSTER_DICT, SentimentIntensityAnalyzer, SentiText

    analyzer = SentimentIntensityAnalyzer()
    lexicon = analyzer.lexicon

    def compound(text: str) -> float:
        if not text.isascii():
            return float(analyzer.polarity_scores(text)["compound"])
        # The library looks for emoji letter by letter and weighs every word; ASCII text has none, and few words are in the lexicon.
        read = SentiText(text.strip())
        words = read.words_and_emoticons
        lowered = [word.lower() for word in words]
        if lexicon.keys().isdisjoint(lowered):
            return 0.0
        sentiments: list[float] = []
        for at, (word, low) in enumerate(zip(words, lowered, strict=True)):
            is_kind_of = low == "kind" and lowered[at + 1 : at + 2] == ["of"]
            if low not in lexicon or low in BOOSTER_DICT or is_kind_of:
                sentiments.append(0)
            else:
                sentiments = analyzer.sentiment_valence(0, read, word, at, sentiments)
        return float(analyzer.score_valence(analyzer._but_check(words, sentiments), read.text)["compound"])  # noqa: SLF001

    return compound
