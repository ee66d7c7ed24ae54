"""Modals, App Homes, and the short-lived keys that open them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Literal

from bot.playground.elements import with_block_ids
from bot.playground.people import APP_ID, BOT_ID, TEAM_ID
from bot.playground.refusal import Refusal
from bot.playground.revisions import Revisions

TRIGGER_LIFE: Final = timedelta(seconds=3)
STACK_LIMIT: Final = 3
VIEW_BYTES: Final = 250_000

Kind = Literal["modal", "home"]


@dataclass(frozen=True, slots=True)
class View:
    """A modal or an App Home as the app last sent it.

    Attributes:
        definition: What the app sent: type, title, blocks, callback_id and so on.
        version: Changes with every update; the app may ask that an update applies to this one only.
    """

    view_id: str
    user: str
    definition: Mapping[str, Any]
    version: str
    root_view_id: str
    previous_view_id: str | None = None

    @property
    def kind(self) -> Kind:
        return "home" if self.definition.get("type") == "home" else "modal"

    def as_slack(self, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The view object of Slack's API; ``values`` is what the person has filled in."""
        blank = {"close": None, "submit": None, "callback_id": "", "external_id": "", "private_metadata": ""}
        title = {} if self.kind == "home" else {"title": self.definition.get("title")}
        return {
            **blank,
            **title,
            "clear_on_close": False,
            "notify_on_close": False,
            **self.definition,
            "id": self.view_id,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "bot_id": BOT_ID,
            "app_installed_team_id": TEAM_ID,
            "hash": self.version,
            "root_view_id": self.root_view_id,
            "previous_view_id": self.previous_view_id,
            "state": {"values": dict(values or {})},
        }


@dataclass(frozen=True, slots=True)
class _Trigger:
    user: str
    issued_s: float
    is_used: bool = False


