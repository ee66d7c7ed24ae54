"""What end users said themselves: thumbs, stars, a comment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from evaluators.base import Need, When, excerpt
from traces.model import Conversation, Direction, Feedback, Score

_STAR_NAMES: Final = re.compile(r"star|rating|csat|satisfaction|survey|grade", re.IGNORECASE)
_NPS_NAMES: Final = re.compile(r"(?:^|[^a-z])nps(?:$|[^a-z])|net.?promoter|recommend", re.IGNORECASE)
_GIVEN_NAMES: Final = re.compile(r"feedback|thumb|csat|star|rating|nps|helpful|satisfaction|like", re.IGNORECASE)
_USER_SOURCES: Final = frozenset({"user", "end_user", "end-user", "customer", "feedback"})

_POSITIVE: Final = frozenset(
    re.findall(
        r"\S+",
        "positive good great excellent perfect thumbs_up thumbsup up +1 like liked love helpful useful yes y "
        "true correct happy satisfied very_satisfied resolved solved pass 👍 👍🏻 👍🏼 👍🏽 👍🏾 👍🏿 ❤️ ❤ 😀 😊 😄 🙂 😍 🎉 👌 "
        "💯",
    )
)
_NEGATIVE: Final = frozenset(
    re.findall(
        r"\S+",
        "negative bad poor terrible awful horrible thumbs_down thumbsdown down -1 dislike disliked hate "
        "unhelpful not_helpful useless no n false incorrect wrong unhappy dissatisfied unsatisfied "
        "very_dissatisfied unresolved not_resolved fail 👎 👎🏻 👎🏼 👎🏽 👎🏾 👎🏿 😡 😠 😞 ☹️ ☹ 🙁 😢 💔",
    )
)
_PRAISE: Final = re.compile(
    r"\b(?:thank(?:s| you)|great|perfect|awesome|excellent|love|amazing|helpful|brilliant|good (?:job|answer|bot)"
    r"|works?(?: now| great| well)|solved|danke|merci|gracias|super|obrigad[oa])\b",
    re.IGNORECASE,
)
_COMPLAINT: Final = re.compile(
    r"\b(?:not (?:help|work|good|useful|right|correct|what|solve|answer)\w*|un(?:help|use)ful|useless|wrong|incorrect|bad"
    r"|terrible|awful|horrible|worst|hate|frustrat\w+|annoy\w+|waste|stupid|did(?:n't| not)|does(?:n't| not)|never|no help"
    r"|made (?:that|it|this) up|hallucinat\w+|rubbish|nutzlos|falsch|inutile|faux|in[uú]til|mal[oa])\b",
    re.IGNORECASE,
)
_FRACTION: Final = re.compile(
    r"^\s*(-?\d{1,6}(?:\.\d{1,6})?)\s*(?:/|out of|of)\s*(\d{1,6})\s*(?:stars?)?\s*$", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"^\s*([+-]?\d{1,6}(?:\.\d{1,6})?)\s*(stars?|%|points?)?\s*$", re.IGNORECASE)
_SHOWN_STARS: Final = re.compile(r"^\s*([★⭐]️?){1,5}[☆✩\s]*$")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_COMMENT_CHARS: Final = 2_000
_SHOWN: Final = 3
_SCALES: Final = (5, 10, 100)
_HALF: Final = 0.5
_BELOW_HALF: Final = 0.45


class UserFeedback:
    """The last word of each user counts; a conversation is positive when half of them or more were.

    Thumbs and words are 0 or 1; stars, CSAT and NPS are put on 0 to 1 by their scale. A comment is read only where no
    value came with it, by a few plain words: irony and other languages are beyond it.
    """

    name = "user_feedback"
    version = "1"
    when: When = "arrival"
    needs: tuple[Need, ...] = ("feedback",)
    summary = (
        "What the user said: thumbs, stars, CSAT, NPS or a comment. It sees only those who said something, who are"
        " few and not like the rest."
    )
    question = "Was the user satisfied with this conversation?"
    yes_label = "Yes, satisfied"
    no_label = "No, not satisfied"
    bad = Direction.DOWN

    def evaluate(self, conversation: Conversation) -> Score | None:
        said = given_by(conversation)
        values = [(feedback, value) for feedback in said if (value := value_of(feedback)) is not None]
        if not values:
            return None
        mean = sum(value for _, value in values) / len(values)
        telling, _ = min(values, key=lambda pair: pair[1])
        return Score(
            name=self.name,
            value=mean,
            label="positive" if mean >= _HALF else "negative",
            explanation=_explain([feedback for feedback, _ in values], mean),
            evidence=excerpt(telling.comment) if telling.comment else None,
        )


def given_by(conversation: Conversation) -> list[Feedback]:
    """The last word of each user of each name: their feedback, and imported scores that are a user's."""
    return _last_words([*conversation.feedback, *_feedback_among(conversation.scores)])


