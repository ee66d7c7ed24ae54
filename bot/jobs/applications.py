"""Which applications were heard of, hour by hour: what tells later that one of them has fallen silent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from alerts.signals import segment_value
from traces.model import Conversation
from traces.store import Tx
from traces.store.arrivals import Arrival

_KEY: Final = "application"


def note_applications(tx: Tx, conversations: Iterable[Conversation], now: datetime, most: int) -> None:
    """Note whose conversations have come as of ``now``; an application beyond the first ``most`` is not watched."""
    arrived: dict[str, Arrival] = {}
    for conversation in conversations:
        name = segment_value(conversation, _KEY)
        if name is None:
            continue
        ended_at = min(conversation.ended_at, now)
        before = arrived.get(name)
        if before is None:
            arrived[name] = Arrival(
                kind="application", source=name, at=now, seen_at=ended_at, trace_at=ended_at, traces=1
            )
        else:
            latest = max(before.seen_at or ended_at, ended_at)
            arrived[name] = replace(before, seen_at=latest, trace_at=latest, traces=before.traces + 1)
    if not arrived:
        return
    known = tx.state.segment_values().get(_KEY, {})
    if len(known) > most:
        first = sorted(known, key=lambda name: (known[name], name))[:most]
        arrived = {name: of for name, of in arrived.items() if name in first}
    tx.arrivals.note(list(arrived.values()))
