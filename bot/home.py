"""What a person's App Home shows, read from the store; and what people do on it that concerns nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.telling.pipeline import ALERT
from bot.calibration.proposed import Proposed
from bot.reviewing.desk import ReviewDesk
from bot.reviewing.reviewers import reviewer_record
from bot.settings.desk import SettingsDesk
from bot.settings.told import HomeSettings, roles_line
from bot.setup import Setup
from bot.slack.access import Access, Person, Role
from bot.slack.ask import Desk
from bot.slack.blocks.home import ALERTS_SHOWN, DEAD_SHOWN, ITEMS, home_view
from bot.slack.blocks.home_values import AdminPart, DeadLetter, HomeQueue, HomeReport, LabelRecord, ReportCard
from bot.slack.blocks.surface import HomeView
from bot.slack.render import Renderer
from traces.clock import Clock
from traces.model import AuditEntry, Json
from traces.redact import redact
from traces.store import Store, Tx
from traces.store.alerts import LIVE
from traces.store.outbox import DeliveryState
from traces.store.rollups import DAY_S, bucket_start

FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)
"""A mute until then is a signal that was switched off, before settings could be made in Slack."""
_WEEK = timedelta(days=7)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_PAGES = 50


class Home:
    """Draws App Homes."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        access: Access,
        desk: Desk,
        renderer: Renderer,
        reviewing: ReviewDesk,
        settings: HomeSettings,
        desk_of_settings: SettingsDesk,
        setup: Setup | None = None,
        proposed: Proposed | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._access = access
        self._desk = desk
        self._renderer = renderer
        self._reviewing = reviewing
        self._settings = settings
        self._desk_of_settings = desk_of_settings
        self._proposed = proposed
        self._setup = setup

    def view(self, person: Person, page: int = 0) -> HomeView:
        """A person's App Home, with so many tens of the queue passed over.

        Raises:
            Denied: The person is from outside, or has no role.
        """
        self._access.require(Role.VIEWER, person)
        role = self._access.role_of(person) or Role.VIEWER
        queue = self._queue(person, min(max(0, page), _MOST_PAGES)) if role >= Role.REVIEWER else None
        with self._store.read() as tx:
            report = self._report(tx, person, role, queue, self._clock.now())
        return home_view(replace(report, places=None if self._setup is None else self._setup.places(person)))

    def _queue(self, person: Person, page: int) -> HomeQueue:
        served = self._reviewing.serve(person, ITEMS, after=page * ITEMS)
        has_more = served.progress.waiting > (page + 1) * ITEMS and len(served.cards) == ITEMS
        return HomeQueue(progress=served.progress, items=served.cards, page=page, has_more=has_more)

    def _report(self, tx: Tx, person: Person, role: Role, queue: HomeQueue | None, now: datetime) -> HomeReport:
        status = self._desk.status(tx, now)
        alerts = tx.alerts.in_state(*LIVE)
        names = tx.state.reviewer_names()
        mutes = [mute for mute in tx.mutes.standing(now) if mute.until_at != FOR_GOOD]
        return HomeReport(
            at=now,
            status=status,
            may_act=role >= Role.REVIEWER,
            queue=queue,
            alerts=tuple((alert, self._renderer.signal(alert.signal)) for alert in alerts[::-1][:ALERTS_SHOWN]),
            alerts_total=len(alerts),
            links=tx.permalinks.of(ALERT, [alert.alert_id for alert in alerts[::-1][:ALERTS_SHOWN]]),
            mutes=tuple((mute, names.get(mute.muted_by, mute.muted_by)) for mute in mutes),
            cards=tuple(self._cards(tx, now)),
            waiting=None if self._proposed is None else self._proposed.waiting(tx, may_decide=role is Role.ADMIN),
            record=_record(tx, person, now) if role >= Role.REVIEWER else None,
            dead=tuple(_dead(tx)),
            dead_total=status.dead_letters,
            admin=self._admin(tx, now) if role is Role.ADMIN else None,
        )

    def _cards(self, tx: Tx, now: datetime) -> Sequence[ReportCard]:
        """What reviewers have looked at, what they looked at most recently first."""
        labels, lately = tx.reviews.label_counts(), tx.reviews.label_counts(now - _WEEK)
        calibrations = tx.calibrations.current()
        spent = tx.judge_spending.since(now - _WEEK, now)
        cards = []
        for name in {*calibrations, *self._settings.judges}:
            found = calibrations.get(name)
            cards.append(
                ReportCard(
                    name=name,
                    labels=labels.get(name, 0),
                    labels_week=lately.get(name, 0),
                    agreement=None if found is None else found.kappa,
                    rate=None if found is None else found.corrected_rate,
                    ci_low=None if found is None else found.ci_low,
                    ci_high=None if found is None else found.ci_high,
                    is_usable=found is None or found.usable,
                    spent_usd=spent[name].usd if name in spent else None,
                )
            )
        return sorted(cards, key=lambda card: (-card.labels_week, -card.labels, card.name))

    def _admin(self, tx: Tx, now: datetime) -> AdminPart:
        off = {mute.signal for mute in tx.mutes.standing(now) if mute.until_at == FOR_GOOD}
        return AdminPart(
            lines=(roles_line(self._desk_of_settings.chosen.refresh(tx).roles), *self._settings.lines),
            alerts_channel=self._settings.alerts_channel,
            review_channel=self._settings.review_channel,
            signals_off=tuple(sorted(off)),
            made=tuple(self._desk_of_settings.made(tx)),
        )

    # --- what people do here ---

    def unmute(self, mute_id: str, person: Person, request_key: str) -> bool:
        """End one mute; whether it held."""

        def lift(tx: Tx, now: datetime) -> tuple[str, Json] | None:
            signal = tx.mutes.lift_one(mute_id, now)
            return None if signal is None else (signal, 1)

        return self._change(person, request_key, "signal.unmute", lift)

    def switch_on(self, signal: str, person: Person, request_key: str) -> bool:
        """A signal that was muted for good raises alerts again; whether it was."""

        def lift(tx: Tx, now: datetime) -> tuple[str, Json] | None:
            off = [m for m in tx.mutes.standing(now) if m.signal == signal and m.until_at == FOR_GOOD]
            return (signal, "on") if [tx.mutes.lift_one(m.mute_id, now) for m in off] else None

        return self._change(person, request_key, "signal.on", lift)

    def send_again(self, person: Person, request_key: str) -> bool:
        """Let every message that was given up be sent once more; whether there were any."""

        def revive(tx: Tx, now: datetime) -> tuple[str, Json] | None:
            revived = tx.outbox.revive(now)
            return ("deliveries", revived) if revived else None

        return self._change(person, request_key, "delivery.again", revive)

    def _change(
        self, person: Person, request_key: str, action: str, change: Callable[[Tx, datetime], tuple[str, Json] | None]
    ) -> bool:
        with self._store.begin() as tx:
            now = self._clock.now()
            if not tx.state.first_time(request_key, now):
                return False
            changed = change(tx, now)
            if changed is None:
                return False
            about, after = changed
            tx.state.name_reviewer(person.user_id, person.name)
            subject = about if action == "delivery.again" else f"signal:{about}"
            tx.audit.add(
                AuditEntry(
                    at=now, actor=person.user_id, action=action, subject=subject, after=after, request_key=request_key
                )
            )
            return True


def _record(tx: Tx, person: Person, now: datetime) -> LabelRecord:
    return LabelRecord(
        today=tx.queue.taps(person.user_id, bucket_start(now, DAY_S)),
        week=tx.queue.taps(person.user_id, now - _WEEK),
        ever=tx.queue.taps(person.user_id, _EVER),
        compared=reviewer_record(tx, person.user_id),
    )


def _dead(tx: Tx) -> list[DeadLetter]:
    """Those that were given up, the oldest first."""
    dead = tx.outbox.undelivered([DeliveryState.DEAD], limit=DEAD_SHOWN)
    return [
        DeadLetter(
            kind=d.kind, channel=d.channel, problem=redact(d.problem or "").text, at=d.attempt_at or d.created_at
        )
        for d in dead
    ]