@dataclass
class Surfaces:
    """Who has which modals open, and what each one's App Home shows.

    Attributes:
        revision: When any of it last changed.
    """

    revisions: Revisions
    revision: int = 0
    _views: dict[str, View] = field(default_factory=dict)
    _stacks: dict[str, list[str]] = field(default_factory=dict)
    _homes: dict[str, str] = field(default_factory=dict)
    _triggers: dict[str, _Trigger] = field(default_factory=dict)

    def issue_trigger(self, user: str) -> str:
        """A key with which the app may open one modal for ``user`` within three seconds."""
        with self.revisions.lock:
            trigger_id = f"{self.revisions.next_ts()}.{self.revisions.next_id('')}"
            self._triggers[trigger_id] = _Trigger(user, self.revisions.seconds())
            return trigger_id

    def open(self, trigger_id: str, definition: Mapping[str, Any]) -> View:
        """Open a modal in place of whatever the person has open.

        Raises:
            Refusal: The trigger is unknown, used or too old, or the view too large.
        """
        with self.revisions.lock:
            user = self._spend(trigger_id)
            self._drop(user, 0)
            return self.push_for(user, definition)

    def push(self, trigger_id: str, definition: Mapping[str, Any]) -> View:
        with self.revisions.lock:
            user = self._peek(trigger_id).user
            if len(self._stacks.get(user, [])) >= STACK_LIMIT:
                raise Refusal("push_limit_reached")
            self._spend(trigger_id)
            return self.push_for(user, definition)

    def push_for(self, user: str, definition: Mapping[str, Any]) -> View:
        """Put a modal on top of the person's stack.

        Raises:
            Refusal: ``push_limit_reached`` beyond three, ``view_too_large`` beyond 250 kB.
        """
        with self.revisions.lock:
            stack = self._stacks.setdefault(user, [])
            if len(stack) >= STACK_LIMIT:
                raise Refusal("push_limit_reached")
            self._refuse_twin(definition, "")
            view_id = self.revisions.next_id("V")
            view = View(view_id, user, definition, "", stack[0] if stack else view_id, stack[-1] if stack else None)
            kept = self._keep(view)
            stack.append(view_id)
            return kept

    def update(
        self, definition: Mapping[str, Any], *, view_id: str = "", external_id: str = "", version: str = ""
    ) -> View:
        """Replace what an open view shows.

        Raises:
            Refusal: ``not_found`` when it is not open, ``hash_conflict`` when ``version`` is no longer current.
        """
        with self.revisions.lock:
            view = self._views.get(view_id) if view_id else self._by_external_id(external_id)
            if view is None:
                raise Refusal("not_found")
            if version and version != view.version:
                raise Refusal("hash_conflict")
            self._refuse_twin(definition, view.view_id)
            return self._keep(replace(view, definition=definition))

    def publish(self, user: str, definition: Mapping[str, Any], *, version: str = "") -> View:
        """Set the person's App Home.

        Raises:
            Refusal: ``hash_conflict`` when ``version`` is no longer current.
        """
        with self.revisions.lock:
            shown = self._views.get(self._homes.get(user, ""))
            if version and (shown is None or shown.version != version):
                raise Refusal("hash_conflict")
            view_id = shown.view_id if shown else self.revisions.next_id("V")
            self._homes[user] = view_id
            return self._keep(View(view_id, user, definition, "", view_id))

    def find(self, view_id: str) -> View:
        """An open modal or a published home.

        Raises:
            Refusal: ``not_found`` when there is none.
        """
        with self.revisions.lock:
            view = self._views.get(view_id)
        if view is None:
            raise Refusal("not_found")
        return view

    def stack(self, user: str) -> list[View]:
        """The person's open modals, the one on top last."""
        with self.revisions.lock:
            return [self._views[view_id] for view_id in self._stacks.get(user, [])]

    def home(self, user: str) -> View | None:
        with self.revisions.lock:
            return self._views.get(self._homes.get(user, ""))

    def close(self, view_id: str, *, everything: bool = False) -> View:
        """Close a modal and whatever lies on top of it, or the whole stack."""
        with self.revisions.lock:
            view = self.find(view_id)
            stack = self._stacks.get(view.user, [])
            if view_id in stack:
                self._drop(view.user, 0 if everything else stack.index(view_id))
            return view

    def _drop(self, user: str, keep: int) -> None:
        stack = self._stacks.get(user, [])
        for view_id in stack[keep:]:
            del self._views[view_id]
        del stack[keep:]
        self.revision = self.revisions.next()

    def _keep(self, view: View) -> View:
        if len(json.dumps(view.definition)) > VIEW_BYTES:
            raise Refusal("view_too_large")
        version = f"{int(self.revisions.seconds())}.{self.revisions.next_id('', 8)}"
        blocks = with_block_ids(view.definition.get("blocks") or (), self.revisions.next_id)
        kept = replace(view, version=version, definition={**view.definition, "blocks": blocks})
        self._views[view.view_id] = kept
        self.revision = self.revisions.next()
        return kept

    def _by_external_id(self, external_id: str) -> View | None:
        named = (v for v in self._views.values() if external_id and v.definition.get("external_id") == external_id)
        return next(named, None)

    def _refuse_twin(self, definition: Mapping[str, Any], view_id: str) -> None:
        twin = self._by_external_id(str(definition.get("external_id") or ""))
        if twin is not None and twin.view_id != view_id:
            raise Refusal("duplicate_external_id")

    def _peek(self, trigger_id: str) -> _Trigger:
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if trigger.is_used:
            raise Refusal("exchanged_trigger_id")
        if self.revisions.is_past(trigger.issued_s, TRIGGER_LIFE):
            raise Refusal("expired_trigger_id")
        return trigger

    def _spend(self, trigger_id: str) -> str:
        trigger = self._peek(trigger_id)
        self._triggers[trigger_id] = replace(trigger, is_used=True)
        return trigger.user
