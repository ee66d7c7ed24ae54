"""``hark alerts --why ID`` and ``--held-back``: what was decided about alerts, and the reason for each decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from alerts.telling.decision import Reason
from bot.cli.setting import opened, print_json
from bot.slack.blocks.story import decided_line
from traces.clock import format_time
from traces.errors import BadInput
from traces.store import Tx
from traces.store.decisions import Decided

_LATEST = 1_000
_SHOWN = 50
_HELD_BACK = frozenset({Reason.MUTED, Reason.CARRIED, Reason.RESOLVED_BY_REVIEWER, Reason.STORM, Reason.SAME_CAUSE})


def tell_why(alert_id: str | None, *, as_json: bool) -> None:
    """Print the decisions about one alert, or those by which nobody was told.

    Args:
        alert_id: The alert, by the beginning of its id; ``None`` for what was held back.
        as_json: Print JSON.

    Raises:
        BadInput: There is no such alert, or more than one.
    """
    with opened() as (store, _clock), store.read() as tx:
        decided = _held_back(tx) if alert_id is None else tx.decisions.of(_whole(tx, alert_id))
    if as_json:
        print_json([_json(one) for one in decided])
        return
    for one in decided:
        click.echo(f"{format_time(one.at)}  {one.signal:<20} {one.segment!s:<32} {decided_line(one)}")
    if not decided:
        click.echo("Nothing was held back." if alert_id is None else "Nothing was noted about this alert.", err=True)


def _held_back(tx: Tx) -> Sequence[Decided]:
    latest = [one for one in tx.decisions.latest(_LATEST) if one.reason in _HELD_BACK]
    return latest[:_SHOWN][::-1]


def _whole(tx: Tx, beginning: str) -> str:
    if tx.decisions.of(beginning):
        return beginning
    ids = [a.alert_id for a in tx.alerts.all() if beginning and a.alert_id.startswith(beginning)]
    if len(ids) != 1:
        known = "no alert has" if not ids else f"{len(ids)} alerts have"
        raise BadInput(f"{known} an id that begins with {beginning!r}; hark alerts lists them", "--why")
    return ids[0]


def _json(one: Decided) -> dict[str, Any]:
    return {
        "alert_id": one.alert_id,
        "at": format_time(one.at),
        "last_at": format_time(one.last_at),
        "times": one.times,
        "reason": one.reason,
        "text": one.text,
        "signal": one.signal,
        "segment": one.segment.as_map(),
    }
