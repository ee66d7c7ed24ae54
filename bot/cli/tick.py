"""``hark tick``: everything that is due, once, as of any time; or a whole span of time, replayed."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import click

from bot.cli.setting import Moment, Span, built, print_json, say
from bot.schedule import Tick, moments
from traces.clock import FakeClock, SystemClock, format_time
from traces.errors import BadInput

_REVIEWED = timedelta(days=1)
"""Of a replayed past, only what is picked in the last day is put before reviewers."""


@click.command()
@click.option("--at", type=Moment(), help="As of this time; default: now.")
@click.option("--from", "start", type=Moment(), help="Replay from this time …")
@click.option("--to", "end", type=Moment(), help="… to this time …")
@click.option("--every", type=Span(), default="1h", show_default=True, help="… in steps of this length.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def tick(*, at: datetime | None, start: datetime | None, end: datetime | None, every: timedelta, as_json: bool) -> None:
    """Poll, evaluate, calibrate, detect and deliver once, then exit: for cron, tests and backfill.

    \b
    Example: hark tick
             hark tick --from 2026-10-01T00:00Z --to 2026-10-29T00:00Z --every 1h
    """
    times = _times(at, start, end, every)
    clock = FakeClock(times[0])
    with built(clock) as hark:
        hark.jobs.picker.expire_before(times[-1] - _REVIEWED)
        ticks = []
        with click.progressbar(times, label="replaying", file=sys.stderr, hidden=len(times) == 1) as bar:
            for moment in bar:
                clock.set(moment)
                ticks.append(hark.jobs.tick(moment))
        hark.jobs.close()
        if hark.client is None:
            say("no Slack tokens: nothing is posted")
        held_back = hark.jobs.picker.held_back
    _tell(ticks, held_back, as_json=as_json)


def _times(at: datetime | None, start: datetime | None, end: datetime | None, every: timedelta) -> list[datetime]:
    if start is None and end is None:
        return [at or SystemClock().now()]
    if at is not None:
        raise BadInput("give either --at, or --from and --to")
    if start is None or end is None:
        raise BadInput("--from and --to go together")
    if end < start:
        raise BadInput("--to is before --from")
    return list(moments(start, end, every))


def _tell(ticks: list[Tick], held_back: int, *, as_json: bool) -> None:
    done = {
        "ticks": len(ticks),
        "from": format_time(ticks[0].at),
        "to": format_time(ticks[-1].at),
        "polled": sum(t.polled for t in ticks),
        "evaluated": sum(t.evaluated for t in ticks),
        "alerts_opened": sum(t.opened for t in ticks),
        "labels_written_back": sum(t.labels.written for t in ticks),
        "delivered": sum(t.delivery.sent for t in ticks),
        "undelivered": sum(t.delivery.failed for t in ticks),
        "reviews_held_back": held_back,
    }
    if as_json:
        print_json(done)
    say(
        f"{done['evaluated']} conversations evaluated, {done['alerts_opened']} alerts opened, "
        f"{done['delivered']} messages delivered"
    )
    if held_back:
        say(
            f"{held_back} conversations were not put before reviewers: they are of more than a day before the end, or more "
            "than review.most_per_day of one day"
        )
