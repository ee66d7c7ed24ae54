"""Installations as slack_sdk and bolt know them, over the store: their tokens lie there under seal, and nowhere else."""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from logging import Logger
from typing import Any, Final

import orjson
from slack_bolt.error import BoltError
from slack_sdk.oauth import InstallationStore, OAuthStateStore
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.installation_store import Installation as SdkInstallation

from traces.clock import Clock
from traces.encryption import Cipher, Unopened
from traces.errors import BadInput
from traces.model import AuditEntry
from traces.store import DEFAULT_WORKSPACE, Store, Tx
from traces.store.installations import Installation, InstallationState

_LOG = logging.getLogger(__name__)
STATE_FOR: Final = timedelta(minutes=10)
"""How long somebody may take to allow the installation on Slack's page."""
_STATE: Final = "state:"
_NONCE_BYTES: Final = 16
_TEAM_AT_MOST: Final = 64


class NotInstallable(BoltError):
    """What Slack handed over is no installation in one workspace; the text may be shown to whoever installs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A bot's tokens. Prints neither."""

    bot: str
    refresh: str | None = None

    def __repr__(self) -> str:
        return "Tokens(**********)"


def workspace_of(team_id: str, home: str) -> str:
    """The id of the workspace of Hark's that stands for a Slack workspace; ``home`` is the one that was there before."""
    return DEFAULT_WORKSPACE if team_id == home else team_id


