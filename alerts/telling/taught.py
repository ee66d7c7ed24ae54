"""What labels have changed about an alert since it was first told: its true rate, and the threshold behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from alerts.signals import threshold_of
from traces.model import Alert, Calibration, Kind, Signal

_AT_FIRST: Final = "at_first"
_THRESHOLD: Final = "threshold"


def marked(alert: Alert, signal: Signal | None, calibrations: Mapping[str, Calibration]) -> Alert:
    """The alert with the threshold in force, and with what labels said when it was first told of its segment.

    Alerts on what no evaluator says stay as they are.
    """
    if signal is None or signal.kind is not Kind.RATE or signal.evaluator is None:
        return alert
    threshold = threshold_of(signal, calibrations)
    first = alert.detail.get(_AT_FIRST)
    if not isinstance(first, Mapping) or first.get("segment") != str(alert.segment):
        first = {
            "segment": str(alert.segment),
            "value": alert.value,
            _THRESHOLD: threshold,
            "correction": alert.detail.get("correction"),
        }
    return replace(alert, detail={**alert.detail, _AT_FIRST: first, _THRESHOLD: threshold})


def has_been_taught(alert: Alert) -> bool:
    """Whether labels have come since the alert was first told."""
    first = alert.detail.get(_AT_FIRST)
    return isinstance(first, Mapping) and _labels(first) != _labels(alert.detail)


def _labels(detail: Mapping[str, Any]) -> int:
    correction = detail.get("correction")
    return int(correction.get("n_labels") or 0) if isinstance(correction, Mapping) else 0
