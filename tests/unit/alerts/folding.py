"""A fold that tells how much of it was done."""

from __future__ import annotations

from alerts.watching.fold import Fold
from alerts.watching.terrain import WatchSettings
from alerts.watching.watch import Watch


class Folding(Fold):
    """Counts the hours that were taken in of all signals: ``taken``."""

    def __init__(self, settings: WatchSettings | None = None) -> None:
        self.taken = 0
        super().__init__(settings or WatchSettings(), self._counting)

    def _counting(self, settings, count=None):
        fold = self

        class Counting(Watch):
            def take(self, *what, **more):
                fold.taken += count is None
                super().take(*what, **more)

        return Counting(settings, count)
