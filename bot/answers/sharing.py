"""Shows others what one person was answered: the same query as of the same moment, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from bot.slack.access import Person
from bot.slack.queries import Query, written
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import AuditEntry
from traces.store import Store
from traces.store.answers import Answer

SHARED: Final = "answer"
"""The kind of the outbox's message that shows an answer to others."""
KEPT_FOR: Final = timedelta(days=7)
_ANSWERS: Final = UUID("6a0a5b9e-7d0b-4c4e-9f0f-5d0f8a1c7be2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Remembers what was answered, and lets it be shared."""

    store: Store
    clock: Clock

    @staticmethod
    def id_of(request_key: str) -> str:
        """The id of the answer to a request; the same for the same request."""
        return uuid5(_ANSWERS, request_key).hex

    def remember(self, answer_id: str, query: Query, person: Person, question: str | None = None) -> None:
        """Keep what was answered for a week."""
        now = self.clock.now()
        with self.store.begin() as tx:
            tx.answers.trim(now - KEPT_FOR)
            tx.state.name_reviewer(person.user_id, person.name)
            tx.answers.put(
                Answer(
                    answer_id=answer_id,
                    query=written(query),
                    question=question,
                    asked_by=person.user_id,
                    asked_at=now,
                )
            )

    def share(self, answer_id: str, channel: str, person: Person, request_key: str) -> Answer | None:
        """The answer, to be shown to others now; ``None`` when this very request has shown it.

        Raises:
            BadInput: It is no longer known, or is shared already.
        """
        now = self.clock.now()
        with self.store.begin() as tx:
            if not tx.state.first_time(request_key, now):
                return None
            answer = tx.answers.get(answer_id)
            if answer is None:
                raise BadInput("this answer is too old to be shared; ask again")
            if not tx.answers.shared(answer_id, now):
                raise BadInput("this answer has been shared already")
            tx.audit.add(
                AuditEntry(
                    at=now,
                    actor=person.user_id,
                    action="answer.share",
                    subject=f"answer:{answer_id}",
                    after={"query": answer.query, "channel": channel},
                    request_key=request_key,
                )
            )
        return answer

    def post(self, answer_id: str, channel: str) -> None:
        """Let the outbox show an answer, where it could not be shown at once."""
        with self.store.begin() as tx:
            tx.outbox.request(kind=SHARED, subject_id=answer_id, channel=channel, at=self.clock.now())
