"""What may happen to an alert: it opens, is shown anew, grows, narrows, takes others in, is over, and is back.

Every step is one transaction with the request to show it and the note of why it was taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid5

from alerts.correction import corrected
from alerts.explaining.carrier import Known
from alerts.explaining.incident import Incident
from alerts.explaining.sighting import Sighting
from alerts.telling.decision import TOLD, Decision, Reason
from alerts.telling.kin import Storm
from alerts.telling.plain import plain_figures
from alerts.telling.posting import IDS, Posting, ask_again, ask_for_thread, ask_for_update, tell_receivers
from alerts.telling.taught import marked
from alerts.trying.power import least
from alerts.watching.watch import Terrain, Watch
from alerts.words import figure_text, hours_text
from traces.clock import format_time, parse_time
from traces.model import EVERYTHING, Alert, AlertState, Direction, Kind, Segment
from traces.store import Tx
from traces.store.alerts import live
from traces.store.mutes import Mute
from traces.store.rollups import segment_key

GROWN = 1.5
"""How many times further from what is expected an alert must be than when people were told last, to be told again."""
_TOLD_AGAIN_AFTER = timedelta(hours=6)
_LATELY = timedelta(hours=6)
_FEWEST_LATELY = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What every stage may look at, and the alerts as they are by now."""

    tx: Tx
    watch: Watch
    terrain: Terrain
    posting: Posting
    now: datetime
    zone: str
    alerts: list[Alert]
    mutes: Sequence[Mute] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    storms: Mapping[Direction, Storm] = field(default_factory=dict)
    refreshed: set[str] = field(default_factory=set)

    def put(self, alert: Alert) -> Alert:
        """Let an alert take the place of its former self."""
        place = next(i for i, known in enumerate(self.alerts) if known.alert_id == alert.alert_id)
        self.alerts[place] = alert
        return alert

    def mute_of(self, signal: str, segment: Segment) -> Mute | None:
        """The mute that keeps a series from being told, the one that lasts longest."""
        return next((m for m in reversed(self.mutes) if m.covers(signal, segment)), None)

    def name_of(self, person: str | None) -> str:
        return self.names.get(person or "", "a reviewer")


def note(scene: Scene, alert: Alert, reason: Reason, text: str, sighting: Sighting | None = None) -> Decision:
    """Keep a decision, and say it in the thread where it is one to be told and nobody asked for silence."""
    signal = alert.signal if sighting is None else sighting.signal.name
    segment = alert.segment if sighting is None else sighting.segment
    number = scene.tx.decisions.note(
        alert.alert_id, at=scene.now, reason=reason.value, text=text, signal=signal, segment=segment
    )
    if reason in TOLD and not _is_silent(scene, alert):
        ask_for_update(scene.tx, scene.posting, alert, number, scene.now)
    return Decision(reason=reason, signal=signal, segment=segment, alert_id=alert.alert_id, text=text)


def _is_silent(scene: Scene, alert: Alert) -> bool:
    return alert.state is AlertState.SNOOZED or scene.mute_of(alert.signal, alert.segment) is not None


def alert_id_of(sighting: Sighting) -> str:
    """The same sighting has the same id in every process, so that two of them cannot open it twice."""
    subject = sighting.origin or sighting.signal.name
    return uuid5(IDS, f"{subject}\n{segment_key(sighting.segment)}\n{sighting.direction}\n{sighting.detected_at}").hex


def opened(scene: Scene, sighting: Sighting, found: Incident) -> Alert:
    """A new alert, with its message and the examples in its thread asked for."""
    numbers = found.numbers
    alert = Alert(
        alert_id=alert_id_of(sighting),
        signal=sighting.signal.name,
        segment=numbers.segment,
        state=AlertState.OPEN,
        direction=sighting.direction,
        started_at=found.started_at,
        detected_at=scene.now,
        updated_at=scene.now,
        value=numbers.value,
        expected=numbers.expected,
        expected_low=numbers.expected_low,
        expected_high=numbers.expected_high,
        n=numbers.n,
        k=numbers.k,
        evidence=sighting.evidence,
        users=found.users,
        examples=found.examples,
        detail={
            **found.detail,
            **_said(scene, sighting, numbers.segment, found.started_at),
            "series": [segment_key(sighting.segment)],
            "opened": format_time(sighting.detected_at),
            "told": {"value": numbers.value, "at": format_time(scene.now)},
            **({"origin": sighting.origin} if sighting.origin else {}),
        },
    )
    way = scene.posting.way_of(alert, scene.now)
    alert = replace(alert, detail={**alert.detail, "way": {"channel": way.channel, "receivers": [*way.receivers]}})
    alert = marked(alert, sighting.signal, scene.terrain.calibrations)
    scene.tx.alerts.add(alert)
    scene.alerts.append(alert)
    ask_for_thread(scene.tx, scene.posting, alert, sighting.signal, at=way.at, now=scene.now)
    return alert


