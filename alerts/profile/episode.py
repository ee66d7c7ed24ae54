"""When an alert opens, how long it stays, and what is news while it does."""

from __future__ import annotations

_OPENS = 0.5
"""The strangeness from which an alert can open, where it is no luck."""
_STAYS = 0.3
_QUIET_ROWS = 6
_LONGEST_S = 96 * 3600.0
"""What has lasted this long is the new normal."""
_FORGETS = 1 - 1 / 60
_NEWS = 1.03
"""By what factor a row must be stranger than the strangest of late to be news."""
_DAMPED = 0.3
"""What is left of the score of a row that is less strange than one shortly before it."""


class Episode:
    """The alert of one series, and the strangest row of late, which damps what is less strange than it."""

    __slots__ = ("_opened_at", "_quiet", "_recent", "is_open")

    def __init__(self) -> None:
        self.is_open = False
        self._opened_at = 0.0
        self._quiet = 0
        self._recent = 0.0

    def take(self, strange: float, at: float, *, is_peak: bool, is_no_luck: bool) -> tuple[float, bool]:
        """The score of a row, and whether an alert is open after it.

        Args:
            strange: From 0 to 1.
            at: Seconds since the epoch.
            is_peak: Whether the profile of the day alone makes it strange enough; then one row does, if it is news.
            is_no_luck: Whether records say so that are too many or too far out for luck, news or not.
        """
        score = strange if strange > self._recent else _DAMPED * strange
        self._recent = max(_NEWS * strange, self._recent * _FORGETS)
        if self.is_open:
            self._quiet = self._quiet + 1 if strange < _STAYS else 0
            self.is_open = self._quiet < _QUIET_ROWS and at - self._opened_at < _LONGEST_S
        elif (is_peak and score >= _OPENS) or (is_no_luck and strange >= _OPENS):
            self.is_open, self._opened_at, self._quiet = True, at, 0
        return score, self.is_open
