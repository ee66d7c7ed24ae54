"""A Hark that several workspaces install, over HTTP on loopback; its jobs run by themselves."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import uvicorn
from emulator_workspaces import EmulatedSlack
from install_double import CLIENT_ID, CLIENT_SECRET, InstallDouble
from pydantic import SecretStr
from slack_house import NOON, SECRET, eventually
from slack_people import Hands, Request, Sender, Someone, over_http
from web_double import SlackDouble

from bot.config.keeping import RetentionSettings
from bot.config.oauth import OAuthApp, OAuthSettings
from bot.config.settings import DatabaseSettings, Settings
from bot.config.slack import Secrets, SlackSettings
from bot.http import Receiver
from bot.keys import door_of, make_key, pepper_of
from bot.playground.serving import PromptServer
from bot.replicas.roles import EVERY_ROLE, Role
from bot.workspaces import SharedWriter, Workspaces
from traces.clock import FakeClock
from traces.store import Store, open_store

KEY = base64.b64encode(b"canary-encryption-key-of-32-byte").decode()
ADMIN = Someone("U0ADMIN", "ada")
PEPPER = {"HARK_KEY_PEPPER": "p" * 40}


def settings_for(
    slack: InstallDouble | EmulatedSlack,
    url: str,
    *,
    key: str = KEY,
    home: str = "",
    redirect_url: str = "",
    keep_days: float | None = None,
) -> Settings:
    app = OAuthApp(client_id=CLIENT_ID, client_secret=SecretStr(CLIENT_SECRET), encryption_key=SecretStr(key))
    return Settings(
        database=DatabaseSettings(url=SecretStr(url)),
        slack=SlackSettings(oauth=OAuthSettings(home=home, redirect_url=redirect_url)),
        secrets=Secrets(signing_secret=SecretStr(SECRET), oauth=app),
        slack_api_url=slack.url,
        retention=RetentionSettings(days=keep_days),
    )


@dataclass(frozen=True)
class InstallHouse:
    """The running process, and browsers, clients and people before it."""

    workspaces: Workspaces
    store: Store
    slack: Any
    clock: FakeClock
    url: str
    send: Sender

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=10)

    def install(self, team: str, user: str = ADMIN.user_id, **how: Any) -> httpx.Response:
        """Somebody goes through the pages."""
        with self.browser() as browser:
            page = browser.get("/slack/install")
            return self.come_back(browser, state_in(page), self.slack.allows(team, user, **how))

    def come_back(self, browser: httpx.Client, state: str, code: str, *, cookie: str | None = None) -> httpx.Response:
        """Slack leads a browser back. Its cookies are ``Secure``, and a test's address is not."""
        value = state if cookie is None else cookie
        headers = {"Cookie": f"slack-app-oauth-state={value}"} if value else {}
        return browser.get("/slack/oauth_redirect", params={"state": state, "code": code}, headers=headers)

    def of(self, team: str) -> Store:
        return self.store.of(team)

    def double(self, team: str) -> SlackDouble:
        return self.slack.of[team]

    def hands(self, team: str) -> Hands:
        return Hands(self.double(team))

    def chooses(self, team: str, who: Someone = ADMIN) -> None:
        """The installer chooses channels, and the workspace's Hark takes them up."""
        before = self.workspaces._served[team]
        hands, views = self.hands(team), self.double(team).views
        self.send(at(team, hands.command("setup", who)))
        eventually(lambda: any(v.get("callback_id") == "setup_form" for v in views.values()))
        view_id = next(i for i, v in views.items() if v.get("callback_id") == "setup_form")
        self.send(at(team, hands.submit(view_id, {"alerts": "C0ALERTS", "review": "C0REVIEW"}, who)))
        eventually(lambda: self.workspaces._served[team] is not before)

    def key(self, team: str) -> dict[str, str]:
        """The headers of a client whose key belongs to a workspace."""
        pepper = pepper_of(PEPPER, "sqlite://")
        _, text = make_key(self.of(team), pepper, self.clock.now(), name="shop")
        return {"Authorization": f"Bearer {text}"}


def address_in(page: httpx.Response) -> str:
    """The address of Slack's that the page leads to."""
    assert page.status_code == 200, page.text
    return page.text.partition('class="do" href="')[2].partition('"')[0].replace("&amp;", "&")


def state_in(page: httpx.Response) -> str:
    """The key that the page hands to Slack; the same is in the cookie."""
    state = httpx.URL(address_in(page)).params["state"]
    assert f"slack-app-oauth-state={state};" in page.headers["set-cookie"]
    return str(state)


def at(team: str, request: Request, user_team: str | None = None) -> Request:
    """The same request in another workspace, by somebody of it, or of ``user_team``."""
    payload = dict(request.payload)
    home = user_team or team
    if isinstance(payload.get("team"), dict):
        payload["team"] = {**payload["team"], "id": team}
    if "team_id" in payload:
        payload["team_id"] = team
    if isinstance(payload.get("user"), dict):
        payload["user"] = {**payload["user"], "team_id": home}
    if isinstance(payload.get("view"), dict):
        payload["view"] = {**payload["view"], "team_id": team}
    return replace(request, payload=payload)


def event(team: str, kind: str, happened_at: int, **fields: Any) -> Request:
    """An event that Slack tells of a workspace."""
    payload = {
        "type": "event_callback",
        "team_id": team,
        "api_app_id": "A0TESTS",
        "event_id": f"Ev{kind}{happened_at}",
        "event_time": happened_at,
        "event": {"type": kind, **fields},
    }
    return Request("events_api", payload)


@contextmanager
def install_house(
    slack: InstallDouble | EmulatedSlack,
    url: str,
    *,
    clock: FakeClock | None = None,
    roles: frozenset[Role] = EVERY_ROLE,
    **settings: Any,
) -> Iterator[InstallHouse]:
    """The process, in this one."""
    clock = clock or FakeClock(NOON)
    chosen = settings_for(slack, url, **settings)
    assert chosen.secrets.oauth is not None
    store = open_store(url)
    workspaces = Workspaces(chosen, chosen.secrets.oauth, clock, {}, store, roles)
    workspaces.start()
    receiver = Receiver(store, SharedWriter(workspaces), clock, status=workspaces.status, roles=roles)
    if "slack" in roles:
        receiver.listen_to_workspaces(workspaces.bolt_of, SECRET, workspaces.flow)
    door = door_of(
        receiver.app(), store, clock, PEPPER, host="127.0.0.1", database=url, say=lambda _: None,
        refused=receiver.turned_away, always=True, everywhere=True, serves=workspaces.serves,
    )  # fmt: skip
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    server = PromptServer(uvicorn.Config(door, log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    root = f"http://127.0.0.1:{bound.getsockname()[1]}"
    send = over_http(f"{root}/slack/events", SECRET, lambda: clock.now().timestamp())
    try:
        yield InstallHouse(workspaces, store, slack, clock, root, send)
    finally:
        server.should_exit = True
        thread.join(10)
        bound.close()
        workspaces.stop()
        store.close()