def _said(scene: Scene, sighting: Sighting, segment: Segment, started_at: datetime) -> dict[str, Any]:
    """What the sentence needs besides the numbers: which hours they are of, how rare it is, and plain figures."""
    through = scene.watch.through or scene.now
    said: dict[str, Any] = {"hours": hours_text(started_at, through, scene.zone)}
    if sighting.weeks is not None:
        said["chance_weeks"] = min(sighting.weeks, 1e6)
    if figures := plain_figures(scene.tx, sighting.signal, segment, started_at, through):
        said["plain"] = figures
    return said


def refreshed(scene: Scene, alert: Alert, sighting: Sighting) -> tuple[Alert, Decision]:
    """The newest numbers; an alert narrows once it is known what carries it, and says so when it has grown."""
    known = Known(segment=alert.segment, started_at=alert.started_at, has_widened=bool(alert.detail.get("has_widened")))
    found = sighting.look(scene.tx, 0, known)
    shown = found.numbers
    said = _said(scene, sighting, shown.segment, found.started_at)
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
        evidence=sighting.evidence,
        detail={**_explained_anew(alert, found), **said},
    )
    if (twin := _twin(scene, alert, changed)) is not None:
        return merged(scene, alert, twin, sighting)
    reason, text = _how_it_went(scene, alert, changed, sighting)
    if reason is not Reason.STILL_OPEN:
        told = {"value": _lately(scene, changed, sighting), "at": format_time(scene.now)}
        changed = replace(changed, detail={**changed.detail, "told": told})
    written = scene.put(write(scene, alert, changed))
    return written, note(scene, written, reason, text, sighting)


def _twin(scene: Scene, before: Alert, after: Alert) -> Alert | None:
    """The alert that speaks of the segment already that this one has turned out to be about."""
    if before.segment == after.segment or before.detail.get("origin"):
        return None
    return next(
        (
            other
            for other in live(scene.alerts)
            if other.alert_id != after.alert_id
            and (other.signal, other.segment, other.direction) == (after.signal, after.segment, after.direction)
            and not other.detail.get("origin")
        ),
        None,
    )


def merged(scene: Scene, alert: Alert, into: Alert, sighting: Sighting) -> tuple[Alert, Decision]:
    """An alert that has turned out to be about what another one tells: that one stands for its series as well."""
    series = [*dict.fromkeys([*into.detail["series"], *alert.detail["series"]])]
    also = {other["key"]: other for other in (*into.detail.get("also", ()), *alert.detail.get("also", ()))}
    detail = {**into.detail, "series": series} | ({"also": list(also.values())} if also else {})
    stands = scene.put(write(scene, into, replace(into, detail=detail)))
    outcome = f"told in the alert on {into.segment}"
    written = _ended(scene, alert, outcome, merged_into=into.alert_id)
    return stands, note(scene, written, Reason.MERGED, f"It is {outcome}.", sighting)


def _explained_anew(alert: Alert, found: Incident) -> dict[str, Any]:
    """The detail with what was found now; what explains the same segment stays, unless more is known of it."""
    before, now = dict(alert.detail), dict(found.detail)
    explanations = {"attribution", "change"}
    if found.numbers.segment != alert.segment:
        before = {key: value for key, value in before.items() if key not in explanations}
        return {**before, **now, **({"has_widened": True} if found.numbers.segment == EVERYTHING else {})}
    knows_part = (before.get("attribution") or {}).get("within") is not None
    if (now.get("attribution") or {}).get("within") is not None and not knows_part:
        explanations.remove("attribution")
    return {**before, **{key: value for key, value in now.items() if key not in explanations & before.keys()}}


def _how_it_went(scene: Scene, before: Alert, after: Alert, sighting: Sighting) -> tuple[Reason, str]:
    if before.segment != after.segment:
        figure = figure_text(after.value, sighting.signal)
        if after.segment == EVERYTHING:
            return Reason.WIDENED, f"Not of {before.segment} alone: {figure} in all traffic."
        return Reason.NARROWED, f"Now known to be carried by {after.segment}: {figure} there."
    told = before.detail.get("told")
    if told is None or scene.now - parse_time(told["at"]) < _TOLD_AGAIN_AFTER:
        return Reason.STILL_OPEN, ""
    value = _lately(scene, after, sighting)
    excess, excess_told = abs(value - after.expected), abs(told["value"] - after.expected)
    if excess >= GROWN * excess_told and excess - excess_told >= least(sighting.signal, after.expected):
        before_text, now_text = (figure_text(v, sighting.signal) for v in (told["value"], value))
        return Reason.GREW, f"From {before_text} when last told to {now_text} lately."
    return Reason.STILL_OPEN, ""


