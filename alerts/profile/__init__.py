"""Detects strange values in a series of which nothing is known but times and values: no counts, no kind, no range."""

from alerts.profile.stream import Judged, ValueDetector

__all__ = ["Judged", "ValueDetector"]
