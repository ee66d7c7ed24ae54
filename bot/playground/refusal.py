"""A refusal in Slack's own words."""

from __future__ import annotations

from typing import Any

from traces.errors import HarkError


class Refusal(HarkError):
    """The double refuses a call, as Slack would.

    Attributes:
        code: Slack's error code, e.g. ``channel_not_found``.
        problems: What is wrong, one line each.
    """

    def __init__(self, code: str, problems: list[str] | None = None) -> None:
        self.code = code
        self.problems = problems or []
        super().__init__("; ".join([code, *self.problems]))

    def as_slack(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"ok": False, "error": self.code}
        if self.problems:
            answer["errors"] = self.problems
            answer["response_metadata"] = {"messages": [f"[ERROR] {problem}" for problem in self.problems]}
        return answer
