"""What the end-of-call webhooks of voice platforms have in common: a call becomes a conversation in Hark's format.

Each turn keeps under ``voice`` in its metadata when it began and ended, in seconds from the start of the call, whether
it was interrupted, and how sure speech recognition was of it (0 to 1), where the platform tells. What the whole call cost stands on its last answer. Recordings are never
fetched, and their addresses are not kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from traces import limits
from traces.clock import as_utc, format_time, parse_time
from traces.errors import BadInput, TooLarge
from traces.fields import LARGEST, identifier, json_value, kind_of, under

_EARLIEST: Final = datetime(1971, 1, 1, tzinfo=UTC)
_LONGEST_S: Final = 7 * 86_400.0
_MS_FROM: Final = 1e11
"""Unix times above this are milliseconds: as seconds they would lie beyond the year 5100."""


def object_at(holder: Mapping[str, Any], key: str, *, required: bool = False) -> dict[str, Any]:
    """The object under a key; an empty one where there is none.

    Raises:
        BadInput: When it is something else, or missing though it is ``required``.
    """
    value = holder.get(key)
    if value is None and not required:
        return {}
    if type(value) is not dict:
        raise BadInput("is missing" if value is None else f"must be an object, not {kind_of(value)}", key)
    return value


def objects_at(holder: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects of the list under a key; none where there is no list.

    Raises:
        BadInput: When it is no list of objects.
    """
    value = holder.get(key)
    if value is None:
        return []
    if type(value) is not list:
        raise BadInput(f"must be a list, not {kind_of(value)}", key)
    if len(value) > limits.MESSAGES:
        raise TooLarge(f"has {len(value)} items, more than {limits.MESSAGES}", key)
    for place, item in enumerate(value):
        if type(item) is not dict:
            raise BadInput(f"must be an object, not {kind_of(item)}", f"{key}[{place}]")
    return value


def text_at(holder: Mapping[str, Any], key: str) -> str:
    """The text under a key; empty where there is none, or something else."""
    value = holder.get(key)
    return value if type(value) is str else ""


def number_at(holder: Mapping[str, Any], key: str) -> float | None:
    """The finite number under a key, if it is one."""
    value = holder.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        return None
    return float(value)


def seconds_at(holder: Mapping[str, Any], key: str) -> float | None:
    """A time of the call in seconds, if it is there and believable."""
    value = number_at(holder, key)
    return value if value is not None and 0 <= value <= _LONGEST_S else None


def share_at(holder: Mapping[str, Any], key: str) -> float | None:
    """A share or probability, from 0 to 1, if it is one."""
    value = number_at(holder, key)
    return value if value is not None and 0 <= value <= 1 else None


def time_at(holder: Mapping[str, Any], key: str) -> datetime | None:
    """A time, from ISO 8601 or Unix seconds or milliseconds, if it is one.

    Raises:
        BadInput: When it is text that is no time.
    """
    value = holder.get(key)
    if type(value) is str and value:
        try:
            return parse_time(value)
        except (ValueError, OverflowError):
            raise BadInput(f"{value[:40]!r} is not an ISO 8601 time", key) from None
    number = number_at(holder, key)
    if number is None or number <= 0:
        return None
    try:
        at = as_utc(datetime.fromtimestamp(number / 1000 if number > _MS_FROM else number, UTC))
    except (ValueError, OverflowError, OSError):
        raise BadInput("is not a time", key) from None
    return at if at > _EARLIEST else None


def later(at: datetime, seconds: float | None) -> datetime | None:
    """A moment of the call; ``None`` where it is not known."""
    try:
        return None if seconds is None else at + timedelta(seconds=seconds)
    except OverflowError:
        return None


class Call:
    """A call as it is put together, turn by turn."""

    def __init__(
        self, platform: str, call_id: Any, started_at: datetime | None, ended_at: datetime | None, *, field: str
    ) -> None:
        """``field`` is where the platform writes the call's id."""
        named = str(call_id) if type(call_id) is int else call_id
        try:
            self._id = identifier(f"{platform}:{identifier(named)}")
        except BadInput as wrong:
            raise under(field, wrong) from None
        self._started_at = started_at
        self._ended_at = ended_at
        self._messages: list[dict[str, Any]] = []
        self.metadata: dict[str, Any] = {"source": platform, "channel": "voice"}
        self.user_id: str | None = None
        self.cost_usd: float | None = None
        self.error: str | None = None
        self.scores: list[dict[str, Any]] = []
        self.feedback: list[dict[str, Any]] = []

    def turn(
        self,
        role: str,
        content: str,
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        at: datetime | None = None,
        interrupted: bool | None = None,
        confidence: float | None = None,
        latency_s: float | None = None,
        **more: Any,
    ) -> None:
        """Add a turn; times are seconds from the start of the call, ``at`` the moment where it is told as such."""
        began = at or (None if self._started_at is None else later(self._started_at, start_s))
        voice = {"start_s": start_s, "end_s": end_s, "interrupted": interrupted, "confidence": confidence}
        message = {
            "role": role,
            "content": content,
            "timestamp": None if began is None else format_time(began),
            "latency_s": latency_s if latency_s is not None and latency_s >= 0 else None,
            "voice": {key: value for key, value in voice.items() if value is not None},
            **more,
        }
        self._messages.append({key: value for key, value in message.items() if value not in (None, {})})

    def note(self, **facts: Any) -> None:
        """Add to the metadata what is known of the call."""
        self.metadata |= {key: value for key, value in facts.items() if value not in (None, "", {}, [])}

    def score(self, name: str, value: Any, explanation: str = "") -> None:
        """Add what the platform itself judged; words that plainly say yes or no count as such."""
        if value is None or type(value) in (dict, list):
            return
        said = {"name": name, "value": float(value) if type(value) is bool else value, "source": "external"}
        self.scores.append(said | ({"explanation": explanation} if explanation else {}))

    def as_conversation(self) -> dict[str, Any]:
        """In Hark's conversation format; whether it is one is for ``ingest.offer`` to say."""
        answers = [message for message in self._messages if message["role"] == "assistant"]
        if self.error is not None:
            if not answers:
                self.turn("assistant", "")
                answers = self._messages[-1:]
            answers[-1]["error"] = self.error
        if self.cost_usd is not None and self.cost_usd >= 0:
            self.note(call_cost_usd=self.cost_usd)
            if answers:
                answers[-1]["cost_usd"] = self.cost_usd
        written: dict[str, Any] = json_value(
            {
                "id": self._id,
                "started_at": _written(self._started_at),
                "ended_at": _written(self._ended_at),
                "user_id": self.user_id or None,
                "metadata": self.metadata,
                "messages": self._messages,
                "scores": self.scores,
                "feedback": self.feedback,
            }
        )
        return written


def _written(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)


def tool_call(name: str, arguments: Any, call_id: Any) -> dict[str, Any]:
    """A tool call in the conversation format."""
    return {
        "id": call_id if type(call_id) is str else None,
        "function": {"name": name, "arguments": arguments if type(arguments) in (str, dict, list) else ""},
    }


def joined(pieces: Sequence[Any]) -> str:
    return "\n".join(piece for piece in pieces if type(piece) is str and piece)
