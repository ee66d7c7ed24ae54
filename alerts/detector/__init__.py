"""Detects signals that leave their baselines: a count-aware sequential test over many series at once."""

from alerts.detector.fold import Detector
from alerts.detector.panel import SUMS, Panel, Terms, run_length
from alerts.detector.verdict import Anomaly, Course, End, Point, Since, Verdict

__all__ = ["SUMS", "Anomaly", "Course", "Detector", "End", "Panel", "Point", "Since", "Terms", "Verdict", "run_length"]