class SealedInstallations(InstallationStore):
    """One installation for each Slack workspace. Installations for whole organisations are refused."""

    def __init__(
        self, store: Store, cipher: Cipher, clock: Clock, home: str = "", changed: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._cipher = cipher
        self._clock = clock
        self._home = home
        self._removed: set[str] = set()
        self.changed = changed
        """Told after each change, so that a running process takes it up at once."""

    @property
    def logger(self) -> Logger:
        return _LOG

    def of(self, team_id: str) -> Store:
        """The store of the workspace that stands for a Slack workspace."""
        return self._store.of(workspace_of(team_id, self._home))

    # --- what bolt calls ---

    def save(self, installation: SdkInstallation) -> None:
        """Store an installation, or take the place of the one before; channels that were chosen stay.

        Raises:
            NotInstallable: It is for an organisation, or has no bot.
            StoreUnavailable: The database cannot be written.
        """
        team_id, token = installation.team_id, installation.bot_token
        if installation.is_enterprise_install or not team_id or len(team_id) > _TEAM_AT_MOST:
            raise NotInstallable("Hark is installed in one workspace at a time, not in a whole organisation.")
        if not token:
            raise NotInstallable("Slack gave no token for the bot.")
        now = self._clock.now()
        tokens = Tokens(bot=token, refresh=installation.bot_refresh_token)
        made = Installation(
            team_id=team_id,
            team_name=installation.team_name or team_id,
            enterprise_id=installation.enterprise_id,
            app_id=installation.app_id,
            bot_id=installation.bot_id,
            bot_user_id=installation.bot_user_id,
            scopes=",".join(installation.bot_scopes or ()),
            installed_by=installation.user_id or "",
            installed_at=now,
            sealed=self.sealed(team_id, tokens),
            expires_at=self._by_our_clock(installation.bot_token_expires_at),
        )
        with self.of(team_id).begin() as tx:
            self._put(tx, made)
            tx.audit.add(
                AuditEntry(
                    at=now,
                    actor=made.installed_by or "slack",
                    action="workspace.install",
                    subject=f"workspace:{team_id}",
                    after={"scopes": made.scopes},
                )
            )
        self._removed.discard(team_id)
        self.changed()

    def save_bot(self, bot: Bot) -> None:
        """Store tokens that Slack has renewed, unless another process was faster."""
        assert bot.team_id is not None
        with self.of(bot.team_id).begin() as tx:
            tx.installations.one_at_a_time()
            found = tx.installations.get()
            if found is None or not found.is_active:
                return
            renewed = replace(
                found,
                sealed=self.sealed(found.team_id, Tokens(bot=bot.bot_token, refresh=bot.bot_refresh_token)),
                expires_at=self._by_our_clock(bot.bot_token_expires_at),
                version=found.version + 1,
            )
            tx.installations.replace(renewed, expecting=found.version)

    def find_bot(
        self,
        *,
        enterprise_id: str | None,  # noqa: ARG002 - the interface is slack_sdk's
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        found = None if is_enterprise_install or not team_id else self.installation(team_id)
        if found is None or not found.is_active:
            return None
        tokens = self.opened(found)
        return Bot(
            app_id=found.app_id,
            enterprise_id=found.enterprise_id,
            team_id=found.team_id,
            team_name=found.team_name,
            bot_token=tokens.bot,
            bot_id=found.bot_id or "",
            bot_user_id=found.bot_user_id or "",
            bot_scopes=found.scopes,
            bot_refresh_token=tokens.refresh,
            bot_token_expires_at=None if found.expires_at is None else int(found.expires_at.timestamp()),
            installed_at=found.installed_at.timestamp(),
        )

    def delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        self.delete_all(enterprise_id=enterprise_id, team_id=team_id)

    def delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Nothing is kept of single people."""

    def delete_all(self, *, enterprise_id: str | None, team_id: str | None) -> None:  # noqa: ARG002 - as above
        if team_id:
            self.remove(team_id, "slack")

    # --- what Hark calls ---

    def has_left(self, team_id: str) -> bool:
        """Whether this process knows that a workspace has removed Hark, without looking."""
        return team_id in self._removed

    def installation(self, team_id: str) -> Installation | None:
        """How Hark is or was installed in a Slack workspace."""
        with self.of(team_id).read() as tx:
            found = tx.installations.get()
        return found if found is not None and found.team_id == team_id else None

    def remove(self, team_id: str, why: str, before: datetime | None = None) -> bool:
        """Delete a workspace's tokens; whether there were any.

        With ``before`` only of an installation that was made before then: Slack tells late that the app was removed,
        when it may have come back already.
        """
        now = self._clock.now()
        with self.of(team_id).begin() as tx:
            tx.installations.one_at_a_time()
            found = tx.installations.get()
            if found is None or not found.is_active or found.team_id != team_id:
                return False
            if before is not None and found.installed_at >= before:
                return False
            gone = replace(
                found, sealed=b"", expires_at=None, state=InstallationState.REMOVED, version=found.version + 1
            )
            tx.installations.replace(gone, expecting=found.version)
            tx.audit.add(
                AuditEntry(
                    at=now, actor="slack", action="workspace.remove", subject=f"workspace:{team_id}", after={"why": why}
                )
            )
        self._removed.add(team_id)
        self.changed()
        return True

    def sealed(self, team_id: str, tokens: Tokens) -> bytes:
        # With the team's id: what was sealed for one workspace is worth nothing in another one's row.
        said = orjson.dumps({"team": team_id, "bot": tokens.bot, "refresh": tokens.refresh}).decode()
        return self._cipher.seal(said, self._clock.now())

    def opened(self, installation: Installation) -> Tokens:
        """An installation's tokens.

        Raises:
            Unopened: They were sealed under another key, for another workspace, or were changed.
        """
        said: dict[str, Any] = orjson.loads(self._cipher.open(installation.sealed))
        if said.get("team") != installation.team_id:
            raise Unopened("the tokens of one workspace lie in the row of another")
        return Tokens(bot=said["bot"], refresh=said.get("refresh"))

    def reseal(self) -> tuple[int, list[str]]:
        """Seal everything under the newest key; how much was, and the teams whose tokens no key opens."""
        renewed, unopened = 0, []
        with self._store.across() as everywhere:
            active = [found for found in everywhere.installations().values() if found.is_active]
        for found in active:
            if self._cipher.is_newest(found.sealed):
                continue
            try:
                sealed = self.sealed(found.team_id, self.opened(found))
            except BadInput:
                unopened.append(found.team_id)
                continue
            with self.of(found.team_id).begin() as tx:
                changed = replace(found, sealed=sealed, version=found.version + 1)
                renewed += tx.installations.replace(changed, expecting=found.version)
        return renewed, unopened

    def _by_our_clock(self, expires_at: int | None) -> datetime | None:
        """When a token that was just given runs out: slack_sdk counts what Slack says from the machine's time."""
        return None if expires_at is None else self._clock.now() + timedelta(seconds=expires_at - int(time.time()))

    def _put(self, tx: Tx, made: Installation) -> None:
        tx.installations.one_at_a_time()
        found = tx.installations.get()
        if found is None:
            tx.installations.put(made)
            return
        is_same = found.team_id == made.team_id
        again = replace(
            made,
            version=found.version + 1,
            alerts_channel=found.alerts_channel if is_same else None,
            review_channel=found.review_channel if is_same else None,
        )
        tx.installations.replace(again, expecting=found.version)


class SealedStates(OAuthStateStore):
    """The keys that tie Slack's answer to the browser that began: signed, good for ten minutes, and for one use.

    Only one that is used is stored, so that whoever asks for them again and again fills nothing.
    """

    def __init__(self, store: Store, cipher: Cipher, clock: Clock) -> None:
        self._store = store
        self._cipher = cipher
        self._clock = clock

    @property
    def logger(self) -> Logger:
        return _LOG

    def issue(self, *_: Any, **__: Any) -> str:
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        return self._cipher.seal(f"{_STATE}{nonce}", self._clock.now()).decode().rstrip("=")

    def consume(self, state: str) -> bool:
        """Whether Hark issued it within the last ten minutes, and it was not used yet."""
        now = self._clock.now()
        try:
            padded = state + "=" * (-len(state) % 4)
            said = self._cipher.open_within(padded.encode("ascii"), STATE_FOR, now)
        except (Unopened, UnicodeEncodeError):
            return False
        if not said.startswith(_STATE):
            return False
        digest = hashlib.sha256(said.encode()).hexdigest()
        with self._store.begin() as tx:
            return tx.installations.spend(digest, now + STATE_FOR * 2, now)
