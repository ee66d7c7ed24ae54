"""The life of an alert: a list of stages, each of which decides or passes on, with a reason that has a name.

A finding is a series off its baseline. The first stage that decides ends its way; what no stage holds back becomes a
new alert. The alert and the request to post it are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from alerts.incident import Known, incident
from alerts.watch import Finding, Terrain, Watch
from traces.model import EVERYTHING, Alert, AlertState, Kind, Segment
from traces.store import Tx
from traces.store.alerts import live
from traces.store.reviews import ReviewItem
from traces.store.rollups import segment_key, segment_of

_IDS = UUID("6f2c3c4e-5d0b-4b7e-9b57-0a5a8f0c7d11")
_MERGE = timedelta(hours=48)
_SILENCE = timedelta(hours=24)
ALERT, EXAMPLE = "alert", "example"
BACK_TO_NORMAL = "back to normal"
NEW_NORMAL = "unchanged for 4 days: now taken for normal"


class Reason(StrEnum):
    """What became of a finding."""

    STILL_OPEN = "still open"
    SAME_CHANGE = "part of an alert that is open"
    BACK = "a change that seemed over is back"
    RESOLVED_BY_REVIEWER = "a reviewer has resolved this change"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of a finding, why, and which alert it is about."""

    reason: Reason
    signal: str
    segment: Segment
    alert_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Where alerts are posted and how many examples go into their thread; without a channel nothing is posted."""

    channel: str | None
    examples: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """What every stage may look at."""

    tx: Tx
    watch: Watch
    terrain: Terrain
    posting: Posting
    now: datetime
    alerts: list[Alert]
    refreshed: set[str] = field(default_factory=set)


_Stage: TypeAlias = Callable[[_Scene, Finding], Decision | None]


def run(tx: Tx, watch: Watch, terrain: Terrain, posting: Posting, now: datetime) -> list[Decision]:
    """Bring the alerts in line with what the detectors found after the last hour."""
    findings = [finding for finding in watch.findings(terrain) if not _has_gone(watch, finding)]
    scene = _Scene(tx=tx, watch=watch, terrain=terrain, posting=posting, now=now, alerts=tx.alerts.all(limit=500))
    decisions = [_decide(scene, finding) for finding in sorted(findings, key=_widest_first)]
    _resolve_those_without(scene, findings)
    return decisions


def _has_gone(watch: Watch, finding: Finding) -> bool:
    """Whether a segment has had no conversation for a day while others had: a model that was rolled back is over."""
    if finding.signal.kind is Kind.COUNT or watch.through is None:
        return False
    here = watch.since(finding.signal, finding.segment, watch.through - _SILENCE)
    everywhere = watch.since(finding.signal, EVERYTHING, watch.through - _SILENCE)
    return here is not None and here.n == 0 and everywhere is not None and everywhere.n > 0


def _decide(scene: _Scene, finding: Finding) -> Decision:
    for stage in _STAGES:
        if (decision := stage(scene, finding)) is not None:
            return decision
    return _open(scene, finding)


def _widest_first(finding: Finding) -> tuple[str, int, float]:
    return finding.signal.name, len(finding.segment.pairs), -finding.anomaly.evidence


# --- stages ------------------------------------------------------------------------------------------------


def _still_open(scene: _Scene, finding: Finding) -> Decision | None:
    for place, alert in enumerate(scene.alerts):
        if alert.state is not AlertState.RESOLVED and _watched_by(alert, finding):
            # The widest of an alert's series that is off speaks for it; findings come in that order.
            if alert.alert_id not in scene.refreshed:
                scene.refreshed.add(alert.alert_id)
                scene.alerts[place] = _refresh(scene, alert, finding)
            return _decision(Reason.STILL_OPEN, finding, alert)
    return None


def _same_change(scene: _Scene, finding: Finding) -> Decision | None:
    for place, alert in enumerate(scene.alerts):
        if alert.state is not AlertState.RESOLVED and _overlap(alert, finding):
            scene.alerts[place] = _join(scene, alert, finding.segment)
            return _decision(Reason.SAME_CHANGE, finding, alert)
    return None


def _resolved_by_reviewer(scene: _Scene, finding: Finding) -> Decision | None:
    for alert in scene.alerts:
        if (
            alert.state is AlertState.RESOLVED
            and alert.resolved_by is not None
            and alert.resolved_at is not None
            and finding.anomaly.detected_at <= alert.resolved_at
            and (_watched_by(alert, finding) or _overlap(alert, finding))
        ):
            return _decision(Reason.RESOLVED_BY_REVIEWER, finding, alert)
    return None


def _back(scene: _Scene, finding: Finding) -> Decision | None:
    for place, alert in enumerate(scene.alerts):
        if (
            alert.state is AlertState.RESOLVED
            and alert.resolved_by is None
            and alert.resolved_at is not None
            and (
                alert.alert_id == _alert_id(finding)
                or (
                    scene.now - alert.resolved_at <= _MERGE
                    and (_watched_by(alert, finding) or _overlap(alert, finding))
                )
            )
        ):
            scene.alerts[place] = _reopen(scene, alert, finding)
            return _decision(Reason.BACK, finding, alert)
    return None


_STAGES: Sequence[_Stage] = (_still_open, _same_change, _resolved_by_reviewer, _back)


# --- changes -----------------------------------------------------------------------------------------------


def _open(scene: _Scene, finding: Finding) -> Decision:
    found = incident(scene.tx, scene.watch, finding, scene.terrain, examples=scene.posting.examples)
    anomaly, numbers = finding.anomaly, found.numbers
    alert = Alert(
        alert_id=_alert_id(finding),
        signal=finding.signal.name,
        segment=numbers.segment,
        state=AlertState.OPEN,
        direction=anomaly.direction,
        started_at=found.started_at,
        detected_at=scene.now,
        updated_at=scene.now,
        value=numbers.value,
        expected=numbers.expected,
        expected_low=numbers.expected_low,
        expected_high=numbers.expected_high,
        n=numbers.n,
        k=numbers.k,
        evidence=anomaly.evidence,
        users=found.users,
        examples=found.examples,
        detail={**found.detail, "series": [segment_key(finding.segment)]},
    )
    scene.tx.alerts.add(alert)
    scene.alerts.append(alert)
    _post(scene, alert)
    return _decision(Reason.NEW, finding, alert)


def _post(scene: _Scene, alert: Alert) -> None:
    """Ask for the root message and the examples in its thread."""
    if scene.posting.channel is None:
        return
    outbox = scene.tx.outbox
    root = outbox.request(kind=ALERT, subject_id=alert.alert_id, channel=scene.posting.channel, at=scene.now)
    for conversation_id in alert.examples:
        item = scene.tx.reviews.pick(
            ReviewItem(
                item_id=uuid5(_IDS, f"{alert.signal}\n{conversation_id}").hex,
                conversation_id=conversation_id,
                evaluator=alert.signal,
                alert_id=alert.alert_id,
                reason=f"Example of the alert on {alert.signal.replace('_', ' ')}.",
                picked_at=scene.now,
            )
        )
        outbox.request(
            kind=EXAMPLE, subject_id=item.item_id, channel=scene.posting.channel, thread_of=root, at=scene.now
        )


def _refresh(scene: _Scene, alert: Alert, finding: Finding) -> Alert:
    """The newest numbers; an alert narrows once it is known which segment or change carries it."""
    known = Known(segment=alert.segment, started_at=alert.started_at)
    found = incident(scene.tx, scene.watch, finding, scene.terrain, examples=0, known=known)
    shown = found.numbers
    kept = {"attribution", "change"} & alert.detail.keys() if shown.segment == alert.segment else set()
    changed = replace(
        alert,
        segment=shown.segment,
        started_at=found.started_at,
        value=shown.value,
        expected=shown.expected,
        expected_low=shown.expected_low,
        expected_high=shown.expected_high,
        n=shown.n,
        k=shown.k,
        users=found.users,
        evidence=finding.anomaly.evidence,
        detail={**alert.detail, **{k: v for k, v in found.detail.items() if k not in kept}},
    )
    return _write(scene, alert, changed)


def _reopen(scene: _Scene, alert: Alert, finding: Finding) -> Alert:
    series = dict.fromkeys([segment_key(finding.segment), *alert.detail["series"]])
    detail = {key: value for key, value in alert.detail.items() if key != "outcome"}
    opened = replace(
        alert,
        state=AlertState.OPEN,
        acknowledged_by=None,
        acknowledged_at=None,
        resolved_at=None,
        detail={**detail, "series": list(series)},
    )
    return _refresh(scene, _write(scene, alert, opened), finding)


def _join(scene: _Scene, alert: Alert, segment: Segment) -> Alert:
    series = [*alert.detail["series"], segment_key(segment)]
    return _write(scene, alert, replace(alert, detail={**alert.detail, "series": series}), show=False)


def _resolve_those_without(scene: _Scene, findings: Sequence[Finding]) -> None:
    """Alerts none of whose series is off its baseline any more are over."""
    off = {(finding.signal.name, segment_key(finding.segment)) for finding in findings}
    for alert in live(scene.alerts):
        if not any((alert.signal, series) in off for series in alert.detail["series"]):
            detail = {**alert.detail, "outcome": _how_it_ended(scene.watch, alert)}
            _write(scene, alert, replace(alert, state=AlertState.RESOLVED, resolved_at=scene.now, detail=detail))


def _how_it_ended(watch: Watch, alert: Alert) -> str:
    """Nobody may read "back to normal" of what is as bad as before, and has only gone on for so long."""
    series = (segment_of(key) for key in alert.detail["series"])
    accepted = any(watch.has_accepted(alert.signal, segment, alert.started_at) for segment in series)
    return NEW_NORMAL if accepted else BACK_TO_NORMAL


def _write(scene: _Scene, before: Alert, after: Alert, *, show: bool = True) -> Alert:
    if _shown(before) == _shown(after):
        return before
    written = replace(after, updated_at=scene.now, version=before.version + 1)
    scene.tx.alerts.replace(written, expecting=before.version)
    if show and scene.posting.channel is not None:
        scene.tx.outbox.request(kind=ALERT, subject_id=written.alert_id, channel=scene.posting.channel, at=scene.now)
    return written


# --- what belongs together ---------------------------------------------------------------------------------


def _watched_by(alert: Alert, finding: Finding) -> bool:
    """Whether this very series is one of those that the alert stands for."""
    return (
        alert.signal == finding.signal.name
        and alert.direction is finding.anomaly.direction
        and segment_key(finding.segment) in alert.detail["series"]
    )


def _overlap(alert: Alert, finding: Finding) -> bool:
    """Whether a finding is another view of what the alert is about: the same signal, in a part or in the whole of it."""
    if alert.signal != finding.signal.name or alert.direction is not finding.anomaly.direction:
        return False
    series = [segment_of(key) for key in alert.detail["series"]]
    if finding.segment == alert.segment:
        return True
    if abs(finding.anomaly.started_at - alert.started_at) > _MERGE:
        return False
    if finding.segment == EVERYTHING or EVERYTHING in series:
        return True
    shares_a_cut = bool(set(finding.segment.pairs) & set(alert.segment.pairs))
    return shares_a_cut or _keys_differ(finding.segment, alert.segment)


def _keys_differ(one: Segment, other: Segment) -> bool:
    """Two values of one key share no conversation; a value of each of two keys may."""
    return not {key for key, _ in one.pairs} & {key for key, _ in other.pairs}


def _shown(alert: Alert) -> dict[str, Any]:
    return {
        name: getattr(alert, name) for name in ("state", "value", "expected", "n", "k", "users", "segment", "detail")
    }


def _alert_id(finding: Finding) -> str:
    """The same finding has the same id in every process, so that two of them cannot open it twice."""
    anomaly = finding.anomaly
    return uuid5(
        _IDS, f"{finding.signal.name}\n{segment_key(finding.segment)}\n{anomaly.direction}\n{anomaly.detected_at}"
    ).hex


def _decision(reason: Reason, finding: Finding, alert: Alert) -> Decision:
    return Decision(reason=reason, signal=finding.signal.name, segment=finding.segment, alert_id=alert.alert_id)
