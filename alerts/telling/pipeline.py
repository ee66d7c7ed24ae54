"""The life of an alert: a list of stages, each of which decides or passes on, with a reason that has a name.

A sighting is a series that is off, whoever noticed it. The first stage that decides ends its way; what no stage holds back
becomes a new alert. Every decision is kept, so that anybody can ask later why they were told, or why not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from alerts.explaining.incident import incident
from alerts.explaining.recent import facts_between
from alerts.explaining.sighting import Sighting
from alerts.telling.decision import Decision, Reason
from alerts.telling.kin import MERGE, also_keys, comes_from, has_same_cause, is_carried, overlaps, stands_for, storms
from alerts.telling.life import (
    Scene,
    alert_id_of,
    joined,
    note,
    opened,
    refreshed,
    reopened,
    resolved,
    write,
)
from alerts.telling.posting import ALERT, EXAMPLE, UPDATE, Posting
from alerts.watching.watch import Finding, Terrain, Watch
from alerts.words import chance_text, figure_text, until_text
from traces.model import EVERYTHING, Alert, AlertState, Kind
from traces.store import Tx
from traces.store.alerts import live
from traces.store.rollups import HOUR_S, bucket_start, segment_of

__all__ = ["ALERT", "EXAMPLE", "UPDATE", "Decision", "Posting", "Reason", "run", "wake"]

_SILENCE = timedelta(hours=24)
BACK_TO_NORMAL = "back to normal"
NEW_NORMAL = "unchanged for 4 days: now taken for normal"
WITHIN_BOUNDS = "within its bounds again"
NOT_WATCHED = "its signal is not watched any more"

_Stage: TypeAlias = Callable[[Scene, Sighting], Decision | None]


def run(
    tx: Tx, watch: Watch, terrain: Terrain, posting: Posting, now: datetime, others: Sequence[Sighting] = ()
) -> list[Decision]:
    """Bring the alerts in line with what is off after the last hour.

    Args:
        tx: The store.
        watch: The detectors.
        terrain: What detection takes as given.
        posting: Where alerts are posted.
        now: As of when.
        others: What rules and topics have noticed besides the detectors.
    """
    findings = [finding for finding in watch.findings(terrain) if not _has_gone(watch, finding)]
    seen = [*(_sighting(watch, terrain, finding) for finding in findings), *others]
    scene = Scene(
        tx=tx,
        watch=watch,
        terrain=terrain,
        posting=posting,
        now=now,
        zone=watch.zone,
        alerts=tx.alerts.all(limit=500),
        mutes=tx.mutes.standing(now),
        names=tx.state.reviewer_names(),
        storms=storms(watch, terrain, seen),
    )
    decisions = [_decide(scene, sighting) for sighting in _in_order(seen)]
    _resolve_those_without(scene, seen)
    return decisions


def wake(tx: Tx, posting: Posting, now: datetime, watch: Watch, terrain: Terrain) -> list[Decision]:
    """Let alerts whose snooze is over stand open again."""
    due = [a for a in tx.alerts.in_state(AlertState.SNOOZED) if a.snoozed_until is None or a.snoozed_until <= now]
    if not due:
        return []
    scene = Scene(
        tx=tx, watch=watch, terrain=terrain, posting=posting, now=now, zone=watch.zone, alerts=due,
        mutes=tx.mutes.standing(now),
    )  # fmt: skip
    decisions = []
    for alert in list(due):
        awake = replace(alert, state=AlertState.OPEN, snoozed_by=None, snoozed_until=None)
        decisions.append(note(scene, write(scene, alert, awake), Reason.SNOOZE_OVER, "It still stands."))
    return decisions


def _sighting(watch: Watch, terrain: Terrain, finding: Finding) -> Sighting:
    anomaly = finding.anomaly
    return Sighting(
        signal=finding.signal,
        segment=finding.segment,
        direction=anomaly.direction,
        started_at=anomaly.started_at,
        detected_at=anomaly.detected_at,
        look=lambda tx, examples, known: incident(tx, watch, finding, terrain, examples=examples, known=known),
        value=anomaly.value,
        expected_low=anomaly.expected_low,
        expected_high=anomaly.expected_high,
        evidence=anomaly.evidence,
        weeks=watch.weeks_between_false_alerts * finding.signal.patience * max(anomaly.evidence, 1.0),
    )


def _has_gone(watch: Watch, finding: Finding) -> bool:
    """Whether a segment has had no conversation for a day while others had: a model that was rolled back is over."""
    if finding.signal.kind is Kind.COUNT or watch.through is None:
        return False
    here = watch.since(finding.signal, finding.segment, watch.through - _SILENCE)
    everywhere = watch.since(finding.signal, EVERYTHING, watch.through - _SILENCE)
    return here is not None and here.n == 0 and everywhere is not None and everywhere.n > 0


def _in_order(seen: Sequence[Sighting]) -> list[Sighting]:
    """The signal with the strongest evidence first, of each the widest segment first: that one speaks for the others."""
    strongest: dict[str, float] = {}
    for s in seen:
        strongest[s.signal.name] = max(strongest.get(s.signal.name, 0.0), s.evidence)
    return sorted(
        seen,
        key=lambda s: (-strongest[s.signal.name], s.signal.name, bool(s.origin), len(s.segment.pairs), -s.evidence),
    )


def _decide(scene: Scene, sighting: Sighting) -> Decision:
    for stage in STAGES:
        if (decision := stage(scene, sighting)) is not None:
            return decision
    return _new(scene, sighting)


# --- stages ------------------------------------------------------------------------------------------------


def _still_open(scene: Scene, sighting: Sighting) -> Decision | None:
    """The alert that stands for this series shows its newest numbers; snoozed and acknowledged ones do so in silence."""
    alert = next((a for a in live(scene.alerts) if stands_for(a, sighting)), None)
    if alert is None:
        return None
    if sighting.key in also_keys(alert):
        return note(scene, joined(scene, alert, sighting), Reason.STILL_OPEN, "", sighting)
    # The widest of an alert's series that is off speaks for it; sightings come in that order.
    if alert.alert_id in scene.refreshed:
        return note(scene, alert, Reason.STILL_OPEN, "", sighting)
    scene.refreshed.add(alert.alert_id)
    return refreshed(scene, alert, sighting)[1]


def _muted(scene: Scene, sighting: Sighting) -> Decision | None:
    """A reviewer asked not to be told of this series for some time."""
    mute = scene.mute_of(sighting.signal.name, sighting.segment)
    if mute is None:
        return None
    who, until = scene.name_of(mute.muted_by), until_text(mute.until_at, scene.now, scene.zone)
    return _held_back(scene, sighting, Reason.MUTED, f"Muted by {who} until {until}.")


def _same_change(scene: Scene, sighting: Sighting) -> Decision | None:
    """Another view of a change that is told already: the whole or a part of the same traffic."""
    alert = next((a for a in live(scene.alerts) if overlaps(a, sighting)), None)
    if alert is None:
        return None
    text = f"The same change, seen in {sighting.segment}." if not sighting.origin else f"{sighting.origin} fired too."
    return note(scene, joined(scene, alert, sighting), Reason.SAME_CHANGE, text, sighting)


def _carried(scene: Scene, sighting: Sighting) -> Decision | None:
    """A part speaks only for what it has beyond the whole; the whole only for what is left without the part."""
    alert = next((a for a in live(scene.alerts) if is_carried(scene.watch, a, sighting)), None)
    if alert is None:
        return None
    text = f"{sighting.segment} shows no more than the alert on {alert.segment} tells."
    return note(scene, joined(scene, alert, sighting), Reason.CARRIED, text, sighting)


def _storm(scene: Scene, sighting: Sighting) -> Decision | None:
    """Most volumes went the same way at once: one message tells of all of them."""
    storm = scene.storms.get(sighting.direction) if sighting.is_count else None
    if storm is None:
        return None
    alert = next((a for a in live(scene.alerts) if a.direction is sighting.direction and _counts(scene, a)), None)
    if alert is None:
        return None
    shown = {"storm": {"moved": storm.moved, "of": storm.of}}
    return note(scene, joined(scene, alert, sighting, **shown), Reason.STORM, f"{storm} moved together.", sighting)


def _counts(scene: Scene, alert: Alert) -> bool:
    signal = scene.terrain.signals.get(alert.signal)
    return signal is not None and signal.kind is Kind.COUNT


def _resolved_by_reviewer(scene: Scene, sighting: Sighting) -> Decision | None:
    """A person has said that this very change is mended, expected or noise; it is not told again while it lasts."""
    for alert in scene.alerts:
        if (
            alert.state is AlertState.RESOLVED
            and alert.resolved_by is not None
            and alert.resolved_at is not None
            and sighting.detected_at <= alert.resolved_at
            and (stands_for(alert, sighting) or overlaps(alert, sighting))
        ):
            who, outcome = scene.name_of(alert.resolved_by), alert.detail.get("outcome", "resolved")
            return note(scene, alert, Reason.RESOLVED_BY_REVIEWER, f"Marked as {outcome} by {who}.", sighting)
    return None


def _back(scene: Scene, sighting: Sighting) -> Decision | None:
    """A change that seemed over is back within two days: the same alert stands again."""
    for alert in scene.alerts:
        if (
            alert.state is AlertState.RESOLVED
            and alert.resolved_by is None
            and alert.resolved_at is not None
            and "merged_into" not in alert.detail
            and (
                alert.alert_id == alert_id_of(sighting)
                or (
                    scene.now - alert.resolved_at <= MERGE
                    and (stands_for(alert, sighting) or overlaps(alert, sighting))
                )
            )
        ):
            again = reopened(scene, alert, sighting)
            text = f"{figure_text(again.value, sighting.signal)} again."
            return note(scene, again, Reason.BACK, text, sighting)
    return None


STAGES: Sequence[_Stage] = (
    _still_open,
    _muted,
    _storm,
    _same_change,
    _carried,
    _resolved_by_reviewer,
    _back,
)
"""In this order: the first that decides ends a sighting's way."""


