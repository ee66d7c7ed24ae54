"""What can be asked of ``/hark``, as values; and how a question is written down, so that it can be read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias

Comparison: TypeAlias = Literal["before", "last_week"]
"""With the period just before, or with the same days one week earlier."""
Exported: TypeAlias = Literal["audit", "labels", "dataset", "scores"]
"""What can be taken out as a file."""
Rhythm: TypeAlias = Literal["daily", "weekly"]
"""How often a digest is made, and what it is of: a day or a week."""

DEFAULT_PERIOD: Final = timedelta(days=7)
DEFAULT_MUTE: Final = timedelta(hours=4)
DEFAULT_CHANGES: Final = timedelta(days=14)

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StatusQuery:
    """Is Hark itself well?"""


@dataclass(frozen=True, slots=True)
class HelpQuery:
    """What can be asked?"""


@dataclass(frozen=True, slots=True)
class AlertsQuery:
    """What is open?"""


@dataclass(frozen=True, slots=True)
class SignalsQuery:
    """What is watched, and what can be detected?"""


@dataclass(frozen=True, slots=True)
class EvaluatorsQuery:
    """How are the evaluators doing, or how is one of them?"""

    name: str = ""


@dataclass(frozen=True, slots=True)
class LabelsQuery:
    """What have reviewers said, and what did it teach?"""


@dataclass(frozen=True, slots=True)
class ReviewersQuery:
    """How far do reviewers agree with each other, and with what is known?"""


@dataclass(frozen=True, slots=True)
class TaxonomyQuery:
    """Show the words that reviewers label with, to be edited."""


@dataclass(frozen=True, slots=True)
class SetupQuery:
    """Choose where Hark posts."""


@dataclass(frozen=True, slots=True)
class MutesQuery:
    """What is muted?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsQuery:
    """One signal over the last ``period``; ``where`` are ``(key, value)`` conditions that must all hold."""

    signal: str
    period: timedelta = DEFAULT_PERIOD
    by: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    versus: Comparison = "before"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesQuery:
    """Which models, prompt versions and releases are new within the last ``period``?"""

    period: timedelta = DEFAULT_CHANGES


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewQuery:
    """The next ``count`` conversations that are worth a label."""

    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationQuery:
    """One conversation, whole."""

    conversation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteQuery:
    """Tell nobody of a signal for ``period``, where all the ``(key, value)`` conditions hold."""

    signal: str
    period: timedelta = DEFAULT_MUTE
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmuteQuery:
    """Tell people of a signal again."""

    signal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskQuery:
    """A question in a person's own words."""

    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestQuery:
    """What the digest says as of now."""

    rhythm: Rhythm = "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportQuery:
    """How to take something out as a file."""

    what: Exported


Asked: TypeAlias = (
    MetricsQuery
    | AlertsQuery
    | SignalsQuery
    | EvaluatorsQuery
    | LabelsQuery
    | StatusQuery
    | ChangesQuery
    | MutesQuery
    | DigestQuery
)
"""A question that is answered from what is stored, and changes nothing: all that ``ask`` can come to."""

Query: TypeAlias = (
    Asked
    | HelpQuery
    | ReviewersQuery
    | TaxonomyQuery
    | SetupQuery
    | ReviewQuery
    | ConversationQuery
    | MuteQuery
    | UnmuteQuery
    | AskQuery
    | ExportQuery
)


def written(query: Query) -> str:
    """The query as a person may type it after ``/hark``; reading it gives the same query."""
    return _WRITTEN[type(query)](query)


def _metrics(query: MetricsQuery) -> str:
    by = f" by {query.by}" if query.by is not None else ""
    versus = " vs last week" if query.versus == "last_week" else ""
    return f"metrics {query.signal} {period_text(query.period)}{by}{_conditions(query.where)}{versus}"


def _conditions(where: tuple[tuple[str, str], ...]) -> str:
    return f" where {' '.join(f'{key}={_quoted(value)}' for key, value in where)}" if where else ""


def _quoted(value: str) -> str:
    """The value as one word, in quotation marks where it needs them."""
    if value and not any(character.isspace() or character in "\"'“”„‘’" for character in value):
        return value
    pieces = value.split('"')
    return "'\"'".join(f'"{piece}"' if piece else "" for piece in pieces) or '""'


def period_text(period: timedelta) -> str:
    """``24h``, ``7d``: days from two days on, where it is whole days."""
    is_days = period % _DAY == timedelta(0) and period > _DAY
    return f"{period // _DAY}d" if is_days else f"{period // _HOUR}h"


_WRITTEN: Final[Mapping[type, Callable[[Any], str]]] = {
    StatusQuery: lambda _: "status",
    HelpQuery: lambda _: "help",
    AlertsQuery: lambda _: "alerts",
    SignalsQuery: lambda _: "signals",
    EvaluatorsQuery: lambda query: f"evaluators {query.name}".rstrip(),
    LabelsQuery: lambda _: "labels",
    ReviewersQuery: lambda _: "reviewers",
    TaxonomyQuery: lambda _: "taxonomy",
    SetupQuery: lambda _: "setup",
    MutesQuery: lambda _: "mute",
    MetricsQuery: _metrics,
    ChangesQuery: lambda query: f"changes {period_text(query.period)}",
    ReviewQuery: lambda query: f"review {query.count}",
    ConversationQuery: lambda query: f"conversation {query.conversation_id}",
    MuteQuery: lambda query: f"mute {query.signal} {period_text(query.period)}{_conditions(query.where)}",
    UnmuteQuery: lambda query: f"unmute {query.signal}",
    AskQuery: lambda query: f"ask {query.question}",
    DigestQuery: lambda query: f"digest {query.rhythm}",
    ExportQuery: lambda query: f"export {query.what}",
}
