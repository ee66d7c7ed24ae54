"""Addresses under which messages stand in Slack, for those who are told of them elsewhere."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from traces.schema import permalinks
from traces.store.base import Part

_T = permalinks


class Permalinks(Part):
    """Addresses by delivery id."""

    def note(self, delivery_id: str, url: str) -> None:
        """Keep where a message stands; the first address stays."""
        self._insert_or_ignore(_T, {"delivery_id": delivery_id, "url": url})

    def of(self, kind: str, subject_ids: Collection[str]) -> dict[str, str]:
        """By subject, where the messages of a kind about them stand, as far as that is known."""
        subjects = {f"{kind}:{subject_id}": subject_id for subject_id in subject_ids}
        rows = self._connection.execute(
            select(_T.c.delivery_id, _T.c.url).where(
                _T.c.workspace_id == self._workspace_id, _T.c.delivery_id.in_(subjects)
            )
        )
        return {subjects[row.delivery_id]: row.url for row in rows}