def _new(scene: Scene, sighting: Sighting) -> Decision:
    """Nothing holds it back: a new alert, or one more signal in an alert of the same cause that has just opened."""
    found = sighting.look(scene.tx, scene.posting.examples, None)
    end = scene.watch.through or scene.now
    facts = partial(facts_between, scene.tx, bucket_start(found.started_at, HOUR_S), end)
    for alert in live(scene.alerts):
        if comes_from(alert, sighting, found.numbers.segment):
            text = f"{sighting.segment} is off by what the alert on {alert.segment} tells."
            return note(scene, joined(scene, alert, sighting), Reason.CARRIED, text, sighting)
        if has_same_cause(alert, sighting, found.numbers.segment, found.started_at, facts, scene.terrain):
            joined_to = joined(scene, alert, sighting)
            text = f"{sighting.signal.name.replace('_', ' ')} is off in the same conversations."
            return note(scene, joined_to, Reason.SAME_CAUSE, text, sighting)
    alert = opened(scene, sighting, found)
    rare = "" if sighting.weeks is None else f" Chance does as much {chance_text(sighting.weeks)}."
    return note(scene, alert, Reason.NEW, f"Nothing held it back.{rare}", sighting)


def _held_back(scene: Scene, sighting: Sighting, reason: Reason, text: str) -> Decision:
    """No alert, but the reason is kept under the id that the alert would have."""
    alert_id = alert_id_of(sighting)
    scene.tx.decisions.note(
        alert_id,
        at=scene.now,
        reason=reason.value,
        text=text,
        signal=sighting.signal.name,
        segment=sighting.segment,
    )
    return Decision(reason=reason, signal=sighting.signal.name, segment=sighting.segment, alert_id=alert_id, text=text)


def _resolve_those_without(scene: Scene, seen: Sequence[Sighting]) -> None:
    """Alerts none of whose series is off any more are over."""
    for alert in live(scene.alerts):
        if not any(stands_for(alert, sighting) for sighting in seen):
            resolved(scene, alert, _how_it_ended(scene.watch, scene.terrain, alert))


def _how_it_ended(watch: Watch, terrain: Terrain, alert: Alert) -> str:
    """Nobody may read "back to normal" of what is as bad as before, and has only gone on for so long."""
    if alert.detail.get("origin"):
        return WITHIN_BOUNDS
    if alert.signal not in terrain.signals:
        return NOT_WATCHED
    series = (segment_of(key) for key in alert.detail["series"])
    accepted = any(watch.has_accepted(alert.signal, segment, alert.started_at) for segment in series)
    return NEW_NORMAL if accepted else BACK_TO_NORMAL
