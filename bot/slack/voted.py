"""What may be shown on a card of what reviewers said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.reviewing.review import SEVERITY
from bot.reviewing.rules import Votes
from bot.slack.blocks.values import FlaggedConversation, GivenWord, Verdict, Vote
from evaluators.truth import truth_of
from traces.model import GOLD, Label
from traces.redact import redact
from traces.store.reviews import ReviewItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What reviewers said of a conversation.

    ``names`` are display names by Slack id, ``asked_besides`` the names of the other questions about the conversation.
    """

    labels: Sequence[Label]
    names: Mapping[str, str]
    asked_besides: Collection[str] = ()


def voted(
    card: FlaggedConversation, item: ReviewItem, given: Given, rule: Votes, viewer: str | None = None
) -> FlaggedConversation:
    """The card with what a viewer, or without one a channel, may be shown; and whether more votes are wanted.

    Known answers are nobody's vote. Who is asked about a conversation whose answer is known is shown it like any other.
    """
    given = _without_known(given, item, viewer)
    votes = _votes(given.labels, item.evaluator, given.names, card.titles)
    wanted = rule.wanted(item.item_id, [vote.verdict for vote in votes.values()])
    wanted = max(wanted, rule.several) if rule.is_blind else wanted
    own = {label.name for label in given.labels if label.reviewer == viewer} - set(given.asked_besides)
    card = replace(card, wants_votes=len(votes) < wanted, can_undo=viewer is None or bool(own))
    if rule.are_shown(len(votes)) or viewer in votes:
        words = [
            label for label in given.labels if label.reviewer not in votes and label.name not in given.asked_besides
        ]
        said = {label.name for label in given.labels if viewer in (None, label.reviewer)}
        likely = tuple(name for name in card.likely if name not in said)
        return replace(card, votes=tuple(votes.values()), words=_words(words, given.names, card.titles), likely=likely)
    return replace(card, hidden_votes=len(votes), shown_from=rule.several)


def _without_known(given: Given, item: ReviewItem, viewer: str | None) -> Given:
    labels = [label for label in given.labels if label.reviewer != GOLD]
    is_known = len(labels) < len(given.labels)
    has_answered = any(label.reviewer == viewer and label.name == item.evaluator for label in labels)
    if is_known and viewer is not None and not has_answered:
        labels = [label for label in labels if label.reviewer == viewer]
    return replace(given, labels=labels)


def _votes(
    labels: Sequence[Label], evaluator: str, names: Mapping[str, str], titles: Mapping[str, str]
) -> dict[str, Vote]:
    """By reviewer who answered the question, the vote with the further words that the same reviewer gave."""
    votes = {}
    for label in labels:
        if label.name != evaluator or label.at is None:
            continue
        own = (other for other in labels if other.reviewer == label.reviewer and other.name != evaluator)
        further = tuple(said for other in own if (said := _further(other, titles)) is not None)
        votes[label.reviewer] = Vote(
            reviewer=names.get(label.reviewer, label.reviewer),
            reviewer_id=label.reviewer,
            evaluator=evaluator,
            verdict=_verdict(label),
            at=label.at,
            labels=further,
            note=None if label.note is None else redact(label.note).text,
        )
    return votes


def _further(label: Label, titles: Mapping[str, str]) -> str | None:
    """A word beside a verdict, as people see it; ``None`` for another question that was answered with no."""
    if label.name == SEVERITY:
        return f"{SEVERITY} {label.value}"
    return titles.get(label.name, label.name) if truth_of(label.value) else None


def _words(labels: Sequence[Label], names: Mapping[str, str], titles: Mapping[str, str]) -> tuple[GivenWord, ...]:
    """Labels as words, but for those that say that something is not the case."""
    return tuple(
        GivenWord(
            reviewer=names.get(label.reviewer, label.reviewer),
            reviewer_id=label.reviewer,
            name=titles.get(label.name, label.name),
            at=label.at,
        )
        for label in labels
        if label.at is not None and truth_of(label.value)
    )


def _verdict(label: Label) -> Verdict:
    truth = truth_of(label.value)
    return "unsure" if truth is None else "yes" if truth else "no"
