"""The settings as they hold now, in every process on the same database: the file, and what admins set in Slack over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, overload

from alerts.signals import SignalOverride
from alerts.telling.routes import Routing
from bot.config.routes import routing_of
from bot.config.settings import RoleSettings, Settings
from bot.config.signals import overrides_of
from bot.settings.overlay import Overlaid, overlaid, with_choice
from traces.errors import BadConfig
from traces.model import Json
from traces.store import Store, Tx
from traces.store.choices import Choice

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What was read last, with what follows from it."""

    versions: Mapping[str, int]
    overlaid: Overlaid
    overrides: Mapping[str, SignalOverride]
    routing: Routing

    @property
    def reviewers(self) -> tuple[str, ...]:
        roles = self.overlaid.settings.roles
        return tuple(dict.fromkeys((*roles.reviewers, *roles.admins)))


class Chosen:
    """Reads what was set in Slack, and remembers it until it has changed. Safe to share between threads.

    What it hands out as ``overrides`` and ``reviewers`` stays true by itself, as of when anybody read the store last.

    Raises:
        BadConfig: A route of the file names a receiver that is not there.
    """

    def __init__(self, file: Settings, store: Store) -> None:
        self.file = file
        self._store = store
        self._taken = _taken(file, {})
        self.overrides: Mapping[str, SignalOverride] = _Overrides(lambda: self._taken.overrides)
        self.reviewers: Sequence[str] = _Reviewers(lambda: self._taken.reviewers)

    def read(self) -> Settings:
        """The settings as they hold now.

        Raises:
            StoreUnavailable: The store does not say.
        """
        with self._store.read() as tx:
            return self.refresh(tx)

    def refresh(self, tx: Tx) -> Settings:
        """The settings as they hold in a transaction."""
        return self._read(tx).overlaid.settings

    def drafted(self, tx: Tx, name: str, body: Json) -> Settings:
        """The settings as they would hold with one thing set otherwise; ``None`` leaves it to the file.

        Raises:
            BadConfig: It cannot be taken; each mistake begins with its key.
        """
        if body is not None:
            with_choice(self.file, name, body)
        choices = tx.choices.current()
        choices[name] = Choice(name=name, version=0, body=body, changed_by="", changed_at=_NEVER)
        return overlaid(self.file, choices).settings

    def routing(self, tx: Tx) -> Routing:
        """The routes as they hold in a transaction."""
        return self._read(tx).routing

    def versions(self, tx: Tx) -> Mapping[str, int]:
        """How often each setting was changed in Slack; another answer than before tells that something has changed."""
        return self._read(tx).versions

    def problems(self, tx: Tx) -> tuple[str, ...]:
        """A line for each thing set in Slack that could not be taken."""
        return self._read(tx).overlaid.problems

    def roles(self) -> RoleSettings:
        """Who may do what, now."""
        return self.read().roles

    def _read(self, tx: Tx) -> _Taken:
        choices = tx.choices.current()
        taken = self._taken
        if {name: choice.version for name, choice in choices.items()} != taken.versions:
            taken = self._taken = _taken(self.file, choices)
        return taken


def _taken(file: Settings, choices: Mapping[str, Choice]) -> _Taken:
    found = overlaid(file, choices)
    if not choices and found.problems:
        # Of the file alone, a mistake ends the start.
        raise BadConfig(list(found.problems))
    settings = found.settings
    return _Taken(
        versions={name: choice.version for name, choice in choices.items()},
        overlaid=found,
        overrides=overrides_of(settings.signals),
        routing=routing_in(settings),
    )


def routing_in(settings: Settings) -> Routing:
    """The routes of settings.

    Raises:
        BadConfig: A route names a receiver that is not there.
    """
    return routing_of(
        settings.routes, settings.quiet, settings.slack.alerts_channel, settings.detect.timezone, settings.receivers
    )


class _Overrides(Mapping[str, SignalOverride]):
    """What the team changed of its signals, as it holds."""

    def __init__(self, now: Callable[[], Mapping[str, SignalOverride]]) -> None:
        self._now = now

    def __getitem__(self, name: str) -> SignalOverride:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())


class _Reviewers(Sequence[str]):
    """Who takes turns at reviewing, as it holds."""

    def __init__(self, now: Callable[[], Sequence[str]]) -> None:
        self._now = now

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> Any:
        return self._now()[place]

    def __len__(self) -> int:
        return len(self._now())
