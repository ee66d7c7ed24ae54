"""Reading a conversation whole: who looked at what is written down, and what they see is redacted unless they may."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.reviewing.rules import Votes
from bot.slack.access import Access, Person, Role
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token, ref_of
from bot.slack.blocks.transcript import Place, transcript_view
from bot.slack.blocks.transcript_values import GivenLabel, Transcript
from bot.trace_pages import TracePages
from evaluators.truth import truth_of
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import AuditEntry, EvaluatorFailure, Label, Score
from traces.redact import is_redacted
from traces.redacted import Redacting, spelt_out
from traces.store import Store, Tx

_GONE = "this conversation is not known, or no longer kept"


def conversation_of(tx: Tx, token: Token) -> str:
    """The conversation that a token of a review item, or of an alert's example, leads to.

    Raises:
        BadInput: There is no such item any more, or the alert has other examples now.
    """
    item = tx.reviews.item(token.subject_id)
    if item is not None:
        return item.conversation_id
    alert = tx.alerts.get(token.subject_id)
    for example in () if alert is None else alert.examples:
        if ref_of(example) == token.rest:
            return example
    raise BadInput(_GONE)


class Reading:
    """Draws the window on a conversation, and notes who looked."""

    def __init__(
        self, store: Store, clock: Clock, access: Access, pages: TracePages, votes: Votes | None = None
    ) -> None:
        self._store = store
        self._votes = votes or Votes()
        self._clock = clock
        self._access = access
        self._pages = pages

    def opened(self, token: Token, person: Person, request_key: str) -> View:
        """The first page of the conversation that a token leads to.

        Raises:
            BadInput: There is no such conversation any more.
        """
        with self._store.read() as tx:
            conversation_id = conversation_of(tx, token)
        return self.window(Place(conversation_id), person, request_key)

    def window(self, place: Place, person: Person, request_key: str, page: int = 1, *, is_turned: bool = False) -> View:
        """A page of a conversation. That the person looked stands in the audit trail before anything is shown.

        Args:
            place: Which conversation; whether it is asked for without redaction.
            person: Who reads.
            request_key: What makes this click the same one when it is sent again: it is noted once.
            page: From 1.
            is_turned: Whether the person reads it already, and only turns pages.

        Raises:
            BadInput: There is no such conversation.
            Denied: It is asked for without redaction by one who may not.
        """
        if place.is_raw:
            self._access.require_reveal(person)
        if place.is_raw or not is_turned:
            self._note(place, person, request_key, page)
        with self._store.read() as tx:
            return transcript_view(self._transcript(tx, place, person), page)

    def _note(self, place: Place, person: Person, request_key: str, page: int) -> None:
        with self._store.begin() as tx:
            if not tx.conversations.known([place.conversation_id]):
                raise BadInput(_GONE)
            now = self._clock.now()
            if not tx.state.first_time(request_key, now):
                return
            tx.state.name_reviewer(person.user_id, person.name)
            tx.audit.add(
                AuditEntry(
                    at=now,
                    actor=person.user_id,
                    action="conversation.reveal" if place.is_raw else "conversation.open",
                    subject=f"conversation:{place.conversation_id}",
                    after={"page": page} if place.is_raw else None,
                    request_key=request_key,
                )
            )

    def _transcript(self, tx: Tx, place: Place, person: Person) -> Transcript:
        conversation_id = place.conversation_id
        stored = tx.conversations.get(conversation_id)
        if stored is None:
            raise BadInput(_GONE)
        outcomes = tx.scores.current([conversation_id]).get(conversation_id, [])
        labels = tx.reviews.labels_of([conversation_id]).get(conversation_id, [])
        items = tx.reviews.items_of([conversation_id])
        redacting = Redacting()
        whole = spelt_out(stored)
        redacted = redacting.conversation(whole)
        scores = [o for o in outcomes if isinstance(o, Score)]
        failures = [o for o in outcomes if isinstance(o, EvaluatorFailure)]
        shown = _shown(labels, {item.evaluator for item in items}, self._votes, person.user_id)
        may_label = (self._access.role_of(person) or 0) >= Role.REVIEWER
        return Transcript(
            conversation=whole if place.is_raw else redacted,
            scores=tuple(scores if place.is_raw else [redacting.score(s) for s in scores]),
            failures=tuple(failures),
            labels=tuple(_given(shown, tx.state.reviewer_names())),
            labels_kept_back=len(labels) - len(shown),
            pages=tuple(self._pages.of(tx, stored.trace_ids)),
            hidden=redacting.counts.total(),
            is_raw=place.is_raw,
            can_reveal=self._access.may_reveal(person),
            are_words_kept=not (is_redacted(str(stored)) and tx.words.hidden([conversation_id])),
            item_id=items[0].item_id if items and may_label else None,
        )


def _shown(labels: Sequence[Label], asked: Collection[str], rule: Votes, reader: str) -> list[Label]:
    """What a reader may see of what reviewers said; where they answer blindly, not before having answered."""
    answers: dict[str, set[str]] = {name: set() for name in asked}
    for label in labels:
        answers.setdefault(label.name, set()).add(label.reviewer)
    open_to_all = {name for name in asked if rule.are_shown(len(answers[name])) or reader in answers[name]}
    # A word beside the questions says as much as an answer to any of them.
    words_are_shown = not rule.is_blind or open_to_all == set(asked)
    return [
        label
        for label in labels
        if label.reviewer == reader or (label.name in open_to_all if label.name in asked else words_are_shown)
    ]


def _given(labels: Sequence[Label], names: Mapping[str, str]) -> Iterable[GivenLabel]:
    for label in labels:
        yield GivenLabel(
            reviewer=names.get(label.reviewer, label.reviewer),
            reviewer_id=label.reviewer,
            name=label.name,
            said=_said(label.value),
            at=label.at,
            note=label.note,
        )


def _said(value: float | str) -> str:
    truth = truth_of(value)
    if truth is None:
        return str(value)
    return "yes" if truth else "no"
