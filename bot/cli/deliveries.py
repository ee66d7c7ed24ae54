"""``hark deliveries``: what has not reached Slack, a receiver or a trace store yet, why, and another try."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import click

from bot.cli.setting import opened, print_json, say
from bot.slack.blocks.figures import counted
from bot.slack.text import one_line
from traces.clock import format_time
from traces.errors import BadInput
from traces.store import Tx
from traces.store.label_writes import PendingWrite, WriteState
from traces.store.outbox import NOTICE, Delivery, DeliveryState

_WAITING: Final = (DeliveryState.PENDING, DeliveryState.SENDING)
_PROBLEM: Final = 160
_ID: Final = 100
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Undelivered:
    """A message or a label on its way, or given up."""

    delivery_id: str
    to: str
    state: str
    attempts: int
    due_at: str
    problem: str | None


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--failed", is_flag=True, help="Only what was given up.")
@click.option("--retry", is_flag=True, help="Try again what was given up: what IDS name, or everything.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def deliveries(*, ids: tuple[str, ...], failed: bool, retry: bool, as_json: bool) -> None:
    """Messages that have not reached Slack or a receiver, and labels that have not reached their trace store, the oldest first.

    What is waiting goes out by itself. What was given up (the channel is gone, the key is wrong) stays, with the reason,
    until you have mended it and ask for another try.

    \b
    Example: hark deliveries --failed
             hark deliveries --retry
             hark deliveries --retry alert:4f1c…
    """
    if ids and not retry:
        raise BadInput("ids are for --retry; leave them out to list everything")
    with opened() as (store, clock):
        if retry:
            with store.begin() as tx:
                revived = _revive(tx, ids, clock.now())
            say(f"{counted(revived, 'delivery') if revived == 1 else f'{revived:,} deliveries'} will be tried again")
            return
        with store.read() as tx:
            found = _found(tx, only_failed=failed)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        click.echo("nothing was given up" if failed else "everything has been delivered")
    for one in found:
        click.echo(
            f"{one.state:<8} {one.delivery_id}  to {one.to}, {counted(one.attempts, 'attempt')}, due {one.due_at}"
        )
        if one.problem:
            click.echo(f"  ✗ {one_line(one.problem, _PROBLEM)}")


def _found(tx: Tx, *, only_failed: bool) -> list[_Undelivered]:
    messages = (DeliveryState.DEAD,) if only_failed else (*_WAITING, DeliveryState.DEAD)
    labels = (WriteState.DEAD,) if only_failed else (WriteState.PENDING, WriteState.DEAD)
    return [
        *(_message(delivery) for delivery in tx.outbox.undelivered(messages, _SHOWN)),
        *(_label(write) for write in tx.label_writes.unwritten(labels, _SHOWN)),
    ]


def _message(delivery: Delivery) -> _Undelivered:
    return _Undelivered(
        delivery_id=delivery.delivery_id,
        to=_to(delivery),
        state="given up" if delivery.state is DeliveryState.DEAD else "waiting",
        attempts=delivery.attempts,
        due_at=format_time(delivery.due_at),
        problem=delivery.problem,
    )


def _to(delivery: Delivery) -> str:
    is_notice = delivery.channel.startswith(NOTICE)
    return f"receiver {delivery.channel.removeprefix(NOTICE)}" if is_notice else delivery.channel


def _label(write: PendingWrite) -> _Undelivered:
    return _Undelivered(
        delivery_id=_label_id(write),
        to=write.source,
        state="given up" if write.state is WriteState.DEAD else "waiting",
        attempts=write.attempts,
        due_at=format_time(write.due_at),
        problem=write.problem,
    )


def _label_id(write: PendingWrite) -> str:
    return one_line(f"label:{write.source}:{write.name}:{write.reviewer}:{write.conversation_id}", _ID)


def _revive(tx: Tx, ids: Collection[str], at: datetime) -> int:
    dead = tx.label_writes.unwritten((WriteState.DEAD,), limit=1_000_000)
    if not ids:
        return tx.outbox.revive(at) + tx.label_writes.revive(dead, at)
    revived = 0
    for named in ids:
        labels = [write for write in dead if _label_id(write) == named]
        found = tx.label_writes.revive(labels, at) + tx.outbox.revive(at, named)
        if not found:
            raise BadInput(f"nothing that was given up is called {named!r}; hark deliveries --failed lists it")
        revived += found
    return revived
