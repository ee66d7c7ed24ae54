"""Keys of clients: made, checked and asked for at the door of the HTTP edge.

A key reads ``hark_<id>_<secret>``, the secret being 32 random bytes. Stored is only the HMAC-SHA256 of the secret under a
pepper that lies beside the database, not in it: who reads the database alone can neither use nor test a key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

import platformdirs
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from bot.dialects import refusal_of
from bot.wrong_keys import WrongKeys
from traces.clock import Clock
from traces.errors import BadInput, StoreUnavailable
from traces.fields import identifier
from traces.store import Store
from traces.store.keys import Scope, StoredKey
from traces.store.patience import PEOPLE_S, patience

APPLICATION: ContextVar[str | None] = ContextVar("application_of_the_key", default=None)
"""The application that everything in the current request counts as; ``None`` when its key is for all."""

KEY_NAME: ContextVar[str | None] = ContextVar("name_of_the_key", default=None)
"""What the key of the current request is called; ``None`` when it came without."""

WORKSPACE: ContextVar[str | None] = ContextVar("workspace_of_the_key", default=None)
"""The workspace of the key of the current request, where this process serves several."""

_PEPPER_VARIABLE: Final = "HARK_KEY_PEPPER"
_PEPPER_BYTES: Final = 32
_KEY: Final = re.compile(r"hark_([a-z2-7]{8})_([A-Za-z0-9_-]{43})")
_HEADERS: Final = frozenset(
    {"authorization", "x-api-key", "api-key", "x-auth-token", "x-langfuse-public-key", "helicone-auth", "dd-api-key"},
)
_OPEN: Final = frozenset({"/healthz", "/readyz", "/slack/events", "/slack/install", "/slack/oauth_redirect"})
"""Paths without a key: for whoever watches the process, for what Slack signs, and for whoever installs Hark."""
Refused: TypeAlias = Callable[[str, str], None]
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FRESH: Final = timedelta(seconds=5)
_USED_COARSELY: Final = timedelta(hours=1)
_BRIEFLY_S: Final = 0.2
_SOON_S: Final = 1.5


def pepper_of(environment: Mapping[str, str], database: str) -> bytes:
    """The pepper: from ``HARK_KEY_PEPPER``, else from the file beside the database, made when it is not there.

    Raises:
        BadInput: The variable holds too little, or the file can be neither read nor made.
    """
    if said := environment.get(_PEPPER_VARIABLE):
        if len(said) < _PEPPER_BYTES:
            raise BadInput(f"needs at least {_PEPPER_BYTES} characters", _PEPPER_VARIABLE)
        return said.encode()
    path = _pepper_file(database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _read_or_make(path)
    except OSError as error:
        raise BadInput(
            f"the keys' pepper cannot be read or made at {path}: {error.strerror}; set {_PEPPER_VARIABLE}"
        ) from error


def _pepper_file(database: str) -> Path:
    scheme, _, path = database.partition(":///")
    if scheme.startswith("sqlite") and path and not path.startswith(":memory:"):
        return Path(f"{path}.pepper")
    return Path(platformdirs.user_data_dir("hark")) / "keys.pepper"


def _read_or_make(path: Path) -> bytes:
    if path.exists():
        return path.read_bytes()
    # Written under another name and linked: of two processes that make it at once, both read the one that came first.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(_PEPPER_BYTES).encode())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return path.read_bytes()


def digest_of(secret: str, pepper: bytes) -> bytes:
    return hmac.new(pepper, secret.encode(), hashlib.sha256).digest()


def make_key(
    store: Store, pepper: bytes, at: datetime, *, name: str, scope: Scope = "ingest", application: str | None = None
) -> tuple[StoredKey, str]:
    """A new key: how it is stored, and its text, which nobody can tell again.

    Raises:
        BadInput: The name or application cannot be taken.
    """
    key_id = base64.b32encode(secrets.token_bytes(5)).decode().lower()
    secret = secrets.token_urlsafe(32)
    key = StoredKey(
        key_id=key_id,
        name=identifier(name),
        scope=scope,
        application=None if application is None else identifier(application),
        digest=digest_of(secret, pepper),
        created_at=at,
    )
    with store.begin() as tx:
        tx.keys.add(key)
    return key, f"hark_{key_id}_{secret}"


def presented(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str] | None:
    """The id and secret of the key in a request, from whichever header its client puts keys into.

    Read are Bearer and Basic authorization (a key as user or as password), an authorization that is the bare key, and
    the headers of vendors' clients.
    """
    for name, value in headers:
        if name.decode("latin-1").lower() not in _HEADERS:
            continue
        text = value.decode("latin-1")
        if found := _KEY.search(_basic(text) or text):
            return found[1], found[2]
    return None


def _basic(value: str) -> str | None:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(rest, validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return None


class Keyring:
    """The live keys, read again every few seconds. Safe to share between threads.

    With ``everywhere`` those of every workspace in the database, otherwise those of the store's own.
    """

    def __init__(self, store: Store, pepper: bytes, clock: Clock, *, everywhere: bool = False) -> None:
        self._store = store
        self._everywhere = everywhere
        self._pepper = pepper
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, list[tuple[str, StoredKey]]] = {}
        self._read_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._used: dict[str, datetime] = {}

    def find(self, key_id: str, secret: str) -> StoredKey | None:
        """The live key that this is, if it is one.

        Raises:
            StoreUnavailable: The keys cannot be read, and never were.
        """
        found = self.held(key_id, secret)
        return None if found is None else found[1]

    def held(self, key_id: str, secret: str) -> tuple[str, StoredKey] | None:
        """The live key that this is, if it is one, after the workspace that it belongs to.

        Raises:
            StoreUnavailable: The keys cannot be read, and never were.
        """
        self._refresh()
        shown = digest_of(secret, self._pepper)
        # Two workspaces may have keys of the same id; their secrets differ.
        for workspace_id, key in self._keys.get(key_id, ()):
            if hmac.compare_digest(key.digest, shown):
                self._used[key_id] = self._clock.now()
                return workspace_id, key
        return None

    def is_empty(self) -> bool:
        self._refresh()
        return not self._keys

    def _refresh(self) -> None:
        if self._is_fresh():
            return
        if self._read_at is None:
            with self._lock:
                if not self._is_fresh():
                    self._read()
        # Better the keys of a moment ago than a client that waits for a database that is silent.
        elif self._lock.acquire(blocking=False):
            reading = threading.Thread(target=self._read_again, name="keys", daemon=True)
            reading.start()
            reading.join(_SOON_S)

    def _read_again(self) -> None:
        try:
            self._read()
        finally:
            self._lock.release()

    def _is_fresh(self) -> bool:
        return self._tried_at is not None and abs(self._clock.now() - self._tried_at) < _FRESH

    def _read(self) -> None:
        now = self._clock.now()
        try:
            with patience(PEOPLE_S):
                stored = self._stored()
                self._note_use(stored)
        except StoreUnavailable:
            if self._read_at is None:
                raise
            self._tried_at = self._clock.now()
            return
        live: dict[str, list[tuple[str, StoredKey]]] = defaultdict(list)
        for workspace_id, key in stored:
            if key.revoked_at is None:
                live[key.key_id].append((workspace_id, key))
        self._keys, self._read_at, self._tried_at = live, now, now

    def _stored(self) -> list[tuple[str, StoredKey]]:
        if self._everywhere:
            with self._store.across() as everywhere:
                return everywhere.keys()
        with self._store.read() as tx:
            return [(self._store.workspace_id, key) for key in tx.keys.every()]

    def _note_use(self, stored: Iterable[tuple[str, StoredKey]]) -> None:
        used, self._used = self._used, {}
        stale: dict[str, list[str]] = defaultdict(list)
        for workspace_id, key in stored:
            at = used.get(key.key_id)
            if at is not None and (key.used_at is None or at - key.used_at >= _USED_COARSELY):
                stale[workspace_id].append(key.key_id)
        for workspace_id, key_ids in stale.items():
            # When a key was used is not worth that its sender waits.
            with suppress(StoreUnavailable), self._store.of(workspace_id).begin(_BRIEFLY_S) as tx:
                tx.keys.used(key_ids, max(used[key_id] for key_id in key_ids))


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    reason: str
    headers: Mapping[str, str]


class Door:
    """An ASGI application behind keys.

    ``refused`` is told the path of every request that is turned away, and why; ``serves`` whether this process works for
    the workspace of a key.
    Without ``required`` a request may come without a key, as may one to a path in ``signed``, whose endpoint checks what
    the sender signed: voice platforms can send no key. A request that shows a key is held to it all the same.
    """

    def __init__(
        self,
        app: ASGIApp,
        keyring: Keyring,
        clock: Clock,
        *,
        required: bool,
        signed: Collection[str] = (),
        refused: Refused = lambda _path, _reason: None,
        serves: Callable[[str], bool] = lambda _workspace: True,
    ) -> None:
        self._app = app
        self._serves = serves
        self._told_of_refused = refused
        self._keyring = keyring
        self._wrong = WrongKeys(clock)
        self._required = required
        self._signed = frozenset(signed)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _OPEN:
            await self._app(scope, receive, send)
            return
        shown = presented(scope["headers"])
        if shown is None and (not self._required or scope["path"] in self._signed):
            await self._app(scope, receive, send)
            return
        try:
            refused = await run_in_threadpool(self._refusal, shown, scope)
        except StoreUnavailable as error:
            refused = _Refusal(503, error.message, {"Retry-After": "5"})
        if refused is not None:
            self._told_of_refused(scope["path"], refused.reason)
            said = refusal_of(scope["path"], refused.status, refused.reason)
            answer = JSONResponse(said, status_code=refused.status, headers=refused.headers)
            await answer(scope, receive, send)
            return
        await self._admit(shown, scope, receive, send)

    def _refusal(self, shown: tuple[str, str] | None, scope: AsgiScope) -> _Refusal | None:
        if shown is None:
            return _Refusal(401, "a key is needed: send it as Authorization: Bearer hark_…", _CHALLENGE)
        found = self._keyring.held(*shown)
        if found is None:
            address = (scope.get("client") or ("",))[0]
            if self._wrong.add(address):
                return _Refusal(429, "too many wrong keys; try again in a minute", {"Retry-After": "60"})
            return _Refusal(401, "this key is not known, or was revoked", _CHALLENGE)
        workspace_id, key = found
        if not self._serves(workspace_id):
            return _Refusal(403, "Hark is not installed in the workspace of this key; install it again", {})
        if key.scope == "read" and scope["method"] not in _READING:
            return _Refusal(403, f"the key {key.name!r} may only read", {})
        return None

    async def _admit(self, shown: tuple[str, str] | None, scope: AsgiScope, receive: Receive, send: Send) -> None:
        workspace_id, key = (None if shown is None else self._keyring.held(*shown)) or (None, None)
        workspace = WORKSPACE.set(workspace_id)
        application = APPLICATION.set(None if key is None else key.application)
        name = KEY_NAME.set(None if key is None else key.name)
        try:
            await self._app(scope, receive, send)
        finally:
            WORKSPACE.reset(workspace)
            APPLICATION.reset(application)
            KEY_NAME.reset(name)


_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="hark"'}


def is_loopback(host: str) -> bool:
    """Whether an address that is listened on reaches this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def door_of(
    app: ASGIApp,
    store: Store,
    clock: Clock,
    environment: Mapping[str, str],
    *,
    host: str,
    database: str,
    say: Callable[[str], None],
    signed: Collection[str] = (),
    refused: Refused = lambda _path, _reason: None,
    always: bool = False,
    everywhere: bool = False,
    serves: Callable[[str], bool] = lambda _workspace: True,
) -> ASGIApp:
    """The application behind keys, which every address but the machine's own needs; ``signed`` are paths without one.

    With ``always`` the machine's own needs them as well. ``refused`` is told of every request that is turned away. With
    ``everywhere`` the keys of all workspaces are taken that this process ``serves``.

    Raises:
        BadInput: The pepper can be neither read nor made.
    """
    keyring = Keyring(store, pepper_of(environment, database), clock, everywhere=everywhere)
    is_reachable = not is_loopback(host)
    if is_reachable or always:
        made = "none is made yet: hark keys create NAME" if keyring.is_empty() else "hark keys list shows them"
        why = f"{host} is reachable from other machines" if is_reachable else "[server] require_keys is set"
        why = "several workspaces install Hark" if everywhere else why
        say(f"{why}: every request needs a key ({made})")
    required = is_reachable or always
    return Door(app, keyring, clock, required=required, signed=signed, refused=refused, serves=serves)
