"""Several Slack workspaces behind one Web API, with OAuth: the same channels, people and messages' times in each."""

from __future__ import annotations

import itertools
from base64 import b64encode
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Self

from web_double import ALL_METHODS, BOT_TOKEN, FULL_AUTH, Call, SlackDouble

CLIENT_ID, CLIENT_SECRET = "111.222", "canary-client-secret"


class InstallDouble(SlackDouble):
    """Slack as an app sees it that many workspaces install. ``of`` holds what stands in each, by its team id."""

    def __init__(self, *teams: str) -> None:
        super().__init__(ALL_METHODS | {"oauth.v2.access"})
        self._stack = ExitStack()
        self.of = {team: SlackDouble(identity={**FULL_AUTH, "team_id": team, "team": f"Team {team}"}) for team in teams}
        self.tokens: dict[str, str] = {}
        self.revoked: set[str] = set()
        self.expires_in: int | None = None
        self._codes: dict[str, tuple[str, str, bool]] = {}
        self._refresh: dict[str, str] = {}
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        super().__enter__()
        for double in self.of.values():
            self._stack.enter_context(double)
        return self

    def __exit__(self, *exited: object) -> None:
        self._stack.close()
        super().__exit__(*exited)

    def allows(self, team: str, user: str = "U0ADMIN", *, whole_organisation: bool = False) -> str:
        """Somebody allows the installation on Slack's page; the code that Slack leads back with."""
        code = f"code-{next(self._numbers)}"
        self._codes[code] = (team, user, whole_organisation)
        return code

    def token_of(self, team: str) -> str:
        """The newest token of a team."""
        return [token for token, owner in self.tokens.items() if owner == team][-1]

    def answer(self, method: str, arguments: Mapping[str, Any], token: str) -> dict[str, Any]:
        if method == "oauth.v2.access":
            return self._exchange(arguments, token)
        if token in self.revoked:
            return {"ok": False, "error": "token_revoked"}
        team = self.tokens.get(token)
        if team is None:
            return {"ok": False, "error": "invalid_auth"}
        double = self.of[team]
        with double._lock:
            double.calls.append(Call(method, arguments))
        return double.answer(method, arguments, BOT_TOKEN)

    def _exchange(self, said: Mapping[str, Any], shown: str) -> dict[str, Any]:
        # slack_sdk hands them over as Slack recommends: in the header, not in the form.
        if shown != f"Basic {b64encode(f'{CLIENT_ID}:{CLIENT_SECRET}'.encode()).decode()}":
            return {"ok": False, "error": "invalid_client_id"}
        if said.get("grant_type") == "refresh_token":
            team = self._refresh.pop(str(said.get("refresh_token")), None)
            if team is None:
                return {"ok": False, "error": "invalid_refresh_token"}
            return self._tokens(team, "U0ADMIN", whole=False)
        team, user, whole = self._codes.pop(str(said.get("code")), ("", "", False))
        return self._tokens(team, user, whole=whole) if team else {"ok": False, "error": "invalid_code"}

    def _tokens(self, team: str, user: str, *, whole: bool) -> dict[str, Any]:
        number = next(self._numbers)
        token = f"xoxb-canary-{team}-{number}"
        self.tokens[token] = team
        rotating = {}
        if self.expires_in is not None:
            refresh = f"xoxe-1-canary-{team}-{number}"
            self._refresh[refresh] = team
            rotating = {"refresh_token": refresh, "expires_in": self.expires_in}
        return {
            "ok": True,
            "app_id": "A0TESTS",
            "authed_user": {"id": user},
            "scope": "chat:write,commands",
            "token_type": "bot",
            "access_token": token,
            "bot_user_id": "U0BOT",
            "team": None if whole else {"id": team, "name": f"Team {team} <b>"},
            "enterprise": {"id": "E0ORG", "name": "Org"} if whole else None,
            "is_enterprise_install": whole,
            **rotating,
        }
