"""Reads a question by its words alone: which signal, since when, of which part, against what. No model, no guessing:
where no word names anything that can be asked for, there is no query.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from bot.answers.question_words import KEY_WORDS, PERIOD_WORDS, SIGNAL_WORDS
from bot.slack.grammar import LONGEST_PERIOD
from bot.slack.queries import (
    DEFAULT_PERIOD,
    AlertsQuery,
    Asked,
    ChangesQuery,
    DigestQuery,
    EvaluatorsQuery,
    LabelsQuery,
    MetricsQuery,
    MutesQuery,
    SignalsQuery,
    StatusQuery,
)

_SPACE: Final = re.compile(r"[\s_]+")
_AGAINST: Final = re.compile(
    r"\b(?:than|vs\.?|versus|compared (?:to|with)|against|relative to)\s+(?:the\s+)?(?:last|previous|prior)\s+week\b"
    r"|\bweek[ -](?:over|on)[ -]week\b|\bwow\b|\b(?:than|vs\.?|versus) a week ago\b"
)
_SPAN: Final = re.compile(
    r"\b(?:(?:last|past|previous|within|in|over)\s+(?:the\s+)?(?:last\s+|past\s+)?)?"
    r"(\d{1,4})\s*(h|hours?|hrs?|d|days?|w|weeks?|months?)\b"
)
_HOURS_OF: Final[Mapping[str, int]] = {"h": 1, "d": 24, "w": 168, "m": 720}
_SPLIT: Final = (
    r"(?:by|per|each|every|which|what|across|between|among|for each|split by|broken down by|grouped by|worst|best|slowest"
    r"|cheapest|most expensive)"
)
_LEAST_VALUE: Final = 2
_NAMED: Final = 100
_ANY_FORM: Final = 5

_STANDING: Final[Sequence[tuple[str, Asked]]] = (
    (r"\bmute[ds]?\b", MutesQuery()),
    (
        r"\b(?:deploy\w*|releas\w*|ship\w*|rolled out|new (?:model|prompt|version)s?|what changed|changes?)\b",
        ChangesQuery(),
    ),
    (r"\b(?:alerts?|incidents?|open|firing|anomal\w+|on fire|broken|wrong|problems?|issues?)\b", AlertsQuery()),
    (r"\b(?:labell?\w*|reviewers?|annotat\w+)\b", LabelsQuery()),
    (r"\b(?:evaluators?|judges?|agree\w*|kappa)\b", EvaluatorsQuery()),
    (
        r"\b(?:digest|summary|overview|moved|news|going on|what happened|how are we doing|how is it going)\b",
        DigestQuery(),
    ),
    (r"\b(?:signals?|metrics|watch\w*|measur\w+|track\w*|monitor\w*)\b", SignalsQuery()),
    (r"\b(?:status|health\w*|alive|working|up and running|ingest\w*)\b", StatusQuery()),
)


def read_question(
    question: str, signals: Iterable[str], segment_keys: Sequence[str], values: Mapping[str, Sequence[str]]
) -> Asked | None:
    """The query that the words of a question come to; ``None`` where they name nothing that can be asked for.

    Args:
        question: What a person wrote.
        signals: Names that can be asked for.
        segment_keys: Keys to cut by.
        values: By key, the values that were seen.
    """
    text = _SPACE.sub(" ", question.replace("’", "'")).strip().casefold()
    conditions, rest = _conditions(text, segment_keys, values)
    signal = _signal(rest, signals) or _signal(text, signals)
    if signal is None:
        return next((query for pattern, query in _STANDING if re.search(pattern, text)), None)
    without, is_against = _AGAINST.subn(" ", rest)
    return MetricsQuery(
        signal=signal,
        period=_period(without),
        by=_by(without, segment_keys),
        where=conditions,
        versus="last_week" if is_against else "before",
    )


def _signal(text: str, signals: Iterable[str]) -> str | None:
    """The signal that the words say most about; of equals the one that is said first."""
    found = []
    for name in signals:
        told = [
            (-weight, at.start(), name)
            for beginning, weight in _beginnings(name)
            if (at := re.search(rf"\b{re.escape(beginning)}", text)) is not None
        ]
        found += sorted(told)[:1]
    return min(found)[2] if found else None


def _beginnings(name: str) -> Iterator[tuple[str, int]]:
    """What a signal is called, and how much that says: its name most, a word of a team's own name least."""
    spoken = _SPACE.sub(" ", name.replace(".", " ")).casefold()
    yield spoken, _NAMED + len(spoken)
    for word in SIGNAL_WORDS.get(name, ()):
        yield word, len(word)
    if name not in SIGNAL_WORDS:
        for word in spoken.split():
            if len(word) > _ANY_FORM:
                yield word[:-1], 1


def _conditions(
    text: str, segment_keys: Sequence[str], values: Mapping[str, Sequence[str]]
) -> tuple[tuple[tuple[str, str], ...], str]:
    """The values that are named, one of each key, and the text without them."""
    conditions = {}
    for key in segment_keys:
        for value in sorted(values.get(key, ()), key=len, reverse=True):
            spoken = _SPACE.sub(" ", value).casefold()
            named = re.search(rf"(?<![\w.\-]){re.escape(spoken)}(?![\w\-]|\.\w)", text)
            if named is None or len(spoken) < _LEAST_VALUE or spoken in _COMMON:
                continue
            conditions[key] = value
            text = f"{text[: named.start()]} {text[named.end() :]}"
            break
    return tuple(sorted(conditions.items())), text


_COMMON: Final = frozenset(
    {"in", "is", "it", "the", "on", "of", "to", "we", "by", "or", "and", "other", "none", "all", "no", "yes"}
)
"""Values that are said without being meant."""


def _by(text: str, segment_keys: Sequence[str]) -> str | None:
    for key in segment_keys:
        names = sorted({*KEY_WORDS.get(key, ()), key.replace("_", " ").casefold()}, key=len, reverse=True)
        spoken = "|".join(re.escape(name) for name in names)
        if re.search(rf"\b{_SPLIT}\s+(?:the\s+|our\s+|of\s+the\s+)?(?:{spoken})s?\b", text):
            return key
    return None


def _period(text: str) -> timedelta:
    counted = _SPAN.search(text)
    if counted is not None:
        hours = int(counted[1]) * _HOURS_OF[counted[2][0]]
        return timedelta(hours=min(max(1, hours), LONGEST_PERIOD // timedelta(hours=1)))
    named = [hours for word, hours in PERIOD_WORDS.items() if re.search(rf"\b{word}s?\b", text)]
    return timedelta(hours=named[0]) if named else DEFAULT_PERIOD
