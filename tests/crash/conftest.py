"""The doubles of Slack and its people stand with the tests of Slack."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1] / "slack")]