def _lately(scene: Scene, alert: Alert, sighting: Sighting) -> float:
    """The value of the last hours: an average since the beginning hides that it gets worse."""
    through = scene.watch.through
    since = None if through is None else scene.watch.since(sighting.signal, alert.segment, through - _LATELY)
    if since is None or sighting.origin or since.judged < _FEWEST_LATELY:
        return alert.value
    if sighting.signal.kind is Kind.COUNT:
        return since.total / (_LATELY / timedelta(hours=1))
    mean = since.total / since.judged
    if sighting.signal.kind is Kind.RATE:
        return corrected(sighting.signal, mean, scene.terrain.calibrations)
    return math.exp(mean) if sighting.signal.kind is Kind.CONTINUOUS else mean


def stands_anew(alert: Alert) -> Alert:
    """A resolved alert as open as it first was: nobody has acknowledged or resolved it."""
    return replace(
        alert,
        state=AlertState.OPEN,
        acknowledged_by=None,
        acknowledged_at=None,
        resolved_by=None,
        resolved_at=None,
        detail={key: value for key, value in alert.detail.items() if key != "outcome"},
    )


def reopened(scene: Scene, alert: Alert, sighting: Sighting) -> Alert:
    """An alert that seemed over stands again."""
    series = dict.fromkeys([*_own_series(alert, sighting), *alert.detail["series"]])
    stands = stands_anew(alert)
    stands = replace(stands, detail={**stands.detail, "series": list(series)})
    return refreshed(scene, scene.put(write(scene, alert, stands)), sighting)[0]


def _own_series(alert: Alert, sighting: Sighting) -> list[str]:
    is_own = alert.signal == sighting.signal.name and alert.detail.get("origin", "") == sighting.origin
    return [segment_key(sighting.segment)] if is_own else []


def joined(scene: Scene, alert: Alert, sighting: Sighting, **detail: Any) -> Alert:
    """The alert stands for one series more: of its own signal silently, of another one with its figures."""
    own = _own_series(alert, sighting)
    changed = {**alert.detail, **detail, "series": [*dict.fromkeys([*alert.detail["series"], *own])]}
    if not own:
        others = [other for other in alert.detail.get("also", ()) if other["key"] != sighting.key]
        changed["also"] = [*others, _also(sighting)]
    shown = bool(detail) or not own
    return scene.put(write(scene, alert, replace(alert, detail=changed), show=shown))


def _also(sighting: Sighting) -> dict[str, Any]:
    return {
        "key": sighting.key,
        "signal": sighting.signal.name,
        "origin": sighting.origin,
        "value": sighting.value,
        "low": sighting.expected_low,
        "high": sighting.expected_high,
    }


def _ended(scene: Scene, alert: Alert, outcome: str, **detail: str) -> Alert:
    """The alert as stored once it is over; a snooze ends with it."""
    over = replace(
        alert,
        state=AlertState.RESOLVED,
        resolved_at=scene.now,
        snoozed_by=None,
        snoozed_until=None,
        detail={**alert.detail, "outcome": outcome, **detail},
    )
    return scene.put(write(scene, alert, over))


def resolved(scene: Scene, alert: Alert, outcome: str) -> Alert:
    """The alert is over, by itself."""
    written = _ended(scene, alert, outcome)
    note(scene, written, Reason.OVER, f"{outcome[0].upper()}{outcome[1:]}.")
    return written


def write(scene: Scene, before: Alert, after: Alert, *, show: bool = True) -> Alert:
    """Store a changed alert and ask for its message, unless nothing that is shown has changed."""
    signal = scene.terrain.signals.get(after.signal)
    after = marked(after, signal, scene.terrain.calibrations)
    if _shown(before) == _shown(after):
        return before
    written = replace(after, updated_at=scene.now, version=before.version + 1)
    scene.tx.alerts.replace(written, expecting=before.version)
    if before.state is not after.state:
        is_news = written.state is AlertState.OPEN
        tell_receivers(scene.tx, written, scene.posting.told_from(written, scene.now) if is_news else scene.now)
    if show:
        ask_again(scene.tx, scene.posting, before, written, signal, scene.now)
    return written


def _shown(alert: Alert) -> dict[str, Any]:
    return {
        name: getattr(alert, name) for name in ("state", "value", "expected", "n", "k", "users", "segment", "detail")
    }