def value_of(feedback: Feedback) -> float | None:
    """``feedback`` on a scale from 0 (negative) to 1 (positive); ``None`` when it says neither."""
    if isinstance(feedback.value, str):
        found = _value_of_text(feedback.name, feedback.value)
    elif feedback.value is not None:
        found = _value_of_number(feedback.name, float(feedback.value))
    else:
        found = None
    return _value_of_comment(feedback.comment) if found is None and feedback.comment else found


def _value_of_number(name: str, value: float) -> float | None:
    if _NPS_NAMES.search(name):
        return _scaled(value, 0, 10)
    if _STAR_NAMES.search(name) and value >= 1:
        return _on_guessed_scale(value)
    if value in (-1.0, 1.0):
        return (value + 1) / 2
    if 0 <= value < 1:
        return value
    return _on_guessed_scale(value) if value > 1 else None


def _on_guessed_scale(mark: float) -> float | None:
    """A mark of 1 to 5, 1 to 10 or 1 to 100, by the first of these that holds it."""
    return _scaled(mark, 1, next((top for top in _SCALES if mark <= top), _SCALES[-1]))


def _scaled(value: float, low: float, high: float) -> float | None:
    if not low <= value <= high:
        return None
    share = (value - low) / (high - low)
    # The middle mark is no praise: CSAT counts only the boxes above it.
    return _BELOW_HALF if share == _HALF else share


def _value_of_text(name: str, text: str) -> float | None:
    word = re.sub(r"[\s_-]+", "_", text[:60].strip().strip(":").lower()).strip("_") or text.strip()
    if text.strip() in _POSITIVE or word in _POSITIVE:
        return 1.0
    if text.strip() in _NEGATIVE or word in _NEGATIVE:
        return 0.0
    if fraction := _FRACTION.match(text):
        part, whole = float(fraction[1]), float(fraction[2])
        return _scaled(part, 1 if whole == _SCALES[0] else 0, whole) if whole > 1 else None
    if number := _NUMBER.match(text):
        scale = {"s": "stars", "%": "percent"}.get((number[2] or "")[:1].lower(), name)
        return _scaled(float(number[1]), 0, 100) if scale == "percent" else _value_of_number(scale, float(number[1]))
    if _SHOWN_STARS.match(text):
        return _scaled(sum(text.count(star) for star in "★⭐"), 1, 5)
    return _value_of_comment(text)


def _value_of_comment(comment: str) -> float | None:
    head = comment[:_COMMENT_CHARS]
    if _COMPLAINT.search(head):
        return 0.0
    return 1.0 if _PRAISE.search(head) else None


def _feedback_among(scores: Iterable[Score]) -> Iterator[Feedback]:
    for score in scores:
        by_user = score.source in _USER_SOURCES
        if by_user or (score.source not in ("judge", "environment") and _GIVEN_NAMES.search(score.name)):
            value = score.value if score.value is not None else score.label
            yield Feedback(name=score.name, value=value, comment=score.explanation)


def _last_words(feedback: Iterable[Feedback]) -> list[Feedback]:
    ordered = sorted(feedback, key=lambda item: item.at or _EARLIEST)
    return list({(item.user_id, item.name): item for item in ordered}.values())


def _explain(feedback: list[Feedback], mean: float) -> str:
    shown = ", ".join(f"{excerpt(item.name, limit=40)} {_shown(item)}" for item in feedback[:_SHOWN])
    more = f" and {len(feedback) - _SHOWN} more" if len(feedback) > _SHOWN else ""
    return f"The user's feedback was {'positive' if mean >= _HALF else 'negative'}: {shown}{more}."


def _shown(feedback: Feedback) -> str:
    if isinstance(feedback.value, str):
        return excerpt(feedback.value, limit=40)
    return f"{feedback.value:g}" if feedback.value is not None else "comment"
